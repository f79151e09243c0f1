"""Organizations: companies of an account (specs/ringotel.md 3, group Org)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.errors import Unauthenticated
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.texting.carrier import InboundText
from ringmain.core.voicemail.model import NewVoicemail
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.conftest import Caller, World
from tests.recordings import wav

ORGANIZATION = {"created", "domain", "id", "name", "options", "packageid", "region", "status", "admlogin", "params"}
NEW = {"name": "YourApi Inc.", "domain": "YourApi", "region": "1"}


async def made(caller: Caller, **given: Any) -> str:
    """A new organization's id."""
    result = (await caller("createOrganization", **{**NEW, **given})).result()
    assert set(result) == {"id"}
    assert isinstance(result["id"], str)
    assert len(result["id"]) == 20
    return str(result["id"])


async def test_created_and_read_back(acme: Caller) -> None:
    params = {"admperms": 2, "emailcc": "a@b.example", "tags": ["x"], "hidePassInEmail": False, "lang": "de"}
    orgid = await made(acme, admlogin="boss", admpassw="secret words", packageid=2, params=params)
    organization = (await acme("getOrganization", id=orgid)).result()
    assert set(organization) == ORGANIZATION
    assert organization | {"created": 0} == {
        "id": orgid,
        "name": "YourApi Inc.",
        "domain": "YourApi",
        "region": "1",
        "packageid": 2,
        "status": 1,
        "created": 0,
        "admlogin": "boss",
        "options": {},
        "params": params,
    }
    assert abs(organization["created"] / 1000 - datetime.now(UTC).timestamp()) < 60
    listed = (await acme("getOrganizations")).result()
    assert [one["id"] for one in listed] == [acme.orgid, orgid]
    assert listed[1] == organization


async def test_reading_16_one_is_an_object_and_all_are_a_list(acme: Caller) -> None:
    assert isinstance((await acme("getOrganization", id=acme.orgid)).result(), dict)
    assert isinstance((await acme("getOrganizations")).result(), list)


async def test_reading_28_a_domain_that_is_there(acme: Caller, globex: Caller) -> None:
    await made(acme)
    for caller in (acme, globex):
        for domain in ("YourApi", "yourapi", "YOURAPI.ringotel.co"):
            message = (await caller("createOrganization", **{**NEW, "domain": domain})).error(409)
            assert message.lower() == "domain yourapi.ringotel.co already exists"
    assert len((await acme("getOrganizations")).result()) == 2


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"name": {}}, "name"),
        ({"domain": ""}, "domain"),
        ({"domain": "a.b"}, "domain"),
        ({"domain": "-a"}, "domain"),
        ({"domain": "a" * 64}, "domain"),
        ({"domain": None}, "domain"),
        ({"region": "11"}, "region"),
        ({"region": None}, "region"),
        ({"packageid": "x"}, "packageid"),
        ({"packageid": 2**31}, "packageid"),
        ({"packageid": -1}, "packageid"),
        ({"admpassw": "short"}, "password"),
        ({"params": "x"}, "params"),
        ({"params": ["x"]}, "params"),
    ],
)
async def test_created_with_what_cannot_be(acme: Caller, bad: dict[str, Any], field: str) -> None:
    assert field in (await acme("createOrganization", **{**NEW, **bad})).error(400)
    assert len((await acme("getOrganizations")).result()) == 1


async def test_reading_26_packageid_as_number_or_text(acme: Caller) -> None:
    for domain, given in (("a", 2), ("b", "2")):
        orgid = await made(acme, domain=domain, packageid=given)
        assert (await acme("getOrganization", id=orgid)).result()["packageid"] == 2
    assert (await made(acme, domain="c", region=3, name=42)) != ""


async def test_update_changes_what_is_given(acme: Caller) -> None:
    orgid = await made(acme, params={"lang": "de", "tags": ["a"]}, admlogin="boss", admpassw="secret words")
    before = (await acme("getOrganization", id=orgid)).result()
    (await acme("updateOrganization", id=orgid, packageid="2", params={"lang": "fr"})).void()
    after = (await acme("getOrganization", id=orgid)).result()
    assert after == before | {"packageid": 2, "params": {"lang": "fr", "tags": ["a"]}}
    (await acme("updateOrganization", id=orgid, name="Other", admlogin="chief", admpassw="other words")).void()
    assert (await acme("getOrganization", id=orgid)).result() == after | {"name": "Other", "admlogin": "chief"}
    (await acme("updateOrganization", id=orgid, params=[])).void()
    assert "name" in (await acme("updateOrganization", id=orgid, name="")).error(400)


async def test_the_password_of_its_admin_is_never_shown(world: World, acme: Caller) -> None:
    orgid = await made(acme, admlogin="boss", admpassw="secret words")
    assert b"secret" not in (await acme("getOrganization", id=orgid)).body
    kept = await world.core.database.fetchval(
        "SELECT admin_password_hash FROM companies WHERE id = $1", ids.decode(orgid, "organization")
    )
    assert kept.startswith("$argon2id$")


