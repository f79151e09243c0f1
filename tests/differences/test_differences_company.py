"""KNOWN_DIFFERENCES.md 106 to 113: company, directory, extensions, numbers, who may do what."""

from io import BytesIO
from typing import Any

import pytest

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller
from tests.differences.conftest import Place

DIRECTORY = "/company/directory/contacts"
User = dict[str, str | None]


@pytest.fixture
async def sam(place: Place) -> User:
    """A user who is not the owner, as a header."""
    person = await place.core.people.create(place.acme.office.company_id, email="sam@acme.example")
    return {"X-User-Id": ids.encode(person.id)}


async def made(acme: Caller, path: str, user: User | None = None, **body: Any) -> Any:
    reply = await acme("POST", path, json=body, headers=user)
    assert reply.status == 201, reply.body
    return reply.json()


async def instance(place: Place, **fields: Any) -> str:
    company_id = place.acme.office.company_id
    return str((await place.core.instances.create(company_id, name="pbx", domain="pbx.acme.example", **fields)).uuid)


async def test_106_no_location_and_as_many_employees_as_it_says(acme: Caller) -> None:
    assert (await acme("GET", "/company/locations")).json() == []
    only = await made(acme, "/company/locations", name="HQ")
    assert (await acme("DELETE", f"/company/locations/{only['id']}")).status == 200
    assert (await acme("GET", "/company")).json()["employees"] is None
    assert (await acme("PATCH", "/company", json={"employees": 250})).json()["employees"] == 250
    assert len((await acme("GET", "/company/contacts")).json()) == 1


async def test_107_owners_alone_where_the_reference_says_so(place: Place, sam: User) -> None:
    acme = place.acme
    bulks = f"/instances/{await instance(place)}/bulks/extensions"
    extension = await made(acme, bulks, sam, data={"id": 1001})
    assert (await acme("DELETE", f"{bulks}/{extension['_id']}", headers=sam)).status == 204
    number = f"/texting/numbers/{acme.office.number[2:]}"
    assert (await acme("PUT", number, json=["nobody@elsewhere.example"], headers=sam)).status == 200
    assert (await acme("PUT", "/webhooks/callbacks/url", json={"url": "acme.example"}, headers=sam)).status == 200
    assert (await acme("DELETE", f"/texting/conversations/{acme.conversation}", headers=sam)).status == 204
    for method, path in (
        ("PATCH", "/company"),
        ("POST", "/company/contacts"),
        ("DELETE", f"/company/contacts/{sam['X-User-Id']}"),
        ("PATCH", "/company/contacts/primary"),
        ("POST", "/company/locations"),
    ):
        (await acme(method, path, json={}, headers=sam)).problem(403)


async def test_108_the_owner_activates_and_stays_active(acme: Caller, sam: User) -> None:
    path = f"/company/contacts/{sam['X-User-Id']}"
    (await acme("PATCH", path, json={"activated": False}, headers=sam)).problem(403)
    assert (await acme("PATCH", path, json={"activated": True, "title": "Mr"}, headers=sam)).status == 200
    assert (await acme("PATCH", path, json={"activated": False})).json()["activated"] is False
    (await acme("GET", "/company", headers=sam)).problem(401)
    (await acme("PATCH", "/company/contacts/primary", json={"activated": False})).problem(403)


async def test_109_numbers_of_the_directory(acme: Caller, sam: User) -> None:
    for given, kept in (("310-555-0188", "+13105550188"), ("442071838750", "+442071838750"), ("1001", "1001")):
        assert (await made(acme, DIRECTORY, sam, phone=given))["phone"] == kept
    for body in ({}, {"first_name": " "}, {"phone": "call me"}, {"email": "no"}):
        (await acme("POST", DIRECTORY, json=body)).problem(400)


async def test_110_what_the_directory_says_of_everybody(acme: Caller) -> None:
    kim = await made(acme, DIRECTORY, first_name="Kim", is_user=True, job_details={"position": "Head"})
    fixed = {"extension": None, "group": None, "is_user": False, "is_deleted": False}
    assert fixed.items() <= kim.items()
    job = {"job_details": {"department": "Sales"}}
    changed = (await acme("PUT", f"{DIRECTORY}/{kim['id']}", json=job)).json()
    assert changed["job_details"] == {"position": "Head", "department": "Sales"}
    assert (await acme("GET", f"{DIRECTORY}/options")).json() == {
        "possible_salutations": ["Mr", "Ms", "Mrs", "Mx", "Dr", "Prof"]
    }


async def test_111_what_an_instance_does_not_say(place: Place) -> None:
    await instance(place, profile={"ip": "198.51.100.1"})
    (shown,) = (await place.acme("GET", "/instances")).json()
    assert (shown["fqdn"], shown["external_domain"], shown["hostname"], shown["internal_domain"]) == (
        *("pbx.acme.example", "acme.example"),
        *("pbx", "pbx.local"),
    )
    assert (shown["accountcode"], shown["channel_driver"]) == (shown["_id"], "chan_pjsip")
    assert (shown["ip"], shown["proxy_ip"]) == ("198.51.100.1", None)


async def test_112_phones_of_an_extension(place: Place) -> None:
    uuid = await instance(place)
    bulks = f"/instances/{uuid}/bulks/extensions"
    bare = await made(place.acme, bulks, data={"id": 1001}, phone=[{"_id": "x"}])
    assert (bare["purpose"], bare["phone"]) == ("unassigned", [])
    desk = await made(place.acme, bulks, data={"id": 1002, "name": "Desk"}, purpose="ip-phone")
    (phone,) = desk["phone"]
    assert phone["extensions"] == [{"_id": desk["_id"], "data": {"id": 1002, "name": "Desk"}}]
    (registration,) = phone["data"]["reg"]
    assert registration["server"] == [{"address": "pbx.acme.example"}]
    assert (registration["userid"], registration["password"]) == (1002, desk["qr-config"]["password"])
    (await place.acme("POST", bulks, json={"data": {"id": 1003}, "purpose": "toaster"})).problem(400)
    assert desk["data"]["secret"] == "" != registration["password"]


async def test_113_a_file_is_uploaded_once(acme: Caller) -> None:
    made_ = await made(acme, "/files", name="note")
    assert (made_["uploaded_at"], made_["size"], made_["preview"]) == (None, None, None)
    (await acme("POST", f"/conversion/files/{made_['id']}/representation")).problem(404)
    upload = f"/files/{made_['id']}/upload"
    assert (await acme("POST", upload, data={"upfile": BytesIO(b"hello")})).status == 200
    (await acme("POST", upload, data={"upfile": BytesIO(b"other")})).problem(409)
    shown = (await acme("POST", f"/conversion/files/{made_['id']}/representation")).json()["original"]
    assert shown["preview"]["base64"].endswith(";base64,aGVsbG8=")
