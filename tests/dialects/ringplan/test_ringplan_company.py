"""Rows 1 to 3 of specs/ringplan.md, and what section 6 says of them."""

import re

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller, World


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
    assert user["contacts"] == {"fax": "1", "phones": {}, "email": "Sales@acme.example"}
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
