"""The method `message` (specs/ringotel.md 2) and the readings of section 5 that are about it."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from ringmain.core.texting.chat_parties import RELAYED
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.chatting import OUTSIDE, OUTSIDE_E164, Users, messages_of, session_of, users_of
from tests.dialects.ringotel.conftest import Caller, World, counts

STAMP = re.compile(r"[0-9]{13}-[0-9a-f]{18}")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
async def users(world: World, acme: Caller) -> Users:
    return await users_of(world.core, acme)


async def send(caller: Caller, **params: Any) -> dict[str, str]:
    """A message of the API's client; both ids come back."""
    given = {"orgid": caller.orgid, "from": OUTSIDE, "to": "502", "content": "Hi there 👋", **params}
    result: dict[str, str] = (await caller("message", **given)).result()
    assert set(result) == {"messageid", "sessionid"}
    assert all(STAMP.fullmatch(one) for one in result.values())
    return result


# Texts


async def test_message_to_a_user_is_kept_unread(acme: Caller, world: World, users: Users) -> None:
    sent = await send(acme)
    (message,) = await messages_of(world.core, acme, sent["sessionid"])
    assert ids.encode_stamp(message.id) == sent["messageid"]
    assert (message.direction, message.state, message.text) == ("inbound", "received", "Hi there 👋")
    assert (message.sender, message.recipients, message.read) == (OUTSIDE_E164, [acme.office.number], False)
    session = await session_of(world.core, acme, sent["sessionid"])
    assert (session.unread_count, session.message_count) == (1, 1)
    again = await send(acme, content="And again")
    assert again["sessionid"] == sent["sessionid"]
    assert again["messageid"] != sent["messageid"]


async def test_message_by_domain_and_to_a_number(acme: Caller, world: World, users: Users) -> None:
    domain = (await world.core.companies.get(acme.office.company_id)).domain
    by_domain = (
        await acme("message", domain=domain, **{"from": OUTSIDE}, to=acme.office.number, content="To the DID")
    ).result()
    assert by_domain["sessionid"] == (await send(acme))["sessionid"]
    national = await send(acme, to=acme.office.number.removeprefix("+1"))
    assert national["sessionid"] == by_domain["sessionid"]


async def test_message_advanced_by_ids(acme: Caller, world: World, users: Users) -> None:
    given = {
        "orgid": acme.orgid,
        "senderid": "1a2b3c4d5e6f",
        "sendername": "John Smith",
        "senderinfo": {"phone": OUTSIDE, "email": "johnsmith@example.com"},
        "userid": users.olive,
        "content": "Hello World!",
    }
    sent = (await acme("message", **given)).result()
    session = await session_of(world.core, acme, sent["sessionid"])
    (contact,) = session.contacts
    assert (contact.first_name, contact.last_name) == ("John", "Smith")
    assert (contact.number, contact.handle, contact.email) == (OUTSIDE_E164, "1a2b3c4d5e6f", "johnsmith@example.com")
    # The id alone is enough from now on, and a new name is a new name.
    again = (
        await acme(
            "message",
            orgid=acme.orgid,
            senderid="1a2b3c4d5e6f",
            sendername="Johnny B. Smith",
            userid=users.olive,
            content="2",
        )
    ).result()
    assert again["sessionid"] == sent["sessionid"]
    (contact,) = (await session_of(world.core, acme, sent["sessionid"])).contacts
    assert (contact.first_name, contact.last_name, contact.number) == ("Johnny", "B. Smith", OUTSIDE_E164)


async def test_message_of_somebody_without_a_phone(acme: Caller, world: World, users: Users) -> None:
    given = {"orgid": acme.orgid, "senderid": "visitor:77/x@chat", "userid": int(users.nobody), "content": "Hi"}
    sent = (await acme("message", **given)).result()
    (contact,) = (await session_of(world.core, acme, sent["sessionid"])).contacts
    assert (contact.number, contact.handle) == ("visitor:77/x@chat", "visitor:77/x@chat")
    (await acme("message", **{**given, "senderid": "x" * 65})).error(400)
    (await acme("message", **{**given, "senderid": "two\nlines"})).error(400)


