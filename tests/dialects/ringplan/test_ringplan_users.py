"""Rows 4 to 6 of specs/ringplan.md under both prefixes, and what section 6 ("ambiguity") says of users."""

import re
from typing import Any

import pytest

from ringmain.core.events import PERSON_CREATED, PERSON_DELETED, PERSON_UPDATED
from ringmain.core.extensions.model import ExtensionChange
from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller, World, counts

USERS = "/company/contacts"
BOTH = pytest.mark.parametrize("path", [USERS, f"/system{USERS}"])
ABSENT = ids.encode(8192)


async def made(caller: Caller, name: str = "jane", path: str = USERS, **fields: Any) -> dict[str, Any]:
    """A user who may call at once."""
    body = {"contacts": {"email": f"{name}@example.com"}, "activated": True, **fields}
    reply = await caller("POST", path, json=body)
    assert reply.status == 201, reply.body
    user: dict[str, Any] = reply.json()
    return user


def as_user(user: dict[str, Any]) -> dict[str, str]:
    return {"X-User-Id": user["id"]}


async def events_of(world: World) -> list[tuple[str, str]]:
    rows = await world.core.database.fetch(
        "SELECT type, origin FROM events WHERE type LIKE 'person.%' AND origin <> '' ORDER BY id"
    )
    return [(row["type"], row["origin"]) for row in rows]


async def test_row_4_the_references_sample(acme: Caller, world: World) -> None:
    reply = await acme("POST", USERS, json={"first_name": "Jane", "contacts": {"email": "janedoe@example.com"}})
    assert reply.status == 201
    user = reply.json()
    assert set(user) == {
        "id", "activated", "address", "birthdate", "company_id", "contacts", "created", "description", "extension",
        "first_name", "invitation", "last_enter", "last_name", "primary_agent", "timezone", "title", "updated",
    }  # fmt: skip
    assert (user["first_name"], user["contacts"]["email"]) == ("Jane", "janedoe@example.com")
    assert (user["company_id"], user["activated"]) == (acme.company, False)
    assert user["invitation"]["status"] == "pending"
    assert user["invitation"]["accepted_at"] is None
    for key in ("expired_at", "issued_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", user["invitation"][key])
    (listed,) = (await acme("GET", f"{USERS}?work_email=JaneDoe@example.com")).json()
    assert listed == user
    assert await events_of(world) == [(PERSON_CREATED, "ringplan")]


@BOTH
async def test_row_4_every_field(acme: Caller, path: str) -> None:
    agent = await made(acme, "agent", path)
    given = {
        "address": {
            "address2": "Floor 2", "city": "San Diego", "country": "United States", "number": "23", "state": "CA",
            "street": {"name": "Foo Lane", "number": 23, "type": "Avenue"}, "zip": "12345",
        },
        "birthdate": "1990-12-31",
        "contacts": {
            "email": "Jane@example.com", "fax": "13235551234",
            "phones": {"home": "1", "mobile": "2", "other": "3", "work": "4"},
        },
        "description": "x", "first_name": "Jane", "last_name": "Doe", "primary_agent": agent["id"],
        "timezone": "Europe/Kyiv", "title": "Ms", "activated": True,
    }  # fmt: skip
    reply = await acme("POST", path, json=given)
    assert reply.status == 201
    user = reply.json()
    assert {key: user[key] for key in given} == given
    shown = (await acme("GET", f"{path}?work_email=jane@example.com")).json()
    assert shown == [user]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"first_name": "Jane"},
        {"contacts": None},
        {"contacts": {"email": None}},
        {"contacts": {"email": ""}},
        {"contacts": {"email": "nobody"}},
        {"contacts": {"email": "a@b.example\r\nBcc: x@y.example"}},
        {"contacts": {"email": ["a@b.example"]}},
        {"contacts": "a@b.example"},
        {"contacts": {"email": "a@b.example", "phones": []}},
        {"contacts": {"email": "a@b.example"}, "timezone": "Mars/Olympus"},
        {"contacts": {"email": "a@b.example"}, "birthdate": "soon"},
        {"contacts": {"email": "a@b.example"}, "first_name": "x" * 201},
        {"contacts": {"email": "a@b.example"}, "first_name": 1},
        {"contacts": {"email": "a@b.example"}, "title": "x" * 1001},
        {"contacts": {"email": "a@b.example"}, "primary_agent": ABSENT},
        {"contacts": {"email": "a@b.example"}, "primary_agent": "x"},
        {"contacts": {"email": "a@b.example"}, "address": "here"},
        {"contacts": {"email": "a@b.example"}, "address": {"street": {"number": 2**64}}},
        {"contacts": {"email": "OWNER@acme.example"}},
        [],
    ],
)
async def test_row_4_400_and_nothing_written(acme: Caller, world: World, wrong: object) -> None:
    before = await counts(world.core.database)
    (await acme("POST", USERS, json=wrong)).problem(400)
    assert await counts(world.core.database) == before


