"""Callbacks end to end: what happens in the core reaches a receiver as specs/ringrx.md 4 has it."""

import asyncio
import contextlib
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from ringmain.core.faxes.model import Fax
from ringmain.core.subscriptions.model import Delivery
from ringmain.delivery.relay import Relay
from ringmain.delivery.worker import DeliveryWorker
from ringmain.dialects.ringrx import ids
from ringmain.dialects.ringrx.events import ONE_TRY, TRIES, RingRxFace
from tests.conditions import eventually
from tests.delivery.receiver import LOCAL, QUICK, Post, Receiver, receiving, running
from tests.dialects.ringrx.conftest import FAX_NUMBER, WAV, Caller, World

CALLBACKS = "/pbxcallbacks"
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


class Line:
    """An account with a receiver, and deliveries running."""

    def __init__(self, owner: Caller, receiver: Receiver) -> None:
        self.owner = owner
        self.receiver = receiver
        self.account = owner.account

    async def add(self, kind: str, *, query: str = "", **fields: Any) -> int:
        """Configure a callback; returns its id."""
        given = {"name": f"our {kind}", "callback_type": kind, "url": f"{self.receiver.url}{query}", **fields}
        reply = await self.owner("POST", CALLBACKS, json=given)
        assert reply.status == 201, reply.body
        made = reply.json()["id"]
        assert isinstance(made, int)
        return made

    async def post(self, number: int = 1) -> Post:
        """The post of this number, from 1; no more came."""
        posts = await self.receiver.wait_for(number)
        assert len(posts) == number
        return posts[-1]

    async def deliveries(self, state: str) -> list[Delivery]:
        return [one for one in await self.account.core.subscriptions.deliveries(self.account.id) if one.state == state]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


@contextlib.asynccontextmanager
async def delivering(world: World) -> AsyncIterator[None]:
    core = world.core
    faces = {"ringrx": RingRxFace(core, "ms")}
    worker = DeliveryWorker(core.database, core.wakeups, faces, LOCAL, schedule=QUICK, poll=0.02, gap=0.001)
    async with running(Relay(core.database, core.wakeups, poll=0.02, gap=0.001), worker):
        yield


@pytest.fixture
async def line(world: World, receiver: Receiver) -> AsyncIterator[Line]:
    async with delivering(world):
        yield Line(world.acme, receiver)


# What is sent


async def test_sms_callback(line: Line) -> None:
    number = line.account.office.number
    await line.add("sms", phone_numbers=[number], query="?from={from}&id={uuid}", custom_headers="X-To: {to}")
    await line.account.receive("Test callback")
    post = await line.post()
    body = post.json
    assert set(body) == {"from", "to", "message", "timestamp", "uuid"}
    assert (body["message"], body["to"]) == ("Test callback", number.removeprefix("+1"))
    assert re.fullmatch(r"\d{10}", body["from"])
    assert post.headers["content-type"] == "application/json"
    assert post.headers["x-to"] == body["to"]
    assert post.query == f"from={body['from']}&id={body['uuid']}"


async def test_sms_callback_hears_of_inbound_texts_to_its_numbers_alone(line: Line) -> None:
    await line.account.core.numbers.create(line.account.id, "+12025550188")
    await line.add("sms", phone_numbers=["2025550188"])
    await line.account.receive("to another number")
    office = line.account.office
    conversation, _ = await line.account.core.texting.open_conversation(
        line.account.id, number="+12025550188", contact_ids=[office.contact.id]
    )
    await line.account.core.texting.send(line.account.id, conversation.id, text="outbound")
    await line.add("cdr")
    await line.account.call("+18185551234", "101")
    assert "hangup_cause" in (await line.post()).json


async def test_reading_5_timestamps_always_end_in_plus_zero(line: Line) -> None:
    await line.add("sms", phone_numbers=line.account.office.number)
    await line.account.receive()
    assert STAMP.fullmatch((await line.post()).json["timestamp"])