async def test_message_to_users_with_numbers_of_their_own(acme: Caller, world: World, users: Users) -> None:
    company_id = acme.office.company_id
    await world.core.numbers.create(company_id, "+12025550177", owner_emails=["owner@acme.example"])
    own, shared = await send(acme, to="501"), await send(acme, to="502")
    assert (await session_of(world.core, acme, own["sessionid"])).number == "+12025550177"
    assert (await session_of(world.core, acme, shared["sessionid"])).number == acme.office.number


async def test_message_where_there_are_no_numbers_goes_by_lines(acme: Caller, world: World, users: Users) -> None:
    company_id = acme.office.company_id
    await world.core.numbers.update(company_id, acme.office.number, sms=False)
    first, second = await send(acme, to="501"), await send(acme, to="502")
    assert first["sessionid"] != second["sessionid"]
    session = await session_of(world.core, acme, second["sessionid"])
    assert session.number == "502"
    # An answer of a user leaves by the API, for no carrier could take it.
    answer = await world.core.texting.send(company_id, session.id, text="Hello")
    found = await world.core.database.fetch("SELECT carrier FROM submissions WHERE message_id = $1", answer.id)
    assert [row["carrier"] for row in found] == [RELAYED]


async def test_lines_of_the_same_extension_in_two_companies(world: World, acme: Caller, globex: Caller) -> None:
    for caller in (acme, globex):
        await users_of(world.core, caller)
        await world.core.numbers.update(caller.office.company_id, caller.office.number, sms=False)
        sent = await send(caller)
        assert (await session_of(world.core, caller, sent["sessionid"])).company_id == caller.office.company_id


async def test_message_stop_is_obeyed(acme: Caller, world: World, users: Users) -> None:
    sent = await send(acme, content="STOP")
    messages = await messages_of(world.core, acme, sent["sessionid"])
    assert [message.direction for message in messages] == ["inbound", "outbound"]
    (opted_out,) = await world.core.texting.opt_outs(acme.office.company_id)
    assert opted_out.contact_number == OUTSIDE_E164


# Readings


async def test_reading_1_an_extension_in_to_is_the_recipient(acme: Caller, world: World, users: Users) -> None:
    sent = await send(acme, **{"from": "501"}, to="502")
    (message,) = await messages_of(world.core, acme, sent["sessionid"])
    assert (message.direction, message.sender) == ("inbound", "501")


async def test_reading_1_else_an_extension_in_from_is_the_author(acme: Caller, world: World, users: Users) -> None:
    sent = await send(acme, **{"from": "501"}, to=OUTSIDE)
    (message,) = await messages_of(world.core, acme, sent["sessionid"])
    assert (message.direction, message.state, message.author_id) == ("outbound", "sent", users.owner_id)
    assert (message.sender, message.recipients, message.read) == (acme.office.number, [OUTSIDE_E164], True)
    assert await world.core.database.fetchval("SELECT count(*) FROM submissions") == 0
    by_number = await send(acme, **{"from": acme.office.number}, to=OUTSIDE)
    assert by_number["sessionid"] == sent["sessionid"]


async def test_reading_1_neither_is_404(acme: Caller, world: World, users: Users) -> None:
    before = await counts(world.core.database)
    for params in ({"from": OUTSIDE, "to": "999"}, {"from": "999", "to": OUTSIDE}, {"from": "911", "to": "x"}):
        (await acme("message", orgid=acme.orgid, content="Hi", **params)).error(404)
    assert await counts(world.core.database) == before


async def test_reading_2_orgid_and_domain(acme: Caller, globex: Caller, world: World, users: Users) -> None:
    company = await world.core.companies.get(acme.office.company_id)
    await send(acme, domain=company.domain.upper())
    given = {"from": OUTSIDE, "to": "502", "content": "Hi"}
    (await acme("message", **given)).error(400)
    other = await world.core.companies.get(globex.office.company_id)
    (await acme("message", orgid=acme.orgid, domain=other.domain, **given)).error(400)
    (await acme("message", domain=other.domain, **given)).error(404)
    (await acme("message", orgid=globex.orgid, **given)).error(404)