async def test_row_4_emails_are_unique_in_a_company_only(acme: Caller, globex: Caller) -> None:
    await made(acme)
    await made(globex)
    (await acme("POST", USERS, json={"contacts": {"email": "JANE@example.com"}})).problem(400)
    agent = await made(globex, "agent")
    body = {"contacts": {"email": "x@example.com"}, "primary_agent": agent["id"]}
    (await acme("POST", USERS, json=body)).problem(400)


@BOTH
async def test_row_4_and_6_403_for_users(acme: Caller, world: World, path: str) -> None:
    jane, joe = await made(acme), await made(acme, "joe")
    before = await counts(world.core.database)
    (await acme("POST", path, headers=as_user(jane), json={"contacts": {"email": "x@example.com"}})).problem(403)
    for contact_id in (joe["id"], jane["id"], ABSENT, "x", "primary"):
        (await acme("DELETE", f"{path}/{contact_id}", headers=as_user(jane))).problem(403)
    assert await counts(world.core.database) == before


@BOTH
async def test_row_5_the_references_sample_by_the_user(acme: Caller, world: World, path: str) -> None:
    jane = await made(acme)
    body = {"emergency_contact_number": "15554441234", "last_name": "Smith"}
    reply = await acme("PATCH", f"{path}/{jane['id']}", headers=as_user(jane), json=body)
    assert reply.status == 200
    changed = reply.json()
    assert changed == {**jane, "last_name": "Smith", "updated": changed["updated"]}
    assert changed["updated"] > jane["updated"]
    assert await events_of(world) == [(PERSON_CREATED, "ringplan"), (PERSON_UPDATED, "ringplan")]


async def test_row_5_what_is_not_sent_stays_at_every_depth(acme: Caller) -> None:
    jane = await made(
        acme,
        contacts={"email": "jane@example.com", "fax": "1", "phones": {"home": "2", "work": "3"}},
        address={"city": "Kyiv", "street": {"name": "Main", "number": 7}},
        title="Ms",
    )
    path = f"{USERS}/{jane['id']}"
    body = {"contacts": {"phones": {"home": "9"}}, "address": {"street": {"number": "8a"}}, "title": None}
    changed = (await acme("PATCH", path, json=body)).json()
    phones = {"home": "9", "mobile": None, "other": None, "work": "3"}
    assert changed["contacts"] == {"email": "jane@example.com", "fax": "1", "phones": phones}
    assert changed["address"] == {"city": "Kyiv", "street": {"name": "Main", "number": "8a"}}
    assert changed["title"] is None
    whole = (await acme("PATCH", path, json=changed)).json()
    assert whole == {**changed, "updated": whole["updated"]}


async def test_row_5_a_new_email_goes_to_texting_numbers(acme: Caller) -> None:
    jane = await made(acme)
    number = acme.office.number
    await acme("PUT", f"/texting/numbers/{number}", json=["jane@example.com"])
    reply = await acme("PATCH", f"{USERS}/{jane['id']}", json={"contacts": {"email": "Jane.Smith@example.com"}})
    assert reply.json()["contacts"]["email"] == "Jane.Smith@example.com"
    (shown,) = (await acme("GET", "/texting/numbers")).json()
    assert shown["ownership"] == ["jane.smith@example.com"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"contacts": {"email": ""}},
        {"contacts": {"email": "owner@acme.example"}},
        {"contacts": {"email": "no"}},
        {"timezone": "x"},
        {"birthdate": "31.12.1990"},
        {"activated": "yes"},
        {"primary_agent": ABSENT},
        {"address": []},
        [],
    ],
)
async def test_row_5_400_and_nothing_written(acme: Caller, world: World, wrong: object) -> None:
    jane = await made(acme)
    before = await counts(world.core.database)
    (await acme("PATCH", f"{USERS}/{jane['id']}", headers=as_user(jane), json=wrong)).problem(400)
    assert await counts(world.core.database) == before


