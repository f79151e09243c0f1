"""Faxes over the death of servers: what is scheduled stays so, what was on the line is sent again, each by one node."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ringmain.core.faxes.model import Fax, NewFax
from ringmain.core.files.storage import open_storage
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups
from ringmain.documents import fax
from ringmain.fax.sandbox import SLOW
from tests.conditions import eventually
from tests.conftest import furnish
from tests.documents.papers import paper, saying
from tests.faxes import FAX_NUMBER, document_file, fax_number
from tests.processes.node import Node

pytestmark = pytest.mark.xdist_group("processes")

LEASE = 3  # seconds
PATIENCE = 60.0


class Site:
    """A company with a fax number, in a database and a folder of files that nodes share."""

    def __init__(self, core: Core, company_id: int, dsn: str, folder: Path) -> None:
        self.core = core
        self.company_id = company_id
        self._dsn = dsn
        self._folder = folder

    def node(self) -> Node:
        settings = {"database_url": self._dsn, "pool_size": 6, "lease_seconds": LEASE}
        return Node(self._folder, **settings)

    async def send(self, pages: int = 1, **fields: Any) -> Fax:
        file_id = await document_file(self.core, self.company_id, paper(*[saying("x")] * pages))
        given: dict[str, Any] = {"file_id": file_id, "sender": FAX_NUMBER, "recipient": FAX_NUMBER} | fields
        return await self.core.faxes.send(self.company_id, NewFax(**given))

    async def get(self, fax: Fax) -> Fax:
        return await self.core.faxes.get(self.company_id, fax.id)


@pytest.fixture
async def site(dsn: str, tmp_path: Path) -> AsyncIterator[Site]:
    database = Database(dsn, size=2)
    wakeups = Wakeups(database)
    await wakeups.start()
    core = Core(database, wakeups, open_storage(str(tmp_path / "files")), fax=fax)
    company_id = (await furnish(core)).company_id
    await fax_number(core, company_id)
    yield Site(core, company_id, dsn, tmp_path)
    await wakeups.stop()
    await database.close()


async def test_scheduled_faxes_survive_restarts_and_are_sent_once_at_their_time(site: Site) -> None:
    async with site.node() as first, site.node():
        send_at = datetime.now(UTC) + timedelta(seconds=12)
        made = [await site.send(send_at=send_at) for _ in range(5)]
        await first.restart()
        waiting = [await site.get(one) for one in made]
        assert {one.state for one in waiting} == {"scheduled"} or datetime.now(UTC) >= send_at

        async def sent() -> bool:
            return {(await site.get(one)).state for one in made} == {"sent"}

        await eventually(sent, timeout=PATIENCE)
        done = [await site.get(one) for one in made]
        assert all(one.updated_at >= send_at and one.attempts == 1 for one in done)
        assert (await site.core.faxes.statistics(site.company_id)).inbound == 5


async def test_a_fax_on_the_line_of_a_killed_server_is_sent_by_another(site: Site) -> None:
    async with site.node() as first:
        made = await site.send(pages=5, recipient=SLOW)

        async def under_way() -> bool:
            found = await site.get(made)
            return found.state == "sending" and found.pages_done > 0

        await eventually(under_way, timeout=PATIENCE)
        await first.kill()
    left = await site.get(made)
    assert (left.state, left.attempts) == ("sending", 1)
    async with site.node():

        async def sent() -> Fax | None:
            found = await site.get(made)
            return found if found.state == "sent" else None

        done = await eventually(sent, timeout=PATIENCE)
    assert (done.attempts, done.pages_done, done.error_code) == (2, 5, None)
    rows = await site.core.database.fetch(
        "SELECT payload -> 'fax' ->> 'state' AS state, payload -> 'fax' ->> 'error_code' AS code FROM events "
        "WHERE subject_id = $1 ORDER BY id",
        made.id,
    )
    assert [(row["state"], row["code"]) for row in rows] == [
        ("queued", None),
        ("sending", None),
        ("sending", "interrupted"),
        ("sent", None),
    ]
