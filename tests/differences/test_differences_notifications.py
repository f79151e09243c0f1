"""KNOWN_DIFFERENCES.md 29 to 43: webhooks, Socket.IO, several processes."""

import time
from typing import Any

from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.extensions.model import ExtensionChange
from ringmain.delivery.schedule import SCHEDULE
from ringmain.delivery.signing import verify
from ringmain.dialects.ringplan import ids
from ringmain.settings import Settings
from tests.conditions import eventually
from tests.delivery.receiver import Receiver
from tests.dialects.ringplan.conftest import Caller
from tests.differences.conftest import Place, listening, running

URL = "/webhooks/callbacks/url"
EVENTS = "/webhooks/callbacks"
INBOUND = {"type": "texting.message.inbound"}


async def test_29_no_address(acme: Caller) -> None:
    reply = await acme("GET", URL)
    assert (reply.status, reply.json()["url"]) == (200, "")


async def test_30_address_without_scheme(place: Place) -> None:
    acme = place.acme
    assert (await acme("PUT", URL, json={"url": "127.0.0.1:1/hook"})).json()["url"] == "127.0.0.1:1/hook"
    (await acme("PUT", URL, json={"url": "ftp://example.com"})).problem(400)
    await acme("POST", EVENTS, json=INBOUND)
    await place.receive()
    assert "ssl" in await failure(place)


async def failure(place: Place) -> str:
    """Why the first try of the first delivery failed."""
    company_id, subscriptions = place.acme.office.company_id, place.core.subscriptions

    async def look() -> str | None:
        for delivery in await subscriptions.deliveries(company_id, limit=1):
            for attempt in await subscriptions.attempts(company_id, delivery.event_id, delivery.subscription_id):
                return attempt.error
        return None

    return await eventually(look)


async def subscribed(place: Place, receiver: Receiver) -> None:
    await place.acme("PUT", URL, json={"url": receiver.url})
    assert (await place.acme("POST", EVENTS, json=INBOUND)).status == 201


async def test_31_the_same_type_twice(place: Place, receiver: Receiver) -> None:
    await subscribed(place, receiver)
    first = (await place.acme("GET", EVENTS)).json()
    reply = await place.acme("POST", EVENTS, json=INBOUND)
    assert (reply.status, [reply.json()]) == (201, first)
    for text in ("one", "two"):
        await place.receive(text)
        await receiver.wait_for(1 if text == "one" else 2)
    assert sorted(post.json["data"]["text"] for post in receiver.posts) == ["one", "two"]


async def test_32_unknown_types(acme: Caller) -> None:
    (await acme("POST", EVENTS, json={"type": "texting.message.outbound"})).problem(400)


async def test_33_delete_answers_what_was_deleted(acme: Caller) -> None:
    made = (await acme("POST", EVENTS, json=INBOUND)).json()
    reply = await acme("DELETE", f"{EVENTS}/{made['id']}")
    assert (reply.status, reply.json()) == (200, made)
    (await acme("DELETE", f"{EVENTS}/{made['id']}")).problem(404)


async def test_34_the_envelope(place: Place, receiver: Receiver) -> None:
    await subscribed(place, receiver)
    await place.receive("Hi there")
    (post,) = await receiver.wait_for(1)
    assert set(post.json) == {"id", "type", "company_id", "created_at", "data"}
    assert (post.json["type"], post.json["company_id"]) == ("texting.message.inbound", place.acme.company)
    assert [post.json["data"]] == (await place.acme("GET", place.acme.messages)).json()


async def test_35_signatures(place: Place, receiver: Receiver) -> None:
    await subscribed(place, receiver)
    select = "SELECT secret FROM endpoints WHERE company_id = $1"
    secret = await place.core.database.fetchval(select, place.acme.office.company_id)
    receiver.status = 500
    await place.receive()
    (post,) = await receiver.wait_for(1)
    assert post.webhook_id.startswith("msg_")
    verify([secret], post.headers, post.body, now=time.time())
    assert (len(SCHEDULE), round(sum(SCHEDULE) / 86400)) == (12, 3)

    async def waits() -> bool:
        (delivery,) = await place.core.subscriptions.deliveries(place.acme.office.company_id, limit=10)
        return delivery.state == "pending" and delivery.attempts == 1

    await eventually(waits)


async def test_36_private_addresses(place: Place) -> None:
    await place.acme("PUT", URL, json={"url": "http://192.168.0.1/hook"})
    await place.acme("POST", EVENTS, json=INBOUND)
    await place.receive()
    assert "refused" in await failure(place)


