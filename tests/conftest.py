"""One PostgreSQL for the whole run, started by the first process; a fresh copy of a migrated template for each test.

`TEST_DATABASE_URL` names a PostgreSQL to use instead (any version >= 15; the role must be able to create databases).
"""

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from ringmain.core.files.storage import open_storage
from ringmain.core.system import Core
from ringmain.database.embedded import EmbeddedServer
from ringmain.database.migrate import migrate
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups

TEMPLATE = f"ringmain_template_{os.environ.setdefault('RINGMAIN_TEST_RUN', uuid.uuid4().hex[:8])}"
SERVER = pytest.StashKey[EmbeddedServer]()
FOLDER = pytest.StashKey[Path]()


def on_database(dsn: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


async def run(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def make_template(dsn: str) -> None:
    await run(dsn, f"CREATE DATABASE {TEMPLATE}")
    connection = await asyncpg.connect(on_database(dsn, TEMPLATE))
    try:
        await migrate(connection)
    finally:
        await connection.close()


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    if "TEST_DATABASE_URL" not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="ringmain-test-"))
        folder.chmod(0o755)
        server = EmbeddedServer(folder)
        os.environ["TEST_DATABASE_URL"] = asyncio.run(server.start())
        config.stash[SERVER], config.stash[FOLDER] = server, folder
    asyncio.run(make_template(os.environ["TEST_DATABASE_URL"]))


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVER in config.stash:
        asyncio.run(config.stash[SERVER].stop())
        shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


@pytest.fixture(scope="session")
def server_dsn() -> str:
    """The test PostgreSQL, for tests that make databases of their own."""
    return os.environ["TEST_DATABASE_URL"]


@pytest.fixture
async def dsn(server_dsn: str) -> AsyncIterator[str]:
    """A fresh, migrated database."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    await run(server_dsn, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield on_database(server_dsn, name)
    await run(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    database = Database(dsn, size=8)
    yield database
    await database.close()


@pytest.fixture
async def wakeups(database: Database) -> AsyncIterator[Wakeups]:
    wakeups = Wakeups(database)
    await wakeups.start()
    yield wakeups
    await wakeups.stop()


@pytest.fixture
def core(database: Database, wakeups: Wakeups, tmp_path: Path) -> Core:
    return Core(database, wakeups, open_storage(str(tmp_path / "files")))
