"""Reminders over the death of servers: texted once, called once, whichever node does it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ringmain.core.files.storage import open_storage
from ringmain.core.outreach.model import NewReminder, Profile, ProfileSettings, Reminder
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups
from ringmain.outreach.sandbox import HANGS
from tests.conditions import eventually
from tests.conftest import Office, furnish
from tests.processes.node import Node

pytestmark = pytest.mark.xdist_group("processes")

LEASE = 3  # seconds
PATIENCE = 60.0
TOKEN = "an-operators-token-of-a-test"


class Site:
    """A company that reminds, in a database and a folder of files that nodes share."""

    def __init__(self, core: Core, office: Office, dsn: str, folder: Path) -> None:
        self.core = core
        self.office = office
        self._dsn = dsn
        self._folder = folder

    def node(self) -> Node:
        settings = {"database_url": self._dsn, "pool_size": 6, "lease_seconds": LEASE, "operator_token": TOKEN}
        return Node(self._folder, **settings)

    async def profile(self, **settings: Any) -> Profile:
        given: dict[str, Any] = {"sender": self.office.number, "caller_id": self.office.number}
        free = ProfileSettings(**(given | {"quiet_from": None, "quiet_until": None} | settings))
        return await self.core.outreach.create_profile(self.office.company_id, "Visits", free)

    async def remind(self, profile: Profile, number: str) -> Reminder:
        date = datetime.now(UTC) + timedelta(hours=5)
        new = NewReminder(profile_id=profile.id, name="Jane", reminder_date=date, phone_number=number)
        return await self.core.outreach.create(self.office.company_id, new)

    async def get(self, reminder: Reminder) -> Reminder:
        return await self.core.outreach.get(self.office.company_id, reminder.id)


@pytest.fixture
async def site(dsn: str, tmp_path: Path) -> AsyncIterator[Site]:
    database = Database(dsn, size=2)
    wakeups = Wakeups(database)
    await wakeups.start()
    core = Core(database, wakeups, open_storage(str(tmp_path / "files")))
    yield Site(core, await furnish(core), dsn, tmp_path)
    await wakeups.stop()
    await database.close()


async def test_texts_over_kills_of_two_nodes_are_sent_once_and_confirmed(site: Site) -> None:
    profile = await site.profile()
    async with site.node() as first, site.node() as second:
        made = []
        for n in range(30):
            made.append(await site.remind(profile, f"+1310555{n:04d}"))
            if n == 10:
                await first.restart()
            if n == 20:
                await second.restart()

        async def texted() -> bool:
            return {(await site.get(one)).sms_state for one in made} == {"delivered"}

        await eventually(texted, timeout=PATIENCE, every=0.2)
        sent = "SELECT recipients[1] AS number FROM messages WHERE direction = 'outbound' ORDER BY 1"
        assert [row["number"] for row in await site.core.database.fetch(sent)] == [one.phone_number for one in made]
        # An answer through the operator's API, read by whichever node.
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as http:
            answer = {"to": site.office.number, "from": made[7].phone_number, "text": "Yes"}
            async with http.post(f"{first.base}/ringmain/v1/inbound-texts", json=answer) as response:
                assert response.status == 201
            async with http.get(f"{second.base}/ready") as response:
                assert response.status == 200
                assert "outreach" in await response.text()

        async def confirmed() -> bool:
            return (await site.get(made[7])).confirmed

        await eventually(confirmed, timeout=PATIENCE)
        assert len([one for one in made if (await site.get(one)).confirmed]) == 1


async def test_a_call_of_a_killed_server_counts(site: Site) -> None:
    profile = await site.profile(channels=["voice"], attempts=2)
    async with site.node() as first:
        made = await site.remind(profile, HANGS)

        async def calling() -> bool:
            return (await site.get(made)).attempt == 1

        await eventually(calling, timeout=PATIENCE)
        await first.kill()
    async with site.node():

        async def known() -> bool:
            return (await site.get(made)).call_state == "unknown"

        await eventually(known, timeout=PATIENCE)
        found = await site.get(made)
        assert (found.attempt, found.state) == (1, "scheduled")
        assert found.next_at is not None
        assert found.next_at > datetime.now(UTC) + timedelta(minutes=50)
