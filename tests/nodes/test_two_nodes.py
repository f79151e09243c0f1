"""Several `ringmain serve` processes on one PostgreSQL: they share the work, and nobody needs to tell them how."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from ringmain.core.credentials.cache import OLDEST
from ringmain.core.files.storage import open_storage
from ringmain.core.system import Core
from ringmain.database.migrate import available
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups
from tests.clients.smsc import Smsc
from tests.conditions import eventually
from tests.databases import on_database, run
from tests.processes.listener import Listener
from tests.processes.load import Load
from tests.processes.node import Node
from tests.processes.ports import free_port
from tests.processes.receiver import Receiver
from tests.processes.shop import Account, Shop, left, open_shop, settle

pytestmark = pytest.mark.xdist_group("processes")

MESSAGES: Final = 300
LEASE: Final = 6  # seconds
PATIENCE: Final = 90.0


class Site:
    """A database, a carrier and a webhook receiver; nodes come and go."""

    def __init__(self, dsn: str, folder: Path, database: Database, smsc: Smsc, receiver: Receiver) -> None:
        self.dsn = dsn
        self.folder = folder
        self.database = database
        self.smsc = smsc
        self.receiver = receiver

    def node(self, **settings: object) -> Node:
        return Node(self.folder, database_url=self.dsn, pool_size=6, **settings)

    async def open_shop(self, response_timeout: float = 10.0) -> Shop:
        return await open_shop(
            self.database,
            self.folder,
            smsc_port=self.smsc.port,
            hook=self.receiver.url,
            response_timeout=response_timeout,
        )

    async def drained(self) -> bool:
        todo = await left(self.database)
        return not any(todo.values()) and not (await self.smsc.stats())["undelivered"]

    async def settle(self, shop: Shop, load: Load) -> Account:
        """Wait until everything is done, then count."""
        await eventually(self.drained, timeout=PATIENCE, every=0.1)
        return await settle(self.database, shop, load, self.receiver, Path(self.smsc.configuration["log"]))


@pytest.fixture
async def site(dsn: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(dsn, tmp_path) as site:
        yield site


@asynccontextmanager
async def open_site(dsn: str, folder: Path) -> AsyncIterator[Site]:
    database = Database(dsn, size=2)
    smsc = Smsc(port=free_port(), log=str(folder / "smsc.log"))
    async with smsc, Receiver(folder / "received") as receiver:
        yield Site(dsn, folder, database, smsc, receiver)
    await database.close()


async def _more(load: Load, count: int) -> None:
    """Wait until so many more are acknowledged."""
    enough = len(load.acknowledged) + count

    async def acknowledged() -> bool:
        return len(load.acknowledged) >= enough

    await eventually(acknowledged, timeout=PATIENCE)


async def test_either_takes_requests_and_everything_happens_once(site: Site) -> None:
    async with site.node() as one, site.node() as other:
        shop = await site.open_shop()
        async with Listener(one.base, shop.key) as here, Listener(other.base, shop.key) as there:
            load = Load([one.base, other.base], shop.key, shop.conversations)
            await load.publish(MESSAGES)
            account = await site.settle(shop, load)
            everything = dict.fromkeys(load.acknowledged.values(), 1)

            async def all_heard() -> bool:
                return sum(here.heard.values()) >= MESSAGES and sum(there.heard.values()) >= MESSAGES

            await eventually(all_heard, timeout=PATIENCE)
            assert here.heard == everything
            assert there.heard == everything
    assert account.accepted == MESSAGES
    assert (account.lost, account.duplicated) == ([], [])
    assert (account.resubmitted, account.repeated) == (0, 0)


async def test_a_key_revoked_at_one_is_refused_by_the_other_at_once(site: Site) -> None:
    async with site.node() as one, site.node() as other, aiohttp.ClientSession() as http:
        shop = await site.open_shop()
        headers = {"Authorization": f"Bearer {shop.key}", "X-User-Id": "primary"}

        async def statuses() -> list[int]:
            found = []
            for node in (one, other):
                async with http.get(f"{node.base}/texting/conversations", headers=headers) as response:
                    found.append(response.status)
            return found

        assert await statuses() == [200, 200]  # and both remember the key
        wakeups = Wakeups(site.database)
        await wakeups.start()
        credentials = Core(site.database, wakeups, open_storage(str(site.folder))).credentials
        (key,) = await credentials.list_api_keys(shop.company_id)
        await credentials.revoke_api_key(shop.company_id, key.id)

        async def refused() -> bool:
            return await statuses() == [401, 401]

        await eventually(refused, timeout=OLDEST / 2)
        await wakeups.stop()


async def test_one_is_killed_under_load_and_nothing_is_lost(site: Site) -> None:
    async with site.node(lease_seconds=LEASE) as one, site.node(lease_seconds=LEASE) as other:
        shop = await site.open_shop(response_timeout=LEASE / 2)
        load = Load([one.base, other.base], shop.key, shop.conversations, pause=0.02)
        async with Listener(other.base, shop.key) as listener:
            async with load.running():
                await _more(load, MESSAGES)
                await one.kill()
                await _more(load, MESSAGES)
            account = await site.settle(shop, load)

            async def all_heard() -> bool:
                return sum(listener.heard.values()) >= len(load.acknowledged)

            await eventually(all_heard, timeout=PATIENCE)
            assert listener.heard == dict.fromkeys(load.acknowledged.values(), 1)
    assert account.accepted > 2 * MESSAGES
    assert (account.lost, account.duplicated) == ([], [])


async def test_a_rolling_restart_does_nothing_twice(site: Site) -> None:
    async with site.node() as one, site.node() as other:
        shop = await site.open_shop()
        load = Load([one.base, other.base], shop.key, shop.conversations, pause=0.02)
        async with load.running():
            for node in (one, other):
                await _more(load, MESSAGES // 3)
                await node.stop()
                await _more(load, MESSAGES // 3)
                await node.start()
        account = await site.settle(shop, load)
    assert (account.lost, account.duplicated) == ([], [])
    assert (account.resubmitted, account.repeated) == (0, 0)
    # Who came while the server stopped was refused a connection, or answered.
    assert {kind for kind in load.failures if kind[0] == "5"} == set()


async def test_the_leases_of_one_that_is_killed_pass_to_the_other(site: Site) -> None:
    one = site.node(lease_seconds=LEASE)
    async with one:
        # Whoever lives waits for its answers, so that what is sent again was the dead one's.
        shop = await site.open_shop(response_timeout=PATIENCE)
        await site.smsc.event("bound", timeout=PATIENCE)
        site.smsc.freeze()
        site.receiver.freeze()
        load = Load([one.base], shop.key, shop.conversations)
        await load.publish(20)

        async def all_taken() -> bool:
            sending = await site.database.fetchval("SELECT count(*) FROM submissions WHERE state = 'sending'")
            tried = await site.database.fetchval("SELECT count(*) FROM delivery_attempts")
            return bool(sending == 20 and tried)

        await eventually(all_taken, timeout=PATIENCE)
        await one.kill()
        async with site.node(lease_seconds=LEASE):
            site.smsc.thaw()
            site.receiver.thaw()
            account = await site.settle(shop, load)
    assert account.accepted == 20
    assert (account.lost, account.duplicated) == ([], [])


async def test_both_start_at_once_on_an_empty_database(server_dsn: str, tmp_path: Path) -> None:
    name = f"test_{uuid.uuid4().hex[:12]}"
    await run(server_dsn, f"CREATE DATABASE {name}")
    try:
        async with open_site(on_database(server_dsn, name), tmp_path) as site:
            nodes = [site.node() for _ in range(3)]
            try:
                await asyncio.gather(*(node.start() for node in nodes))
                applied = await site.database.fetch("SELECT name FROM migrations ORDER BY name")
                assert [row["name"] for row in applied] == [name for name, _ in available()]
                shop = await site.open_shop()
                load = Load([node.base for node in nodes], shop.key, shop.conversations)
                await load.publish(30)
                account = await site.settle(shop, load)
            finally:
                await asyncio.gather(*(node.stop() for node in nodes))
        assert (account.accepted, account.lost, account.duplicated) == (30, [], [])
    finally:
        await run(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


async def test_roles_apart(site: Site) -> None:
    async with site.node(roles="api") as front:
        shop = await site.open_shop()
        load = Load([front.base], shop.key, shop.conversations)
        async with Listener(front.base, shop.key) as listener:
            await load.publish(30)

            async def all_heard() -> bool:
                return sum(listener.heard.values()) == 30

            await eventually(all_heard, timeout=PATIENCE)
            # Acknowledged and kept; who carries it away is not there yet.
            states = await site.database.fetch("SELECT state, attempts FROM submissions GROUP BY state, attempts")
            assert [tuple(row) for row in states] == [("queued", 0)]
            assert site.receiver.received() == []
            async with site.node(roles="relay,carrier") as back, aiohttp.ClientSession() as http:
                account = await site.settle(shop, load)
                async with http.get(f"{back.base}/texting/conversations") as response:
                    assert response.status == 404
    assert (account.accepted, account.lost, account.duplicated) == (30, [], [])
    assert (account.resubmitted, account.repeated) == (0, 0)
