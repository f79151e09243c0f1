"""Section 6 of specs/ringplan.md: what the reference leaves open, each reading by its number.

Those that no test of a route names are here; the last test says that none is left out.
"""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from ringmain.dialects.ringplan import ids
from ringmain.dialects.ringplan.lists import PAGING_HEADERS
from tests.dialects.ringplan.conftest import Caller, World, counts

READINGS = 52
ABSENT = ids.encode(8192)
MALFORMED = "79951a6-4f51-5019-a897-0e7624828abf"
URL, CALLBACKS = "/webhooks/callbacks/url", "/webhooks/callbacks"
CONTACTS, CONVERSATIONS = "/texting/contacts", "/texting/conversations"


async def conversation_with(caller: Caller, contact_id: str, from_number: str) -> tuple[int, Any]:
    body = {"contact_id": contact_id, "from_number": from_number}
    reply = await caller("POST", CONVERSATIONS, json=body)
    return reply.status, reply.json()


async def upload(caller: Caller, name: str = "cat.txt") -> str:
    made = (await caller("POST", "/files", json={"name": name, "company_id": caller.company})).json()["id"]
    assert (await caller("POST", f"/files/{made}/upload", data={"upfile": BytesIO(b"miaow")})).status == 200
    return str(made)


async def test_reading_1_both_entries_of_the_messages_are_one_route(acme: Caller) -> None:
    texts = [(await acme.publish(f"text {n}"))["text"] for n in range(3)]
    reply = await acme("GET", acme.messages, params={"per_page": 2, "page": 1})
    assert (reply.status, [one["text"] for one in reply.json()]) == (200, texts[:0:-1])
    assert [reply.headers[name] for name in PAGING_HEADERS] == ["3", "2", "1", "2"]
    past = await acme("GET", acme.messages, params={"per_page": 2, "page": 9})
    assert (past.status, past.json()) == (200, [])
    for unknown in (ABSENT, MALFORMED):
        (await acme("GET", f"{CONVERSATIONS}/{unknown}/messages")).problem(404)


async def test_reading_3_201_is_new_and_200_is_known(acme: Caller, world: World) -> None:
    await world.core.numbers.create(acme.office.company_id, "+12025550177")
    made = [await acme("POST", CONTACTS, json={"number": n}) for n in ("+12135550100", "(213) 555-0100")]
    assert [reply.status for reply in made] == [201, 200]
    assert made[0].json() == made[1].json()
    contact = made[0].json()["id"]
    status, first = await conversation_with(acme, contact, "2025550123")
    assert status == 201
    assert await conversation_with(acme, contact, "+1 202 555 0123") == (200, first)
    status, other = await conversation_with(acme, contact, "2025550177")
    assert (status, other["id"] == first["id"]) == (201, False)
    status, other = await conversation_with(acme, acme.contact, "2025550123")
    assert (status, other["id"]) == (200, acme.conversation)
    sets = (["a@b.example", "c@d.example"], "C@d.example,a@b.example", ["a@b.example"])
    destinations = [await acme("POST", "/fax/destinations", json={"emails": emails}) for emails in sets]
    assert [reply.status for reply in destinations] == [201, 200, 201]


async def test_reading_4_who_and_from_where_a_conversation_cannot_be(acme: Caller, globex: Caller) -> None:
    for contact in (ABSENT, MALFORMED, globex.contact):
        assert (await conversation_with(acme, contact, acme.office.number))[0] == 404
    for number in ("2025550199", globex.office.number, "911", "me"):
        assert (await conversation_with(acme, acme.contact, number))[0] == 400


async def test_reading_5_no_contact_found_is_an_empty_list(acme: Caller) -> None:
    reply = await acme("GET", CONTACTS, params={"search": "nobody of this name"})
    assert (reply.status, reply.json(), reply.headers["X-Pagination-Total-Count"]) == (200, [], "0")