async def test_reading_3_no_type_is_1(acme: Caller, world: World, users: Users) -> None:
    first, second = await send(acme, type=None), await send(acme, type="1")
    assert first["sessionid"] == second["sessionid"]
    kind: object
    for kind in (0, 3, 4, 5, 6, 9, 100, -1, "text", 1.5, True, {}):
        (await acme("message", orgid=acme.orgid, **{"from": OUTSIDE}, to="502", content="Hi", type=kind)).error(400)


@pytest.mark.parametrize(
    "body", ["{“method”: “message”}", '{"method": "message", "params": {},}', "", "[]", "nonsense"]
)
async def test_reading_4_what_is_no_json_is_400(acme: Caller, body: str) -> None:
    (await acme.post(data=body.encode())).error(400, 400)


async def test_reading_7_a_closed_session_is_followed_by_another(acme: Caller, world: World, users: Users) -> None:
    first = await send(acme)
    session_id = ids.decode_stamp(first["sessionid"], "session")
    await world.core.texting.delete_conversation(acme.office.company_id, session_id)
    second = await send(acme, sessionid=first["sessionid"])
    assert second["sessionid"] != first["sessionid"]
    assert len(await messages_of(world.core, acme, second["sessionid"])) == 1
    imported = await send(acme, sessionid=first["sessionid"], timestamp=1_733_829_203_832)
    assert imported["sessionid"] == second["sessionid"]


async def test_reading_8_both_ids_come_back(acme: Caller, users: Users) -> None:
    sent = await send(acme)
    synced = await send(acme, **{"from": "502"}, to=OUTSIDE, sessionid=sent["sessionid"])
    assert synced["sessionid"] == sent["sessionid"]


async def test_reading_9_an_empty_session_is_opened_once(acme: Caller, world: World, users: Users) -> None:
    given = {"orgid": acme.orgid, "from": OUTSIDE, "to": "502"}
    first = (await acme("message", **given)).result()
    assert set(first) == {"sessionid"}
    assert await messages_of(world.core, acme, first["sessionid"]) == []
    assert (await acme("message", **given)).result() == first
    assert (await acme("message", **given, content=None)).result() == first
    assert (await acme("message", **{**given, "to": acme.office.number})).result() == first


async def test_reading_10_a_call_is_kept_in_a_session(acme: Caller, world: World, users: Users) -> None:
    session = (await acme("message", orgid=acme.orgid, **{"from": OUTSIDE}, to="501")).result()["sessionid"]
    content = {
        "duration": 100,
        "caller": "501",
        "called": OUTSIDE,
        "subject": "Brief Utterances",
        "comment": "They say 'Oh' and 'I don't know'.",
        "transcription": "17191774976125638450-1759295823160-e4984da8007a55ac96.json",
    }
    given = {"orgid": acme.orgid, "sessionid": session, "type": 8, "content": content}
    kept = (await acme("message", **given, timestamp=1_733_829_203_832)).result()
    assert kept["sessionid"] == session
    (message,) = await messages_of(world.core, acme, session)
    assert message.activity is not None
    assert (message.activity.duration, message.activity.subject) == (100, "Brief Utterances")
    assert (message.direction, message.author_id, message.read) == ("outbound", users.owner_id, True)
    assert message.created_at == datetime.fromtimestamp(1_733_829_203.832, UTC)
    assert message.text == (
        f"Outgoing call from 501 to {OUTSIDE}, 1 min 40 s\nBrief Utterances\nThey say 'Oh' and 'I don't know'."
    )
    now = (await acme("message", **{**given, "content": {**content, "caller": OUTSIDE, "called": "501"}})).result()
    last = (await messages_of(world.core, acme, session))[-1]
    assert (ids.encode_stamp(last.id), last.direction) == (now["messageid"], "inbound")
    assert datetime.now(UTC) - last.created_at < timedelta(minutes=1)