async def test_voicemail_callback_is_the_recording(line: Line) -> None:
    query = "?m={mailbox}&from={caller}&to={called}&ms={duration}&f={filename}&at={created_at}&id={id}"
    await line.add("voicemail", mailboxes=["101"], query=query)
    await line.account.leave(102)
    left = await line.account.leave(101)
    post = await line.post()
    assert post.body == WAV
    assert post.headers["content-type"] == "audio/wav"
    at = quote(left.received_at.astimezone(UTC).isoformat(timespec="seconds"), safe="")
    expected = f"m=101&from=18185551234&to=101&ms=500&f={left.file.name}&at={at}&id={ids.encode(left.id)}"
    assert post.raw_query == expected


async def test_reading_18_the_body_of_a_voicemail_carries_no_metadata(line: Line) -> None:
    await line.add("voicemail", mailboxes=[101])
    await line.account.leave(101)
    assert {name for name in (await line.post()).headers if name.startswith("x-")} == set()


async def test_fax_callback_is_the_document(line: Line) -> None:
    await line.account.add_fax_number()
    query = "?pages={pages }&from={caller}&to={called}&f={filename}&mailbox={mailbox}"
    await line.add("fax", fax_services=[FAX_NUMBER], query=query)
    fax: Fax = await line.account.come()
    post = await line.post()
    assert post.headers["content-type"] == "application/pdf"
    assert post.body.startswith(b"%PDF-")
    # Reading 11: the mailbox of a fax service without one is empty.
    assert post.query == f"pages=1&from=18185551234&to=18885550123&f={fax.file.name}&mailbox="


async def test_reading_11_a_fax_services_mailbox_is_its_owners(line: Line) -> None:
    await line.account.add_fax_number(FAX_NUMBER, "pat@acme.example")
    await line.add("fax", fax_services=[FAX_NUMBER], query="?mailbox={mailbox}")
    await line.account.come()
    assert (await line.post()).query == "mailbox=102"


async def test_cdr_callback(line: Line) -> None:
    await line.add("cdr", query="?cause={hangup_cause}&key={recording_key}&called={called_party}")
    call = await line.account.call("+18185551234", "101", talk_s=42)
    post = await line.post()
    body = post.json
    assert body == next(one for one in await line.owner.read("/cdrs?startDate=2026-03-01") if one["id"] == body["id"])
    assert (body["id"], body["bill_duration"], body["recording_key"]) == (ids.encode(call.id), "42", None)
    # Reading 10: fields that are no documented tokens are tokens too; null is nothing.
    assert post.query == "cause=NORMAL_CLEARING&key=&called=101"


async def test_recording_callback_hears_of_recorded_calls_alone(line: Line) -> None:
    await line.add("recording")
    await line.account.call("+18185551234", "101")
    call = await line.account.call("+18185551235", "101", recording=WAV)
    body = (await line.post()).json
    assert body["id"] == ids.encode(call.id)
    assert body["recording_key"]


# How it is sent


async def test_reading_17_basic_authentication_wins_and_is_no_template(line: Line) -> None:
    await line.add(
        "cdr",
        use_basic_auth=True,
        auth_username="{id}",
        auth_password="{direction} é",
        custom_headers="authorization: mine/r/nX-Way: {direction}",
    )
    await line.account.call("+18185551234", "101")
    post = await line.post()
    assert post.headers["authorization"] == "Basic " + b64encode("{id}:{direction} é".encode()).decode()
    assert post.headers["x-way"] == "inbound"


async def test_a_custom_authorization_is_sent_without_basic_authentication(line: Line) -> None:
    await line.add("cdr", auth_username="a", auth_password="b", custom_headers="Authorization: Token {id}")
    call = await line.account.call("+18185551234", "101")
    assert (await line.post()).headers["authorization"] == f"Token {ids.encode(call.id)}"