async def test_37_what_is_told_of_calls(place: Place, receiver: Receiver) -> None:
    core, company_id = place.core, place.acme.office.company_id
    instance = await core.instances.create(company_id, name="pbx", domain="pbx.example.com")
    await core.extensions.create(company_id, instance.id, ExtensionChange(number=101))
    await place.acme("PUT", URL, json={"url": receiver.url})
    for kind in ("dial.action.started", "dial.action.completed", "call.action.hangup"):
        assert (await place.acme("POST", EVENTS, json={"type": kind})).status == 201
    made = await core.sandbox_calls.place(company_id, PlannedCall(source="+13105550100", destination="101", talk_s=60))
    told = {post.json["type"]: post.json["data"] for post in await receiver.wait_for(3)}
    leg = {"call_id", "direction", "src", "dst", "extension", "started_at"}
    assert set(told["dial.action.started"]) == leg
    assert set(told["dial.action.completed"]) == leg | {"duration", "result"}
    assert set(told["call.action.hangup"]) == leg | {"duration", "hangup_cause", "status"}
    assert {data["call_id"] for data in told.values()} == {ids.encode(made.id)}
    (item,) = (await place.acme("GET", "/cdrs/v3/cdrs")).json()
    assert item["cdr"]["status"] == told["call.action.hangup"]["status"] == "COMPLETED"


async def test_38_the_handshake_carries_an_argument(place: Place) -> None:
    async with listening(place.base, None) as ear:
        await ear.client.emit("authenticate", {"token": "nonsense"})
        assert await ear.wait_for("unauthorized") == {}
        await ear.client.emit("authenticate", {"token": place.acme.key})
        assert await ear.wait_for("authenticated") == {}


async def test_39_unauthorized_leaves_the_socket_open(place: Place) -> None:
    async with listening(place.base, None) as ear:
        await ear.client.emit("texting.message.markAsRead", {"conversation_id": "x", "messagesIds": []})
        await ear.wait_for("unauthorized")
        assert ear.client.connected
        await ear.client.emit("authenticate", {"token": place.acme.key})
        await ear.wait_for("authenticated")


async def test_40_sent_texts_are_pushed_with_their_contact(place: Place) -> None:
    async with listening(place.base, place.acme.key) as ear:
        message = await place.acme.publish("Hello world!")
        pushed = await ear.wait_for("texting.message.new", direction="outbound")
        contact = {"first_name": "Jane", "last_name": "Doe", "number": place.acme.office.contact.number}
        assert pushed == {**message, "contact": contact}
        await place.receive("Hi there")
        assert (await ear.wait_for("texting.message.new", direction="inbound"))["text"] == "Hi there"


async def test_41_mark_as_read_goes_to_the_others(place: Place) -> None:
    await place.receive()
    (message,) = (await place.acme("GET", place.acme.messages)).json()
    sent: dict[str, Any] = {"conversation_id": place.acme.conversation, "messagesIds": [message["id"]]}
    async with listening(place.base, place.acme.key) as one, listening(place.base, place.acme.key) as other:
        await one.client.emit("texting.message.markAsRead", {**sent, "timezone": "Europe/Kyiv"})
        assert await other.wait_for("texting.message.markAsRead") == {**sent, "timezone": "UTC"}
        await place.acme.publish("later")
        await one.wait_for("texting.message.new")
        assert "texting.message.markAsRead" not in one.names()
    assert (await place.acme("GET", place.acme.messages)).json()[1]["is_read"] is True


async def test_42_one_push_for_each_deleted_message(place: Place) -> None:
    gone = [(await place.acme.publish())["id"] for _ in range(3)]
    async with listening(place.base, place.acme.key) as ear:
        await place.acme("DELETE", f"{place.acme.messages}?ids={','.join(gone)}")
        for message_id in gone:
            await ear.wait_for("texting.message.delete", id=message_id, conversation_id=place.acme.conversation)
    assert ear.names().count("texting.message.delete") == 3


async def test_43_two_processes_without_a_broker(place: Place, settings: Settings) -> None:
    async with running(settings) as (_, base), listening(base, place.acme.key) as ear:
        message = await place.acme.publish("from the other process")
        pushed = await ear.wait_for("texting.message.new")
        assert (pushed["id"], ids.decode(pushed["id"], "message") > 0) == (message["id"], True)