async def test_reading_10_refusals(acme: Caller, globex: Caller, world: World, users: Users) -> None:
    session = (await acme("message", orgid=acme.orgid, **{"from": OUTSIDE}, to="501")).result()["sessionid"]
    content = {"duration": 100, "caller": "501", "called": OUTSIDE}
    before = await counts(world.core.database)
    (await acme("message", orgid=acme.orgid, type=8, content=content)).error(400)
    bad: object
    for bad in ("text", None, [], {}, {**content, "duration": "long"}, {**content, "caller": None}, {"duration": 1}):
        (await acme("message", orgid=acme.orgid, type=8, sessionid=session, content=bad)).error(400)
    (await acme("message", orgid=acme.orgid, type=8, sessionid=ids.encode_stamp(8192), content=content)).error(404)
    (await globex("message", orgid=globex.orgid, type=8, sessionid=session, content=content)).error(404)
    assert await counts(world.core.database) == before


async def test_reading_11_a_transcription_is_opaque(acme: Caller, world: World, users: Users) -> None:
    session = (await acme("message", orgid=acme.orgid, **{"from": OUTSIDE}, to="501")).result()["sessionid"]
    content = {"duration": 0, "caller": "501", "called": OUTSIDE, "transcription": "../any thing?.json"}
    await acme("message", orgid=acme.orgid, type=8, sessionid=session, content=content)
    (message,) = await messages_of(world.core, acme, session)
    assert message.activity is not None
    assert message.activity.transcription == "../any thing?.json"


async def test_reading_13_an_empty_content(acme: Caller, users: Users) -> None:
    given = {"orgid": acme.orgid, "from": OUTSIDE, "to": "502", "content": ""}
    opened = (await acme("message", **given)).result()
    assert set(opened) == {"sessionid"}
    (await acme("message", **given, sessionid=opened["sessionid"])).error(400)


async def test_reading_14_content_wins_over_a_messageid(acme: Caller, world: World, users: Users) -> None:
    sent = await send(acme)
    second = await send(acme, content="Mine", messageid=sent["messageid"], sessionid=sent["sessionid"])
    assert [one.text for one in await messages_of(world.core, acme, second["sessionid"])] == ["Hi there 👋", "Mine"]
    await send(acme, content="Unknown ids too", messageid="nothing")


# What belongs to sessions, and what is imported


async def test_message_in_a_session_without_a_time_is_new(acme: Caller, world: World, users: Users) -> None:
    session = (await send(acme))["sessionid"]
    await send(acme, sessionid=session, content="Two")
    messages = await messages_of(world.core, acme, session)
    assert [(one.text, one.read) for one in messages] == [("Hi there 👋", False), ("Two", False)]


async def test_message_imported_is_read_and_in_its_place(acme: Caller, world: World, users: Users) -> None:
    session = (await acme("message", orgid=acme.orgid, **{"from": OUTSIDE}, to="501")).result()["sessionid"]
    ms = 1_770_118_887_507
    times = {"c": ms, "a": ms - 86_400_000, "b": ms - 1, "before 2024": 1_500_000_000_000, "1970": 0}
    for text, timestamp in times.items():
        mine = {"from": "501", "to": OUTSIDE} if text in "ab" else {"from": OUTSIDE, "to": "501"}
        await send(acme, sessionid=session, timestamp=timestamp, content=text, **mine)
    await send(acme, to="501", content="new")
    messages = await messages_of(world.core, acme, session)
    assert [one.text for one in messages] == ["1970", "before 2024", "a", "b", "c", "new"]
    assert [one.read for one in messages] == [True] * 5 + [False]
    assert [one.direction for one in messages[2:4]] == ["outbound", "outbound"]
    assert [one.created_at.timestamp() * 1000 for one in messages[:5]] == sorted(times.values())
    found = await session_of(world.core, acme, session)
    assert (found.unread_count, found.message_count) == (1, 6)
    assert found.last_message is not None
    assert found.last_message.text == "new"


async def test_message_imported_rings_nobody(acme: Caller, world: World, users: Users) -> None:
    session = (await acme("message", orgid=acme.orgid, **{"from": OUTSIDE}, to="501")).result()["sessionid"]
    await send(acme, sessionid=session, timestamp="1770118887507")
    kinds = await world.core.database.fetch("SELECT type FROM events WHERE type LIKE 'message.%' ORDER BY id")
    assert [row["type"] for row in kinds] == ["message.imported"]
    found = await session_of(world.core, acme, session)
    assert found.last_activity_at == datetime.fromtimestamp(1_770_118_887.507, UTC)


