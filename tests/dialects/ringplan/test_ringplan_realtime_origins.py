"""Socket.IO pushes for what came in through the operator API and through carriers (specs/ringplan.md 3)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from ringmain.carriers.dispatch import Dispatcher
from ringmain.carriers.sandbox import Sandbox
from ringmain.core.texting.submissions import Submissions
from ringmain.dialects.ringplan import ids
from ringmain.front import Front
from ringmain.operator.app import build
from ringmain.operator.metrics import Metrics
from tests.dialects.ringplan.conftest import Caller, World
from tests.dialects.ringplan.test_ringplan_realtime import connected
from tests.realtime.conftest import serving

STRANGER = "+13105550142"
Operate = Callable[..., Awaitable[Any]]


@pytest.fixture
async def operate(world: World) -> AsyncIterator[Operate]:
    """Calls the operator API of the same system."""
    metrics = Metrics(world.core.database, carriers=list, sockets=lambda: 0)
    apps = build(world.core, metrics=metrics, version="0", roles=["api"], carriers=list, loops=dict)
    token = await world.core.credentials.create_operator_token("test")
    headers = {"Authorization": f"Bearer {token}"}
    async with serving(Front(apps)) as base, aiohttp.ClientSession(headers=headers) as http:

        async def call(method: str, path: str, body: dict[str, Any]) -> Any:
            async with http.request(method, f"{base}/ringmain/v1{path}", json=body) as response:
                assert response.ok, await response.text()
                return await response.json()

        yield call


@pytest.fixture
async def carrier(world: World) -> AsyncIterator[None]:
    """The sandbox carrier takes texts away and brings others in."""
    core, submissions = world.core, Submissions(world.core.database, world.core.wakeups)
    dispatcher = Dispatcher(
        submissions,
        core.wakeups,
        lambda config: Sandbox(config.name, core.texting, core.files, submissions.apply_receipts),
    )
    await dispatcher.start()
    yield
    await dispatcher.stop()


async def test_texts_by_the_operator_are_pushed(acme: Caller, world: World, operate: Operate) -> None:
    async with connected(world.base) as phone:
        await phone.authenticate(token=acme.key)
        body = {"to": acme.office.number, "from": acme.office.contact.number, "text": "by the operator"}
        made = await operate("POST", "/inbound-texts", body)
        pushed = await phone.expect("texting.message.new")
        assert (pushed["id"], pushed["direction"], pushed["text"]) == (
            ids.encode(made["id"]),
            "inbound",
            "by the operator",
        )
        assert pushed["contact"]["first_name"] == "Jane"


async def test_conversations_by_the_operator_are_pushed(acme: Caller, world: World, operate: Operate) -> None:
    async with connected(world.base) as phone:
        await phone.authenticate(token=acme.key)
        await operate("POST", "/inbound-texts", {"to": acme.office.number, "from": STRANGER, "text": "hello"})
        chat = await phone.expect("texting.chat.new")
        assert chat["contactinfo"]["number"] == STRANGER
        pushed = await phone.expect("texting.message.new")
        assert (pushed["conversation_id"], pushed["frm"]) == (chat["id"], STRANGER)


async def test_statuses_by_the_operator_are_pushed(acme: Caller, world: World, operate: Operate) -> None:
    path = f"/companies/{acme.office.company_id}/people/{acme.office.owner_id}/presence"
    async with connected(world.base) as phone:
        await phone.authenticate(token=acme.key)
        await operate("PUT", path, {"status": "away"})
        pushed = await phone.expect("user_status_updated")
        assert pushed["status"] == {"status": "away", "action_type": "manual"}
        assert (pushed["user_id"], pushed["user_email"]) == (ids.encode(acme.office.owner_id), "owner@acme.example")
        await operate("PUT", path, {"additional": "on_a_call", "set_by": "automatic"})
        pushed = await phone.expect("user_status_updated")
        assert pushed["status"] == {"status": "on_a_call", "action_type": "automatic"}
        await operate("PUT", path, {"additional": None})
        assert (await phone.expect("user_status_updated"))["status"]["status"] == "away"


@pytest.mark.usefixtures("carrier")
async def test_texts_by_a_carrier_are_pushed(acme: Caller, globex: Caller, world: World) -> None:
    """One company's text reaches the other's number through the carrier, and the other's sockets."""
    async with connected(world.base) as ours, connected(world.base) as theirs:
        await ours.authenticate(token=acme.key)
        await theirs.authenticate(token=globex.key)
        body = {"recipients": [{"number": globex.office.number}], "from_number": acme.office.number}
        made = (await acme("POST", "/texting/v2/conversations", json=body)).json()
        await acme("POST", f"/texting/conversations/{made['id']}/messages/publish", json={"text": "across"})
        assert (await ours.expect("texting.chat.new"))["id"] == made["id"]
        assert (await ours.expect("texting.message.new"))["direction"] == "outbound"
        chat = await theirs.expect("texting.chat.new")
        assert chat["contactinfo"]["number"] == acme.office.number
        pushed = await theirs.expect("texting.message.new")
        assert (pushed["conversation_id"], pushed["direction"], pushed["text"]) == (chat["id"], "inbound", "across")


