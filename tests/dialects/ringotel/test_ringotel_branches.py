"""Connections: branches, which are instances (specs/ringotel.md 3, group Connection)."""

from typing import Any

import pytest

from ringmain.core.calls.model import CallFilter
from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.errors import NotFound, Unavailable
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.voicemail.model import NewVoicemail
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.conftest import Caller, World
from tests.recordings import wav

NEW = {"name": "Main office", "address": "pbx.example.com:5060"}
PROVISION = {
    "protocol": "sip-tcp",
    "zeta": 1,
    "codecs": [{"codec": "G.711 Alaw", "frame": 20}, None],
    "1push": True,
    "tones": {"Ringback2": ""},
    "big": 12345678901234567890,
    "half": 0.5,
}


async def made(caller: Caller, **given: Any) -> str:
    result = (await caller("createBranch", orgid=caller.orgid, **{**NEW, **given})).result()
    assert set(result) == {"id"}
    return str(result["id"])


async def shown(caller: Caller, branch_id: str) -> Any:
    return (await caller("getBranch", orgid=caller.orgid, id=branch_id)).result()


async def test_created_and_read_back(acme: Caller) -> None:
    branch_id = await made(acme, country="US", provision=PROVISION)
    branch = await shown(acme, branch_id)
    assert branch | {"created": 0} == {
        "id": branch_id,
        "accountid": acme.orgid,
        "name": "Main office",
        "address": "pbx.example.com:5060",
        "domain": (await acme("getOrganization", id=acme.orgid)).result()["domain"],
        "created": 0,
        "status": 1,
        "country": "US",
        "provision": PROVISION,
    }
    assert str(branch["created"]) == branch_id[:13]
    other = await made(acme, name="Main office", address="10.0.0.1")
    branches = (await acme("getBranches", orgid=acme.orgid)).result()
    assert [one["id"] for one in branches] == [branch_id, other]
    assert branches[0] == branch
    assert set(branches[1]) == {"id", "accountid", "name", "address", "domain", "created", "status"}


@pytest.mark.parametrize("name", ["Zürich", "\u6771\u4eac", "---", "a" * 300, "pbx_1 (old)"])
async def test_any_name(acme: Caller, name: str) -> None:
    assert (await shown(acme, await made(acme, name=name)))["name"] == name


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"address": None}, "address"),
        ({"address": "no host"}, "domain"),
        ({"address": "http://a.example/"}, "domain"),
        ({"address": ""}, "domain"),
        ({"provision": "x"}, "provision"),
        ({"country": {}}, "country"),
    ],
)
async def test_created_with_what_cannot_be(acme: Caller, bad: dict[str, Any], field: str) -> None:
    assert field in (await acme("createBranch", orgid=acme.orgid, **{**NEW, **bad})).error(400)
    assert (await acme("getBranches", orgid=acme.orgid)).result() == []


async def test_update_changes_what_is_given(acme: Caller) -> None:
    branch_id = await made(acme, country="US", provision=PROVISION)
    before = await shown(acme, branch_id)
    (await acme("updateBranch", orgid=acme.orgid, id=branch_id, name="Other")).void()
    assert await shown(acme, branch_id) == before | {"name": "Other"}
    given = {"address": "sip.example.com", "country": "CH", "provision": {"a": 1}}
    (await acme("updateBranch", orgid=acme.orgid, id=int(branch_id), **given)).void()
    assert await shown(acme, branch_id) == before | {"name": "Other"} | given
    (await acme("updateBranch", orgid=acme.orgid, id=branch_id, address="no host")).error(400)
    (await acme("updateBranch", orgid=acme.orgid, id=branch_id, name="")).error(400)
    assert "id" in (await acme("updateBranch", orgid=acme.orgid)).error(400)
    assert await shown(acme, branch_id) == before | {"name": "Other"} | given


async def test_status(acme: Caller) -> None:
    branch_id = await made(acme)
    (await acme("setBranchStatus", orgid=acme.orgid, id=branch_id, status=0)).void()
    assert (await shown(acme, branch_id))["status"] == 0
    (await acme("setBranchStatus", orgid=acme.orgid, id=branch_id, status="1")).void()
    assert (await shown(acme, branch_id))["status"] == 1
    (await acme("setBranchStatus", orgid=acme.orgid, id=branch_id, status=2)).error(400)


