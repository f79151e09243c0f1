"""Rows 24 to 28 of specs/ringplan.md, and what section 6 says of them."""

import re
from uuid import uuid4

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller, World, counts

ABSENT = ids.encode(8192)
FIELDS = {
    "id", "campaign_info", "conversation_id", "conversation_type", "created_at", "direction", "files", "frm",
    "is_read", "is_visible", "source_conversation_type", "stamp_id", "success", "text", "timezone", "to",
}  # fmt: skip


async def test_row_26_publish_answers_the_message(acme: Caller) -> None:
    message = await acme.publish("Hello world!")
    assert set(message) == FIELDS
    assert message["conversation_id"] == acme.conversation
    assert message["direction"] == "outbound"
    assert message["is_read"] is True
    assert message["success"] is True
    assert message["text"] == "Hello world!"
    assert (message["frm"], message["to"]) == (acme.office.number, acme.office.contact.number)
    assert (message["files"], message["stamp_id"], message["conversation_type"]) == ([], None, "direct")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000", message["created_at"])


async def test_row_26_publish_takes_what_web_clients_send(acme: Caller) -> None:
    stamp = str(uuid4())
    message = await acme.publish("x", with_warning=False, created_at="2026-11-21T05:00:00Z", files=[], stamp_id=stamp)
    assert message["stamp_id"] == stamp


async def test_row_26_answers_in_the_companys_time_zone_whoever_sends(acme: Caller, world: World) -> None:
    company_id = acme.office.company_id
    await world.core.companies.update(company_id, timezone="Asia/Kolkata")
    person = await world.core.people.create(company_id, email="sam@acme.example", timezone="Asia/Tokyo")
    acme.headers["X-User-Id"] = ids.encode(person.id)
    message = await acme.publish()
    assert (message["timezone"], message["created_at"][-5:]) == ("Asia/Kolkata", "+0530")
    assert (await acme("GET", acme.messages)).json() == [message]


async def test_row_26_a_stamp_sends_once(acme: Caller, world: World) -> None:
    first, second = [await acme.publish("once", stamp_id="b44c10de") for _ in range(2)]
    assert first == second
    reply = await acme("POST", f"{acme.messages}/publish", json={"text": "other", "stamp_id": "b44c10de"})
    reply.problem(409)
    assert await world.core.database.fetchval("SELECT count(*) FROM messages") == 1


async def test_row_26_an_idempotency_key_sends_once(acme: Caller, world: World) -> None:
    headers = {"Idempotency-Key": "abc"}
    replies = [await acme("POST", f"{acme.messages}/publish", json={"text": "once"}, headers=headers) for _ in range(2)]
    assert [reply.status for reply in replies] == [201, 201]
    assert replies[0].json() == replies[1].json()
    (await acme("POST", f"{acme.messages}/publish", json={"text": "2"}, headers=headers)).problem(409)
    await acme.publish("once", stamp_id="abc")
    assert await world.core.database.fetchval("SELECT count(*) FROM messages") == 2


async def test_row_26_stamps_of_two_people_and_two_companies_are_their_own(acme: Caller, world: World) -> None:
    person = await world.core.people.create(acme.office.company_id, email="sam@acme.example")
    first = await acme.publish("a", stamp_id="s")
    acme.headers["X-User-Id"] = ids.encode(person.id)
    second = await acme.publish("b", stamp_id="s")
    third = await world.globex.publish("c", stamp_id="s")
    assert len({first["id"], second["id"], third["id"]}) == 3


async def test_row_26_files_are_given_as_ids_and_come_back_as_objects(acme: Caller, world: World) -> None:
    file = await world.core.files.create(acme.office.company_id, name="cat.png")
    reply = await acme("POST", f"{acme.messages}/publish", json={"files": [ids.encode(file.id)]})
    reply.problem(400)  # not uploaded yet
    await world.core.files.upload(
        acme.office.company_id, file.id, content=b"\x89PNG\r\n\x1a\n", uploaded_name="cat.png", mimetype="image/png"
    )
    message = await acme.publish("", files=[ids.encode(file.id)])
    assert [one["id"] for one in message["files"]] == [ids.encode(file.id)]
    assert message["files"][0]["mimetype"] == "image/png"
    assert message["files"][0]["uploaded_at"].endswith("Z")


REFUSED: list[tuple[object, str]] = [
    ({}, "text"),
    ({"text": ""}, "text"),
    ({"text": None, "files": None}, "text"),
    ({"text": 1}, "text"),
    ({"text": ["x"]}, "text"),
    ({"text": "x", "files": "abc"}, "files"),
    ({"text": "x", "files": [1]}, "files"),
    ({"text": "x", "files": [ABSENT]}, "files"),
    ({"text": "x", "files": ["79951a6-4f51-5019-a897-0e7624828abf"]}, "files"),
    ({"text": "x", "stamp_id": 5}, "stamp_id"),
    ({"text": "x", "stamp_id": "s" * 300}, "reference"),
    ({"text": "a\0b"}, "NUL"),
    ({"text": "x" * 39_016}, "text"),
    ({"text": "\N{CYRILLIC SMALL LETTER A}" * 39_015}, "text"),
    ([], "object"),
    ("text", "object"),
]


async def test_row_26_refuses_what_cannot_be_sent(acme: Caller, world: World) -> None:
    before = await counts(world.core.database)
    for body, word in REFUSED:
        reply = await acme("POST", f"{acme.messages}/publish", json=body)
        assert word in reply.problem(400)
    assert await counts(world.core.database) == before


