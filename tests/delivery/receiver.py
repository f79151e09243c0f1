"""A webhook receiver on a real socket, and what tests need to put events into the log and to wait."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import unquote

import asyncpg
import msgspec
from aiohttp import web

from ringmain.core.subscriptions.model import Endpoint, Subscription
from ringmain.core.subscriptions.service import Subscriptions
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.wakeup import EVENTS, Wakeups
from ringmain.delivery.egress import EgressGuard
from ringmain.delivery.faces import Face, StandardFace
from ringmain.delivery.relay import Relay
from ringmain.delivery.worker import DeliveryWorker
from tests.conditions import PATIENCE

LOCAL = EgressGuard(["127.0.0.0/8:*"])
FACES: dict[str, Face] = {"ringmain": StandardFace()}
QUICK = (0.0, *[0.01] * 11)
ADD_EVENT = """
INSERT INTO events (company_id, type, subject_id, order_key, payload)
SELECT $1, $2, n, $3, $4::text::jsonb FROM generate_series(1, $5::int) AS n RETURNING id
"""

Answer = Callable[[web.BaseRequest, dict[str, Any]], Awaitable[web.Response]]


class Post(msgspec.Struct):
    headers: dict[str, str]
    body: bytes
    target: str = ""  # as it stood in the request line

    @property
    def raw_query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def query(self) -> str:
        return unquote(self.raw_query)

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Receiver:
    """Keeps what it gets and answers what it is told: a status, or whatever `answer` makes."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.status = 200
        self.answer: Answer | None = None
        self.url = ""
        self._changed = asyncio.Event()

    @property
    def events(self) -> list[int]:
        """Event ids in the order in which they came."""
        return [post.json["id"] for post in self.posts]

    async def handle(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.posts.append(Post(headers, body, request.raw_path))
        self._changed.set()
        if self.answer is not None:
            return await self.answer(request, json.loads(body))
        return web.Response(status=self.status, text="ok")

    async def wait_for(self, count: int, *, seconds: float = PATIENCE) -> list[Post]:
        """Until so many came."""
        async with asyncio.timeout(seconds):
            while len(self.posts) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.posts


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = web.Server(receiver.handle)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


class Bench:
    """A company, its subscriptions, and the parts under test."""

    def __init__(self, core: Core, company_id: int) -> None:
        self.core = core
        self.database: Database = core.database
        self.wakeups: Wakeups = core.wakeups
        self.subscriptions: Subscriptions = core.subscriptions
        self.company_id = company_id

    async def subscribe(self, url: str, **options: Any) -> tuple[Endpoint, Subscription, str]:
        """A new endpoint that gets `message.created`."""
        endpoint, secret = await self.subscriptions.create_endpoint(self.company_id, face="ringmain", url=url)
        options = {"name": "test", "event_types": ["message.created"], **options}
        return endpoint, await self.subscriptions.subscribe(self.company_id, endpoint.id, **options), secret

    async def happen(
        self,
        count: int = 1,
        *,
        kind: str = "message.created",
        key: int = 1,
        payload: dict[str, Any] | None = None,
        company_id: int | None = None,
        connection: "asyncpg.Connection[asyncpg.Record] | None" = None,
    ) -> list[int]:
        """Put events into the log."""
        arguments = (company_id or self.company_id, kind, key, json.dumps(payload or {"text": "hello"}), count)
        rows = await (connection or self.database).fetch(ADD_EVENT, *arguments)
        if connection is None:
            self.wakeups.wake(EVENTS)
        return [row["id"] for row in rows]

    def relay(self, **options: Any) -> Relay:
        return Relay(self.database, self.wakeups, **{"poll": 0.02, "gap": 0.001, **options})

    def worker(self, **options: Any) -> DeliveryWorker:
        options = {"schedule": QUICK, "poll": 0.02, "gap": 0.001, "timeout": 20.0, "first_back_off": 0.01, **options}
        return DeliveryWorker(self.database, self.wakeups, FACES, LOCAL, **options)

    async def relay_all(self) -> int:
        """Relay everything there is; returns how many deliveries that made."""
        relay = self.relay()
        try:
            return await drained(relay)
        finally:
            await relay.stop()

    async def states(self) -> list[str]:
        """The deliveries' states, in the order of events."""
        found = await self.subscriptions.deliveries(self.company_id, limit=1000)
        return [delivery.state for delivery in reversed(found)]

    async def until(self, condition: Callable[[], Awaitable[bool]], *, seconds: float = PATIENCE) -> None:
        """Wait for what only the database knows."""
        async with asyncio.timeout(seconds):
            while not await condition():
                await asyncio.sleep(0.01)

    async def until_states(self, *wanted: str) -> None:
        async def reached() -> bool:
            return await self.states() == list(wanted)

        await self.until(reached)


async def drained(relay: Relay) -> int:
    """Step until nothing is left; returns how many deliveries that made.

    Events may be held back by transactions in other databases of the server, which are other tests'.
    """
    made = 0
    while (batch := await relay.step()).events or batch.held:
        made += batch.made
    return made


@contextlib.asynccontextmanager
async def running(*parts: Relay | DeliveryWorker) -> AsyncIterator[None]:
    for part in parts:
        await part.start()
    try:
        yield
    finally:
        for part in reversed(parts):
            await part.stop()