@pytest.mark.usefixtures("carrier")
async def test_deletions_and_marks_of_a_carriers_texts_are_pushed(acme: Caller, globex: Caller, world: World) -> None:
    body = {"recipients": [{"number": globex.office.number}], "from_number": acme.office.number}
    made = (await acme("POST", "/texting/v2/conversations", json=body)).json()
    async with connected(world.base) as theirs:
        await theirs.authenticate(token=globex.key)
        await acme("POST", f"/texting/conversations/{made['id']}/messages/publish", json={"text": "across"})
        chat = await theirs.expect("texting.chat.new")
        message = await theirs.expect("texting.message.new")
        messages = f"/texting/conversations/{chat['id']}/messages"
        await globex("PATCH", f"{messages}/{message['id']}", json={"is_read": True})
        assert (await theirs.expect("texting.message.markAsRead"))["messagesIds"] == [message["id"]]
        await globex("DELETE", f"{messages}?ids={message['id']}")
        assert (await theirs.expect("texting.message.delete"))["id"] == message["id"]
        await globex("DELETE", f"/texting/conversations/{chat['id']}")
        assert await theirs.expect("texting.chat.delete") == {"id": chat["id"]}


async def test_changes_through_another_dialect_are_pushed(acme: Caller, globex: Caller, world: World) -> None:
    """Each of the six pushes, of what the core was told by another dialect: nobody's socket is left out."""
    texting, company_id, elsewhere = world.core.texting, acme.office.company_id, "ringrx"
    async with (
        connected(world.base) as one,
        connected(world.base, "polling") as two,
        connected(world.base) as theirs,
    ):
        for phone in (one, two):
            await phone.authenticate(token=acme.key)
        await theirs.authenticate(token=globex.key)

        async def both(event: str) -> Any:
            first, second = await one.expect(event), await two.expect(event)
            assert first == second
            return first

        contact, _ = await texting.create_contact(company_id, number=STRANGER, first_name="Ann")
        made, _ = await texting.open_conversation(
            company_id, number=acme.office.number, contact_ids=[contact.id], origin=elsewhere
        )
        chat = await both("texting.chat.new")
        assert chat["id"] == ids.encode(made.id)

        sent = await texting.send(company_id, made.id, text="from elsewhere", author_id=None, origin=elsewhere)
        pushed = await both("texting.message.new")
        assert (pushed["id"], pushed["direction"], pushed["contact"]["first_name"]) == (
            *(ids.encode(sent.id), "outbound"),
            "Ann",
        )
        shown = (await acme("GET", f"/texting/conversations/{chat['id']}/messages")).json()
        assert [pushed] == [{**item, "contact": pushed["contact"]} for item in shown]

        received = await world.receive("unread")
        await both("texting.message.new")
        await texting.mark_read(company_id, received.conversation_id, [received.id], origin=elsewhere)
        marked = await both("texting.message.markAsRead")
        assert (marked["conversation_id"], marked["messagesIds"]) == (acme.conversation, [ids.encode(received.id)])

        await texting.delete_messages(company_id, received.conversation_id, [received.id], origin=elsewhere)
        assert await both("texting.message.delete") == {
            "id": ids.encode(received.id),
            "conversation_id": acme.conversation,
        }
        await texting.delete_conversation(company_id, made.id, origin=elsewhere)
        assert await both("texting.chat.delete") == {"id": chat["id"]}

        await world.core.presence.set(company_id, acme.office.owner_id, status="away", origin=elsewhere)
        assert (await both("user_status_updated"))["status"]["status"] == "away"
        assert theirs.heard.empty()


async def test_a_client_marks_what_the_operator_brought(acme: Caller, world: World, operate: Operate) -> None:
    """The client's own events, on a text that came in by the operator: kept, and told to the others alone."""
    async with connected(world.base) as one, connected(world.base) as two:
        await one.say("authenticate", {"token": "nonsense"})
        await one.expect("unauthorized")
        await one.authenticate(token=acme.key)
        await two.authenticate(token=acme.key, user_email="owner@acme.example")
        body = {"to": acme.office.number, "from": acme.office.contact.number, "text": "by the operator"}
        made = await operate("POST", "/inbound-texts", body)
        pushed = [await phone.expect("texting.message.new") for phone in (one, two)]
        marks = {"conversation_id": acme.conversation, "messagesIds": [pushed[0]["id"]]}
        await one.say("texting.message.markAsRead", {**marks, "timezone": "Europe/Kyiv"})
        assert await two.expect("texting.message.markAsRead") == {**marks, "timezone": "UTC"}
        assert (await world.core.texting.get_message(acme.office.company_id, made["id"])).read
        assert one.heard.empty()
