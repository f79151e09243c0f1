from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import msgspec
import pytest

from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.delivery.download import Downloader
from ringmain.delivery.egress import EgressGuard
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.app import build
from ringmain.front import Front
from tests.conftest import Office, furnish
from tests.realtime.conftest import serving

PUBLIC_URL = "https://phone.example.com"
FETCH = Downloader(EgressGuard(["127.0.0.0/8:*"]))


class Reply(msgspec.Struct):
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        assert self.headers["access-control-allow-origin"] == "*"
        return msgspec.json.decode(self.body)

    def result(self) -> Any:
        """Check that the call was done; returns its result."""
        assert self.status == 200, self.body
        body = self.json()
        assert set(body) == {"result"}, body
        return body["result"]

    def void(self) -> None:
        """Check that the call was done and says nothing."""
        assert self.result() == {}

    def error(self, code: int, status: int = 200) -> str:
        """Check that this is Ringotel's own error of this code; returns its message."""
        assert self.status == status, self.body
        body = self.json()
        assert set(body) == {"error"}, body
        assert set(body["error"]) == {"code", "message"}
        assert body["error"]["code"] == code, body
        message = body["error"]["message"]
        assert isinstance(message, str)
        assert message
        return message


class Caller:
    """An account's key, and the office that is its first organization."""

    def __init__(self, http: aiohttp.ClientSession, base: str, office: Office, account_id: int, key: str) -> None:
        self.http = http
        self.base = base
        self.office = office
        self.account_id = account_id
        self.key = key

    async def __call__(self, method: str, /, **params: Any) -> Reply:
        """Call a method."""
        return await self.post({"method": method, "params": params})

    async def post(self, body: Any = None, *, path: str = "/api", key: str | None = None, **options: Any) -> Reply:
        """POST anything, or `data` instead of JSON; an empty key is left out."""
        key = self.key if key is None else key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        sent = {"headers": headers, **({} if "data" in options else {"json": body}), **options}
        async with self.http.post(f"{self.base}{path}", **sent) as response:
            return Reply(response.status, response.headers, await response.read())

    @property
    def orgid(self) -> str:
        return ids.encode(self.office.company_id)


class World:
    """A running server with two accounts, and what a test wants to look at."""

    def __init__(self, core: Core, base: str, acme: Caller, globex: Caller) -> None:
        self.core = core
        self.base = base
        self.acme = acme
        self.globex = globex


async def caller_of(core: Core, http: aiohttp.ClientSession, base: str, office: Office) -> Caller:
    company = await core.companies.get(office.company_id)
    key = await core.accounts.create_key(company.account_id, name="test")
    return Caller(http, base, office, company.account_id, key.secret)


@pytest.fixture
async def world(core: Core) -> AsyncIterator[World]:
    offices = [await furnish(core), await furnish(core, name="Globex", number="+12025550145")]
    await FETCH.start()
    async with serving(Front(build(core, PUBLIC_URL, FETCH))) as base, aiohttp.ClientSession() as http:
        yield World(core, base, *[await caller_of(core, http, base, office) for office in offices])
    await FETCH.stop()


@pytest.fixture
def acme(world: World) -> Caller:
    return world.acme


@pytest.fixture
def globex(world: World) -> Caller:
    return world.globex


COUNTED = (
    *("accounts", "account_keys", "account_admins", "account_history", "companies", "people", "extensions"),
    *("instances", "numbers", "contacts", "conversations", "messages", "files", "events", "endpoints", "subscriptions"),
    *("trunks", "opt_outs", "agents", "calls"),
)


async def counts(database: Database) -> dict[str, int]:
    """How many rows there are in what the API writes to, and how many changes they went through."""
    result = {}
    for table in COUNTED:
        seen = await database.fetchrow(f"SELECT count(*) AS n, coalesce(max(xmin::text::bigint), 0) AS x FROM {table}")
        assert seen is not None
        result[table], result[f"{table} changed by"] = seen["n"], seen["x"]
    return result
