"""A dispatcher with the sandbox, as fast as it goes."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from ringmain.core.faxes.model import Fax, State
from ringmain.core.faxes.queue import FaxQueue
from ringmain.core.faxes.transport import FaxTransport
from ringmain.core.system import Core
from ringmain.fax.dispatch import FaxDispatcher
from ringmain.fax.sandbox import FaxSandbox
from tests.conditions import eventually
from tests.conftest import Office
from tests.core.faxes.conftest import Faxing
from tests.faxes import FAX_NUMBER, document_file, fax_number

Make = Callable[..., FaxDispatcher]


@pytest.fixture
async def faxing(core: Core, office: Office) -> Faxing:
    await fax_number(core, office.company_id)
    return Faxing(core, office.company_id, FAX_NUMBER, await document_file(core, office.company_id))


@pytest.fixture
async def node(core: Core) -> AsyncIterator[Make]:
    """Makes dispatchers, each as if of a node of its own."""
    made: list[FaxDispatcher] = []

    def make(transport: FaxTransport | None = None, lease: float = 30.0, stop_seconds: float = 10.0) -> FaxDispatcher:
        queue = FaxQueue(core.database, core.wakeups, core.mails, lease=timedelta(seconds=lease))
        transport = transport or FaxSandbox(core.faxes, page_seconds=0.05, retry_seconds=0.0)
        made.append(FaxDispatcher(queue, core.wakeups, core.files, transport, stop_seconds=stop_seconds))
        return made[-1]

    yield make
    for dispatcher in made:
        await dispatcher.stop()


async def reaches(faxing: Faxing, fax: Fax, *states: State) -> Fax:
    async def look() -> Fax | None:
        found = await faxing.get(fax)
        return found if found.state in states else None

    return await eventually(look)
