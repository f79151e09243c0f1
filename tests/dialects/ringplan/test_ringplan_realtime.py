"""Socket.IO: section 3 of specs/ringplan.md, with the two clients that RingPlan's guide is written for."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio

from ringmain.dialects.ringplan import ids
from tests.conditions import eventually
from tests.dialects.ringplan.conftest import Caller, World
from tests.realtime.conftest import read_whole

NODE_CLIENT = Path(__file__).parents[2] / "clients" / "socketio_client.js"
PATIENCE = 30.0


class Phone:
    """A connected client and what it heard, in order."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client
        self.heard: asyncio.Queue[tuple[str, tuple[Any, ...]]] = asyncio.Queue()

    async def say(self, event: str, data: object = None) -> None:
        await self.client.emit(event, data)

    async def next(self) -> tuple[str, Any]:
        """The next event and its only argument."""
        async with asyncio.timeout(PATIENCE):
            event, arguments = await self.heard.get()
        assert len(arguments) == 1
        return event, arguments[0]

    async def expect(self, event: str) -> Any:
        heard, argument = await self.next()
        assert heard == event, (heard, argument)
        return argument

    async def authenticate(self, **data: Any) -> None:
        await self.say("authenticate", data)
        assert await self.expect("authenticated") == {}


Connect = Callable[..., AbstractAsyncContextManager[Phone]]


@contextlib.asynccontextmanager
async def connected(base: str, *transports: str, path: str = "/ws/") -> AsyncIterator[Phone]:
    async with aiohttp.ClientSession(raise_for_status=read_whole) as http:
        client = socketio.AsyncClient(reconnection=False, http_session=http)
        phone = Phone(client)

        async def hear(event: str, *arguments: Any) -> None:
            phone.heard.put_nowait((event, arguments))

        client.on("*", hear)
        await client.connect(base, socketio_path=path, transports=list(transports or ["websocket"]))
        try:
            yield phone
        finally:
            await client.disconnect()
            if client.eio.write_loop_task:
                client.eio.write_loop_task.cancel()  # it would wait half a minute for something to write
            await client.eio.wait()


@pytest.mark.parametrize("transports", [["polling"], ["websocket"], ["polling", "websocket"]])
@pytest.mark.parametrize("path", ["/ws", "/ws/"])
async def test_the_handshake(acme: Caller, world: World, transports: list[str], path: str) -> None:
    async with connected(world.base, *transports, path=path) as phone:
        await phone.say("authenticate", {"token": "nonsense"})
        assert await phone.expect("unauthorized") == {}
        await phone.authenticate(token=acme.key)
        message = await acme.publish("heard")
        assert (await phone.expect("texting.message.new"))["id"] == message["id"]


async def test_tokens_in_their_forms(acme: Caller, globex: Caller, world: World) -> None:
    person = await world.core.people.create(acme.office.company_id, email="sam@acme.example")
    token = await world.core.credentials.issue_user_token(acme.office.company_id, person.id, 60)
    async with connected(world.base) as phone:
        await phone.authenticate(token=acme.key, user_email="SAM@acme.example")
        await phone.authenticate(token=acme.key, user_email=None)
        await phone.authenticate(token=f"Bearer {acme.key}", timezone="UTC")
        await phone.authenticate(token=token)
        data: object
        for data in (
            None,
            {},
            "x",
            {"token": 1},
            {"token": ""},
            {"token": "eyJ.x.y"},
            {"token": token[:-3]},
            {"token": acme.key, "user_email": "nobody@acme.example"},
            {"token": acme.key, "user_email": "owner@globex.example"},
            {"token": acme.key, "user_email": "\0"},
            {"token": acme.key, "user_email": 5},
            {"token": "\ud800"},
        ):
            await phone.say("authenticate", data)
            assert await phone.expect("unauthorized") == {}


