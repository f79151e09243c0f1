"""Rows 7 to 10 of specs/ringplan.md, and what section 6 ("ambiguity") says of locations."""

from typing import Any

import pytest

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller, World, counts
from tests.dialects.ringplan.test_ringplan_users import as_user, made

LOCATIONS = "/company/locations"
BOTH = pytest.mark.parametrize("path", [LOCATIONS, f"/system{LOCATIONS}"])
ABSENT = ids.encode(8192)
WHOLE: dict[str, Any] = {
    "address2": "Floor 2", "building": {"type": "Apartment", "value": "42"}, "callerid": "9513360234",
    "city": "Chula Vista", "country": "United States", "e911_provisioned": True, "email": "cv@example.com",
    "fax": "15554443333", "latitude": 33.3877219, "longitude": -116.7919419, "name": "Main location",
    "phone": "15553334444", "state": "CA", "street": {"name": "Foo Lane", "number": 23, "type": "Avenue"},
    "zip": "91901",
}  # fmt: skip


async def placed(caller: Caller, called: str = "Main", **fields: Any) -> dict[str, Any]:
    reply = await caller("POST", LOCATIONS, json={"name": called, **fields})
    assert reply.status == 201, reply.body
    location: dict[str, Any] = reply.json()
    return location


@BOTH
async def test_row_7_and_8_every_field(acme: Caller, globex: Caller, world: World, path: str) -> None:
    instance = await world.core.instances.create(acme.office.company_id, name="pbx", domain="pbx.example.com")
    reply = await acme("POST", path, json={**WHOLE, "pbx_id": str(instance.uuid), "company_id": acme.company})
    assert reply.status == 201
    location = reply.json()
    assert location == {
        **WHOLE, "id": location["id"], "company_id": acme.company, "pbx_id": str(instance.uuid),
    }  # fmt: skip
    second = await placed(acme, "Second")
    listed = await acme("GET", path)
    assert (listed.status, listed.json()) == (200, [location, second])
    assert listed.headers["X-Pagination-Total-Count"] == "2"
    assert (await acme("GET", f"{path}?page=2&per_page=1")).json() == [second]
    assert set(second) == set(location)
    assert second["e911_provisioned"] is False
    assert (await globex("GET", path)).json() == []


async def test_row_7_users_may_read(acme: Caller) -> None:
    location = await placed(acme)
    jane = await made(acme)
    assert (await acme("GET", LOCATIONS, headers=as_user(jane))).json() == [location]


async def test_ambiguity_18_the_references_sample_with_the_own_and_a_foreign_company_id(
    acme: Caller, globex: Caller, world: World
) -> None:
    sample = {
        "name": "Second Location", "country": "United States", "state": "California", "city": "Carlsbad",
        "zip": "92008",
    }  # fmt: skip
    before = await counts(world.core.database)
    for foreign in (globex.company, ABSENT, "611ced1255c44a89f8df7cc0", "", 5):
        (await acme("POST", LOCATIONS, json={**sample, "company_id": foreign})).problem(400)
    assert await counts(world.core.database) == before
    location = await placed(acme, **{**sample, "company_id": acme.company})
    assert {key: location[key] for key in sample} == sample
    path = f"{LOCATIONS}/{location['id']}"
    (await acme("PATCH", path, json={"company_id": globex.company})).problem(400)
    assert (await acme("PATCH", path, json=location)).json() == location
    assert (await acme("PATCH", path, json={"company_id": None, "zip": None})).json() == {**location, "zip": None}


WRONG: list[object] = [
    {"name": ""},
    {"name": None},
    {"name": " "},
    {"name": "x" * 201},
    {"name": "Main"},
    {"name": "x", "latitude": 91},
    {"name": "x", "longitude": "west"},
    {"name": "x", "e911_provisioned": "yes"},
    {"name": "x", "email": "nobody"},
    {"name": "x", "street": "Foo Lane 23"},
    {"name": "x", "building": []},
    {"name": "x", "pbx_id": "x"},
    {"name": "x", "pbx_id": "279951a6-4f51-5019-a897-0e7624828abf"},
    [],
]


@pytest.mark.parametrize("wrong", [{}, {"city": "Carlsbad"}, *WRONG])
async def test_row_8_400_and_nothing_written(acme: Caller, world: World, wrong: object) -> None:
    await placed(acme)
    before = await counts(world.core.database)
    (await acme("POST", LOCATIONS, json=wrong)).problem(400)
    assert await counts(world.core.database) == before


@pytest.mark.parametrize("wrong", WRONG)
async def test_row_9_400_and_nothing_written(acme: Caller, world: World, wrong: object) -> None:
    await placed(acme)
    second = await placed(acme, "Second")
    before = await counts(world.core.database)
    (await acme("PATCH", f"{LOCATIONS}/{second['id']}", json=wrong)).problem(400)
    assert await counts(world.core.database) == before


async def test_row_8_another_companys_pbx_is_400(acme: Caller, globex: Caller, world: World) -> None:
    instance = await world.core.instances.create(globex.office.company_id, name="pbx", domain="pbx.example.com")
    (await acme("POST", LOCATIONS, json={"name": "x", "pbx_id": str(instance.uuid)})).problem(400)


@BOTH
async def test_row_9_changes_what_is_given(acme: Caller, path: str) -> None:
    location = await placed(acme, **WHOLE)
    reply = await acme("PATCH", f"{path}/{location['id']}", json={"name": "Old Location"})
    assert (reply.status, reply.json()) == (200, {**location, "name": "Old Location"})
    body = {"street": {"number": "24b"}, "id": ABSENT, "colour": "blue"}
    street = {**WHOLE["street"], "number": "24b"}
    changed = await acme("PATCH", f"{path}/{location['id']}", json=body)
    assert changed.json() == {**location, "name": "Old Location", "street": street}
    assert (await acme("GET", path)).json() == [changed.json()]


@BOTH
async def test_row_8_to_10_403_for_users(acme: Caller, world: World, path: str) -> None:
    jane, location = await made(acme), await placed(acme)
    before = await counts(world.core.database)
    (await acme("POST", path, headers=as_user(jane), json={"name": "x"})).problem(403)
    for location_id in (location["id"], ABSENT):
        (await acme("PATCH", f"{path}/{location_id}", headers=as_user(jane), json={"name": "x"})).problem(403)
        (await acme("DELETE", f"{path}/{location_id}", headers=as_user(jane))).problem(403)
    assert await counts(world.core.database) == before


async def test_row_9_and_10_404(acme: Caller, globex: Caller, world: World) -> None:
    foreign = await placed(globex)
    before = await counts(world.core.database)
    for location_id in (foreign["id"], ABSENT, "x"):
        (await acme("PATCH", f"{LOCATIONS}/{location_id}", json={"name": "x"})).problem(404)
        (await acme("DELETE", f"{LOCATIONS}/{location_id}")).problem(404)
    assert await counts(world.core.database) == before


@BOTH
async def test_row_10_and_ambiguity_13_deletion_answers_what_it_was(acme: Caller, path: str) -> None:
    location = await placed(acme, **WHOLE)
    reply = await acme("DELETE", f"{path}/{location['id']}")
    assert (reply.status, reply.json()) == (200, location)
    assert (await acme("GET", path)).json() == []
    (await acme("DELETE", f"{path}/{location['id']}")).problem(404)
