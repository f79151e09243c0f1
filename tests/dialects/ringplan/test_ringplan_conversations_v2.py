"""Texting v2 (specs/ringplan.md 5): lists with filters, conversations with numbers, pins."""

from typing import Any

from ringmain.core.texting.carrier import InboundText
from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller, World, counts

V2 = "/texting/v2/conversations"
SECOND = "+12025550177"


async def with_number(acme: Caller, number: str, ours: str = "2025550123") -> str:
    body = {"recipients": [{"number": number}], "from_number": ours, "conversation_type": "direct"}
    reply = await acme("POST", "/texting/v2/conversations", json=body)
    assert reply.status == 201, reply.body
    return str(reply.json()["id"])


async def second_number(world: World) -> None:
    statement = "INSERT INTO numbers (company_id, number) VALUES ($1, $2)"
    await world.core.database.execute(statement, world.acme.office.company_id, SECOND)


async def text_from(world: World, sender: str, text: str = "hello") -> None:
    ours = world.acme.office.number
    await world.core.texting.receive(InboundText(carrier="sandbox", sender=sender, recipient=ours, text=text))


async def listed(acme: Caller, **params: Any) -> list[str]:
    reply = await acme("GET", V2, params=params)
    assert reply.status == 200, reply.body
    assert reply.headers["X-Pagination-Total-Count"] == str(len(reply.json()))
    return [item["id"] for item in reply.json()]


async def test_items_have_what_clients_read(acme: Caller) -> None:
    await acme.publish("hello")
    reply = await acme("GET", "/texting/v2/conversations")
    (item,) = reply.json()
    (first,) = (await acme("GET", "/texting/conversations")).json()
    extra = {"campaign_info": {"name": ""}, "is_pinned": False, "last_msg": first["lastmessage"]}
    assert item == first | extra
    assert item["last_msg"]["text"] == "hello"
    assert {"number", "first_name", "last_name"} <= set(item["contactsinfo"][0])


async def test_a_conversation_with_a_number_is_made_once(acme: Caller, world: World) -> None:
    made = await with_number(acme, "(310) 555-0111")
    body = {"recipients": [{"number": "+13105550111"}], "from_number": "+12025550123"}
    again = await acme("POST", V2, json=body)
    assert (again.status, again.json()["id"]) == (200, made)
    assert again.json()["contactsinfo"][0]["number"] == "+13105550111"
    assert (again.json()["last_msg"], again.json()["conversation_type"]) == (None, "direct")
    known = {"recipients": [{"number": acme.office.contact.number}], "from_number": "2025550123"}
    assert (await acme("POST", V2, json=known)).json()["id"] == acme.conversation


async def test_a_group(acme: Caller) -> None:
    recipients = [{"number": "+13105550111"}, {"number": "+13105550112"}]
    body = {"recipients": recipients, "from_number": "2025550123", "conversation_type": "group"}
    made = await acme("POST", V2, json=body)
    assert (made.status, made.json()["conversation_type"]) == (201, "group")
    assert len(made.json()["contactsinfo"]) == 2
    assert (await acme("POST", V2, json={**body, "recipients": recipients[::-1]})).status == 200


async def test_conversations_that_cannot_be(acme: Caller, globex: Caller, world: World) -> None:
    before = await counts(world.core.database)
    good: dict[str, Any] = {"recipients": [{"number": "+13105550111"}], "from_number": "2025550123"}
    wrong: dict[str, Any]
    for wrong in (
        {"recipients": []},
        {"recipients": None},
        {"recipients": ["+13105550111"]},
        {"recipients": [{}]},
        {"recipients": [{"number": "nonsense"}]},
        {"recipients": [{"number": "+13105550111"}, {"number": "12"}], "conversation_type": "group"},
        {"recipients": [{"number": "+13105550111"}, {"number": "+13105550112"}]},
        {"recipients": [{"number": "+13105550111"}] * 51, "conversation_type": "group"},
        {"from_number": ""},
        {"from_number": "+12025550199"},
        {"from_number": globex.office.number},
        {"conversation_type": "campaign"},
    ):
        (await acme("POST", V2, json={**good, **wrong})).problem(400)
    assert await counts(world.core.database) == before


async def test_lists_by_our_numbers(acme: Caller, world: World) -> None:
    await second_number(world)
    other = await with_number(acme, "+13105550111", SECOND)
    assert await listed(acme) == [other, acme.conversation]
    assert await listed(acme, from_numbers="2025550177") == [other]
    assert await listed(acme, from_numbers="+12025550123") == [acme.conversation]
    assert await listed(acme, from_numbers="2025550177,2025550123") == [other, acme.conversation]
    assert await listed(acme, from_numbers="2025550145") == []
    assert await listed(acme, from_numbers="nonsense") == []
    await acme("DELETE", f"/texting/conversations/{other}")
    assert await listed(acme, from_numbers="2025550177") == []
    assert await listed(acme) == [acme.conversation]


