"""Rows 29 to 34 of specs/ringplan.md, and what section 6 says of them."""

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller, World, counts

ABSENT = ids.encode(8192)


async def test_row_29_201_when_new_200_when_there_is_one(acme: Caller) -> None:
    made = await acme("POST", "/texting/contacts", json={"number": "(213) 555-0100", "first_name": "Ann"})
    assert made.status == 201
    assert made.json() == {
        "id": made.json()["id"],
        "company_id": acme.company,
        "first_name": "Ann",
        "last_name": "",
        "number": "+12135550100",
    }
    body = {"number": "12135550100", "first_name": None, "last_name": "Other", "surprise": 1}
    again = await acme("POST", "/texting/contacts", json=body)
    assert (again.status, again.json()) == (200, made.json())


async def test_row_29_refusals(acme: Caller, world: World) -> None:
    before = await counts(world.core.database)
    number = "+12135550100"
    body: object
    for body in (
        {},
        {"number": None},
        {"number": 12135550100},
        {"number": ""},
        {"number": "not a number"},
        {"number": "911"},
        {"number": "1" * 400},
        {"number": number, "first_name": 1},
        {"number": number, "first_name": "a\0b"},
        {"number": number, "last_name": "x" * 100_000},
        [number],
    ):
        (await acme("POST", "/texting/contacts", json=body)).problem(400)
    assert await counts(world.core.database) == before


async def test_row_30_searches_names_and_numbers(acme: Caller) -> None:
    await acme("POST", "/texting/contacts", json={"number": "2135550100", "first_name": "Ann", "last_name": "Lee"})
    for search, found in (("jane", ["Jane"]), ("lee", ["Ann"]), ("555-0100", ["Ann", "Jane"]), ("nobody", [])):
        reply = await acme("GET", "/texting/contacts", params={"search": search})
        assert (reply.status, [contact["first_name"] for contact in reply.json()]) == (200, found)
    everybody = await acme("GET", "/texting/contacts")
    assert [contact["first_name"] for contact in everybody.json()] == ["Ann", "Jane"]
    assert everybody.headers["X-Pagination-Total-Count"] == "2"
    second = await acme("GET", "/texting/contacts?per_page=1&page=2")
    assert [contact["first_name"] for contact in second.json()] == ["Jane"]
    assert second.headers["X-Pagination-Page-Count"] == "2"
    (await acme("GET", "/texting/contacts?search=%00")).problem(400)
    assert (await acme("GET", "/texting/contacts?search=%25")).json() == []


async def test_row_31_shows_one(acme: Caller) -> None:
    reply = await acme("GET", f"/texting/contacts/{acme.contact}")
    assert (reply.status, reply.json()["number"]) == (200, acme.office.contact.number)
    for contact in (ABSENT, "x", acme.contact.upper(), acme.contact + "0"):
        (await acme("GET", f"/texting/contacts/{contact}")).problem(404)


async def test_row_32_changes_what_is_given(acme: Caller) -> None:
    path = f"/texting/contacts/{acme.contact}"
    reply = await acme("PUT", path, json={"number": "12135550122"})
    assert (reply.status, reply.json()["number"], reply.json()["first_name"]) == (200, "+12135550122", "Jane")
    reply = await acme("PUT", path, json={"first_name": "", "last_name": "Roe", "id": ABSENT, "company_id": ABSENT})
    assert reply.json() == {
        "id": acme.contact,
        "company_id": acme.company,
        "first_name": "",
        "last_name": "Roe",
        "number": "+12135550122",
    }


async def test_row_32_refusals(acme: Caller, world: World) -> None:
    await acme("POST", "/texting/contacts", json={"number": "+12135550100"})
    before = await counts(world.core.database)
    body: object
    for body in ({"number": "x"}, {"number": 5}, {"first_name": []}, {"last_name": "\0"}, "x"):
        (await acme("PUT", f"/texting/contacts/{acme.contact}", json=body)).problem(400)
    (await acme("PUT", f"/texting/contacts/{acme.contact}", json={"number": "2135550100"})).problem(409)
    for contact in (ABSENT, "x"):
        (await acme("PUT", f"/texting/contacts/{contact}", json={"first_name": "X"})).problem(404)
    assert await counts(world.core.database) == before


async def test_row_33_the_owner_sees_all_others_their_own(acme: Caller, world: World) -> None:
    company = acme.office.company_id
    await world.core.numbers.create(company, "+442079460123")
    await world.core.numbers.create(company, "+12025550177", sms=False)
    person = await world.core.people.create(company, email="Sam@acme.example")
    reply = await acme("GET", "/texting/numbers")
    assert [number["number"] for number in reply.json()] == ["2025550123", "+442079460123"]
    assert set(reply.json()[0]) == {"id", "company_id", "number", "ownership"}
    reply = await acme("GET", "/texting/numbers?numformat=international")
    assert [number["number"] for number in reply.json()] == ["+12025550123", "+442079460123"]
    sam = {"X-User-Id": ids.encode(person.id)}
    assert (await acme("GET", "/texting/numbers", headers=sam)).json() == []
    await acme("PUT", "/texting/numbers/2025550123", json=["SAM@acme.example"])
    (own,) = (await acme("GET", "/texting/numbers?numformat=national", headers=sam)).json()
    assert (own["number"], own["ownership"]) == ("2025550123", ["sam@acme.example"])


async def test_row_34_any_spelling_of_the_number(acme: Caller) -> None:
    for number in ("2025550123", "12025550123", "+12025550123", "%2B12025550123", "(202)%20555-0123"):
        reply = await acme("PUT", f"/texting/numbers/{number}", json=["janedoe@example.com", "johnsmith@example.com"])
        assert reply.status == 200
        assert reply.json()["ownership"] == ["janedoe@example.com", "johnsmith@example.com"]
    assert (await acme("PUT", "/texting/numbers/2025550123", json=[])).json()["ownership"] == []


async def test_row_34_refusals(acme: Caller, globex: Caller) -> None:
    body: object
    for body in ({}, "a@b.example", [1], [None], ["no address"], None, ["a\0@b.example"]):
        (await acme("PUT", "/texting/numbers/2025550123", json=body)).problem(400)
    for number in ("2025550199", "x", "911", "%00", globex.office.number, "1" * 300):
        (await acme("PUT", f"/texting/numbers/{number}", json=["a@b.example"])).problem(404)
