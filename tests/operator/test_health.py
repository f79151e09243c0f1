import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from ringmain.core.files.storage import open_storage
from ringmain.core.system import Core
from ringmain.database.embedded import EmbeddedServer
from ringmain.database.migrate import migrate
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups
from ringmain.front import Front
from ringmain.operator.app import build
from ringmain.operator.metrics import Metrics
from tests.conditions import eventually
from tests.operator.conftest import V1, World
from tests.realtime.conftest import serving


async def look(http: aiohttp.ClientSession, address: str, **options: Any) -> tuple[int, Any]:
    async with http.get(address, **options) as response:
        return response.status, await response.json(content_type=None)


async def test_health_says_who_is_alive(world: World) -> None:
    status, health = await look(world.operator.http, f"{world.base}/health")
    assert (status, health["status"], health["version"], health["roles"]) == (200, "ok", "0.0.1", ["api", "carrier"])
    assert health["uptime_seconds"] >= 0


async def test_ready_names_a_loop_that_died(world: World) -> None:
    async def connected() -> bool:
        return (await look(world.operator.http, f"{world.base}/ready"))[0] == 200

    await eventually(connected)
    world.loops["carriers"] = False
    status, ready = await look(world.operator.http, f"{world.base}/ready")
    assert (status, ready["ready"], ready["missing"]) == (503, False, ["carriers"])
    world.loops["carriers"] = True
    assert (await look(world.operator.http, f"{world.base}/ready"))[0] == 200


async def test_ready_wants_every_migration(world: World) -> None:
    await world.core.database.execute("DELETE FROM migrations WHERE name = '0001_foundation'")
    assert (await look(world.operator.http, f"{world.base}/ready"))[1]["missing"] == ["migrations"]
    await world.core.database.execute("INSERT INTO migrations VALUES ('0001_foundation'), ('9999_of_the_next_version')")
    assert (await look(world.operator.http, f"{world.base}/ready"))[0] == 200
    await world.core.database.execute("DROP TABLE migrations")
    assert (await look(world.operator.http, f"{world.base}/ready"))[1]["missing"] == ["migrations"]


@asynccontextmanager
async def own_postgresql() -> AsyncIterator[EmbeddedServer]:
    with tempfile.TemporaryDirectory(prefix="ringmain-health-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = EmbeddedServer(folder)
        await server.start()
        try:
            yield server
        finally:
            await server.stop()


async def test_the_truth_is_told_while_postgresql_is_away(tmp_path: Path) -> None:
    async with own_postgresql() as server, aiohttp.ClientSession() as http:
        database = Database(server.dsn, size=4, acquire_timeout=0.3)
        connection = await database.connect()
        await migrate(connection)
        await connection.close()
        wakeups = Wakeups(database)
        await wakeups.start()
        core = Core(database, wakeups, open_storage(str(tmp_path / "files")))
        token = await core.credentials.create_operator_token("test")
        metrics = Metrics(database, carriers=list, sockets=lambda: 0)
        apps = build(core, metrics=metrics, version="1", roles=["api"], carriers=list, loops=dict)
        async with serving(Front(apps)) as base:

            async def ready() -> bool:
                return (await look(http, f"{base}/ready"))[0] == 200

            async def missing() -> list[str]:
                found: list[str] = (await look(http, f"{base}/ready"))[1]["missing"]
                return found if len(found) == 3 else []

            headers = {"Authorization": f"Bearer {token}"}
            await eventually(ready)
            assert (await look(http, f"{base}{V1}/companies", headers=headers))[0] == 200

            await server.stop()
            assert await eventually(missing) == ["database", "migrations", "wakeups"]
            assert (await look(http, f"{base}/health"))[0] == 200
            status, problem = await look(http, f"{base}{V1}/companies", headers=headers)
            assert (status, problem["code"]) == (503, "unavailable")
            async with http.get(f"{base}/metrics") as response:
                assert response.status == 200
                assert "ringmain_database_up 0.0" in await response.text()

            await server.start()
            await eventually(ready)
            assert (await look(http, f"{base}{V1}/companies", headers=headers))[0] == 200
        await wakeups.stop()
        await database.close()