async def test_row_5_403_for_another_user_and_404_for_the_owner(acme: Caller, globex: Caller, world: World) -> None:
    jane, joe, foreign = await made(acme), await made(acme, "joe"), await made(globex)
    before = await counts(world.core.database)
    for contact_id in (joe["id"], foreign["id"], ABSENT, "x", "primary"):
        path = f"{USERS}/{contact_id}"
        (await acme("PATCH", path, headers=as_user(jane), json={"first_name": "Mallory"})).problem(403)
    for contact_id in (foreign["id"], ABSENT, "x", ids.encode(globex.office.owner_id)):
        (await acme("PATCH", f"{USERS}/{contact_id}", json={"first_name": "Mallory"})).problem(404)
    assert await counts(world.core.database) == before


async def test_row_5_only_the_owner_says_who_is_activated(acme: Caller) -> None:
    jane = await made(acme)
    path = f"{USERS}/{jane['id']}"
    (await acme("PATCH", path, headers=as_user(jane), json={"activated": False})).problem(403)
    assert (await acme("PATCH", path, headers=as_user(jane), json={"activated": True})).status == 200
    assert (await acme("PATCH", path, json={"activated": False})).json()["activated"] is False
    (await acme("GET", "/company", headers=as_user(jane))).problem(401)
    assert (await acme("PATCH", path, json={"activated": True})).json()["activated"] is True
    assert (await acme("GET", "/company", headers=as_user(jane))).status == 200
    (await acme("PATCH", f"{USERS}/primary", json={"activated": False})).problem(403)


async def test_primary_is_an_alias_in_paths_too(acme: Caller) -> None:
    reply = await acme("PATCH", f"{USERS}/primary", json={"first_name": "Oona"})
    assert (reply.status, reply.json()["id"]) == (200, ids.encode(acme.office.owner_id))
    account = await acme("GET", "/system/account")
    assert account.json() == reply.json()


@BOTH
async def test_row_6_deletes_with_all_that_acts_for_them(acme: Caller, world: World, path: str) -> None:
    core, company_id = world.core, acme.office.company_id
    jane = await made(acme, path=path)
    person_id = ids.decode(jane["id"], "user")
    await core.credentials.set_password(company_id, person_id, "correct horse")
    tokens = await core.sessions.log_in("jane@example.com", "correct horse", address="192.0.2.1")
    headers = {"Authorization": tokens.user_token, "X-User-Id": None}
    await core.credentials.create_api_key(company_id, "ringrx", "Jane's", person_id=person_id)
    assert (await acme("GET", "/system/account", headers=headers)).json()["id"] == jane["id"]
    reply = await acme("DELETE", f"{path}/{jane['id']}")
    assert reply.status == 200
    (await acme("GET", "/system/account", headers=headers)).problem(401)
    (await acme("GET", "/system/account", headers=as_user(jane))).problem(401)
    body = {"access_token": tokens.user_token, "refresh_token": tokens.refresh_token}
    (await acme("POST", "/refresh-token", json=body)).problem(401)
    assert {key.dialect for key in await core.credentials.list_api_keys(company_id)} == {"ringplan"}
    assert (await acme("GET", f"{path}?work_email=jane@example.com")).status == 204
    (await acme("DELETE", f"{path}/{jane['id']}")).problem(404)
    assert [kind for kind, _ in await events_of(world)] == [PERSON_CREATED, PERSON_DELETED]


async def test_row_6_404(acme: Caller, globex: Caller, world: World) -> None:
    foreign = await made(globex)
    before = await counts(world.core.database)
    for contact_id in (foreign["id"], ABSENT, "79951a6-4f51-5019-a897-0e7624828abf", acme.contact):
        (await acme("DELETE", f"{USERS}/{contact_id}")).problem(404)
    assert await counts(world.core.database) == before


