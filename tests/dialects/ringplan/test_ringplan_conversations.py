"""Rows 20 to 23 of specs/ringplan.md, and what section 6 says of them."""

import re

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller, World, counts

ABSENT = ids.encode(8192)
FIELDS = {
    "id", "company_id", "contact_id", "contactinfo", "contactsinfo", "conversation_type", "countunreadmessages",
    "from_number", "has_direct_msg", "has_hidden_msg", "last_message_created_at", "lastmessage", "recipients",
    "timezone", "unread_msg_count", "updated_at",
}  # fmt: skip


async def another(world: World, number: str = "+13105550111") -> str:
    contact, _ = await world.core.texting.create_contact(world.acme.office.company_id, number=number)
    return ids.encode(contact.id)


async def test_row_20_all_conversations_latest_first(acme: Caller, world: World) -> None:
    body = {"contact_id": await another(world), "from_number": acme.office.number}
    newer = (await acme("POST", "/texting/conversations", json=body)).json()
    reply = await acme("GET", "/texting/conversations")
    assert reply.status == 200
    assert [item["id"] for item in reply.json()] == [newer["id"], acme.conversation]
    assert reply.headers["X-Pagination-Total-Count"] == "2"
    assert reply.headers["X-Pagination-Page-Count"] == "1"
    await acme.publish("hello")
    reply = await acme("GET", "/texting/conversations?per_page=1")
    (first,) = reply.json()
    assert reply.headers["X-Pagination-Page-Count"] == "2"
    assert set(first) == FIELDS
    assert first["lastmessage"]["text"] == "hello"
    assert first["last_message_created_at"] == first["lastmessage"]["created_at"]
    assert first["contactinfo"] == first["contactsinfo"][0]
    assert first["recipients"] == [first["contact_id"]] == [acme.contact]
    assert first["from_number"] == "2025550123"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", first["updated_at"])


async def test_row_20_dates_follow_the_companys_time_zone(acme: Caller, world: World) -> None:
    await world.core.companies.update(acme.office.company_id, timezone="Asia/Kolkata")
    message = await acme.publish()
    assert (message["timezone"], message["created_at"][-5:]) == ("Asia/Kolkata", "+0530")
    (conversation,) = (await acme("GET", "/texting/conversations")).json()
    assert conversation["last_message_created_at"] == message["created_at"]


async def test_row_21_searches_messages_and_answers_conversations(acme: Caller) -> None:
    await acme.publish("Development talks on Monday")
    await acme.publish("something else")
    (found,) = (await acme("GET", "/texting/conversations/search", params={"text": "Development Talks"})).json()
    assert set(found) == FIELDS
    assert found["id"] == acme.conversation
    assert found["lastmessage"]["text"] == "Development talks on Monday"
    for text in ("", "nowhere", "!&|():*'\\"):
        reply = await acme("GET", "/texting/conversations/search", params={"text": text})
        assert (reply.status, reply.json()) == (200, [])
    assert (await acme("GET", "/texting/conversations/search")).json() == []
    (await acme("GET", "/texting/conversations/search?text=%00")).problem(400)


async def test_row_22_201_when_new_200_when_there_is_one(acme: Caller, world: World) -> None:
    contact = await another(world)
    body = {"contact_id": contact, "from_number": "2025550123"}
    made = await acme("POST", "/texting/conversations", json=body)
    assert made.status == 201
    assert set(made.json()) == FIELDS
    assert made.json()["lastmessage"] is None
    assert made.json()["last_message_created_at"] is None
    for number in ("+12025550123", "12025550123", "(202) 555-0123"):
        again = await acme("POST", "/texting/conversations", json={"contact_id": contact, "from_number": number})
        assert (again.status, again.json()["id"]) == (200, made.json()["id"])


async def test_row_22_shown_numbers_are_taken_back_in_another_country(acme: Caller, world: World) -> None:
    await world.core.companies.update(acme.office.company_id, country="GB")
    (shown,) = (await acme("GET", "/texting/conversations")).json()
    body = {"contact_id": acme.contact, "from_number": shown["from_number"]}
    assert (await acme("POST", "/texting/conversations", json=body)).status == 200


async def test_row_22_refusals(acme: Caller, globex: Caller, world: World) -> None:
    before = await counts(world.core.database)
    number = acme.office.number
    body: object
    for body in (
        {},
        {"contact_id": acme.contact},
        {"from_number": number},
        {"contact_id": 1, "from_number": number},
        {"contact_id": acme.contact, "from_number": 2025550123},
        {"contact_id": acme.contact, "from_number": ""},
        {"contact_id": acme.contact, "from_number": "911"},
        {"contact_id": acme.contact, "from_number": "+12025550199"},
        {"contact_id": acme.contact, "from_number": globex.office.number},
        [],
        None,
    ):
        (await acme("POST", "/texting/conversations", json=body)).problem(400)
    for contact in (ABSENT, globex.contact, "x", ""):
        reply = await acme("POST", "/texting/conversations", json={"contact_id": contact, "from_number": number})
        reply.problem(404)
    assert await counts(world.core.database) == before


async def test_row_23_deletes_with_all_messages(acme: Caller) -> None:
    await acme.publish()
    reply = await acme("DELETE", f"/texting/conversations/{acme.conversation}")
    assert (reply.status, reply.body) == (204, b"")
    assert (await acme("GET", "/texting/conversations")).json() == []
    (await acme("GET", acme.messages)).problem(404)
    (await acme("DELETE", f"/texting/conversations/{acme.conversation}")).problem(404)
    body = {"contact_id": acme.contact, "from_number": acme.office.number}
    assert (await acme("POST", "/texting/conversations", json=body)).status == 201