async def test_reading_19_ids_of_messages_to_delete(acme: Caller, world: World) -> None:
    one, two, three, four = [(await acme.publish(f"text {n}"))["id"] for n in range(4)]
    before = await counts(world.core.database)
    for query in ("", "?ids=", "?ids[]="):
        reply = await acme("DELETE", f"{acme.messages}{query}")
        assert (reply.status, reply.body) == (204, b"")
    for unknown in (ABSENT, MALFORMED):
        (await acme("DELETE", f"{acme.messages}?ids={one},{unknown}")).problem(404)
    assert await counts(world.core.database) == before
    for query in (f"ids={one}&ids={two}", f"ids={three}", f"ids[]={four}"):
        assert (await acme("DELETE", f"{acme.messages}?{query}")).status == 204
    assert (await acme("GET", acme.messages)).json() == []
    (await acme("DELETE", f"{CONVERSATIONS}/{ABSENT}/messages")).problem(404)


@pytest.mark.parametrize("number", ["3215551234", "13215551234", "+13215551234", "1 (321) 555-1234", "321.555.1234"])
async def test_reading_20_one_number_in_every_form(acme: Caller, world: World, number: str) -> None:
    await world.core.texting.create_contact(acme.office.company_id, number="+13215551234")
    known = await acme("POST", CONTACTS, json={"number": number})
    assert (known.status, known.json()["number"]) == (200, "+13215551234")
    _, made = await conversation_with(acme, known.json()["id"], acme.office.number)
    assert made["from_number"] == "2025550123"
    publish = f"{CONVERSATIONS}/{made['id']}/messages/publish"
    message = (await acme("POST", publish, json={"text": "x"})).json()
    assert (message["frm"], message["to"]) == ("+12025550123", "+13215551234")


@pytest.mark.parametrize(
    ("query", "shown"),
    [("", "2025550123"), ("?numformat=national", "2025550123"), ("?numformat=international", "+12025550123")],
)
async def test_reading_20_texting_numbers_are_national_unless_asked(acme: Caller, query: str, shown: str) -> None:
    assert [one["number"] for one in (await acme("GET", f"/texting/numbers{query}")).json()] == [shown]


async def test_reading_21_a_texting_number_in_a_path(acme: Caller) -> None:
    for number in ("2025550123", "+12025550123", "%2B12025550123", "12025550123/"):
        reply = await acme("PUT", f"/texting/numbers/{number}", json=["jane@acme.example"])
        assert (reply.status, reply.json()["ownership"]) == (200, ["jane@acme.example"])


async def test_reading_22_numbers_of_the_current_user(acme: Caller, world: World) -> None:
    company_id = acme.office.company_id
    await world.core.numbers.create(company_id, "+12025550177", owner_emails=["SAM@acme.example"])
    sam = await world.core.people.create(company_id, email="sam@acme.example")
    headers: dict[str, str | None] = {"X-User-Id": ids.encode(sam.id)}
    owned = (await acme("GET", "/texting/numbers", headers=headers)).json()
    assert [one["number"] for one in owned] == ["2025550177"]
    assert len((await acme("GET", "/texting/numbers")).json()) == 2


async def test_reading_29_the_storage_service_under_its_own_name(acme: Caller) -> None:
    """A second base URL is another name for the same server: no route looks at it."""
    storage = {"Host": "storage-service.ringplan.com"}
    made = await acme("POST", "/files", json={"name": "cat", "company_id": acme.company}, headers=storage)
    path = f"/files/{made.json()['id']}/upload"
    sent = await acme("POST", path, data={"upfile": BytesIO(b"miaow")}, headers=storage)
    assert (made.status, sent.status, sent.json()["id"]) == (201, 200, made.json()["id"])
    shown = await acme("POST", f"/conversion{path.removesuffix('/upload')}/representation", json={}, headers=storage)
    assert shown.json()["original"]["preview"]["base64"].startswith("data:")


async def test_readings_34_35_and_36_the_webhook_url(acme: Caller) -> None:
    reply = await acme("GET", URL)
    assert (reply.status, reply.json()["url"]) == (200, "")
    first = await acme("PUT", URL, json={"url": "webhook.example.com"})
    assert (first.status, first.json()["url"]) == (200, "webhook.example.com")
    second = await acme("PUT", URL, json={"url": "https://www.example.com"})
    assert second.json() == {**first.json(), "url": "https://www.example.com"}
    event = (await acme("POST", CALLBACKS, json={"type": "texting.message.inbound"})).json()
    assert event["id"] != first.json()["id"]
    (await acme("DELETE", f"{CALLBACKS}/{first.json()['id']}")).problem(404)
    assert (await acme("GET", CALLBACKS)).json() == [event]


