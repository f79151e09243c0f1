"""The account: admins, history, statistics, and what is the same for everybody (specs/ringotel.md 3)."""

import time
from typing import Any

import pytest

from ringmain.core.errors import Unauthenticated
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.texting.carrier import InboundText
from ringmain.core.voicemail.model import NewVoicemail
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.conftest import Caller, World
from tests.recordings import wav

ADMIN = {"name": "Ada", "login": "ada", "passwd": "a long password"}


def now() -> int:
    return round(time.time() * 1000)


async def test_account(acme: Caller) -> None:
    account = (await acme("getAccount")).result()
    assert account | {"created": 0} == {
        "id": ids.encode(acme.account_id),
        "name": "Acme",
        "created": 0,
        "apikey": "test",
        "organizations": 1,
    }


async def test_admins(world: World, acme: Caller, globex: Caller) -> None:
    made = (await acme("createAccountAdmin", **ADMIN)).result()
    assert made | {"created": 0, "id": ""} == {"id": "", "name": "Ada", "login": "ada", "status": 1, "created": 0}
    assert (await acme("getAccountUsers")).result() == [made]
    records = world.core.account_records
    assert (await records.admin_by_password("ADA", "a long password")).name == "Ada"
    (await acme("createAccountAdmin", **{**ADMIN, "login": "ADA"})).error(409)
    (await globex("createAccountAdmin", **ADMIN)).error(409)
    (await globex("updateAccountAdmin", id=made["id"], name="Mallory")).error(404)
    (await globex("deleteAccountAdmin", id=made["id"])).error(404)
    (await acme("updateAccountAdmin", id=made["id"], name="Ada L.", passwd="other words", status=0)).void()
    assert (await acme("getAccountUsers")).result() == [made | {"name": "Ada L.", "status": 0}]
    with pytest.raises(Unauthenticated):
        await records.admin_by_password("ada", "other words")
    (await acme("updateAccountAdmin", id=made["id"], status="1", login="lovelace")).void()
    assert (await records.admin_by_password("lovelace", "other words")).name == "Ada L."
    with pytest.raises(Unauthenticated):
        await records.admin_by_password("lovelace", "a long password")
    (await acme("deleteAccountAdmin", id=made["id"])).void()
    (await acme("deleteAccountAdmin", id=made["id"])).error(404)
    assert (await acme("getAccountUsers")).result() == []


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"name": ""}, "name"),
        ({"login": " "}, "login"),
        ({"login": None}, "login"),
        ({"passwd": "short"}, "password"),
        ({"passwd": None}, "passwd"),
        ({"passwd": []}, "passwd"),
    ],
)
async def test_admins_that_cannot_be(acme: Caller, bad: dict[str, Any], field: str) -> None:
    assert field in (await acme("createAccountAdmin", **{**ADMIN, **bad})).error(400)
    assert (await acme("getAccountUsers")).result() == []


async def test_history_says_who_changed_what(acme: Caller, globex: Caller) -> None:
    begin = now()
    (await acme("createAccountAdmin", **ADMIN)).result()
    branch = (await acme("createBranch", orgid=acme.orgid, name="Main", address="a.example")).result()
    (await acme("createBranch", orgid=acme.orgid, name="", address="a.example")).error(400)
    (await acme("getBranches", orgid=acme.orgid)).result()
    (await globex("updateOrganization", id=globex.orgid, name="Globe")).void()
    history = (await acme("getAccountHistory", begin=begin - 1000, end=str(now() + 1000))).result()
    assert all(set(line) == {"id", "time", "user", "method", "orgid", "objectid"} for line in history)
    lines = [(line["user"], line["method"], line["orgid"]) for line in history]
    assert lines == [("test", "createBranch", acme.orgid), ("test", "createAccountAdmin", None)]
    assert history[0]["objectid"] == branch["id"]
    assert begin - 1000 <= history[0]["time"] <= now()
    assert b"long password" not in (await acme("getAccountHistory")).body
    assert (await acme("getAccountHistory", begin=begin - 2000, end=begin - 1000)).result() == []
    assert "begin" in (await acme("getAccountHistory", begin=2, end=1)).error(400)


async def test_history_outlives_its_organization(acme: Caller) -> None:
    (await acme("deleteOrganization", id=acme.orgid)).void()
    (line,) = (await acme("getAccountHistory")).result()
    assert (line["method"], line["orgid"]) == ("deleteOrganization", acme.orgid)


async def test_statistics(world: World, acme: Caller) -> None:
    core, office = world.core, acme.office
    text = InboundText(carrier="sandbox", sender=office.contact.number, recipient=office.number, text="Hi")
    await core.texting.receive(text)
    (await acme("createBranch", orgid=acme.orgid, name="Main", address="a.example")).result()
    statistics = (await acme("getAccountStatistics", begin=now() - 60_000, end=now() + 60_000)).result()
    (one,) = statistics["organizations"]
    assert one == {
        "orgid": acme.orgid,
        "branches": 1,
        "users": 0,
        "people": 1,
        "numbers": 1,
        "messagesin": 1,
        "messagesout": 0,
        "calls": 0,
        "callseconds": 0,
    }
    assert statistics["total"]["messagesin"] == 1
    assert statistics["total"]["organizations"] == 1
    before = (await acme("getAccountStatistics", begin=0, end=1000)).result()
    assert before["total"]["messagesin"] == 0


async def test_ai_usage(world: World, acme: Caller, globex: Caller) -> None:
    core, company_id = world.core, acme.office.company_id
    instance = await core.instances.create(company_id, name="pbx", domain="pbx.example.com")
    extension = await core.extensions.create(company_id, instance.id, ExtensionChange(number=1001))
    for transcription in ("Hello", None):
        await core.voicemails.receive(
            company_id, extension.id, NewVoicemail(audio=wav(0.1), transcription=transcription)
        )
    domain = (await acme("getOrganization", id=acme.orgid)).result()["domain"]
    usage = (await acme("getAIUsageInfo", domain=domain, begin=now() - 60_000, end=now() + 60_000)).result()
    assert usage == {"orgid": acme.orgid, "domain": domain, "transcriptions": {"calls": 0, "voicemails": 1}}
    (await globex("getAIUsageInfo", domain=domain)).error(404)


async def test_regions(acme: Caller) -> None:
    regions = (await acme("getRegions")).result()
    assert [region["id"] for region in regions] == [str(number) for number in range(1, 11)]
    assert all(set(region) == {"id", "name"} for region in regions)


async def test_packages(acme: Caller) -> None:
    packages = (await acme("getPackages")).result()
    assert [(package["id"], package["name"]) for package in packages] == [(1, "Essentials"), (2, "Pro")]
    for package in packages:
        assert set(package) == {"id", "name", "prodid", "created", "features"}
        assert set(package["features"]) == {"meetings", "integrations", "maxregs"}
        assert len(str(package["created"])) == 10  # seconds


async def test_reading_18_templates_are_none(acme: Caller) -> None:
    assert (await acme("getTemplates")).result() == []
