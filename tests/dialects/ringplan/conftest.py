from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import msgspec
import pytest

from ringmain.core.system import Core
from ringmain.core.texting.carrier import InboundText
from ringmain.core.texting.model import Message
from ringmain.database.pool import Database
from ringmain.dialects.ringplan import ids
from ringmain.dialects.ringplan.app import build
from ringmain.dialects.ringplan.realtime import RingPlanRealtime
from ringmain.front import Front
from ringmain.realtime.follower import Follower
from ringmain.realtime.socketio import SocketServer
from tests.conftest import Office, furnish
from tests.realtime.conftest import serving

PUBLIC_URL = "https://phone.example.com"


class Reply(msgspec.Struct):
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    def problem(self, status: int) -> str:
        """Check that this is RingPlan's own error of this status; returns its detail."""
        assert self.status == status, self.body
        assert self.headers["content-type"] == "application/problem+json"
        assert self.headers["access-control-allow-origin"] == "*"
        body = self.json()
        assert set(body) == {"detail", "status", "title", "type"}
        assert body["status"] == status
        assert body["type"] == "about:blank"
        assert body["title"]
        detail = body["detail"]
        assert isinstance(detail, str)
        assert detail
        return detail


class Caller:
    """A company's key and the user that acts with it."""

    def __init__(self, http: aiohttp.ClientSession, base: str, office: Office, key: str) -> None:
        self.http = http
        self.base = base
        self.office = office
        self.key = key
        self.headers = {"Authorization": f"Bearer {key}", "X-User-Id": "primary"}

    async def __call__(
        self, method: str, path: str, *, headers: Mapping[str, str | None] | None = None, **options: Any
    ) -> Reply:
        """Call as this user; a header of None is left out."""
        sent = {name: value for name, value in {**self.headers, **(headers or {})}.items() if value is not None}
        async with self.http.request(method, f"{self.base}{path}", headers=sent, **options) as response:
            return Reply(response.status, response.headers, await response.read())

    @property
    def company(self) -> str:
        return ids.encode(self.office.company_id)

    @property
    def conversation(self) -> str:
        return ids.encode(self.office.conversation.id)

    @property
    def messages(self) -> str:
        """The path of the conversation's messages."""
        return f"/texting/conversations/{self.conversation}/messages"

    @property
    def contact(self) -> str:
        return ids.encode(self.office.contact.id)

    async def publish(self, text: str = "Hello world!", **fields: Any) -> Any:
        reply = await self("POST", f"{self.messages}/publish", json={"text": text, **fields})
        assert reply.status == 201, reply.body
        return reply.json()


class World:
    """A running server with two companies, and what a test wants to look at."""

    def __init__(self, core: Core, realtime: RingPlanRealtime, base: str, acme: Caller, globex: Caller) -> None:
        self.core = core
        self.realtime = realtime
        self.base = base
        self.acme = acme
        self.globex = globex

    async def receive(self, text: str = "Hi there", *, office: Office | None = None) -> Message:
        """A text comes in from the office's contact."""
        office = office or self.acme.office
        return await self.core.texting.receive(
            InboundText(carrier="sandbox", sender=office.contact.number, recipient=office.number, text=text)
        )


@pytest.fixture
async def world(core: Core) -> AsyncIterator[World]:
    sockets = SocketServer()
    follower = Follower(core.database, core.wakeups)
    realtime = RingPlanRealtime(core, sockets)
    follower.subscribe(realtime.push)
    offices = [await furnish(core), await furnish(core, name="Globex", number="+12025550145")]
    keys = [await core.credentials.create_api_key(office.company_id, "ringplan", "test") for office in offices]
    await follower.start()
    async with serving(Front(build(core, PUBLIC_URL, sockets))) as base, aiohttp.ClientSession() as http:
        callers = [Caller(http, base, office, key.secret) for office, key in zip(offices, keys, strict=True)]
        yield World(core, realtime, base, *callers)
        await sockets.close()
    await follower.stop()


@pytest.fixture
def acme(world: World) -> Caller:
    return world.acme


@pytest.fixture
def globex(world: World) -> Caller:
    return world.globex


COUNTED = (
    "contacts",
    "conversations",
    "messages",
    "files",
    "events",
    "endpoints",
    "subscriptions",
    "presence",
    "faxes",
    "fax_destinations",
    "calls",
    "extensions",
    "companies",
    "people",
    "locations",
    "directory_contacts",
    "sessions",
    "mails",
    "meetings",
    "calendar_connections",
    "calendar_requests",
    "voicemails",
)


async def counts(database: Database) -> dict[str, int]:
    """How many rows there are in what the API writes to, and how many changes they went through."""
    result = {}
    for table in COUNTED:
        seen = await database.fetchrow(f"SELECT count(*) AS n, coalesce(max(xmin::text::bigint), 0) AS x FROM {table}")
        assert seen is not None
        result[table], result[f"{table} changed by"] = seen["n"], seen["x"]
    return result
