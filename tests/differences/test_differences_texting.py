"""KNOWN_DIFFERENCES.md 13 to 28: texting, files, statuses."""

from typing import Any

import aiohttp

from ringmain.carriers.sandbox import Magic
from ringmain.dialects.ringplan import ids
from tests.conditions import eventually
from tests.dialects.ringplan.conftest import Caller
from tests.differences.conftest import Place

ABSENT = ids.encode(8192)
NOBODY: dict[str, str | None] = {"Authorization": None, "X-User-Id": None}


async def test_13_refusals_of_new_conversations(acme: Caller) -> None:
    body = {"contact_id": ABSENT, "from_number": acme.office.number}
    (await acme("POST", "/texting/conversations", json=body)).problem(404)
    body = {"contact_id": acme.contact, "from_number": "+12025550199"}
    (await acme("POST", "/texting/conversations", json=body)).problem(400)


async def test_14_no_contact_matches(acme: Caller) -> None:
    reply = await acme("GET", "/texting/contacts?search=nobody")
    assert (reply.status, reply.json()) == (200, [])


async def test_15_put_changes_what_is_given(acme: Caller) -> None:
    reply = await acme("PUT", f"/texting/contacts/{acme.contact}", json={"number": "12135550100"})
    assert (reply.status, reply.json()["number"], reply.json()["first_name"]) == (200, "+12135550100", "Jane")
    await acme("POST", "/texting/contacts", json={"number": "+12135550111"})
    (await acme("PUT", f"/texting/contacts/{acme.contact}", json={"number": "+12135550111"})).problem(409)


async def test_16_one_number_one_contact(acme: Caller) -> None:
    for number in ("+13105550100", "13105550100", "3105550100", "(310) 555-0100"):
        reply = await acme("POST", "/texting/contacts", json={"number": number})
        assert (reply.status, reply.json()["id"]) == (200, acme.contact)


async def test_17_refusals_of_publish(place: Place) -> None:
    acme = place.acme
    body: object
    for body in ({}, {"text": ""}, {"files": []}, {"text": "x", "files": [ABSENT]}):
        (await acme("POST", f"{acme.messages}/publish", json=body)).problem(400)
    (await acme("POST", f"/texting/conversations/{ABSENT}/messages/publish", json={"text": "x"})).problem(404)
    await place.receive("STOP")
    (await acme("POST", f"{acme.messages}/publish", json={"text": "x"})).problem(400)


async def test_18_success_until_refused(place: Place) -> None:
    messages = await place.conversation_with(Magic.REJECTED)
    reply = await place.acme("POST", f"{messages}/publish", json={"text": "x"})
    assert (reply.status, reply.json()["success"]) == (201, True)

    async def refused() -> bool:
        (message,) = (await place.acme("GET", messages)).json()
        return message["success"] is False

    await eventually(refused)


async def test_19_publish_again(acme: Caller) -> None:
    url = f"{acme.messages}/publish"
    for body, headers in (({"text": "a", "stamp_id": "s"}, {}), ({"text": "b"}, {"Idempotency-Key": "k"})):
        first, second = [await acme("POST", url, json=body, headers=headers) for _ in range(2)]
        assert (first.status, second.status) == (201, 201)
        assert first.json()["id"] == second.json()["id"]
        (await acme("POST", url, json={**body, "text": "other"}, headers=headers)).problem(409)
    assert len((await acme("GET", acme.messages)).json()) == 2


async def test_20_stamps(place: Place) -> None:
    await place.receive()
    assert (await place.acme.publish())["stamp_id"] is None
    assert (await place.acme.publish(stamp_id="s"))["stamp_id"] == "s"
    assert [one["stamp_id"] for one in (await place.acme("GET", place.acme.messages)).json()] == ["s", None, None]


async def test_21_stop_start_and_help(place: Place) -> None:
    acme = place.acme

    async def answer_to(word: str) -> Any:
        await place.receive(word)
        return (await acme("GET", acme.messages)).json()[0]

    for word, part in (("STOP", "unsubscribed"), ("start", "subscribed again"), ("Help", "reply STOP")):
        message = await answer_to(word)
        assert message["direction"] == "outbound"
        assert part in message["text"]
    await place.receive("stop")
    (await acme("POST", f"{acme.messages}/publish", json={"text": "x"})).problem(400)
    await place.receive("START")
    await acme.publish()


