"""Contacts (specs/ringotel.md 3, group Contacts)."""

from typing import Any

import pytest

from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.texting.carrier import InboundText
from ringmain.core.texting.model import Message
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.conftest import Caller, World
from tests.dialects.ringotel.user_flow import branch_of, plain

ART: dict[str, Any] = {
    "firstname": "Art",
    "lastname": "Venere",
    "info": {
        "organization": "Chemel, James L Cpa",
        "phone": ["8566368749", "8562644130"],
        "email": "art@venere.org",
    },
}
SAGE: dict[str, Any] = {
    "name": "Sage Wieser",
    "info": {
        "organization": "Truhlar And Truhlar Attys",
        "position": "Software Engineer",
        "department": "IT",
        "about": "Tall",
        "mobile": [6054142147],
        "fax": ["6057944895"],
        "sip": ["sage@sip.example.com"],
        "email": ["sage_wieser@cox.net", "sage@example.com"],
    },
}


async def add(caller: Caller, *contacts: dict[str, Any], **given: Any) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = (
        await caller("importContacts", orgid=caller.orgid, list=list(contacts), **given)
    ).result()
    return made


async def listed(caller: Caller, method: str = "getContacts") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await caller(method, orgid=caller.orgid)).result()
    return found


async def test_import_contacts_and_get_contacts(acme: Caller) -> None:
    assert await listed(acme) == []
    art, sage = await add(acme, ART, SAGE)
    assert art == {"id": art["id"], "name": "Art Venere", "status": 4, "info": ART["info"]}
    assert len(sage["id"]) == 20
    first, second = await listed(acme)
    assert first == {
        "id": art["id"],
        "ownerid": acme.orgid,
        "createdby": acme.orgid,
        "created": int(art["id"][:13]),
        "name": "Art Venere",
        "imgdate": 0,
        "consent": 0,
        "status": 4,
        "info": {**ART["info"], "email": ["art@venere.org"]},
    }
    assert second["info"] == {**SAGE["info"], "mobile": ["6054142147"]}


async def test_import_contacts_of_a_branch(acme: Caller) -> None:
    branchid = await branch_of(acme)
    await add(acme, ART, branchid=branchid)
    (art,) = await listed(acme)
    assert (art["ownerid"], art["createdby"]) == (branchid, branchid)
    (await acme("importContacts", orgid=acme.orgid, list=[SAGE], branchid="1")).error(404)
    (await acme("deleteBranch", orgid=acme.orgid, id=branchid)).result()
    assert len(await listed(acme)) == 1


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"name": " ", "info": {"organization": "x"}},
        {"name": "x" * 402},
        {"name": "x", "info": {"phone": {"a": 1}}},
        {"name": "x", "info": {"phone": [True]}},
        {"name": "x", "info": {"phone": ["1"] * 51}},
        {"name": "x", "info": {"about": "y" * 1001}},
        {"name": "x", "info": {"position": ["CEO"]}},
        {"name": "x", "info": ["phone"]},
        "Art Venere",
    ],
)
async def test_import_contacts_adds_all_or_none(acme: Caller, bad: Any) -> None:
    (await acme("importContacts", orgid=acme.orgid, list=[ART, bad])).error(400)
    assert await listed(acme) == []


async def test_update_contacts_writes_them_anew(acme: Caller) -> None:
    art, sage = await add(acme, ART, SAGE)
    before = await listed(acme)
    changed = {"id": int(sage["id"]), "name": "Sage", "info": {"phone": ["6057944895"], "mobile": [], "email": []}}
    (await acme("updateContacts", orgid=acme.orgid, list=[changed])).void()
    first, second = await listed(acme)
    assert first == before[0]
    assert second == before[1] | {"name": "Sage", "info": {"phone": ["6057944895"]}}
    (await acme("updateContacts", orgid=acme.orgid, list=[{**ART, "id": art["id"]}, {**SAGE, "id": "1"}])).error(404)
    (await acme("updateContacts", orgid=acme.orgid, list=[{"id": art["id"]}])).error(400)
    assert "id" in (await acme("updateContacts", orgid=acme.orgid, list=[ART])).error(400)
    assert await listed(acme) == [first, second]


async def test_delete_contacts(acme: Caller) -> None:
    art, sage = await add(acme, ART, SAGE)
    (await acme("deleteContacts", orgid=acme.orgid, list=[art["id"], "1604856258000-09a73f09ddc0000a1b"])).error(404)
    assert len(await listed(acme)) == 2
    (await acme("deleteContacts", orgid=acme.orgid, list=[art["id"], art["id"]])).void()
    assert [one["id"] for one in await listed(acme)] == [sage["id"]]