async def test_anything_before_authentication_is_unauthorized_and_the_socket_stays_open(
    acme: Caller, world: World
) -> None:
    message = await world.receive()
    async with connected(world.base) as phone:
        data = {"conversation_id": acme.conversation, "messagesIds": [ids.encode(message.id)]}
        for event in ("texting.message.markAsRead", "texting.message.new", "whatever"):
            await phone.say(event, data)
            await phone.expect("unauthorized")
        assert not (await world.core.texting.get_message(acme.office.company_id, message.id)).read
        await phone.authenticate(token=acme.key)


async def test_all_pushes(acme: Caller, world: World) -> None:
    async with connected(world.base) as phone:
        await phone.authenticate(token=acme.key)
        sent = await acme.publish("out")
        contact = {"first_name": "Jane", "last_name": "Doe", "number": acme.office.contact.number}
        assert await phone.expect("texting.message.new") == {**sent, "contact": contact}

        received = await world.receive("in")
        pushed = await phone.expect("texting.message.new")
        assert (pushed["direction"], pushed["text"], pushed["files"]) == ("inbound", "in", [])

        message_id = ids.encode(received.id)
        await acme("PATCH", f"{acme.messages}/{message_id}", json={"is_read": True})
        assert await phone.expect("texting.message.markAsRead") == {
            "conversation_id": acme.conversation,
            "messagesIds": [message_id],
            "timezone": "UTC",
        }
        await acme("PATCH", f"{acme.messages}/{message_id}", json={"is_read": False})

        await acme("DELETE", f"{acme.messages}?ids={message_id},{sent['id']}")
        gone = [await phone.expect("texting.message.delete") for _ in range(2)]
        assert {one["id"] for one in gone} == {message_id, sent["id"]}
        assert {one["conversation_id"] for one in gone} == {acme.conversation}
        assert set(gone[0]) == {"id", "conversation_id"}

        other, _ = await world.core.texting.create_contact(acme.office.company_id, number="+13105550111")
        body = {"contact_id": ids.encode(other.id), "from_number": acme.office.number}
        made = (await acme("POST", "/texting/conversations", json=body)).json()
        assert await phone.expect("texting.chat.new") == made

        await acme("DELETE", f"/texting/conversations/{made['id']}")
        assert await phone.expect("texting.chat.delete") == {"id": made["id"]}

        await acme("PATCH", "/status/v2/current-user", json={"main_status": {"status": "away"}})
        status = await phone.expect("user_status_updated")
        assert set(status) == {
            "company_id", "user_id", "user_email", "status", "id", "created_at", "updated_at", "deleted_at",
        }  # fmt: skip
        assert status["status"] == {"status": "away", "action_type": "manual"}
        assert (status["user_email"], status["deleted_at"]) == ("owner@acme.example", None)
        assert phone.heard.empty()


async def test_mark_as_read_is_kept_and_relayed_to_all_others(acme: Caller, world: World) -> None:
    message = await world.receive()
    data = {"conversation_id": acme.conversation, "messagesIds": [ids.encode(message.id)], "timezone": "Europe/Kyiv"}
    async with connected(world.base) as one, connected(world.base, "polling") as two, connected(world.base) as three:
        for phone in (one, two, three):
            await phone.authenticate(token=acme.key)
        await one.say("texting.message.markAsRead", data)
        for phone in (two, three):
            assert await phone.expect("texting.message.markAsRead") == {**data, "timezone": "UTC"}
        assert (await world.core.texting.get_message(acme.office.company_id, message.id)).read
        await acme.publish()
        assert (await one.next())[0] == "texting.message.new"