async def test_22_no_ids_delete_nothing(acme: Caller) -> None:
    await acme.publish()
    for query in ("", "?ids="):
        assert (await acme("DELETE", f"{acme.messages}{query}")).status == 204
    assert len((await acme("GET", acme.messages)).json()) == 1


async def test_23_all_ids_or_none(acme: Caller) -> None:
    one, two = [(await acme.publish())["id"] for _ in range(2)]
    (await acme("DELETE", f"{acme.messages}?ids={one}&ids={ABSENT}")).problem(404)
    assert len((await acme("GET", acme.messages)).json()) == 2
    assert (await acme("DELETE", f"{acme.messages}?ids={one},{two}")).status == 204
    for spelling in ("ids={}&ids={}", "ids[]={}&ids[]={}"):
        pair = [(await acme.publish())["id"] for _ in range(2)]
        assert (await acme("DELETE", f"{acme.messages}?{spelling.format(*pair)}")).status == 204
    assert (await acme("GET", acme.messages)).json() == []


async def test_24_search_answers_conversations(acme: Caller) -> None:
    for text in ("Development talks", "development again", "lunch"):
        await acme.publish(text)
    (found,) = (await acme("GET", "/texting/conversations/search?text=development")).json()
    assert (found["id"], found["lastmessage"]["text"]) == (acme.conversation, "development again")
    assert (await acme("GET", "/texting/conversations/search?text=")).json() == []


async def test_25_owner_sees_all_numbers(place: Place) -> None:
    acme = place.acme
    person = await place.core.people.create(acme.office.company_id, email="sam@acme.example")
    sam: dict[str, str | None] = {"X-User-Id": ids.encode(person.id)}
    assert len((await acme("GET", "/texting/numbers")).json()) == 1
    assert (await acme("GET", "/texting/numbers", headers=sam)).json() == []
    await acme("PUT", f"/texting/numbers/{acme.office.number[2:]}", json=["sam@acme.example"])
    assert len((await acme("GET", "/texting/numbers", headers=sam)).json()) == 1


async def test_26_foreign_numbers_keep_their_plus(place: Place) -> None:
    company_id = place.acme.office.company_id
    insert = "INSERT INTO numbers (company_id, number) VALUES ($1, '+442071838750')"
    await place.core.database.execute(insert, company_id)
    numbers = [one["number"] for one in (await place.acme("GET", "/texting/numbers")).json()]
    assert sorted(numbers) == ["+442071838750", place.acme.office.number[2:]]


async def test_27_files(acme: Caller) -> None:
    made = (await acme("POST", "/files", json={"name": "note", "company_id": acme.company})).json()
    form = aiohttp.FormData()
    form.add_field("upfile", b"hello", filename="note.txt", content_type="text/plain")
    assert (await acme("POST", f"/files/{made['id']}/upload", data=form)).json()["id"] == made["id"]
    shown = (await acme("POST", f"/conversion/files/{made['id']}/representation", json={})).json()["original"]
    assert shown["preview"]["base64"].startswith("data:text/plain;base64,")
    link = shown["link"].removeprefix("http://").partition("/")[2]
    assert (await acme("GET", f"/{link}", headers=NOBODY)).body == b"hello"
    (await acme("GET", f"/{link.partition('?')[0]}", headers=NOBODY)).problem(403)
    assert (await acme.publish("", files=[made["id"]]))["files"][0]["id"] == made["id"]


async def test_28_statuses(acme: Caller) -> None:
    body = {"additional_status": {"status": "lunch", "action": "set", "action_type": "manual"}}
    reply = await acme("PATCH", "/status/v2/current-user", json=body)
    assert (reply.status, reply.json()["additional_status"]["status"]) == (200, "lunch")
    (status,) = (await acme("GET", "/statuses/v2/users")).json()
    assert status["status"] == {"status": "lunch", "action_type": "manual"}
