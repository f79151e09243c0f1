"""Rows 1 to 3 of specs/ringplan.md, and what section 6 says of them."""

import re

import pytest

from ringmain.dialects.ringplan import ids, wire
from tests.dialects.ringplan.conftest import Caller, World, counts
from tests.dialects.ringplan.test_ringplan_users import as_user, made


async def test_row_1_the_company_under_both_paths(acme: Caller, world: World) -> None:
    await world.core.companies.update(
        acme.office.company_id, timezone="Europe/Kyiv", profile={"email": "contact@acme.example", "other": 1}
    )
    reply = await acme("GET", "/system/company")
    assert reply.status == 200
    company = reply.json()
    assert set(company) == {
        "id", "address", "affiliate", "billing_email", "created", "description", "email", "emergency_contact_number",
        "employees", "fax", "name", "onboarding", "partner_id", "phone", "revenue", "status", "updated", "website",
    }  # fmt: skip
    assert (company["id"], company["name"], company["email"]) == (acme.company, "Acme", "contact@acme.example")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0[23]00", company["created"])
    assert (await acme("GET", "/company")).json() == company


async def test_row_3_users_in_company(acme: Caller, world: World) -> None:
    person = await world.core.people.create(
        acme.office.company_id,
        email="Sales@acme.example",
        first_name="Sam",
        profile={"contacts": {"fax": "1", "email": "wrong@acme.example"}, "title": "Ms", "secret": "x"},
    )
    reply = await acme("GET", "/system/company/contacts", params={"work_email": "sales@ACME.example"})
    assert reply.status == 200
    (user,) = reply.json()
    assert set(user) == {
        "id", "activated", "address", "birthdate", "company_id", "contacts", "created", "description", "extension",
        "first_name", "invitation", "last_enter", "last_name", "primary_agent", "timezone", "title", "updated",
    }  # fmt: skip
    assert user["id"] == ids.encode(person.id)
    assert user["contacts"] == {"fax": "1", "phones": dict.fromkeys(wire.PHONES), "email": "Sales@acme.example"}
    assert (user["title"], user["activated"], user["company_id"]) == ("Ms", True, acme.company)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", user["created"])
    assert [one["id"] for one in (await acme("GET", "/company/contacts?first_name=SAM")).json()] == [user["id"]]
    first = await acme("GET", "/system/company/contacts?items_per_page=1")
    assert first.headers["X-Pagination-Total-Count"] == "2"
    assert len(first.json()) == 1
    assert (await acme("GET", "/system/company/contacts?items_per_page=1&page=3")).json() == []


async def test_row_3_204_when_nobody_matches(acme: Caller) -> None:
    for query in ("work_email=nobody@acme.example", "first_name=Sa%25", "first_name=_____"):
        reply = await acme("GET", f"/system/company/contacts?{query}")
        assert (reply.status, reply.body) == (204, b"")


async def test_row_3_400_for_bad_parameters(acme: Caller) -> None:
    for query in (
        "page=0",
        "page=x",
        "items_per_page=-1",
        "per_page=1.5",
        "page=²",
        "first_name=%00",
        "work_email=%00",
    ):
        (await acme("GET", f"/system/company/contacts?{query}")).problem(400)
    assert (await acme("GET", "/system/company/contacts?items_per_page=5000&unknown=1")).status == 200


async def test_web_clients_ask_who_they_are(acme: Caller) -> None:
    reply = await acme("GET", "/system/account")
    assert (reply.status, reply.json()["id"]) == (200, ids.encode(acme.office.owner_id))


@pytest.mark.parametrize("path", ["/company", "/system/company"])
async def test_row_2_and_ambiguity_2_under_both_prefixes(acme: Caller, globex: Caller, path: str) -> None:
    before, theirs = (await acme("GET", "/company")).json(), (await globex("GET", "/company")).json()
    reply = await acme("PATCH", path, json={"name": "New Company", "email": "new@example.net"})
    assert reply.status == 200
    changed = reply.json()
    assert changed == {**before, "name": "New Company", "email": "new@example.net", "updated": changed["updated"]}
    assert changed["updated"] > before["updated"]
    for shown in ("/company", "/system/company"):
        assert (await acme("GET", shown)).json() == changed
    assert (await globex("GET", "/company")).json() == theirs


async def test_row_2_every_field_and_what_is_not_sent_stays(acme: Caller) -> None:
    given = {
        "address": {"city": "San Diego", "street": {"name": "Foo Lane", "number": 23}},
        "billing_email": "b@example.com",
        "description": "x", "email": "c@example.com", "emergency_contact_number": "15554441234", "employees": 5,
        "fax": "13235551234", "name": "Example Corp", "onboarding": False, "phone": "15555554321", "revenue": 7,
        "website": "https://example.com",
    }  # fmt: skip
    shown = (await acme("PATCH", "/company", json=given)).json()
    assert {key: shown[key] for key in given} == given
    again = (await acme("PATCH", "/company", json={"address": {"street": {"number": "23A"}}, "fax": None})).json()
    assert again["address"] == {"city": "San Diego", "street": {"name": "Foo Lane", "number": "23A"}}
    assert {**again, "address": 0, "fax": 0, "updated": 0} == {**shown, "address": 0, "fax": 0, "updated": 0}
    assert again["fax"] is None
    whole = (await acme("PATCH", "/company", json=again)).json()
    assert whole == {**again, "updated": whole["updated"]}


async def test_row_2_and_ambiguity_17_read_only_and_unknown_keys_are_ignored(acme: Caller, globex: Caller) -> None:
    before = (await acme("GET", "/company")).json()
    ignored = {
        "id": globex.company, "created": "2000-01-01", "updated": 5, "status": "closed", "affiliate": True,
        "partner_id": "x", "colour": "blue", "key": "x", "country": "XX", "timezone": "x",
    }  # fmt: skip
    reply = await acme("PATCH", "/company", json=ignored)
    assert (reply.status, reply.json()) == (200, {**before, "updated": reply.json()["updated"]})


@pytest.mark.parametrize("path", ["/company", "/system/company"])
async def test_row_2_403_for_users(acme: Caller, world: World, path: str) -> None:
    jane = await made(acme)
    before = await counts(world.core.database)
    (await acme("PATCH", path, headers=as_user(jane), json={"name": "Mallory Inc"})).problem(403)
    (await acme("PATCH", path, headers=as_user(jane), data=b"{")).problem(403)
    assert await counts(world.core.database) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": None},
        {"name": ["x"]},
        {"email": "x"},
        {"billing_email": "x y"},
        {"employees": -1},
        {"employees": "many"},
        {"revenue": 2**70},
        {"onboarding": "yes"},
        {"address": "San Diego"},
        {"website": "x" * 1001},
        [],
    ],
)
async def test_row_2_refusals(acme: Caller, world: World, wrong: object) -> None:
    before = await counts(world.core.database)
    (await acme("PATCH", "/company", json=wrong)).problem(400)
    assert await counts(world.core.database) == before