async def test_reading_24_a_branch_that_goes_names_its_users(world: World, acme: Caller) -> None:
    core, company_id = world.core, acme.office.company_id
    branch_id = await made(acme)
    instance = await core.instances.get(company_id, ids.decode(branch_id, "branch"))
    users = [
        await core.extensions.create(company_id, instance.id, ExtensionChange(number=number)) for number in (1002, 1001)
    ]
    await core.voicemails.receive(company_id, users[0].id, NewVoicemail(audio=wav(0.1)))
    await core.sandbox_calls.place(company_id, PlannedCall(source="1001", destination="+13105550100"))
    kept = await made(acme, name="Kept")
    gone = (await acme("deleteBranch", orgid=acme.orgid, id=branch_id)).result()
    assert gone == [ids.encode(user.id) for user in reversed(users)]
    assert [one["id"] for one in (await acme("getBranches", orgid=acme.orgid)).result()] == [kept]
    (await acme("getBranch", orgid=acme.orgid, id=branch_id)).error(404)
    (await acme("deleteBranch", orgid=acme.orgid, id=branch_id)).error(404)
    (await acme("updateBranch", orgid=acme.orgid, id=branch_id, name="x")).error(404)
    with pytest.raises(NotFound):
        await core.extensions.get(company_id, users[0].id)
    with pytest.raises(NotFound):
        await core.extensions.create(company_id, instance.id, ExtensionChange(number=1003))
    told = "SELECT count(*) FROM events WHERE type = 'extension.deleted' AND origin = 'ringotel'"
    assert await core.database.fetchval(told) == 2
    # What happened there stays known, and its name is free again.
    assert (await core.calls.page(company_id, wanted=CallFilter(), page=1, per_page=9)).total == 1
    assert await core.database.fetchval("SELECT count(*) FROM voicemails WHERE deleted_at IS NULL") == 1
    assert (await acme("deleteBranch", orgid=acme.orgid, id=await made(acme))).result() == []


async def test_a_branch_whose_pbx_fails_stays(world: World, acme: Caller) -> None:
    core, company_id = world.core, acme.office.company_id
    branch_id = await made(acme)
    await core.extensions.create(company_id, ids.decode(branch_id, "branch"), ExtensionChange(number=1001))
    await core.database.execute("UPDATE instances SET adapter = 'elsewhere'")
    with pytest.raises(Unavailable):
        await core.extensions.delete_instance(company_id, ids.decode(branch_id, "branch"))
    (await acme("deleteBranch", orgid=acme.orgid, id=branch_id)).error(502)
    assert (await shown(acme, branch_id))["id"] == branch_id


async def test_foreign_branches_are_unknown(acme: Caller, globex: Caller) -> None:
    foreign = await made(globex)
    calls: dict[str, dict[str, Any]] = {
        "getBranch": {},
        "updateBranch": {"name": "x"},
        "deleteBranch": {},
        "setBranchStatus": {"status": 0},
    }
    for method, given in calls.items():
        unknown = (await acme(method, orgid=acme.orgid, id="1", **given)).error(404)
        assert (await acme(method, orgid=acme.orgid, id=foreign, **given)).error(404) == unknown
        (await acme(method, orgid=globex.orgid, id=foreign, **given)).error(404)
    assert (await shown(globex, foreign))["name"] == "Main office"


async def test_options(acme: Caller) -> None:
    options = (await acme("getBranchOptions", orgid=acme.orgid)).result()
    assert set(options) == {"devices", "tones", "services"}
    assert all(set(device) == {"port", "proto", "name"} for device in options["devices"])
    assert set(options["tones"]) == {"Progress", "Ringback", "Ringback2"}
    service = {"id", "name", "logo", "types", "state", "properties", "props"}
    assert all(set(one) == service for one in options["services"])
    assert options["services"] == (await acme("getServices", orgid=acme.orgid)).result()
    branch_id = await made(acme)
    assert (await acme("getBranchOptions", orgid=acme.orgid, id=branch_id)).result() == options


async def test_an_instance_made_otherwise_is_a_branch_too(world: World, acme: Caller) -> None:
    await world.core.instances.create(acme.office.company_id, name="pbx", domain="pbx.example.com")
    (branch,) = (await acme("getBranches", orgid=acme.orgid)).result()
    assert (branch["name"], branch["address"], branch["status"]) == ("pbx", "pbx.example.com", 1)