async def test_a_text_adds_no_header(line: Line) -> None:
    await line.add("sms", phone_numbers=[line.account.office.number], custom_headers="X-Text: {message}")
    await line.account.receive("one\r\nX-Evil: two")
    post = await line.post()
    assert post.headers["x-text"] == "one X-Evil: two"
    assert "x-evil" not in post.headers


def test_the_schedule(world: World) -> None:
    face = RingRxFace(world.core, "ms")
    assert TRIES == (0.0, 10.0, 60.0, 300.0, 1800.0)
    assert tuple(face.schedule("message.created")) == TRIES
    assert face.schedule("call.offered") == ONE_TRY
    assert [status for status in (200, 301, 400, 401, 404, 408, 425, 429, 500, 503) if face.is_final(status)] == [
        *(400, 401, 404),
    ]


async def test_a_refusal_is_final_and_can_be_sent_again(line: Line) -> None:
    """Log, resend and recover work on callbacks too; the log says what the callback is called."""
    line.receiver.status = 422
    await line.add("cdr", name="our billing")
    await line.account.call("+18185551234", "101")
    (dead,) = await eventually(lambda: line.deliveries("dead"))
    assert (dead.endpoint_name, dead.attempts) == ("our billing", 1)
    subscriptions = line.account.core.subscriptions
    (attempt,) = await subscriptions.attempts(line.account.id, dead.event_id, dead.subscription_id)
    assert attempt.status == 422
    line.receiver.status = 200
    await subscriptions.resend(line.account.id, dead.event_id, dead.subscription_id)
    await eventually(lambda: line.deliveries("delivered"))
    first, second = line.receiver.posts
    assert (first.body, first.target) == (second.body, second.target)


async def test_recover_and_replay_missing(line: Line) -> None:
    subscriptions = line.account.core.subscriptions
    before = datetime.now(UTC) - timedelta(minutes=1)
    await line.account.call("+18185551234", "101")
    line.receiver.status = 400
    await line.add("cdr")
    assert await subscriptions.replay_missing(line.account.id, since=before) == 1
    await eventually(lambda: line.deliveries("dead"))
    line.receiver.status = 200
    assert await subscriptions.recover(line.account.id, since=before) == 1
    await eventually(lambda: line.deliveries("delivered"))


async def test_a_failure_is_tried_again(line: Line) -> None:
    line.receiver.status = 500
    await line.add("cdr")
    await line.account.call("+18185551234", "101")
    await line.receiver.wait_for(1)
    (pending,) = await eventually(lambda: _tried(line))
    assert pending.due_at is not None
    assert timedelta(seconds=8) < pending.due_at - pending.updated_at < timedelta(seconds=12)


async def _tried(line: Line) -> list[Delivery]:
    # Its outcome first: what was read before that is its lease.
    outcomes = await line.account.core.database.fetch("SELECT FROM delivery_attempts WHERE latency_ms IS NOT NULL")
    return await line.account.core.subscriptions.deliveries(line.account.id) if outcomes else []


async def test_what_was_thrown_away_meanwhile_is_not_sent(world: World, receiver: Receiver) -> None:
    line = Line(world.acme, receiver)
    await line.add("voicemail", mailboxes=["101"])
    left = await line.account.leave(101)
    mailbox = line.account.core.mailbox
    await mailbox.discard(line.account.id, left.id)
    await mailbox.discard(line.account.id, left.id)
    async with delivering(world):
        await eventually(lambda: line.deliveries("cancelled"))
    assert receiver.posts == []


async def test_a_slow_receiver_holds_nothing_up(line: Line) -> None:
    """Texts are kept and calls go on while a receiver does not answer."""
    never = asyncio.Event()

    async def hang(*_: object) -> Any:
        await never.wait()

    line.receiver.answer = hang
    await line.add("cdr")
    await line.account.call("+18185551234", "101")
    await line.receiver.wait_for(1)
    assert (await line.account.receive()).state == "received"
    assert (await line.account.call("+18185551235", "101")).outcome == "completed"
    never.set()
