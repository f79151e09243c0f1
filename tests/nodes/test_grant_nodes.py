"""Two processes on one PostgreSQL: what ends a RingRx grant at one ends it at the other."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ringmain.core.files.storage import open_storage
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups
from tests.conftest import furnish
from tests.processes.node import Node

pytestmark = pytest.mark.xdist_group("processes")

EMAIL = "owner@acme.example"
PASSWORD = "correct horse battery"


async def test_grants_end_everywhere(dsn: str, tmp_path: Path) -> None:
    database = Database(dsn, size=2)
    wakeups = Wakeups(database)
    await wakeups.start()
    core = Core(database, wakeups, open_storage(str(tmp_path / "files")))
    office = await furnish(core)
    await core.credentials.set_password(office.company_id, office.owner_id, PASSWORD)
    async with (
        Node(tmp_path, database_url=dsn, pool_size=6) as one,
        Node(tmp_path, database_url=dsn, pool_size=6) as other,
        aiohttp.ClientSession() as http,
    ):

        async def ask(node: Node, method: str, path: str, bearer: str = "", **body: str) -> tuple[int, Any]:
            headers = {"Authorization": bearer} if bearer else {}
            async with http.request(method, f"{node.base}{path}", headers=headers, json=body) as response:
                content = await response.json() if response.status != 204 else None
                return response.status, content

        async def statuses(token: str) -> list[int]:
            return [(await ask(node, "GET", "/myphones", token))[0] for node in (one, other)]

        _, person = await ask(one, "POST", "/auth/token", username=EMAIL, password=PASSWORD)
        _, key = await ask(one, "POST", "/myphones/api_key", person["access_token"])
        _, minted = await ask(other, "POST", "/auth/token", token=key["token"], secret=key["secret"])
        assert await statuses(person["access_token"]) == [200, 200]
        assert await statuses(minted["access_token"]) == [200, 200]

        assert (await ask(one, "DELETE", f"/myphones/api_key/{key['token']}", person["access_token"]))[0] == 204
        # The very next request, at either node: nothing is remembered.
        assert (await ask(other, "GET", "/myphones", minted["access_token"]))[0] == 401
        assert (await ask(one, "GET", "/myphones", minted["access_token"]))[0] == 401
        refreshed, _ = await ask(other, "POST", "/auth/refresh", refresh_token=minted["refresh_token"])
        assert refreshed == 401

        assert await statuses(person["access_token"]) == [200, 200]

        await core.credentials.set_password(office.company_id, office.owner_id, "another horse")
        assert await statuses(person["access_token"]) == [401, 401]
    await wakeups.stop()
    await database.close()
