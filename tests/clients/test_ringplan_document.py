"""RingPlan's document as a program: its 61 snippets and its Socket.IO clients against a server as people run it."""

import asyncio
import contextlib
import json
import shutil
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec
import pytest
import socketio

from tests.clients.ringplan_document import (
    objects,
    snippets_company,
    snippets_extensions,
    snippets_fax,
    snippets_meet,
    snippets_texting,
)
from tests.clients.ringplan_document.client import API_KEY, OPERATOR_TOKEN, Document
from tests.clients.ringplan_document.sockets import Heard, MyCustomNamespace, handlers
from tests.commands.server import Served, ringmain
from tests.conftest import TEMPLATE
from tests.databases import on_database, run

HERE: Final = Path(__file__).parent
FOLDER: Final = HERE / "ringplan_document"
MODULES: Final = (snippets_company, snippets_extensions, snippets_texting, snippets_fax, snippets_meet)
SETTINGS: Final = {"google_client_id": "ringmain", "outlook_client_id": "ringmain"}
"""Addresses for logging in there can be made without asking anybody."""

Snippet = Callable[[Document], None]


def of_module(module: ModuleType) -> list[Snippet]:
    return [made for name, made in vars(module).items() if name.startswith("snippet_")]


SNIPPETS: Final = [snippet for module in MODULES for snippet in of_module(module)]

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


@pytest.fixture(scope="module")
async def document(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Document]:
    """A server that was set up by `ringmain apply` of company.toml."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    await run(server_dsn, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    folder, dsn = tmp_path_factory.mktemp("document"), on_database(server_dsn, name)
    applied = await ringmain(folder, "apply", str(FOLDER / "company.toml"), database_url=dsn)
    assert applied.code == 0, applied.err
    async with Served(folder, database_url=dsn, operator_token=OPERATOR_TOKEN, **SETTINGS) as server:
        with contextlib.closing(Document(server.url, json.loads(applied.out))) as document:
            yield document
    await run(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


def test_there_are_61() -> None:
    assert [snippet.__name__ for snippet in SNIPPETS] == [f"snippet_{number:02}" for number in range(1, 62)]
    assert all(snippet.__doc__ for snippet in SNIPPETS)
    assert len(objects.DATA) == 96


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.__name__)
def test_snippet(document: Document, snippet: Snippet) -> None:
    snippet(document)


class Node(Heard):
    """sockets.js in a process; what it prints is what is heard."""

    def __init__(self) -> None:
        super().__init__()
        self._process: asyncio.subprocess.Process
        self._reading: asyncio.Task[None]

    async def start(self, *arguments: str) -> None:
        self._process = await asyncio.create_subprocess_exec(
            "node", str(FOLDER / "sockets.js"), *arguments, stdout=asyncio.subprocess.PIPE
        )
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            said = json.loads(line)
            self.put(said["event"], said.get("data"))

    async def stop(self) -> None:
        self._process.terminate()
        await self._process.wait()
        await self._reading


@contextlib.asynccontextmanager
async def node(*arguments: str) -> AsyncIterator[Node]:
    client = Node()
    await client.start(*arguments)
    try:
        yield client
    finally:
        await client.stop()


def shaped(data: Any, shape: Any) -> Any:
    return msgspec.convert(data, shape)


@needs_node
async def test_javascript_hears_everything(document: Document) -> None:
    async with node(document.API_URL, API_KEY) as client:
        assert await client.until("authenticated") is not None
        contact = document.contact()
        conversation = document.conversation(contact)
        assert shaped(await client.until("texting.chat.new"), objects.Conversation).id == conversation["id"]
        sent = document.message(conversation["id"], "Hello world!")
        message = shaped(await client.until("texting.message.new"), objects.Message)
        assert (message.id, message.direction, message.text) == (sent["id"], "outbound", "Hello world!")
        document.received(contact, "Hi there")
        message = shaped(await client.until("texting.message.new"), objects.Message)
        assert (message.direction, message.text) == ("inbound", "Hi there")
        # Another client marks it as read; this one is told.
        async with node(document.API_URL, API_KEY, conversation["id"], message.id) as other:
            await other.until("authenticated")
            marked = await client.until("texting.message.markAsRead")
        assert (marked["conversation_id"], marked["messagesIds"]) == (conversation["id"], [message.id])
        assert set(marked) == {"conversation_id", "messagesIds", "timezone"}

        url = f"{document.API_URL}/texting/conversations/{conversation['id']}"
        document.requests.delete(f"{url}/messages", headers=document.headers, params={"ids": [message.id]})
        gone = await client.until("texting.message.delete")
        assert gone == {"id": message.id, "conversation_id": conversation["id"]}
        document.requests.delete(url, headers=document.headers)
        assert await client.until("texting.chat.delete") == {"id": conversation["id"]}

        body = {"main_status": {"status": "away"}}
        url = f"{document.API_URL}/status/v2/current-user"
        assert document.requests.patch(url, headers=document.headers, json=body).status_code == 200
        status = shaped(await client.until("user_status_updated"), objects.UserStatus)
        assert (status.user_id, status.user_email) == (document.jane_id, "janedoe@example.com")
        assert status.status == {"status": "away", "action_type": "manual"}


@needs_node
async def test_javascript_with_a_wrong_key_is_told_so(document: Document) -> None:
    async with node(document.API_URL, "nonsense") as client:
        await client.until("unauthorized")


async def test_python_handlers(document: Document) -> None:
    heard = Heard()
    sio = handlers(API_KEY, "janedoe@example.com", heard)
    await sio.connect(document.API_URL, socketio_path="/ws/")
    await heard.until("authenticated")
    conversation = document.conversation()
    sent = document.message(conversation["id"])
    assert shaped(await heard.until("texting.message.new"), objects.Message).id == sent["id"]
    url = f"{document.API_URL}/texting/conversations/{conversation['id']}/messages"
    document.requests.delete(url, headers=document.headers, params={"ids": [sent["id"]]})
    gone = await heard.until("texting.message.delete")
    assert gone == {"id": sent["id"], "conversation_id": conversation["id"]}
    await sio.disconnect()
    await heard.until("disconnect")

    sio = handlers("nonsense", "janedoe@example.com", heard)
    await sio.connect(document.API_URL, socketio_path="/ws/")
    await heard.until("unauthorized")
    await sio.disconnect()


async def test_python_custom_handler(document: Document) -> None:
    heard = Heard()
    sio = socketio.AsyncClient()
    sio.register_namespace(MyCustomNamespace(heard))
    await sio.connect(document.API_URL, socketio_path="/ws/")
    await heard.until("connect")
    await sio.emit("authenticate", {"token": API_KEY})
    await heard.until("authenticated")
    conversation = document.conversation()
    assert shaped(await heard.until("texting.chat.new"), objects.Conversation).id == conversation["id"]
    await sio.disconnect()
