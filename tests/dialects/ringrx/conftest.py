"""A running server with two companies, and a RingRx client for each, as its owner."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import msgspec
import pytest

from ringmain.core.people.model import Person
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.dialects.ringrx.app import build
from ringmain.front import Front
from tests.conftest import Office, furnish
from tests.realtime.conftest import serving

PUBLIC_URL = "https://phone.example.com"
PASSWORD = "correct horse battery"


class Reply(msgspec.Struct):
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return msgspec.json.decode(self.body)

    def error(self, status: int) -> str:
        """Check that this is RingRx's own error of this status; returns what it says."""
        assert self.status == status, self.body
        body = self.json()
        assert list(body) == ["error"]
        assert body["error"]
        assert self.headers["access-control-allow-origin"] == "*"
        return str(body["error"])


class Caller:
    """Calls as one person of a company."""

    def __init__(self, http: aiohttp.ClientSession, base: str, office: Office, token: str) -> None:
        self.http = http
        self.base = base
        self.office = office
        self.token = token

    async def __call__(
        self, method: str, path: str, *, headers: Mapping[str, str | None] | None = None, **options: Any
    ) -> Reply:
        """Call as this person; a header of None is left out."""
        given = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        sent = {name: value for name, value in given.items() if value is not None}
        options.setdefault("allow_redirects", False)
        async with self.http.request(method, f"{self.base}{path}", headers=sent, **options) as response:
            return Reply(response.status, response.headers, await response.read())

    @property
    def company_id(self) -> int:
        return self.office.company_id

    def acting(self, token: str) -> "Caller":
        """The same company, somebody else."""
        return Caller(self.http, self.base, self.office, token)


class World:
    """The server and the owners of its two companies."""

    def __init__(self, core: Core, base: str, acme: Caller, globex: Caller) -> None:
        self.core = core
        self.base = base
        self.acme = acme
        self.globex = globex

    async def user(self, email: str = "sam@acme.example", *, admin: bool = False) -> tuple[Person, Caller]:
        """Another person of Acme, and who calls as they."""
        person = await self.core.people.create(self.acme.company_id, email=email, admin=admin, password=PASSWORD)
        tokens = await self.core.grants.by_password("ringrx", email, PASSWORD, address="127.0.0.1")
        return person, self.acme.acting(tokens.user_token)


@pytest.fixture
async def world(core: Core) -> AsyncIterator[World]:
    offices = [await furnish(core), await furnish(core, name="Globex", number="+12025550145")]
    tokens = []
    for office in offices:
        made = await core.credentials.create_api_key(office.company_id, "ringrx", "test")
        minted = await core.grants.by_key("ringrx", made.key.token, made.secret, address="127.0.0.1")
        tokens.append(minted.user_token)
    async with serving(Front(build(core, PUBLIC_URL))) as base, aiohttp.ClientSession() as http:
        callers = [Caller(http, base, office, token) for office, token in zip(offices, tokens, strict=True)]
        yield World(core, base, *callers)


@pytest.fixture
def acme(world: World) -> Caller:
    return world.acme


@pytest.fixture
def globex(world: World) -> Caller:
    return world.globex


async def counts(database: Database) -> dict[str, int]:
    """How many rows every table has, and how many changes they went through, but for logins' own."""
    tables = await database.fetch(
        "SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        " AND NOT relispartition AND relname NOT IN ('login_tries', 'signing_keys', 'migrations') ORDER BY relname"
    )
    result = {}
    for (table,) in tables:
        seen = await database.fetchrow(f"SELECT count(*) AS n, coalesce(max(xmin::text::bigint), 0) AS x FROM {table}")
        assert seen is not None
        result[table], result[f"{table} changed by"] = seen["n"], seen["x"]
    return result
