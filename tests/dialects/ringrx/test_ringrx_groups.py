"""/groups: our own routes for what call alerts are bound to."""

from typing import Any

import pytest

from ringmain.dialects.ringrx import ids
from tests.dialects.ringrx.conftest import Account, Caller, World

GROUPS = "/groups"
FULL: dict[str, Any] = {
    "name": "Reception",
    "extension": "8000",
    "strategy": "sequential",
    "ring_seconds": 15,
    "members": ["102", "101"],
    "otherwise": "voicemail",
    "otherwise_to": "101",
    "tags": ["reception"],
}


async def made(caller: Caller, **fields: Any) -> dict[str, Any]:
    reply = await caller("POST", GROUPS, json={"extension": "8000", **fields})
    assert reply.status == 201, reply.body
    body: dict[str, Any] = reply.json()
    return body


async def test_a_group_is_made_shown_and_listed(acme: Caller, account: Account) -> None:
    first = await made(acme, **FULL)
    assert {name: first[name] for name in FULL} == FULL
    assert first["instance_id"] == ids.encode(account.instance_id)
    assert set(first) == {*FULL, "id", "instance_id", "created_at", "updated_at"}
    second = await made(acme, extension=700)
    assert {name: second[name] for name in FULL} == {
        "name": "",
        "extension": "700",
        "strategy": "simultaneous",
        "ring_seconds": 20,
        "members": [],
        "otherwise": "hang_up",
        "otherwise_to": "",
        "tags": [],
    }
    assert await acme.read(GROUPS) == [second, first]
    assert await acme.read(f"{GROUPS}/{first['id']}") == first
    known = await account.core.groups.get(account.id, ids.decode(first["id"], "group"))
    assert (known.number, known.members, known.ring_s) == (8000, [102, 101], 15)


async def test_a_group_may_come_as_query_or_form(acme: Caller) -> None:
    form = {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in FULL.items()}
    for number, options in (("8000", {"data": form}), ("8001", {"params": form | {"extension": "8001"}})):
        group = (await acme("POST", GROUPS, **options)).json()
        assert {name: group[name] for name in FULL} == {**FULL, "extension": number}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_group_changes(acme: Caller, method: str) -> None:
    before = await made(acme, **FULL)
    path = f"{GROUPS}/{before['id']}"
    changes: dict[str, Any] = {"name": "Desk", "members": [101], "ring_seconds": "30", "extension": "8001"}
    after = (await acme(method, path, json=changes)).json()
    shown = {**changes, "members": ["101"], "ring_seconds": 30}
    assert {**after, "updated_at": ""} == {**before, **shown, "updated_at": ""}
    # What is read can be written back.
    back = await acme(method, path, json=after)
    assert {**back.json(), "updated_at": ""} == {**after, "updated_at": ""}
    emptied = (await acme(method, path, data={"members": "", "tags": ""})).json()
    assert (emptied["members"], emptied["tags"]) == ([], [])


async def test_a_group_is_deleted_and_its_callbacks_stay(acme: Caller) -> None:
    group = await made(acme)
    given = {"callback_type": "call_alert", "url": "https://hooks.example.com/", "group": group["id"]}
    callback = (await acme("POST", "/pbxcallbacks", json=given)).json()
    assert (await acme("DELETE", f"{GROUPS}/{group['id']}")).status == 204
    (await acme("GET", f"{GROUPS}/{group['id']}")).error(404)
    assert await acme.read(GROUPS) == []
    assert await acme.read(f"/pbxcallbacks/{callback['id']}") == callback


