"""KNOWN_DIFFERENCES.md 89 to 93: texting v2, and what read and unread mean."""

from typing import Any

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller
from tests.differences.conftest import Place

V2 = "/texting/v2/conversations"
ANN, BOB = "+12135550101", "+12135550102"


async def opened(acme: Caller, *numbers: str, status: int = 201, **fields: Any) -> Any:
    body = {"recipients": [{"number": number} for number in numbers], "from_number": acme.office.number} | fields
    reply = await acme("POST", V2, json=body)
    assert reply.status == status, reply.body
    return reply.json()


async def listed(acme: Caller, query: str = "", path: str = V2) -> list[str]:
    reply = await acme("GET", f"{path}?{query}")
    assert reply.status == 200, reply.body
    return [one["id"] for one in reply.json()]


async def test_89_recipients_become_contacts(acme: Caller) -> None:
    made = await opened(acme, "(213) 555-0101")
    assert (made["conversation_type"], made["contactinfo"]["number"]) == ("direct", ANN)
    assert (await acme("GET", f"/texting/contacts/{made['contact_id']}")).json()["number"] == ANN
    assert (await opened(acme, ANN, status=200))["id"] == made["id"]
    group = await opened(acme, ANN, BOB, conversation_type="group")
    assert (group["conversation_type"], len(group["contactsinfo"])) == ("group", 2)
    await opened(acme, ANN, BOB, conversation_type="direct", status=400)
    await opened(acme, *(f"+1213555{n}" for n in range(1000, 1051)), conversation_type="group", status=400)
    await opened(acme, ANN, from_number="2025550000", status=400)


async def test_90_pinned_ones_are_first_for_everybody(place: Place) -> None:
    acme = place.acme
    newer = (await opened(acme, ANN))["id"]
    person = await place.core.people.create(acme.office.company_id, email="sam@acme.example")
    assert await listed(acme) == [newer, acme.conversation]
    pin = f"{V2}/{acme.conversation}/pin"
    assert (await acme("POST", pin, headers={"X-User-Id": ids.encode(person.id)})).json()["is_pinned"] is True
    assert await listed(acme) == [acme.conversation, newer]
    assert await listed(acme, path="/texting/conversations") == [newer, acme.conversation]
    assert (await acme("POST", pin)).json()["is_pinned"] is False
    assert (await acme("POST", pin, json={"pinned": False})).json()["is_pinned"] is False
    assert await listed(acme) == [newer, acme.conversation]


async def test_91_search_of_beginnings(acme: Caller) -> None:
    other = (await opened(acme, ANN))["id"]
    await acme("POST", f"/texting/conversations/{other}/messages/publish", json={"text": "Development talks"})
    for search, found in {
        "jan": [acme.conversation],
        "ane": [],
        "213555": [other],
        "develop talk": [other],
        "elopment": [],
    }.items():
        assert await listed(acme, f"search={search}") == found, search


async def test_92_what_v2_lists_are_cut_down_to(acme: Caller) -> None:
    other = await opened(acme, ANN)
    assert await listed(acme, f"contact_id={other['contact_id']}") == [other["id"]]
    assert await listed(acme, "contact_id=nonsense") == []
    number = acme.office.number[2:]
    assert len(await listed(acme, f"from_numbers={number},2025550000")) == 2
    assert await listed(acme, "from_numbers=2025550000") == []
    many = ",".join(f"2025551{n}" for n in range(100, 126))
    for query in (f"from_numbers={many}", "sort=colour", f"search={'x' * 201}"):
        (await acme("GET", f"{V2}?{query}")).problem(400)


async def test_93_what_one_user_read_is_read(place: Place) -> None:
    acme = place.acme
    await place.receive()
    person = await place.core.people.create(acme.office.company_id, email="sam@acme.example")
    (message,) = (await acme("GET", acme.messages)).json()
    sam: dict[str, str | None] = {"X-User-Id": ids.encode(person.id)}
    await acme("PATCH", f"{acme.messages}/{message['id']}", json={"is_read": True}, headers=sam)
    (conversation,) = (await acme("GET", "/texting/conversations")).json()
    assert (conversation["unread_msg_count"], conversation["lastmessage"]["is_read"]) == (0, True)
    await acme("PATCH", f"{acme.messages}/{message['id']}", json={"is_read": False})
    (conversation,) = (await acme("GET", "/texting/conversations", headers=sam)).json()
    assert (conversation["unread_msg_count"], conversation["countunreadmessages"]) == (1, 1)