async def test_row_26_text_that_only_looks_like_a_nul_is_sent(acme: Caller) -> None:
    assert (await acme.publish("a\\u0000b"))["text"] == "a\\u0000b"


async def test_row_26_an_opted_out_contact_is_named(acme: Caller, world: World) -> None:
    await world.receive("STOP")
    before = await counts(world.core.database)
    reply = await acme("POST", f"{acme.messages}/publish", json={"text": "buy"})
    assert "opted out" in reply.problem(400)
    assert await counts(world.core.database) == before
    await world.receive("START")
    await acme.publish("thanks")


async def test_row_26_unknown_conversation(acme: Caller) -> None:
    for conversation in (ABSENT, "79951a6-4f51-5019-a897-0e7624828abf", acme.conversation.upper()):
        reply = await acme("POST", f"/texting/conversations/{conversation}/messages/publish", json={"text": "x"})
        reply.problem(404)


async def test_row_24_pages_newest_first_with_headers(acme: Caller, world: World) -> None:
    for number in range(5):
        await acme.publish(f"m{number}")
    first = await acme("GET", acme.messages, params={"per_page": "2"})
    assert [message["text"] for message in first.json()] == ["m4", "m3"]
    paging = {name: first.headers[f"X-Pagination-{name}"] for name in ("Total-Count", "Page-Count", "Current-Page")}
    assert paging == {"Total-Count": "5", "Page-Count": "3", "Current-Page": "1"}
    assert first.headers["X-Pagination-Per-Page"] == "2"
    assert set(first.json()[0]) == FIELDS
    third = await acme("GET", acme.messages, params={"page_size": "2", "page": "3"})
    assert [message["text"] for message in third.json()] == ["m0"]
    beyond = await acme("GET", acme.messages, params={"items_per_page": "2", "page": "4"})
    assert (beyond.status, beyond.json()) == (200, [])
    assert beyond.headers["X-Pagination-Total-Count"] == "5"


async def test_row_24_clamps_page_numbers(acme: Caller) -> None:
    await acme.publish()
    for query in ("page=0", "page=x", "page=-1", "per_page=0", "page=" + "9" * 30, "per_page=1000000", "page=%00"):
        reply = await acme("GET", f"{acme.messages}?{query}")
        assert (reply.status, len(reply.json())) == (200, 1)
        assert int(reply.headers["X-Pagination-Per-Page"]) <= 100


async def test_row_25_marks_read_and_unread(acme: Caller, world: World) -> None:
    message = await world.receive()
    path = f"{acme.messages}/{ids.encode(message.id)}"
    reply = await acme("PATCH", path, json={"is_read": True})
    assert reply.status == 200
    assert set(reply.json()) == FIELDS
    assert (reply.json()["is_read"], reply.json()["direction"]) == (True, "inbound")
    assert (await world.core.texting.get_message(acme.office.company_id, message.id)).read
    reply = await acme("PATCH", path, json={"is_read": False})
    assert reply.json()["is_read"] is False
    conversation = (await acme("GET", "/texting/conversations")).json()[0]
    assert conversation["unread_msg_count"] == conversation["countunreadmessages"] == 1


async def test_row_25_refuses_what_is_no_mark(acme: Caller, world: World) -> None:
    message = await world.receive()
    before = await counts(world.core.database)
    body: object
    for body in ({}, {"is_read": "yes"}, {"is_read": None}, {"is_read": 1}, [True]):
        (await acme("PATCH", f"{acme.messages}/{ids.encode(message.id)}", json=body)).problem(400)
    assert await counts(world.core.database) == before


async def test_row_25_the_message_must_be_of_the_conversation(acme: Caller, world: World) -> None:
    message = await world.receive()
    contact, _ = await world.core.texting.create_contact(acme.office.company_id, number="+13105550111")
    other, _ = await world.core.texting.open_conversation(
        acme.office.company_id, number=acme.office.number, contact_ids=[contact.id]
    )
    for conversation, given in (
        (ids.encode(other.id), ids.encode(message.id)),
        (acme.conversation, ABSENT),
        (acme.conversation, "nonsense"),
        (ABSENT, ids.encode(message.id)),
    ):
        path = f"/texting/conversations/{conversation}/messages/{given}"
        (await acme("PATCH", path, json={"is_read": True})).problem(404)


async def test_row_28_deletes_the_given_messages(acme: Caller) -> None:
    stays = (await acme.publish("stays"))["id"]
    for spelling in ("ids={0}&ids={1}", "ids={0},{1}", "ids[]={0}&ids[]={1}"):
        first, second = [(await acme.publish(text))["id"] for text in "ab"]
        reply = await acme("DELETE", f"{acme.messages}?{spelling.format(first, second)}")
        assert (reply.status, reply.body) == (204, b"")
        left = (await acme("GET", acme.messages)).json()
        assert [message["id"] for message in left] == [stays]


async def test_row_28_without_ids_deletes_nothing(acme: Caller) -> None:
    await acme.publish()
    for query in ("", "?ids=", "?ids=,"):
        assert (await acme("DELETE", f"{acme.messages}{query}")).status == 204
    assert len((await acme("GET", acme.messages)).json()) == 1
    (await acme("DELETE", f"/texting/conversations/{ABSENT}/messages")).problem(404)


async def test_row_28_one_unknown_id_deletes_nothing(acme: Caller, world: World) -> None:
    message = await acme.publish()
    before = await counts(world.core.database)
    for unknown in (ABSENT, "nonsense", "7" * 24):
        (await acme("DELETE", f"{acme.messages}?ids={message['id']},{unknown}")).problem(404)
    assert await counts(world.core.database) == before
