"""Texts: row 12 of specs/ringrx.md 2; billing: row 14."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from yarl import URL

from ringmain.core.system import Core
from ringmain.core.texting.carrier import InboundText
from ringmain.dialects.ringplan import ids as ringplan_ids
from ringmain.dialects.ringrx import ids
from tests.dialects.ringplan.test_ringplan_realtime import connected
from tests.dialects.ringrx.conftest import NOON, Account, Caller, Reply, World, counts

SEND = "/messaging/send_message"
JSON = {"Content-Type": "application/json"}
THEIRS = "8185551234"


async def sent(core: Core, reply: Reply) -> Any:
    """The core's message of an answer."""
    assert reply.status == 200, reply.body
    body = reply.json()
    assert str(uuid.UUID(body["sms_id"])) == body["sms_id"]
    company_id = await core.database.fetchval(
        "SELECT company_id FROM messages WHERE id = $1", ids.decode(body["sms_id"], "message")
    )
    return await core.texting.get_message(company_id, ids.decode(body["sms_id"], "message"))


async def test_row_12_query_with_a_json_type_and_an_empty_body(acme: Caller, core: Core) -> None:
    reply = await acme("POST", SEND, params={"to": THEIRS, "message": "Hello & welcome"}, headers=JSON, data=b"")
    message = await sent(core, reply)
    assert (message.text, message.sender, message.recipients) == ("Hello & welcome", "+12025550123", ["+18185551234"])
    assert (message.author_id, message.direction, message.state) == (acme.person_id, "outbound", "queued")
    body = reply.json()
    assert set(body) == {"sms_id", "uuid", "from", "to", "message", "status", "timestamp"}
    assert (body["from"], body["to"], body["status"]) == ("2025550123", THEIRS, "queued")
    assert body["uuid"] == body["sms_id"]


@pytest.mark.parametrize("options", ["params", "json", "data"])
async def test_row_12_query_json_and_form(acme: Caller, core: Core, options: str) -> None:
    given: dict[str, Any] = {options: {"to": THEIRS, "message": "Hello", "from": "(202) 555-0123"}}
    assert (await sent(core, await acme("POST", SEND, **given))).text == "Hello"


async def test_row_12_reading_9_an_unescaped_number_is_cleaned_to_its_digits(acme: Caller, core: Core) -> None:
    for to in (
        THEIRS, "18185551234", "+18185551234", "(818)555-1234", "+1(818)555-1234", "%2B1%20818%20555-1234",
    ):  # fmt: skip
        async with acme.http.post(
            URL(f"{acme.base}{SEND}?to={to}&message=Hi", encoded=True),
            headers={"Authorization": f"Bearer {acme.token}", **JSON},
        ) as response:
            reply = Reply(response.status, response.headers, await response.read())
        assert (await sent(core, reply)).recipients == ["+18185551234"]


async def test_row_12_the_default_number_is_the_users_own_else_the_companys_first(
    acme: Caller, pat: Caller, account: Account, core: Core
) -> None:
    await core.numbers.create(account.id, "+12025550177", sms=False, fax=True, owner_emails=["pat@acme.example"])
    assert (await sent(core, await pat("POST", SEND, json={"to": THEIRS, "message": "a"}))).sender == "+12025550123"
    for number in ("+12025550178", "+12025550179"):
        await core.numbers.create(account.id, number, owner_emails=["pat@acme.example"])
    assert (await sent(core, await pat("POST", SEND, json={"to": THEIRS, "message": "b"}))).sender == "+12025550178"
    assert (await sent(core, await acme("POST", SEND, json={"to": THEIRS, "message": "c"}))).sender == "+12025550123"
    chosen = {"to": THEIRS, "message": "d", "from": "2025550179"}
    assert (await sent(core, await acme("POST", SEND, json=chosen))).sender == "+12025550179"


async def test_a_text_sent_here_is_seen_in_ringplans_conversation_and_on_socketio(world: World, core: Core) -> None:
    account = world.acme.account
    key = await core.credentials.create_api_key(account.id, "ringplan", "web")
    ringplan = {"Authorization": f"Bearer {key.secret}", "X-User-Id": "primary"}
    async with connected(world.base) as phone:
        await phone.authenticate(token=key.secret)
        message = await sent(core, await world.acme("POST", SEND, params={"to": THEIRS, "message": "From RingRx"}))
        opened = await phone.expect("texting.chat.new")
        pushed = await phone.expect("texting.message.new")
        assert pushed["conversation_id"] == opened["id"]
        assert (pushed["text"], pushed["id"]) == ("From RingRx", ringplan_ids.encode(message.id))
        await world.acme("POST", SEND, params={"to": THEIRS, "message": "Again"})
        assert (await phone.expect("texting.message.new"))["conversation_id"] == pushed["conversation_id"]
    conversation = ringplan_ids.encode(message.conversation_id)
    reply = await world.acme("GET", f"/texting/conversations/{conversation}/messages", headers=dict(ringplan))
    assert reply.status == 200
    assert [one["text"] for one in reply.json()] == ["Again", "From RingRx"]


