"""The directory that web clients keep (specs/ringplan.md 5)."""

from typing import Any

import pytest

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller, World, counts
from tests.dialects.ringplan.test_ringplan_users import as_user, made

DIRECTORY = "/company/directory/contacts"
ABSENT = ids.encode(8192)
KIM: dict[str, Any] = {
    "salutation": "Dr", "first_name": "Kim", "last_name": "Lee", "phone": "+13105550188", "email": "kim@example.com",
    "birthday": "1990-12-31", "fax": "13235551234", "mailing_address": "PO Box 1",
    "address": {"country": "US", "state": "CA", "city": "San Diego", "street": "Foo Lane 23", "zipcode": "12345"},
    "job_details": {"position": "Buyer", "department": "Parts", "reports_to": "+13105550189"},
    "organization_details": {"organization": "Example Corp", "parent_organization": "Example Group"},
}  # fmt: skip


async def test_every_field_comes_back(acme: Caller) -> None:
    reply = await acme("POST", "/company/directory/contacts", json={**KIM, "is_deleted": True, "colour": "blue"})
    assert reply.status == 201
    kim = reply.json()
    fixed = {"extension": None, "group": None, "is_user": False, "is_deleted": False}
    assert kim == {**KIM, **fixed, "id": kim["id"], "company_id": acme.company}
    assert (await acme("GET", f"/company/directory/contacts/{kim['id']}")).json() == kim
    assert (await acme("GET", "/company/directory/contacts")).json() == [kim]


async def test_users_may_do_all_of_it(acme: Caller) -> None:
    jane = as_user(await made(acme))
    kim = (await acme("POST", DIRECTORY, headers=jane, json=KIM)).json()
    assert (await acme("PUT", f"{DIRECTORY}/{kim['id']}", headers=jane, json={"first_name": "K"})).status == 200
    assert (await acme("DELETE", f"{DIRECTORY}/{kim['id']}", headers=jane)).status == 200


async def test_lists_are_whole_unless_a_page_is_asked_for(acme: Caller) -> None:
    made_ = [(await acme("POST", DIRECTORY, json={"first_name": f"n{i}"})).json() for i in range(25)]
    whole = await acme("GET", DIRECTORY)
    assert whole.json() == made_
    assert whole.headers["X-Pagination-Total-Count"] == "25"
    page = await acme("GET", f"{DIRECTORY}?page=3&per_page=10")
    assert page.json() == made_[20:]
    assert page.headers["X-Pagination-Page-Count"] == "3"
    past = await acme("GET", f"{DIRECTORY}?page=9")
    assert (past.status, past.json(), past.headers["X-Pagination-Total-Count"]) == (200, [], "25")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("310-555-0188", "+13105550188"),
        ("13105550188", "+13105550188"),
        ("442071838750", "+442071838750"),
        ("1001", "1001"),
        (None, None),
        ("", None),
    ],
)
async def test_phones_are_kept_as_e164(acme: Caller, given: str | None, kept: str | None) -> None:
    reply = await acme("POST", DIRECTORY, json={"first_name": "Kim", "phone": given})
    assert (reply.status, reply.json()["phone"]) == (201, kept)


async def test_put_changes_what_is_given(acme: Caller) -> None:
    kim = (await acme("POST", DIRECTORY, json=KIM)).json()
    body = {"last_name": "Park", "job_details": {"position": "Head"}, "email": None, "id": ABSENT}
    reply = await acme("PUT", f"/company/directory/contacts/{kim['id']}", json=body)
    job = {**KIM["job_details"], "position": "Head"}
    assert (reply.status, reply.json()) == (200, {**kim, "last_name": "Park", "job_details": job, "email": None})
    assert (await acme("GET", f"{DIRECTORY}/{kim['id']}")).json() == reply.json()


async def test_deletion_answers_what_it_was(acme: Caller) -> None:
    kim = (await acme("POST", DIRECTORY, json=KIM)).json()
    reply = await acme("DELETE", f"/company/directory/contacts/{kim['id']}")
    assert (reply.status, reply.json()) == (200, kim)
    for method in ("GET", "DELETE"):
        (await acme(method, f"{DIRECTORY}/{kim['id']}")).problem(404)
    assert (await acme("GET", DIRECTORY)).headers["X-Pagination-Total-Count"] == "0"


async def test_options_offer_salutations(acme: Caller) -> None:
    reply = await acme("GET", "/company/directory/contacts/options")
    assert reply.status == 200
    assert "Dr" in reply.json()["possible_salutations"]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"first_name": " ", "email": ""},
        {"first_name": "x" * 201},
        {"first_name": 5},
        {"first_name": "x", "phone": "call me"},
        {"first_name": "x", "phone": "+1"},
        {"first_name": "x", "email": "no"},
        {"first_name": "x", "address": "San Diego"},
        {"first_name": "x", "mailing_address": "x" * 1001},
        [],
    ],
)
async def test_refusals_write_nothing(acme: Caller, world: World, wrong: object) -> None:
    before = await counts(world.core.database)
    (await acme("POST", DIRECTORY, json=wrong)).problem(400)
    assert await counts(world.core.database) == before


async def test_nothing_to_tell_it_by_may_not_be_left(acme: Caller, globex: Caller, world: World) -> None:
    kim = (await acme("POST", DIRECTORY, json={"first_name": "Kim"})).json()
    before = await counts(world.core.database)
    (await acme("PUT", f"{DIRECTORY}/{kim['id']}", json={"first_name": ""})).problem(400)
    (await globex("PUT", f"{DIRECTORY}/{kim['id']}", json={"first_name": ""})).problem(404)
    for method in ("GET", "DELETE"):
        (await globex(method, f"{DIRECTORY}/{kim['id']}")).problem(404)
        (await acme(method, f"{DIRECTORY}/{ABSENT}")).problem(404)
    assert await counts(world.core.database) == before