async def test_message_of_the_future_counts_as_of_now(acme: Caller, world: World, users: Users) -> None:
    session = (await send(acme))["sessionid"]
    await send(acme, sessionid=session, content="Tomorrow", timestamp=4_102_444_800_000)
    await send(acme, sessionid=session, content="Now")
    messages = await messages_of(world.core, acme, session)
    assert [one.text for one in messages] == ["Hi there 👋", "Tomorrow", "Now"]
    timestamp: object
    for timestamp in (-1, "soon", 1e300, [], 253_402_300_800_000):
        given: dict[str, object] = {"orgid": acme.orgid, "from": OUTSIDE, "to": "502", "content": "Hi"}
        (await acme("message", **given, timestamp=timestamp)).error(400)


async def test_messages_imported_of_one_moment_keep_their_order(acme: Caller, world: World, users: Users) -> None:
    session = (await acme("message", orgid=acme.orgid, **{"from": OUTSIDE}, to="501")).result()["sessionid"]
    for number in range(5):
        await send(acme, sessionid=session, timestamp=1_000_000_000_000, content=str(number))
    assert [one.text for one in await messages_of(world.core, acme, session)] == list("01234")


async def test_message_placed_into_another_session(acme: Caller, globex: Caller, world: World, users: Users) -> None:
    sent = await send(acme)
    other = (await acme("message", orgid=acme.orgid, **{"from": "+13105550155"}, to="501")).result()["sessionid"]
    given = {"orgid": acme.orgid, "messageid": sent["messageid"], "sessionid": other}
    placed = (await acme("message", **given, **{"from": "501"}, to="3105550155")).result()
    assert placed["sessionid"] == other
    assert placed["messageid"] != sent["messageid"]
    (message,) = await messages_of(world.core, acme, other)
    (original,) = await messages_of(world.core, acme, sent["sessionid"])
    assert (message.text, message.direction, message.read) == (original.text, "outbound", True)
    assert message.created_at == original.created_at
    as_it_went = (await acme("message", **given)).result()
    assert as_it_went["sessionid"] == other
    (await acme("message", **{**given, "messageid": ids.encode_stamp(8192)})).error(404)
    (await acme("message", **{**given, "sessionid": None})).error(400)
    theirs = {"orgid": globex.orgid, "messageid": sent["messageid"]}
    (await globex("message", **theirs, sessionid=other)).error(404)


async def test_message_refusals_write_nothing(acme: Caller, globex: Caller, world: World, users: Users) -> None:
    session = (await send(acme))["sessionid"]
    good = {"orgid": acme.orgid, "from": OUTSIDE, "to": "502", "content": "Hi"}
    before = await counts(world.core.database)
    for bad in (
        {"to": None},
        {"from": None},
        {"to": ""},
        {"to": ["502"]},
        {"from": {"a": 1}},
        {"content": ["Hi"]},
        {"content": {"a": 1}},
        {"content": True},
        {"content": "x" * 40_000},
        {"type": 2},
        {"sessionid": session, "content": None},
        {"senderinfo": "x"},
    ):
        assert (await acme("message", **{**good, **bad})).error(400), bad
    (await acme("message", **{**good, "content": "a\0b"})).error(400, 400)
    for bad in ({"userid": "1"}, {"userid": ids.encode(8192)}, {"sessionid": "1"}, {"sessionid": ids.encode_stamp(9)}):
        assert (await acme("message", **{**good, **bad})).error(404), bad
    (
        await globex("message", **{**good, "orgid": globex.orgid, "sessionid": session, "to": globex.office.number})
    ).error(404)
    assert await counts(world.core.database) == before


# Files


def form(caller: Caller, fields: dict[str, str], content: bytes = PNG) -> aiohttp.FormData:
    data = aiohttp.FormData({"orgid": caller.orgid, **fields})
    data.add_field("file", content, filename="ticket.png", content_type="image/png")
    return data


