"""KNOWN_DIFFERENCES.md 134 to 144: Ringotel's methods, organizations and accounts."""

import uuid
from typing import Any

import aiohttp
import pytest

from ringmain.core.calls.model import CallFilter
from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.errors import Unauthenticated
from ringmain.core.extensions.model import ExtensionChange
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.app import build
from ringmain.front import Front
from tests.dialects.ringotel.conftest import FETCH, Caller
from tests.differences.conftest import Place
from tests.realtime.conftest import serving


@pytest.fixture
async def caller(place: Place) -> Caller:
    """The key of the company's account."""
    office = place.acme.office
    company = await place.core.companies.get(office.company_id)
    key = await place.core.accounts.create_key(company.account_id, name=uuid.uuid4().hex)
    return Caller(place.acme.http, place.base, office, company.account_id, key.secret)


async def domain_of(caller: Caller) -> str:
    domain: str = (await caller("getOrganization", id=caller.orgid)).result()["domain"]
    return domain


async def branch_of(caller: Caller) -> str:
    made = await caller("createBranch", orgid=caller.orgid, name="Main", address="pbx.example.com:5060")
    return str(made.result()["id"])


async def test_134_nothing_to_say(caller: Caller) -> None:
    reply = await caller("updateOrganization", id=caller.orgid, name="Acme")
    assert reply.body == b'{"result":{}}'


async def test_135_errors(place: Place, caller: Caller) -> None:
    (await caller("getOrganization", id="1")).error(404, 200)
    (await caller.post({"method": "getOrganizations"}, key="wrong")).error(401, 401)
    (await caller.post(data=b"no JSON")).error(400, 400)
    async with serving(Front(build(place.core, place.base, FETCH, error_status=500))) as base:
        other = Caller(caller.http, base, caller.office, caller.account_id, caller.key)
        (await other("getOrganization", id="1")).error(404, 500)


async def test_136_orgid_or_domain(caller: Caller) -> None:
    domain = await domain_of(caller)
    for given in (domain, domain.upper(), f"{domain}.ringotel.co"):
        (await caller("getBranches", domain=given)).result()
    (await caller("getBranches", orgid=caller.orgid, domain="other")).error(400)


async def test_137_texts_numbers_and_null(caller: Caller) -> None:
    for orgid in (caller.orgid, int(caller.orgid)):
        (await caller("getBranches", orgid=orgid, domain=None)).result()
    (await caller.post({"method": "getOrganizations", "params": []})).result()


async def test_138_blocked(place: Place, caller: Caller) -> None:
    key = await place.core.credentials.create_api_key(caller.office.company_id, "ringplan", uuid.uuid4().hex)
    (await caller("setOrganizationStatus", id=caller.orgid, status=0)).void()
    try:
        with pytest.raises(Unauthenticated):
            await place.core.credentials.caller_by_api_key("ringplan", key.secret, "primary")
        assert (await place.acme("GET", "/system/company")).status == 401
        (await caller("getBranches", orgid=caller.orgid)).error(401, 401)
        (await caller("getOrganization", id=caller.orgid)).result()
        await place.receive("Is anybody there?")
    finally:
        (await caller("setOrganizationStatus", id=caller.orgid, status=1)).void()
    assert (await place.acme("GET", "/system/company")).status == 200


async def test_139_what_deleting_leaves(place: Place, caller: Caller) -> None:
    core, company_id, branch_id = place.core, caller.office.company_id, await branch_of(caller)
    instance_id = ids.decode(branch_id, "branch")
    await core.extensions.create(company_id, instance_id, ExtensionChange(number=7001))
    planned = PlannedCall(source="7001", destination="+13105550100", instance_id=instance_id)
    await core.sandbox_calls.place(company_id, planned)
    assert len((await caller("deleteBranch", orgid=caller.orgid, id=branch_id)).result()) == 1
    wanted = CallFilter(extension=7001)
    assert (await core.calls.page(company_id, wanted=wanted, page=1, per_page=9)).total == 1
    label = f"x{uuid.uuid4().hex}"
    made = (await caller("createOrganization", name="Gone", domain=label, region="1")).result()["id"]
    (await caller("createBranch", orgid=made, name="Main", address="pbx.example.com")).result()
    (await caller("deleteOrganization", id=made)).void()
    gone = ids.decode(made, "organization")
    assert await core.database.fetchval("SELECT count(*) FROM instances WHERE company_id = $1", gone) == 0


async def test_140_branches(caller: Caller) -> None:
    first, second = await branch_of(caller), await branch_of(caller)
    assert first != second
    (await caller("setBranchStatus", orgid=caller.orgid, id=first, status=0)).void()
    branch = (await caller("getBranch", orgid=caller.orgid, id=first)).result()
    assert (branch["status"], branch["name"]) == (0, "Main")


async def test_141_integrations(caller: Caller) -> None:
    query = {"serviceid": "Bandwidth", "state": "1", "profileid": caller.orgid, "Password": "x"}
    query["redirect"] = "https://vendor.example/"

    async def switch(**headers: str) -> aiohttp.ClientResponse:
        url = f"{caller.base}/integrations"
        async with caller.http.get(url, params=query, headers=headers, allow_redirects=False) as response:
            await response.read()
            return response

    assert (await switch()).status == 401
    done = await switch(Authorization=f"Bearer {caller.key}")
    assert (done.status, "location" in done.headers) == (200, False)
    services: list[Any] = (await caller("getServices", orgid=caller.orgid)).result()
    assert next(one for one in services if one["id"] == "Bandwidth")["props"] == {"Password": "x"}


async def test_142_our_own_lists(caller: Caller) -> None:
    assert len((await caller("getRegions")).result()) == 10
    assert [package["id"] for package in (await caller("getPackages")).result()] == [1, 2]
    assert (await caller("getTemplates")).result() == []


async def test_143_spans(caller: Caller) -> None:
    await branch_of(caller)
    for method in ("getEventLog", "getCalls"):
        assert isinstance((await caller(method, orgid=caller.orgid)).result(), list)
    assert (await caller("getAccountHistory")).result()[0]["method"] == "createBranch"
    assert (await caller("getAccountHistory", begin=0, end=1)).result() == []


async def test_144_accounts(caller: Caller) -> None:
    assert set((await caller("getAccount")).result()) == {"id", "name", "created", "apikey", "organizations"}
    login = uuid.uuid4().hex
    made = (await caller("createAccountAdmin", name="Ada", login=login, passwd="a long password")).result()
    assert made in (await caller("getAccountUsers")).result()