async def test_blocking_locks_everybody_out(world: World, acme: Caller) -> None:
    core, office = world.core, acme.office
    key = await core.credentials.create_api_key(office.company_id, "ringplan", "test")
    await core.credentials.set_password(office.company_id, office.owner_id, "a long password")
    login = await core.sessions.log_in("owner@acme.example", "a long password", address="127.0.0.1")

    async def gets_in() -> list[bool]:
        tries = [
            core.credentials.caller_by_api_key("ringplan", key.secret, "primary"),
            core.credentials.caller_by_user_token(login.user_token),
            core.credentials.log_in("owner@acme.example", "a long password"),
        ]
        return [await attempt(one) for one in tries]

    assert await gets_in() == [True, True, True]
    (await acme("setOrganizationStatus", id=acme.orgid, status=0)).void()
    assert await gets_in() == [False, False, False]
    with pytest.raises(Unauthenticated):
        await core.sessions.refresh(login.refresh_token)
    assert (await acme("getOrganization", id=acme.orgid)).result()["status"] == 0
    (await acme("getBranches", orgid=acme.orgid)).error(401, 401)
    (await acme("getEventLog", orgid=acme.orgid)).result()
    # What comes in is kept.
    text = InboundText(carrier="sandbox", sender=office.contact.number, recipient=office.number, text="Hello?")
    assert (await core.texting.receive(text)).text == "Hello?"
    (await acme("setOrganizationStatus", id=acme.orgid, status="1")).void()
    assert await gets_in() == [True, True, True]
    (await acme("getBranches", orgid=acme.orgid)).result()


async def attempt(work: Any) -> bool:
    try:
        await work
    except Unauthenticated:
        return False
    return True


@pytest.mark.parametrize("status", [2, -1, "x", None, True, 0.5])
async def test_its_status_is_0_or_1(acme: Caller, status: Any) -> None:
    assert "status" in (await acme("setOrganizationStatus", id=acme.orgid, status=status)).error(400)
    assert (await acme("getOrganization", id=acme.orgid)).result()["status"] == 1


async def test_deleting_leaves_nothing(world: World, acme: Caller, globex: Caller) -> None:
    core, company_id = world.core, acme.office.company_id
    for caller in (acme, globex):
        await fill(world, caller)
    before = await rows_of(world, globex.office.company_id)
    assert min(before[name] for name in ("messages", "events", "extensions", "voicemails", "calls", "files")) > 0
    file = (await core.database.fetchval("SELECT id FROM files WHERE company_id = $1 LIMIT 1", company_id)) or 0
    (await acme("deleteOrganization", id=acme.orgid)).void()
    assert await rows_of(world, company_id) == {}
    assert await rows_of(world, globex.office.company_id) == before
    swept = "SELECT file_id FROM removed_files WHERE company_id = $1"
    assert file in [row["file_id"] for row in await core.database.fetch(swept, company_id)]
    # The key goes on: it may make another one.
    (await acme("deleteOrganization", id=acme.orgid)).error(404)
    assert (await acme("getOrganizations")).result() == []
    orgid = await made(acme, domain="Acme")
    assert [one["id"] for one in (await acme("getOrganizations")).result()] == [orgid]


async def fill(world: World, caller: Caller) -> None:
    """Something of nearly everything."""
    core, office = world.core, caller.office
    instance = await core.instances.create(office.company_id, name="pbx", domain="pbx.example.com")
    await core.extensions.create(office.company_id, instance.id, ExtensionChange(number=1001))
    planned = PlannedCall(source="1001", destination="+13105550100", recording=wav(0.1))
    await core.sandbox_calls.place(office.company_id, planned)
    extension = await core.extensions.find_by_number(office.company_id, instance.id, 1001)
    assert extension is not None
    await voicemail(world, office.company_id, extension.id)
    endpoint, _ = await core.subscriptions.create_endpoint(office.company_id, face="ringmain", url="http://a.example")
    await core.subscriptions.test_event(office.company_id, endpoint.id)
    text = InboundText(carrier="sandbox", sender=office.contact.number, recipient=office.number, text="Hi")
    await core.texting.receive(text)
    await core.texting.send(office.company_id, office.conversation.id, text="Hi", author_id=office.owner_id)


async def voicemail(world: World, company_id: int, extension_id: int) -> None:
    await world.core.voicemails.receive(company_id, extension_id, NewVoicemail(audio=wav(0.1)))


async def rows_of(world: World, company_id: int) -> dict[str, int]:
    """How many rows each table has of a company, but for what is to outlive it."""
    tables = await world.core.database.fetch(
        """
        SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE a.attname = 'company_id' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND c.relname NOT IN ('account_history', 'removed_files')
        """
    )
    assert len(tables) > 30
    counted = {
        row["name"]: await world.core.database.fetchval(
            f"SELECT count(*) FROM {row['name']} WHERE company_id = $1", company_id
        )
        for row in tables
    }
    return {name: count for name, count in counted.items() if count}


async def test_a_foreign_organization_is_unknown(acme: Caller, globex: Caller) -> None:
    for method, given in (
        ("getOrganization", {}),
        ("updateOrganization", {"name": "Mallory"}),
        ("deleteOrganization", {}),
        ("setOrganizationStatus", {"status": 0}),
    ):
        (await acme(method, id=globex.orgid, **given)).error(404)
    organization = (await globex("getOrganization", id=globex.orgid)).result()
    assert (organization["name"], organization["status"]) == ("Globex", 1)


async def test_reading_2_an_organization_by_domain(acme: Caller, globex: Caller) -> None:
    orgid = await made(acme)
    for given in (
        {"domain": "yourapi"},
        {"domain": "YOURAPI.ringotel.co"},
        {"domain": orgid},
        {"orgid": orgid, "domain": "YourAPI"},
        {"orgid": orgid, "domain": ""},
        {"orgid": int(orgid)},
    ):
        assert (await acme("getBranches", **given)).result() == []
    assert "domain" in (await acme("getBranches", orgid=acme.orgid, domain="YourApi")).error(400)
    assert "orgid" in (await acme("getBranches")).error(400)
    assert (await globex("getBranches", domain="YourApi")).error(404) == (
        await globex("getBranches", domain="nobody")
    ).error(404)
    (await globex("getBranches", domain=orgid)).error(404)
