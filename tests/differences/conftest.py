"""The whole of Ringmain, as `ringmain serve` runs it, with a company and its RingPlan key."""

import itertools
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import pytest
import socketio

from ringmain.app import Ringmain
from ringmain.core.texting.carrier import InboundText
from ringmain.settings import Settings
from tests.conditions import eventually
from tests.conftest import TEMPLATE, furnish
from tests.databases import on_database, run
from tests.delivery.receiver import Receiver, receiving
from tests.dialects.ringplan.conftest import Caller
from tests.realtime.conftest import serving

NUMBERS: Final = itertools.count(2000)


class Place:
    """A running server and a company in it."""

    def __init__(self, ringmain: Ringmain, base: str, acme: Caller) -> None:
        self.ringmain = ringmain
        self.core = ringmain.core
        self.base = base
        self.acme = acme

    async def receive(self, text: str = "Hi there") -> None:
        """A text comes in from the company's contact."""
        office = self.acme.office
        inbound = InboundText(carrier="sandbox", sender=office.contact.number, recipient=office.number, text=text)
        await self.core.texting.receive(inbound)

    async def conversation_with(self, number: str) -> str:
        """The path of the messages with this number."""
        contact = (await self.acme("POST", "/texting/contacts", json={"number": number})).json()
        body = {"contact_id": contact["id"], "from_number": self.acme.office.number}
        conversation = (await self.acme("POST", "/texting/conversations", json=body)).json()
        return f"/texting/conversations/{conversation['id']}/messages"


class Ear:
    """A Socket.IO client that keeps what it hears."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client
        self.heard: list[tuple[Any, ...]] = []

    async def wait_for(self, event: str, **fields: Any) -> Any:
        """The first payload of this event with these fields."""

        async def look() -> Any:
            for name, *arguments in self.heard:
                if name == event and fields.items() <= arguments[0].items():
                    return arguments
            return None

        (payload,) = await eventually(look)
        return payload

    def names(self) -> list[str]:
        return [name for name, *_ in self.heard]


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[Ringmain, str]]:
    ringmain = Ringmain(settings)
    await ringmain.start()
    try:
        async with serving(ringmain.app) as base:
            yield ringmain, base
            await ringmain.hang_up()
    finally:
        await ringmain.stop()


@asynccontextmanager
async def listening(base: str, key: str | None) -> AsyncIterator[Ear]:
    """A client, authenticated if there is a key to show."""
    client = socketio.AsyncClient(reconnection=False)
    ear = Ear(client)

    async def told(event: str, *arguments: Any) -> None:
        ear.heard.append((event, *arguments))

    client.on("*", told)
    await client.connect(base, socketio_path="/ws", transports=["websocket"])
    try:
        if key is not None:
            await client.emit("authenticate", {"token": key})
            await ear.wait_for("authenticated")
        yield ear
    finally:
        await client.disconnect()


@pytest.fixture(scope="session")
async def settings(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Settings]:
    """Of a server with a database of its own, for all tests here: each makes a company."""
    name = f"differences_{uuid.uuid4().hex[:12]}"
    await run(server_dsn, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield Settings(
        database_url=on_database(server_dsn, name),
        data_dir=tmp_path_factory.mktemp("differences"),
        egress_allow=["127.0.0.1:*"],
        pool_size=4,
    )
    await run(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
async def server(settings: Settings) -> AsyncIterator[tuple[Ringmain, str]]:
    async with running(settings) as started:
        yield started


@pytest.fixture
async def place(server: tuple[Ringmain, str]) -> AsyncIterator[Place]:
    ringmain, base = server
    async with aiohttp.ClientSession() as http:
        office = await furnish(ringmain.core, number=f"+1202556{next(NUMBERS)}")
        key = await ringmain.core.credentials.create_api_key(office.company_id, "ringplan", "test")
        yield Place(ringmain, base, Caller(http, base, office, key.secret))


@pytest.fixture
def acme(place: Place) -> Caller:
    return place.acme


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Somebody's webhook receiver."""
    async with receiving() as found:
        yield found
