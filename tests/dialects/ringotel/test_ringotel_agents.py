"""Agents: machines that answer calls (specs/ringotel.md 3, group Other)."""

from typing import Any

import pytest

from ringmain.core.extensions.service import password_of
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.conftest import Caller, World, counts

KEYS = {
    *("id", "userid", "branchid", "name", "extension", "username", "authname", "domain", "created", "status", "agent"),
}
AGENT = {"greeting": "Hello!", "language": "en", "prompt": "You answer the phone of a bakery."}
NEW: dict[str, Any] = {"name": "Baker", "extension": "700", "password": "a-password", "agent": AGENT}


@pytest.fixture
async def branch(acme: Caller) -> str:
    result = (await acme("createBranch", orgid=acme.orgid, name="Main", address="pbx.example.com:5060")).result()
    return str(result["id"])


async def made(caller: Caller, branch: str, **given: Any) -> dict[str, Any]:
    result = (await caller("createAgent", orgid=caller.orgid, branchid=branch, **{**NEW, **given})).result()
    assert set(result) == {*KEYS, "password"}
    return dict(result)


async def shown(caller: Caller, **given: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await caller("getAgents", orgid=caller.orgid, **given)).result()
    assert all(set(one) == KEYS for one in found)
    return found


async def test_createAgent_and_getAgents(acme: Caller, globex: Caller, world: World, branch: str) -> None:  # noqa: N802
    assert await shown(acme) == []
    agent = await made(acme, branch, username="baker", authname="baker-auth")
    assert agent.pop("password") == "a-password"
    assert await shown(acme) == await shown(acme, branchid=branch) == [agent]
    assert (await acme("getAgents", orgid=int(acme.orgid), branchid=int(branch))).result() == [agent]
    assert (agent["extension"], agent["username"], agent["authname"]) == ("700", "baker", "baker-auth")
    assert (agent["agent"], agent["branchid"]) == (AGENT, branch)
    user_id = ids.decode(agent["userid"], "user")
    extension = await world.core.extensions.get(acme.office.company_id, user_id)
    assert (extension.number, extension.name, password_of(extension)) == (700, "Baker", "a-password")
    assert await shown(globex) == await shown(acme, branchid=ids.encode(1 << 30)) == []
    plain = await made(acme, branch, extension=701, password="", agent=[])
    assert len(plain["password"]) > 16
    assert (plain["username"], plain["authname"]) == ("701", "701")
    assert plain["agent"] == {"greeting": "", "language": "", "prompt": ""}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"extension": "x"}, 400),
        ({"extension": ""}, 400),
        ({"extension": "0"}, 400),
        ({"extension": "1234567890"}, 400),
        ({"extension": "+70"}, 400),
        ({"name": "x" * 201}, 400),
        ({"agent": ["x"]}, 400),
        ({"agent": {"prompt": "x" * 300_000}}, 400),
        ({"branchid": "1"}, 404),
        ({"extension": "5020"}, 502),
    ],
)
async def test_createAgent_refuses(  # noqa: N802
    acme: Caller, world: World, branch: str, wrong: dict[str, Any], code: int
) -> None:
    before = await counts(world.core.database)
    (await acme("createAgent", orgid=acme.orgid, **{"branchid": branch, **NEW, **wrong})).error(code)
    assert await counts(world.core.database) == before
    assert await shown(acme) == []


async def test_an_agents_extension_is_its_own(acme: Caller, globex: Caller, world: World, branch: str) -> None:
    await made(acme, branch)
    before = await counts(world.core.database)
    (await acme("createAgent", orgid=acme.orgid, branchid=branch, **NEW)).error(409)
    (await globex("createAgent", orgid=globex.orgid, branchid=branch, **NEW)).error(404)
    assert await counts(world.core.database) == before


async def test_updateAgent_changes_what_is_given(acme: Caller, world: World, branch: str) -> None:  # noqa: N802
    agent = await made(acme, branch)
    del agent["password"]
    given = {"orgid": acme.orgid, "id": agent["id"]}
    changed = (await acme("updateAgent", **given, name="Miller", extension="710", agent={"language": "de"})).result()
    # Names that were not given follow the extension.
    follow = dict.fromkeys(("extension", "username", "authname"), "710")
    assert changed == {**agent, **follow, "name": "Miller", "agent": {**AGENT, "language": "de"}}
    assert await shown(acme) == [changed]
    secret = (await acme("updateAgent", **given, password="another", authname="z", branchid=branch)).result()
    assert secret == {**changed, "authname": "z", "password": "another"}
    extension = await world.core.extensions.get(acme.office.company_id, ids.decode(agent["userid"], "user"))
    assert (extension.number, password_of(extension)) == (710, "another")
    other = (await acme("createBranch", orgid=acme.orgid, name="Other", address="pbx2.example.com")).result()["id"]
    moved = (await acme("updateAgent", **given, branchid=other)).result()
    assert moved == {**changed, "authname": "z", "branchid": other}
    assert await shown(acme, branchid=branch) == []
    user = (await acme("getUser", orgid=acme.orgid, id=agent["userid"])).result()
    assert {key: user[key] for key in ("name", "extension", "username", "authname", "branchid")} == {
        key: moved[key] for key in ("name", "extension", "username", "authname", "branchid")
    }


async def test_updateAgent_and_deleteAgent_of_others(acme: Caller, globex: Caller, world: World, branch: str) -> None:  # noqa: N802
    agent = await made(acme, branch)
    before = await counts(world.core.database)
    for method in ("updateAgent", "deleteAgent"):
        unknown = (await acme(method, orgid=acme.orgid, id=ids.encode(1 << 30))).error(404)
        assert (await globex(method, orgid=globex.orgid, id=agent["id"])).error(404) == unknown
        for wrong in ("x", agent["userid"]):
            assert (await acme(method, orgid=acme.orgid, id=wrong)).error(404) == unknown
    assert await counts(world.core.database) == before


async def test_deleteAgent_and_whoever_deletes_its_user(acme: Caller, world: World, branch: str) -> None:  # noqa: N802
    first, second = await made(acme, branch), await made(acme, branch, extension="701")
    (await acme("deleteAgent", orgid=acme.orgid, id=first["id"])).void()
    assert [one["id"] for one in await shown(acme)] == [second["id"]]
    company_id, instance_id = acme.office.company_id, ids.decode(branch, "branch")
    assert await world.core.extensions.find_by_number(company_id, instance_id, 700) is None
    await world.core.extensions.delete(company_id, instance_id, ids.decode(second["userid"], "user"))
    assert await shown(acme) == []
