from collections.abc import AsyncIterator

import pytest

from ringmain.core.system import Core
from tests.delivery.receiver import Bench, Receiver, receiving


@pytest.fixture
async def bench(core: Core) -> Bench:
    company = await core.companies.create(name="Acme")
    return Bench(core, company.id)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found