async def test_message_file_by_form(acme: Caller, world: World, users: Users) -> None:
    plain = (await acme.post(data=form(acme, {"to": "502\n", "from": OUTSIDE}))).result()
    by_ids = (await acme.post(data=form(acme, {"userid": users.nobody, "senderid": "1a2b3c4d5e6f"}))).result()
    for sent in (plain, by_ids):
        (message,) = await messages_of(world.core, acme, sent["sessionid"])
        (file,) = message.files
        assert (message.text, file.name, file.mimetype, file.size) == ("", "ticket.png", "image/png", len(PNG))
        assert await world.core.files.read(acme.office.company_id, file.id) == PNG


async def test_message_file_imported_and_placed(acme: Caller, world: World, users: Users) -> None:
    session = (await acme("message", orgid=acme.orgid, **{"from": OUTSIDE}, to="501")).result()["sessionid"]
    given = {"sessionid": session, "timestamp": "1733829203832", "from": "501", "to": OUTSIDE}
    sent = (await acme.post(data=form(acme, given))).result()
    other = (await acme("message", orgid=acme.orgid, **{"from": "+13105550155"}, to="501")).result()["sessionid"]
    await acme("message", orgid=acme.orgid, messageid=sent["messageid"], sessionid=other, type=2)
    (original,), (placed,) = [await messages_of(world.core, acme, one) for one in (session, other)]
    assert original.files == placed.files
    assert original.read


async def test_message_file_refusals(acme: Caller, globex: Caller, world: World, users: Users) -> None:
    before = await counts(world.core.database)
    (await acme.post(data=form(acme, {"to": "502", "from": OUTSIDE}, b""))).error(400)
    (await acme.post(data=form(acme, {"to": "999", "from": OUTSIDE}))).error(404)
    (await acme.post(data=form(acme, {"to": "502"}))).error(400)
    (await acme.post(data=form(globex, {"to": "502", "from": OUTSIDE}))).error(404)
    (await acme.post(data=form(acme, {"to": "502", "from": OUTSIDE}), key="wrong")).error(401, 401)
    assert await counts(world.core.database) == before


@pytest.fixture
async def shelf() -> AsyncIterator[str]:
    """A server of files somewhere else."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        match request.path:
            case "/logo%20one.png" | "/logo one.png":
                return web.Response(body=PNG, content_type="image/png")
            case "/moved":
                return web.Response(status=302, headers={"location": "/logo one.png"})
            case "/round":
                return web.Response(status=302, headers={"location": "/round"})
            case "/inside":
                return web.Response(status=302, headers={"location": "http://10.255.255.1/secret"})
            case "/large":
                return web.Response(body=bytes((25 << 20) + 1))
            case "/named":
                disposition = {"content-disposition": 'attachment; filename="../report.pdf"'}
                return web.Response(body=b"%PDF-1.7", headers=disposition)
            case "/empty":
                return web.Response(body=b"")
        return web.Response(status=404)

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


async def test_message_file_by_link_is_kept_here(acme: Caller, world: World, users: Users, shelf: str) -> None:
    for path, name in (("/logo%20one.png", "logo one.png"), ("/moved", "logo one.png"), ("/named", "report.pdf")):
        sent = await send(acme, content=f"{shelf}{path}", type=7)
        file = (await messages_of(world.core, acme, sent["sessionid"]))[-1].files[0]
        assert file.name == name
    assert await world.core.files.read(acme.office.company_id, file.id) == b"%PDF-1.7"


async def test_reading_12_a_link_that_cannot_be_followed(acme: Caller, world: World, users: Users, shelf: str) -> None:
    before = await counts(world.core.database)
    for url in (
        *(f"{shelf}/{path}" for path in ("missing", "round", "inside", "empty")),
        "http://10.0.0.1/secret",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://user:secret@example.com/x",
        "http://no-such-host.invalid/x",
        "file:///etc/passwd",
        "ftp://example.com/x",
        "not a link",
        "http://",
        None,
        7,
    ):
        given = {"orgid": acme.orgid, "from": OUTSIDE, "to": "502", "content": url, "type": 7}
        assert (await acme("message", **given)).error(400), url
    large = {"orgid": acme.orgid, "from": OUTSIDE, "to": "502", "content": f"{shelf}/large", "type": 7}
    (await acme("message", **large)).error(413)
    assert await counts(world.core.database) == before