async def test_marks_that_are_refused_change_nothing(acme: Caller, globex: Caller, world: World) -> None:
    message = await world.receive()
    theirs = await world.receive(office=globex.office)
    async with connected(world.base) as phone:
        await phone.authenticate(token=acme.key)
        data: object
        for data in (
            None,
            {},
            [],
            {"conversation_id": acme.conversation},
            {"conversation_id": acme.conversation, "messagesIds": "x"},
            {"conversation_id": acme.conversation, "messagesIds": ["x"]},
            {"conversation_id": acme.conversation, "messagesIds": [ids.encode(message.id), ids.encode(theirs.id)]},
            {"conversation_id": globex.conversation, "messagesIds": [ids.encode(theirs.id)]},
            {"conversation_id": acme.conversation, "messagesIds": []},
        ):
            await phone.say("texting.message.markAsRead", data)
        await phone.authenticate(token=acme.key)  # all of them were handled, in order
    for company, given in ((acme, message), (globex, theirs)):
        assert not (await world.core.texting.get_message(company.office.company_id, given.id)).read


async def test_companies_do_not_hear_each_other(acme: Caller, globex: Caller, world: World) -> None:
    async with connected(world.base) as ours, connected(world.base) as theirs, connected(world.base) as nobody:
        await ours.authenticate(token=acme.key)
        await theirs.authenticate(token=acme.key)
        await theirs.authenticate(token=globex.key)  # the last one counts
        await acme.publish("for acme")
        await globex.publish("for globex")
        assert (await ours.expect("texting.message.new"))["text"] == "for acme"
        assert (await theirs.expect("texting.message.new"))["text"] == "for globex"
        assert nobody.heard.empty()
        await theirs.say("authenticate", {"token": "wrong"})
        await theirs.expect("unauthorized")
        await globex.publish("again")
        await acme.publish("again")
        await ours.expect("texting.message.new")
        assert theirs.heard.empty()


async def test_a_revoked_key_hears_no_more(acme: Caller, world: World) -> None:
    async with connected(world.base) as phone:
        await phone.authenticate(token=acme.key)
        (key,) = await world.core.credentials.list_api_keys(acme.office.company_id)
        await world.core.credentials.revoke_api_key(acme.office.company_id, key.id)
        assert await phone.expect("unauthorized") == {}
        message = await world.receive("secret")
        await phone.say("texting.message.markAsRead", {"conversation_id": "x", "messagesIds": []})
        await phone.expect("unauthorized")
        assert message.text == "secret"


async def test_who_says_to_be_gone_is(acme: Caller, world: World) -> None:
    """Not by the event of that name alone, whose socket would stay in its room, and hear all with a revoked key."""
    address = f"{world.base.replace('http', 'ws')}/ws/?EIO=4&transport=websocket"
    shown = '42["authenticate",' + json.dumps({"token": acme.key}) + "]"
    async with acme.http.ws_connect(address) as socket:
        for said in ("40", shown, '42["disconnect"]'):
            await socket.receive_str()
            await socket.send_str(said)
        async with asyncio.timeout(PATIENCE):
            assert (await socket.receive()).data is None
        assert socket.closed


async def test_the_javascript_client(acme: Caller, world: World) -> None:
    options = json.dumps({"path": "/ws", "transports": ["websocket"], "reconnection": False})
    greeting = json.dumps([["authenticate", {"token": acme.key}]])
    process = await asyncio.create_subprocess_exec(
        "node", str(NODE_CLIENT), world.base, options, greeting, stdout=asyncio.subprocess.PIPE
    )
    lines = process.stdout
    assert lines is not None
    try:
        heard: list[Any] = []

        async def until(event: str) -> Any:
            async with asyncio.timeout(PATIENCE):
                async for line in lines:
                    heard.append(json.loads(line))
                    if heard[-1]["event"] == event:
                        return heard[-1]["args"]
            raise AssertionError(heard)

        assert await until("authenticated") == [{}]
        message = await acme.publish("to a browser")
        (pushed,) = await until("texting.message.new")
        assert pushed["id"] == message["id"]
    finally:
        process.kill()
        await process.wait()


async def test_sockets_that_left_are_forgotten(acme: Caller, world: World) -> None:
    async with connected(world.base) as phone:
        await phone.authenticate(token=acme.key)
        assert len(world.realtime._sessions) == 1

    async def forgotten() -> bool:
        return not world.realtime._sessions

    await eventually(forgotten)
