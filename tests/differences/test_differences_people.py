"""KNOWN_DIFFERENCES.md 44 to 53: company, users, locations and the directory."""

from typing import Any

from tests.dialects.ringplan.conftest import Caller
from tests.differences.conftest import Place

USERS = "/company/contacts"
LOCATIONS = "/company/locations"
DIRECTORY = "/company/directory/contacts"


async def made(acme: Caller, path: str, **body: Any) -> Any:
    reply = await acme("POST", path, json=body)
    assert reply.status == 201, reply.body
    return reply.json()


async def test_44_duplicates_are_400(acme: Caller) -> None:
    for path, body in (
        (USERS, {"contacts": {"email": "Owner@acme.example"}}),
        (LOCATIONS, {"name": "HQ"}),
    ):
        if path == LOCATIONS:
            await made(acme, path, **body)
        (await acme("POST", path, json=body)).problem(400)
        assert len((await acme("GET", path)).json()) == 1


async def test_45_partial_at_every_depth(acme: Caller) -> None:
    address = {"city": "Reno", "street": {"name": "Main", "number": 7}}
    contacts = {"email": "sam@acme.example", "phones": {"home": "1", "work": "2"}}
    user = await made(acme, USERS, address=address, contacts=contacts)
    changes = {"address": {"street": {"number": "7A"}}, "contacts": {"phones": {"work": None}}}
    changed = (await acme("PATCH", f"{USERS}/{user['id']}", json=changes)).json()
    assert changed["address"] == {"city": "Reno", "street": {"name": "Main", "number": "7A"}}
    assert (changed["contacts"]["email"], changed["contacts"]["phones"]["home"]) == ("sam@acme.example", "1")
    assert not changed["contacts"]["phones"]["work"]
    await acme("PATCH", "/company", json={"address": address})
    company = (await acme("PATCH", "/company", json={"address": {"street": {"number": 8}}})).json()
    assert company["address"]["street"] == {"name": "Main", "number": 8}
    place = await made(acme, LOCATIONS, name="HQ", street=address["street"])
    moved = (await acme("PATCH", f"{LOCATIONS}/{place['id']}", json={"street": {"number": 9}})).json()
    assert moved["street"] == {"name": "Main", "number": 9}


async def test_46_read_only_of_a_company(acme: Caller) -> None:
    before = (await acme("GET", "/company")).json()
    body = {"status": "closed", "affiliate": not before["affiliate"], "partner_id": "x", "website": "acme.example"}
    after = await acme("PATCH", "/company", json=body)
    assert after.status == 200
    assert {key: after.json()[key] for key in ("status", "affiliate", "partner_id")} == {
        key: before[key] for key in ("status", "affiliate", "partner_id")
    }
    assert after.json()["website"] == "acme.example"


async def test_47_users_are_activated_by_their_invitation(place: Place) -> None:
    user = await made(place.acme, USERS, contacts={"email": "sam@acme.example"})
    assert (user["activated"], user["invitation"]["status"]) == (False, "pending")
    select = "SELECT text FROM mails WHERE company_id = $1"
    text = await place.core.database.fetchval(select, place.acme.office.company_id)
    path = next(word for word in text.split() if "/invitation/" in word).removeprefix("http://").partition("/")[2]
    path, _, token = f"/{path}".partition("?token=")
    nobody: dict[str, str | None] = {"Authorization": None, "X-User-Id": None}
    accepted = await place.acme("POST", path, json={"token": token, "password": "quite long"}, headers=nobody)
    assert (accepted.json()["activated"], accepted.json()["invitation"]["status"]) == (True, "accepted")
    at_once = await made(place.acme, USERS, contacts={"email": "kim@acme.example"}, activated=True)
    assert at_once["activated"] is True


async def test_48_company_id_of_a_location(acme: Caller) -> None:
    location = await made(acme, LOCATIONS, name="HQ", company_id=acme.company)
    path, foreign = f"{LOCATIONS}/{location['id']}", {"name": "Branch", "company_id": "0" * 24}
    (await acme("PATCH", path, json=foreign)).problem(400)
    (await acme("POST", LOCATIONS, json=foreign)).problem(400)
    assert (await acme("PATCH", path, json={**foreign, "company_id": acme.company})).json()["name"] == "Branch"
    assert len((await acme("GET", LOCATIONS)).json()) == 1


async def test_49_primary_in_paths(acme: Caller) -> None:
    reply = await acme("PATCH", f"{USERS}/primary", json={"title": "Head"})
    assert (reply.status, reply.json()["title"]) == (200, "Head")
    assert (await acme("GET", "/account/primary/extensions")).json() == []
    (await acme("DELETE", f"{USERS}/primary")).problem(403)


async def test_50_what_is_deleted_is_answered(acme: Caller) -> None:
    for path, thing in (
        (USERS, await made(acme, USERS, contacts={"email": "sam@acme.example"})),
        (LOCATIONS, await made(acme, LOCATIONS, name="HQ")),
        (DIRECTORY, await made(acme, DIRECTORY, first_name="Ann")),
    ):
        gone = await acme("DELETE", f"{path}/{thing['id']}")
        assert (gone.status, gone.json()["id"]) == (200, thing["id"])
        (await acme("DELETE", f"{path}/{thing['id']}")).problem(404)


async def test_51_the_directory(acme: Caller) -> None:
    ann = await made(acme, DIRECTORY, first_name="Ann", phone="13105550100")
    assert (await acme("GET", f"{DIRECTORY}/{ann['id']}")).json()["phone"] == "+13105550100"
    assert "Dr" in (await acme("GET", f"{DIRECTORY}/options")).json()["possible_salutations"]


async def test_52_put_of_the_directory_is_partial(acme: Caller) -> None:
    ann = await made(acme, DIRECTORY, first_name="Ann", address={"city": "Reno", "country": "US"})
    changed = await acme(
        "PUT", f"{DIRECTORY}/{ann['id']}", json={"email": "ann@x.example", "address": {"city": "Elko"}}
    )
    assert changed.status == 200
    shown = changed.json()
    assert (shown["first_name"], shown["email"]) == ("Ann", "ann@x.example")
    assert shown["address"]["city"] == "Elko"


async def test_53_the_directory_unpaged(place: Place) -> None:
    insert = (
        "INSERT INTO directory_contacts (company_id, first_name) SELECT $1, 'n' || n FROM generate_series(1, 1001) n"
    )
    await place.core.database.execute(insert, place.acme.office.company_id)
    whole = await place.acme("GET", DIRECTORY)
    assert (len(whole.json()), whole.headers["X-Pagination-Total-Count"]) == (1000, "1001")
    assert len((await place.acme("GET", f"{DIRECTORY}?page=2&per_page=1000")).json()) == 100
