"""One PostgreSQL for the whole run, started by the first process; a database as new for each test (databases.py).

`TEST_DATABASE_URL` names a PostgreSQL to use instead (any version >= 15; the role must be able to create databases).
"""

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import hypothesis
import msgspec
import pytest

from ringmain.core.credentials import passwords
from ringmain.core.files.storage import open_storage
from ringmain.core.seal import Seal
from ringmain.core.system import Core
from ringmain.core.texting.model import Contact, Conversation
from ringmain.database.embedded import EmbeddedServer
from ringmain.database.migrate import migrate
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups
from ringmain.documents import audio, fax, preview
from ringmain.pbx.build import adapters
from tests.databases import Databases, Leased, on_database, run

TEMPLATE = f"ringmain_template_{os.environ.setdefault('RINGMAIN_TEST_RUN', uuid.uuid4().hex[:8])}"
MEMORY = Path("/dev/shm")
CHEAP_KIB = 32
"""What a password's hash takes here; what it takes in a server is tested in core/test_passwords.py."""
SEAL = Seal(b"tests")
SERVER = pytest.StashKey[EmbeddedServer]()
FOLDER = pytest.StashKey[Path]()
TEMPLATE_MADE = pytest.StashKey[bool]()

# A machine with more to do is slow at times; that says nothing about an example.
hypothesis.settings.register_profile(
    "unhurried",
    parent=hypothesis.settings.get_profile(hypothesis.settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("unhurried")


async def make_template(dsn: str) -> None:
    await run(dsn, f"CREATE DATABASE {TEMPLATE}")
    connection = await asyncpg.connect(on_database(dsn, TEMPLATE))
    try:
        await migrate(connection)
    finally:
        await connection.close()


def pytest_configure(config: pytest.Config) -> None:
    passwords.configure(CHEAP_KIB)
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    if "TEST_DATABASE_URL" not in os.environ:
        # In memory and without fsync a copy of the template takes 20 ms instead of 600. What must survive a kill is
        # tested on servers of its own (tests/crash, tests/nodes).
        folder = Path(tempfile.mkdtemp(prefix="ringmain-test-", dir=MEMORY if MEMORY.is_dir() else None))
        folder.chmod(0o755)
        unsafe = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
        server = EmbeddedServer(folder, settings=dict.fromkeys(unsafe, "off"))
        os.environ["TEST_DATABASE_URL"] = asyncio.run(server.start())
        config.stash[SERVER], config.stash[FOLDER] = server, folder
    asyncio.run(make_template(os.environ["TEST_DATABASE_URL"]))
    config.stash[TEMPLATE_MADE] = True


def pytest_unconfigure(config: pytest.Config) -> None:
    if TEMPLATE_MADE in config.stash and SERVER not in config.stash:
        asyncio.run(run(os.environ["TEST_DATABASE_URL"], f"DROP DATABASE {TEMPLATE} WITH (FORCE)"))
    if SERVER in config.stash:
        asyncio.run(config.stash[SERVER].stop())
        shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


class Office(msgspec.Struct, frozen=True):
    """A company with an owner, a number that texts, and a conversation with a contact."""

    company_id: int
    owner_id: int
    number: str
    contact: Contact
    conversation: Conversation


async def furnish(
    core: Core, *, name: str = "Acme", number: str = "+12025550123", contact: str = "+13105550100"
) -> Office:
    """Make a company to test with."""
    database = core.database
    company_id = await database.fetchval("INSERT INTO companies (name) VALUES ($1) RETURNING id", name)
    owner_id = await database.fetchval(
        "INSERT INTO people (company_id, email, first_name, owner) VALUES ($1, $2, $3, true) RETURNING id",
        company_id,
        f"owner@{name.lower()}.example",
        "Olive",
    )
    await database.execute("INSERT INTO numbers (company_id, number, mms) VALUES ($1, $2, true)", company_id, number)
    person, _ = await core.texting.create_contact(company_id, number=contact, first_name="Jane", last_name="Doe")
    conversation, _ = await core.texting.open_conversation(company_id, number=number, contact_ids=[person.id])
    return Office(company_id, owner_id, number, person, conversation)


@pytest.fixture
async def office(core: Core) -> Office:
    return await furnish(core)


@pytest.fixture(scope="session")
def server_dsn() -> str:
    """The test PostgreSQL, for tests that make databases of their own."""
    return os.environ["TEST_DATABASE_URL"]


@pytest.fixture(scope="session")
async def databases(server_dsn: str) -> AsyncIterator[Databases]:
    databases = Databases(server_dsn, TEMPLATE)
    yield databases
    await databases.close()


@pytest.fixture
async def leased(databases: Databases) -> AsyncIterator[Leased]:
    leased = await databases.lend()
    yield leased
    await databases.take_back(leased)


@pytest.fixture
def dsn(leased: Leased) -> str:
    """A migrated database, as new."""
    return leased.dsn


@pytest.fixture
async def database(leased: Leased) -> AsyncIterator[Database]:
    database = leased.pool(size=8)
    yield database
    await leased.keep(database)


@pytest.fixture
async def wakeups(database: Database) -> AsyncIterator[Wakeups]:
    wakeups = Wakeups(database)
    await wakeups.start()
    yield wakeups
    await wakeups.stop()


@pytest.fixture
def core(database: Database, wakeups: Wakeups, tmp_path: Path) -> Core:
    storage = open_storage(str(tmp_path / "files"))
    return Core(database, wakeups, storage, pbx=adapters(database), audio=audio, fax=fax, pictures=preview, seal=SEAL)