async def test_the_same_uuid_sends_nothing_again(acme: Caller, core: Core) -> None:
    given = {"to": THEIRS, "message": "Once", "uuid": "order-7"}
    first, second = await acme("POST", SEND, json=given), await acme("POST", SEND, json=given)
    assert first.json() == second.json()
    assert first.json()["uuid"] == "order-7"
    before = await counts(core.database)
    (await acme("POST", SEND, json=given | {"message": "Other"})).error(409)
    (await acme("POST", SEND, json=given | {"to": "8185559999"})).error(409)
    assert await counts(core.database) == before


async def test_who_sent_stop_is_not_texted(acme: Caller, account: Account, core: Core) -> None:
    stop = InboundText(carrier="sandbox", sender=f"+1{THEIRS}", recipient=account.office.number, text="STOP")
    message = await core.texting.receive(stop)
    before = await counts(core.database)
    (await acme("POST", SEND, json={"to": THEIRS, "message": "Hello"})).error(400)
    assert await counts(core.database) == before
    await core.texting.delete_conversation(account.id, message.conversation_id)
    before = await counts(core.database)
    (await acme("POST", SEND, json={"to": THEIRS, "message": "Hello"})).error(400)
    assert await counts(core.database) == before


REFUSED: list[dict[str, Any]] = [
    {},
    {"to": THEIRS},
    {"message": "Hello"},
    {"to": THEIRS, "message": ""},
    {"to": "", "message": "Hello"},
    {"to": "911", "message": "Hello"},
    {"to": "call me", "message": "Hello"},
    {"to": {"number": THEIRS}, "message": "Hello"},
    {"to": THEIRS, "message": ["Hello"]},
    {"to": THEIRS, "message": "x" * 39_016},
    {"to": THEIRS, "message": "a\0b"},
    {"to": THEIRS, "message": "Hello", "from": "2025550145"},  # another account's
    {"to": THEIRS, "message": "Hello", "from": "2025559999"},
    {"to": THEIRS, "message": "Hello", "from": "x"},
    {"to": THEIRS, "message": "Hello", "uuid": "x" * 201},
    {"to": "2025550123", "message": "to itself"},
]


async def test_what_cannot_be_sent_is_refused_and_nothing_written(acme: Caller, core: Core) -> None:
    before = await counts(core.database)
    for given in REFUSED:
        (await acme("POST", SEND, json=given)).error(400)
    assert await counts(core.database) == before


async def test_an_account_without_a_number_cannot_text(acme: Caller, account: Account, core: Core) -> None:
    await core.database.execute("UPDATE numbers SET sms = false WHERE company_id = $1", account.id)
    (await acme("POST", SEND, json={"to": THEIRS, "message": "Hello"})).error(400)
    (await acme("POST", SEND, json={"to": THEIRS, "message": "Hello", "from": account.office.number})).error(400)


async def test_row_14_billing_counts_what_was_used_this_month(
    acme: Caller, globex: Caller, account: Account, core: Core
) -> None:
    async def used() -> dict[str, Any]:
        shown = await acme.read("/billing")
        assert isinstance(shown, dict)
        start, end = (datetime.fromisoformat(shown.pop(name)) for name in ("period_start", "period_end"))
        assert start.day == 1 and start.hour == 0 and start < end <= datetime.now(UTC) + timedelta(seconds=1)
        return shown

    nothing = await used()
    assert set(nothing.values()) == {0}
    await acme("POST", SEND, json={"to": THEIRS, "message": "x" * 161})
    await account.receive()
    await account.add_fax_number()
    await account.come()
    now = datetime.now(UTC)
    await account.call("+13105550100", "101", talk_s=61, started_at=now)
    await account.call("102", "101", talk_s=600, started_at=now)
    await account.call("+13105550100", "101", outcome="busy", started_at=now)
    await account.call("+13105550100", "101", talk_s=61, started_at=NOON)
    assert await used() == {
        "messages_sent": 1,
        "messages_received": 1,
        "message_segments": 2,
        "calls": 3,
        "call_minutes": 2,
        "fax_pages_sent": 0,
        "fax_pages_received": 1,
    }
    theirs = await globex.read("/billing")
    assert {name: n for name, n in theirs.items() if not name.startswith("period")} == nothing


async def test_billing_is_for_managers(pat: Caller) -> None:
    (await pat("GET", "/billing")).error(403)