async def test_users_see_groups_and_those_who_manage_change_them(acme: Caller, pat: Caller) -> None:
    group = await made(acme)
    path = f"{GROUPS}/{group['id']}"
    assert await pat.read(GROUPS) == [group]
    assert await pat.read(path) == group
    for method, target in (("POST", GROUPS), ("PUT", path), ("PATCH", path), ("DELETE", path)):
        (await pat(method, target, json={"extension": "8001", "name": "Mine"})).error(403)
    assert await acme.read(GROUPS) == [group]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"extension": "0"}, "extension"),
    ({"extension": "-1"}, "extension"),
    ({"extension": "08000"}, "extension"),
    ({"extension": "x"}, "extension"),
    ({"extension": "²"}, "extension"),
    ({"extension": "9" * 30}, "extension"),
    ({"extension": 10**40}, "extension"),
    ({"extension": ["8000"]}, "extension"),
    ({"extension": 80.5}, "extension"),
    ({"name": "x" * 101}, "name"),
    ({"name": ["x"]}, "name"),
    ({"strategy": "random"}, "strategy"),
    ({"ring_seconds": 0}, "ring_seconds"),
    ({"ring_seconds": 301}, "ring_seconds"),
    ({"ring_seconds": 1.5}, "ring_seconds"),
    ({"ring_seconds": "soon"}, "ring_seconds"),
    ({"members": ["101", "101"]}, "members"),
    ({"members": ["999"]}, "members"),
    ({"members": ["x"]}, "members"),
    ({"members": [""]}, "members"),
    ({"members": {"a": 1}}, "members"),
    ({"members": [None]}, "members"),
    ({"otherwise": "sing"}, "otherwise"),
    ({"otherwise": "voicemail"}, "otherwise_to"),
    ({"otherwise": "voicemail", "otherwise_to": "999"}, "otherwise_to"),
    ({"otherwise": "forward", "otherwise_to": "nonsense"}, "otherwise_to"),
    ({"otherwise_to": "101"}, "otherwise_to"),
    ({"tags": ["a,b"]}, "tags"),
    ({"tags": [""]}, "tags"),
    ({"tags": [f"t{n}" for n in range(21)]}, "tags"),
    ({"instance_id": "x"}, "instance_id"),
    ({"instance_id": 5}, "instance_id"),
]


@pytest.mark.parametrize(("wrong", "field"), BAD, ids=range(len(BAD)))
async def test_what_cannot_be_is_refused_by_its_name(acme: Caller, wrong: dict[str, Any], field: str) -> None:
    assert field in (await acme("POST", GROUPS, json={"extension": "8000", **wrong})).error(400)
    assert await acme.read(GROUPS) == []
    kept = await made(acme)
    for method in ("PUT", "PATCH"):
        assert field in (await acme(method, f"{GROUPS}/{kept['id']}", json=wrong)).error(400)
    assert await acme.read(GROUPS) == [kept]


async def test_a_number_is_needed_and_is_given_once(acme: Caller) -> None:
    assert "extension" in (await acme("POST", GROUPS, json={"name": "Desk"})).error(400)
    await made(acme)
    for taken in ("8000", "101"):
        (await acme("POST", GROUPS, json={"extension": taken})).error(409)
    other = await made(acme, extension="8001")
    (await acme("PUT", f"{GROUPS}/{other['id']}", json={"extension": "8000"})).error(409)


async def test_another_accounts_things_are_unknown_in_a_group(world: World) -> None:
    theirs = ids.encode(world.globex.account.instance_id)
    unknown = ids.encode(1 << 30)
    said = [
        (await world.acme("POST", GROUPS, json={"extension": "8000", "instance_id": one})).error(400)
        for one in (theirs, unknown)
    ]
    assert said[0] == said[1]
    await made(world.globex)
    assert await world.acme.read(GROUPS) == []


async def test_of_several_pbxs_one_must_be_named(acme: Caller, account: Account) -> None:
    second = await account.core.instances.create(account.id, name="second", domain="second.acme.example")
    assert "instance_id" in (await acme("POST", GROUPS, json={"extension": "8000"})).error(400)
    group = await made(acme, instance_id=ids.encode(second.id))
    assert group["instance_id"] == ids.encode(second.id)
    # The extensions are the first one's.
    assert "members" in (await acme("PUT", f"{GROUPS}/{group['id']}", json={"members": ["101"]})).error(400)
    changed = {"instance_id": ids.encode(account.instance_id)}
    assert "instance_id" in (await acme("PUT", f"{GROUPS}/{group['id']}", json=changed)).error(400)