async def test_readings_37_and_38_types_of_webhook_events(acme: Caller) -> None:
    replies = [await acme("POST", CALLBACKS, json={"type": "call.action.hangup"}) for _ in range(2)]
    assert [reply.status for reply in replies] == [201, 201]
    assert replies[0].json() == replies[1].json()
    for kind in ("call.action.started", "CALL.ACTION.HANGUP", ""):
        (await acme("POST", CALLBACKS, json={"type": kind})).problem(400)
    assert len((await acme("GET", CALLBACKS)).json()) == 1


async def test_readings_41_and_42_what_publish_answers(acme: Caller, globex: Caller) -> None:
    file, foreign = await upload(acme), await upload(globex)
    reply = await acme("POST", f"{acme.messages}/publish", json={"text": "", "files": [file]})
    message = reply.json()
    assert (reply.status, message["direction"], message["is_read"], message["success"]) == (201, "outbound", True, True)
    (attached,) = message["files"]
    assert (attached["id"], attached["size"], attached["uploaded_name"]) == (file, 5, "cat.txt")
    body: object
    for body in ({"text": ""}, {"text": "", "files": []}, {}, *({"files": [one]} for one in (foreign, ABSENT, "x"))):
        (await acme("POST", f"{acme.messages}/publish", json=body)).problem(400)
    for unknown in (ABSENT, MALFORMED, globex.conversation):
        (await acme("POST", f"{CONVERSATIONS}/{unknown}/messages/publish", json={"text": "x"})).problem(404)


async def test_readings_43_44_and_46_unread_messages_and_the_last_one(acme: Caller, world: World) -> None:
    async def shown() -> Any:
        (conversation,) = (await acme("GET", CONVERSATIONS)).json()
        assert conversation["unread_msg_count"] == conversation["countunreadmessages"]
        return conversation

    empty = await shown()
    assert (empty["lastmessage"], empty["last_message_created_at"], empty["unread_msg_count"]) == (None, None, 0)
    message = ids.encode((await world.receive()).id)
    assert (await shown())["unread_msg_count"] == 1
    for is_read, unread in ((True, 0), (True, 0), (False, 1), (False, 1)):
        reply = await acme("PATCH", f"{acme.messages}/{message}", json={"is_read": is_read})
        assert (reply.status, reply.json()["is_read"]) == (200, is_read)
        assert (await shown())["unread_msg_count"] == unread
    assert (await shown())["lastmessage"]["id"] == message


async def test_reading_45_search_answers_conversations(acme: Caller) -> None:
    await acme.publish("the old plan")
    newest = await acme.publish("the new plan")
    await acme.publish("lunch")
    (found,) = (await acme("GET", f"{CONVERSATIONS}/search", params={"text": "plan"})).json()
    assert (found["id"], found["lastmessage"]["id"]) == (acme.conversation, newest["id"])
    for query in ("", "?text=", "?text=%20"):
        reply = await acme("GET", f"{CONVERSATIONS}/search{query}")
        assert (reply.status, reply.json()) == (200, [])


async def test_reading_52_errors_are_problems_also_for_who_accepts_json(acme: Caller) -> None:
    (await acme("GET", f"{CONTACTS}/{MALFORMED}", headers={"Accept": "application/json"})).problem(404)
    (await acme("GET", "/texting/nowhere", headers={"Accept": "application/json"})).problem(404)
    (await acme("PUT", "/system/company", json={}, headers={"Accept": "application/json"})).problem(405)


def test_every_reading_is_named_by_a_test() -> None:
    names = [
        name
        for file in Path(__file__).parent.glob("test_ringplan_*.py")
        for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))
    ]
    runs = [run for name in names for run in re.findall(r"(?:reading|ambiguit)\w*?_((?:\d+_(?:and_)?)+)", f"{name}_")]
    proved = {int(number) for run in runs for number in re.findall(r"\d+", run)}
    assert sorted(set(range(1, READINGS + 1)) - proved) == []