async def test_methods_of_contacts_know_no_foreign_ones(acme: Caller, globex: Caller) -> None:
    (foreign,) = await add(globex, ART)
    calls: dict[str, dict[str, Any]] = {
        "updateContacts": {"list": [{**SAGE, "id": foreign["id"]}]},
        "deleteContacts": {"list": [foreign["id"]]},
        "setContactBlocked": {"id": foreign["id"], "blocked": True},
    }
    for method, given in calls.items():
        (await acme(method, orgid=acme.orgid, **given)).error(404)
    foreign_branch = await branch_of(globex)
    (await acme("importContacts", orgid=acme.orgid, list=[ART], branchid=foreign_branch)).error(404)
    (one,) = await listed(globex)
    assert one["name"] == "Art Venere"
    assert await listed(globex, "getBlockedContacts") == []


async def test_set_contact_blocked_by_phone(acme: Caller) -> None:
    given = {"orgid": acme.orgid, "phone": "310 555 0177", "blocked": True, "about": "crazy man"}
    (await acme("setContactBlocked", **given)).void()
    (blocked,) = await listed(acme, "getBlockedContacts")
    assert blocked["usinfo"] == {"phone": ["+13105550177"], "about": "crazy man"}
    assert (blocked["name"], blocked["status"], blocked["createdby"]) == ("", 4, acme.orgid)
    assert (blocked["blockby"], blocked["blocked"] >= blocked["created"]) == (acme.orgid, True)
    (await acme("setContactBlocked", orgid=acme.orgid, phone="+13105550177", blocked=True)).void()
    assert await listed(acme, "getBlockedContacts") == [blocked]
    (await acme("setContactBlocked", orgid=acme.orgid, phone="+13105550177", blocked=False)).void()
    assert await listed(acme, "getBlockedContacts") == []
    for bad, code in (({"phone": "nobody"}, 400), ({}, 400), ({"phone": "+13105550178"}, 404)):
        (await acme("setContactBlocked", orgid=acme.orgid, blocked=False, **bad)).error(code)
    assert "blocked" in (await acme("setContactBlocked", orgid=acme.orgid, phone="+13105550177")).error(400)


async def test_set_contact_blocked_by_id_and_get_blocked_contacts(acme: Caller) -> None:
    art, _ = await add(acme, ART, SAGE)
    before = (await listed(acme))[0]
    (await acme("setContactBlocked", orgid=acme.orgid, id=art["id"], blocked=True)).void()
    (blocked,) = await listed(acme, "getBlockedContacts")
    assert {key: blocked[key] for key in before} == before
    assert set(blocked) - set(before) == {"blocked", "blockby", "usinfo"}
    assert (await listed(acme))[0] == before


async def texted(world: World, caller: Caller, sender: str, text: str = "Hi") -> Message:
    office = caller.office
    return await world.core.texting.receive(
        InboundText(carrier="sandbox", sender=sender, recipient=office.number, text=text)
    )


async def test_who_is_blocked_does_not_get_through(world: World, acme: Caller, globex: Caller) -> None:
    core, company_id = world.core, acme.office.company_id
    await plain(acme, await branch_of(acme), 601)
    (art,) = await add(acme, ART)
    (await acme("setContactBlocked", orgid=acme.orgid, id=art["id"], blocked=True)).void()
    kinds = "SELECT type FROM events WHERE subject_id = $1 AND type LIKE 'message.%'"
    for sender in ("+18566368749", "+18562644130"):
        message = await texted(world, acme, sender)
        assert message.read
        assert await core.database.fetchval(kinds, message.id) == "message.imported"
        conversation = await core.texting.get_conversation(company_id, message.conversation_id)
        assert (conversation.message_count, conversation.unread_count) == (1, 0)
        call = await core.sandbox_calls.place(company_id, PlannedCall(source=sender, destination="601"))
        assert (call.outcome, call.release_code, call.extension_number) == ("failed", 21, None)
    elsewhere = await texted(world, globex, "+18566368749")
    assert await core.database.fetchval(kinds, elsewhere.id) == "message.created"
    (await acme("setContactBlocked", orgid=acme.orgid, id=art["id"], blocked=False)).void()
    message = await texted(world, acme, "+18566368749")
    assert (message.read, await core.database.fetchval(kinds, message.id)) == (False, "message.created")
    call = await core.sandbox_calls.place(company_id, PlannedCall(source="+18566368749", destination="601"))
    assert call.outcome == "completed"


async def test_get_contacts_shows_what_was_changed_elsewhere(world: World, acme: Caller) -> None:
    core, company_id = world.core, acme.office.company_id
    (art,) = await add(acme, ART)
    core_id = ids.decode(art["id"], "contact")
    contact = await core.directory.get(company_id, core_id)
    assert (contact.first_name, contact.phone, contact.email) == ("Art", "+18566368749", "art@venere.org")
    assert contact.other_numbers == ["+18562644130"]
    await core.directory.update(company_id, core_id, phone="+13105550188", email="art@example.com")
    info = (await listed(acme))[0]["info"]
    assert info["phone"] == ["+13105550188", "8566368749", "8562644130"]
    assert info["email"] == ["art@example.com", "art@venere.org"]