async def test_ambiguity_7_no_match_is_204_and_past_the_end_is_not(acme: Caller) -> None:
    reply = await acme("GET", f"{USERS}?first_name=nobody")
    assert (reply.status, reply.body) == (204, b"")
    assert (await acme("GET", f"{USERS}?page=99")).json() == []


async def test_ambiguity_8_filters_compare_whole_values_without_case(acme: Caller) -> None:
    jane = await made(acme, first_name="Jane")
    for query in ("work_email=JANE@Example.com", "first_name=jANE", "first_name=JANE&work_email=jane@example.com"):
        assert [user["id"] for user in (await acme("GET", f"{USERS}?{query}")).json()] == [jane["id"]]
    for query in ("work_email=jane", "first_name=Jan", "first_name=Joe&work_email=jane@example.com"):
        assert (await acme("GET", f"{USERS}?{query}")).status == 204


async def test_ambiguity_13_deletion_answers_who_they_were(acme: Caller, world: World) -> None:
    jane = await made(acme, first_name="Jane")
    core, company_id = world.core, acme.office.company_id
    instance = await core.instances.create(company_id, name="pbx", domain="pbx.example.com")
    change = ExtensionChange(number=1001, name="Desk", person_id=ids.decode(jane["id"], "user"))
    extension = await core.extensions.create(company_id, instance.id, change)
    (shown,) = (await acme("GET", f"{USERS}?first_name=jane")).json()
    own = {"id": ids.encode(extension.id), "description": None, "name": "Desk", "number": 1001}
    assert {**shown["extension"], "description": None} == own
    assert (await acme("DELETE", f"{USERS}/{jane['id']}")).json() == shown


async def test_ambiguity_17_unknown_and_read_only_keys_are_ignored(acme: Caller, globex: Caller) -> None:
    jane = await made(acme)
    ignored: dict[str, Any] = {
        "id": ABSENT, "company_id": globex.company, "created": "2000-01-01", "updated": 1, "last_enter": "never",
        "invitation": {"status": "accepted"}, "extension": {"number": 1}, "emergency_contact_number": "1",
        "owner": True, "password": "x", "profile": {"a": 1},
    }  # fmt: skip
    reply = await acme("PATCH", f"{USERS}/{jane['id']}", json=ignored)
    assert (reply.status, reply.json()) == (200, {**jane, "updated": reply.json()["updated"]})
    joe = await made(acme, "joe", **ignored)
    assert joe["company_id"] == acme.company
    assert joe["extension"] is None
    assert joe["invitation"]["status"] == "pending"


async def test_ambiguity_18_null_is_empty(acme: Caller) -> None:
    fields: dict[str, Any] = dict.fromkeys(
        ("first_name", "last_name", "address", "birthdate", "description", "primary_agent", "timezone", "title")
    )
    jane = await made(acme, **fields)
    assert (jane["first_name"], jane["timezone"], jane["address"]) == ("", None, None)
    changed = await made(acme, "joe", first_name="Joe", timezone="Asia/Tokyo", primary_agent=jane["id"])
    emptied = (await acme("PATCH", f"{USERS}/{changed['id']}", json=fields)).json()
    assert (emptied["first_name"], emptied["timezone"], emptied["primary_agent"]) == ("", None, None)


async def test_ambiguity_48_the_primary_user_cannot_be_deleted(acme: Caller, world: World) -> None:
    before = await counts(world.core.database)
    for contact_id in ("primary", ids.encode(acme.office.owner_id)):
        for path in (USERS, f"/system{USERS}"):
            (await acme("DELETE", f"{path}/{contact_id}")).problem(403)
    assert await counts(world.core.database) == before


async def test_ambiguity_51_unknown_query_keys_are_ignored(acme: Caller) -> None:
    for path in (USERS, "/company", "/company/locations", "/company/directory/contacts", "/system/account"):
        plain = await acme("GET", path)
        assert (await acme("GET", f"{path}?colour=blue&sort=nothing")).body == plain.body


async def test_an_agent_who_goes_leaves_nobody(acme: Caller) -> None:
    agent = await made(acme, "agent")
    jane = await made(acme, primary_agent=agent["id"])
    assert jane["primary_agent"] == agent["id"]
    await acme("DELETE", f"{USERS}/{agent['id']}")
    (shown,) = (await acme("GET", f"{USERS}?work_email=jane@example.com")).json()
    assert shown["primary_agent"] is None