async def test_lists_by_contact(acme: Caller, globex: Caller, world: World) -> None:
    await second_number(world)
    other = await with_number(acme, acme.office.contact.number, SECOND)
    await with_number(acme, "+13105550111")
    assert await listed(acme, contact_id=acme.contact) == [other, acme.conversation]
    assert await listed(acme, contact_id=acme.contact, from_numbers=SECOND) == [other]
    for unknown in (globex.contact, ids.encode(8192), "x"):
        assert await listed(acme, contact_id=unknown) == []


async def test_search_by_name_number_and_words(acme: Caller) -> None:
    other = await with_number(acme, "+13105550111")
    await acme.publish("Development talks on Monday")
    for search, expected in (
        ("jane", [acme.conversation]),
        ("DOE", [acme.conversation]),
        ("3105550111", [other]),
        ("(310) 555-0111", [other]),
        ("+1 310 555", [acme.conversation, other]),
        ("310555", [acme.conversation, other]),
        ("talks monday", [acme.conversation]),
        ("nowhere", []),
        ("!&|():*'\\%_", []),
        ("9999999999", []),
    ):
        assert await listed(acme, search=search) == expected, search
    assert await listed(acme, search="310555", from_numbers="2025550199") == []
    assert await listed(acme, search="310555", contact_id=acme.contact) == [acme.conversation]
    await acme("DELETE", f"/texting/conversations/{other}")
    assert await listed(acme, search="3105550111") == []


async def test_unread_first(acme: Caller, world: World) -> None:
    read, unread = acme.conversation, await with_number(acme, "+13105550111")
    await text_from(world, "+13105550111")
    await acme.publish("later")
    assert await listed(acme, sort="last_activity") == [read, unread]
    assert await listed(acme, sort="unread") == [unread, read]
    assert await listed(acme, sort="unread", from_numbers="2025550123") == [unread, read]
    assert await listed(acme, sort="unread", search="310") == [unread, read]
    (first, _) = (await acme("GET", V2, params={"sort": "unread"})).json()
    assert first["unread_msg_count"] == 1


async def test_pinned_ones_stay_on_top_for_the_whole_company(acme: Caller, world: World) -> None:
    newer = await with_number(acme, "+13105550111")
    assert await listed(acme) == [newer, acme.conversation]
    path = f"/texting/v2/conversations/{acme.conversation}/pin"
    pinned = await acme("POST", f"/texting/v2/conversations/{acme.conversation}/pin")
    assert (pinned.status, pinned.json()["id"], pinned.json()["is_pinned"]) == (200, acme.conversation, True)
    person = await world.core.people.create(acme.office.company_id, email="sam@acme.example")
    for user in ("primary", ids.encode(person.id)):
        reply = await acme("GET", V2, headers={"X-User-Id": user})
        assert [(item["id"], item["is_pinned"]) for item in reply.json()] == [(acme.conversation, True), (newer, False)]
    await text_from(world, "+13105550111")
    assert await listed(acme, sort="unread") == [acme.conversation, newer]
    assert await listed(acme, from_numbers="2025550123") == [acme.conversation, newer]
    assert await listed(acme, search="310") == [acme.conversation, newer]
    assert await listed(acme, from_numbers="2025550199") == []
    assert [item["id"] for item in (await acme("GET", "/texting/conversations")).json()] == [newer, acme.conversation]
    for body, is_pinned in (
        ({}, False),
        ({"pinned": True}, True),
        ({"pinned": True}, True),
        ({"pinned": False}, False),
    ):
        assert (await acme("POST", path, json=body)).json()["is_pinned"] is is_pinned
    (await acme("POST", path, data=b"{")).problem(400)
    (await acme("POST", path, json={"pinned": "yes"})).problem(400)
    events = "SELECT count(*) FROM events WHERE type = 'conversation.updated'"
    assert await world.core.database.fetchval(events) == 4


async def test_pages(acme: Caller) -> None:
    made = [await with_number(acme, f"+131055502{n:02d}") for n in range(5)]
    await acme("POST", f"{V2}/{made[0]}/pin")
    everything = [made[0], *made[:0:-1], acme.conversation]
    seen = []
    for page in (1, 2, 3):
        reply = await acme("GET", f"{V2}?page={page}&per_page=2&from_numbers=2025550123&sort=unread")
        assert reply.headers["X-Pagination-Total-Count"] == "6"
        seen += [item["id"] for item in reply.json()]
    assert seen == everything
    assert (await acme("GET", f"{V2}?page=4&per_page=2")).json() == []


async def test_lists_that_cannot_be(acme: Caller, world: World) -> None:
    before = await counts(world.core.database)
    many = ",".join(f"20255501{n:02d}" for n in range(26))
    for query in ("sort=name", "search=%00", "sort=%00", f"search={'x' * 201}", f"from_numbers={many}"):
        (await acme("GET", f"{V2}?{query}")).problem(400)
    assert await counts(world.core.database) == before


async def test_another_companys_conversations(acme: Caller, globex: Caller) -> None:
    (await acme("POST", f"{V2}/{globex.conversation}/pin")).problem(404)
    assert await listed(acme, from_numbers=globex.office.number) == []
    assert await listed(acme, search="Jane") == [acme.conversation]
    (theirs,) = (await globex("GET", V2)).json()
    assert (theirs["id"], theirs["is_pinned"]) == (globex.conversation, False)
