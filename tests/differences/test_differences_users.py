"""KNOWN_DIFFERENCES.md 157 to 167: Ringotel's users and contacts."""

import uuid
from typing import Any

import pytest

from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.voicemail.model import NewVoicemail
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.conftest import Caller
from tests.differences.conftest import Place
from tests.recordings import wav


class Branch:
    """A branch, as Ringotel's client knows it."""

    def __init__(self, place: Place, caller: Caller, branchid: str) -> None:
        self.core = place.core
        self.base = place.base
        self.caller = caller
        self.id = branchid
        self.company_id = caller.office.company_id

    async def __call__(self, method: str, **params: Any) -> Any:
        return (await self.caller(method, orgid=self.caller.orgid, **params)).result()

    async def user(self, extension: int, **given: Any) -> str:
        made = await self("createUser", **{"branchid": self.id, "extension": extension, "status": 1, **given})
        return str(made["id"])

    async def fetch(self, url: str) -> str:
        path = "/" + url.split("/", 3)[3]
        async with self.caller.http.get(f"{self.base}{path}") as response:
            assert response.status == 200
            return await response.text()

    async def call(self, source: str, destination: str, **given: Any) -> Any:
        plan = PlannedCall(source=source, destination=destination, **given)
        return await self.core.sandbox_calls.place(self.company_id, plan)


@pytest.fixture
async def branch(place: Place) -> Branch:
    office = place.acme.office
    company = await place.core.companies.get(office.company_id)
    key = await place.core.accounts.create_key(company.account_id, name=uuid.uuid4().hex)
    caller = Caller(place.acme.http, place.base, office, company.account_id, key.secret)
    given = {"orgid": caller.orgid, "name": uuid.uuid4().hex, "address": "pbx.example.com"}
    return Branch(place, caller, (await caller("createBranch", **given)).result()["id"])


async def test_157_a_user_is_an_extension(branch: Branch) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    user_id = await branch.user(601, email=email, name="Sam Alter")
    extension = await branch.core.extensions.get(branch.company_id, ids.decode(user_id, "user"))
    assert extension.person
    assert extension.person.email == email
    await branch("deleteUser", id=user_id)
    assert await branch.core.people.find_by_email(branch.company_id, email)
    instance_id = ids.decode(branch.id, "branch")
    made = await branch.core.extensions.create(branch.company_id, instance_id, ExtensionChange(number=602))
    assert (await branch("getUser", id=ids.encode(made.id)))["status"] == 1


async def test_158_one_password(branch: Branch) -> None:
    user_id = await branch.user(601, password="given")
    assert (await branch("getSIPCredentials", userid=user_id))["password"] == "given"
    reset = (await branch("resetUserPassword", id=user_id))["password"]
    for _ in range(2):
        assert (await branch("getSIPCredentials", userid=user_id))["password"] == reset
    assert (await branch("getSIPCredentials", userid=user_id, termpass="mine"))["password"] == "mine"


async def test_159_not_activated_unless_it_is_said(branch: Branch) -> None:
    made = await branch("createUser", branchid=branch.id, extension=601)
    assert made["status"] == -1
    assert (await branch("getSIPCredentials", userid=made["id"]))["password"] == made["password"]
    users = [{"extension": 602}, {"extension": 601}]
    reply = await branch.caller("createUsers", orgid=branch.caller.orgid, branchid=branch.id, users=users)
    reply.error(409)
    assert len(await branch("getUsers", branchid=branch.id)) == 1


async def test_160_deactivated_users_keep_their_ids(branch: Branch) -> None:
    user_id = await branch.user(601)
    assert await branch("deactivateUser", id=user_id) == [user_id]
    assert (await branch("getUser", id=user_id))["status"] == -1


async def test_161_blocked_users(branch: Branch) -> None:
    user_id, idle = await branch.user(601), await branch.user(602, status=0)
    await branch("setUserStatus", id=user_id, status=0)
    assert (await branch.call("602", "601", instance_id=ids.decode(branch.id, "branch"))).outcome == "failed"
    (await branch.caller("setUserStatus", orgid=branch.caller.orgid, id=idle, status=0)).error(409)
    (await branch.caller("attachUser", orgid=branch.caller.orgid, id=idle, userid=user_id)).error(409)


async def test_162_recovered_users(branch: Branch) -> None:
    user_id = await branch.user(601, name="Sam")
    core_id = ids.decode(user_id, "user")
    voicemail = await branch.core.voicemails.receive(branch.company_id, core_id, NewVoicemail(audio=wav(0.1)))
    await branch.core.extensions.act(branch.company_id, core_id, state="REGISTERED", call_status="idle")
    await branch("deleteUser", id=user_id)
    assert (await branch("recoverDeletedUser", extension=601))["id"] == user_id
    assert (await branch.core.voicemails.get(branch.company_id, voicemail.id)).extension_id == core_id
    assert await branch("getUserRegistrationsHistory", userid=user_id) == []


async def test_163_settings(branch: Branch) -> None:
    user_id, _ = await branch.user(601), await branch.user(602)
    await branch("setUserSettings", id=user_id, fwdall=True, fwdallnumber="602", recording=True)
    call = await branch.call("+13105550100", "601", instance_id=ids.decode(branch.id, "branch"))
    assert (call.outcome, call.extension_number) == ("completed", 602)
    await branch("setUserSettings", id=user_id, fwdallnumber="601")
    call = await branch.call("+13105550100", "601", instance_id=ids.decode(branch.id, "branch"))
    assert (call.outcome, call.extension_number) == ("completed", 601)
    await branch("setUserState", id=user_id, dnd=True)
    call = await branch.call("+13105550100", "601", instance_id=ids.decode(branch.id, "branch"))
    assert (call.outcome, call.pbx["lastdata"]) == ("busy", "601@default,b")
    extension = await branch.core.extensions.get(branch.company_id, ids.decode(user_id, "user"))
    assert (extension.forwarding.always_to, extension.data["recording_in_external"]) == ("601", "yes")
    await branch("updateUser", id=user_id, options={"blfs": [{"number": "700", "title": "Door"}]})
    assert (await branch("getUser", id=user_id))["options"] == {"blfs": [{"number": "700", "title": "Door"}]}


async def test_164_links_to_phone_books_and_logs(branch: Branch) -> None:
    user_id, _ = await branch.user(601), await branch.user(602, name="Zoe")
    url = await branch("getPhoneBookURL", userid=user_id, format="Yealink")
    assert "Zoe" in await branch.fetch(url)
    core_id = ids.decode(user_id, "user")
    await branch.core.extensions.act(branch.company_id, core_id, state="REGISTERED", call_status="idle")
    (log,) = await branch("getUserLogs", userid=user_id)
    assert "registered: Sandbox phone" in await branch.fetch(log["url"])


async def test_165_deleted_recordings(branch: Branch) -> None:
    user_id, other = await branch.user(601), await branch.user(602)
    instance_id = ids.decode(branch.id, "branch")
    await branch.call("602", "601", recording=wav(0.1), transcription_id="t", instance_id=instance_id)
    assert await branch("deleteRecordings", userid=user_id) == {"records": 1, "files": 1}
    assert await branch("deleteRecordings", userid=other) == {"records": 0, "files": 0}
    assert await branch("deleteTranscriptions", userid=other) == {"records": 1, "files": 0}


async def test_166_contacts_are_the_directory(branch: Branch) -> None:
    (made,) = await branch("importContacts", list=[{"name": "Art Venere", "info": {"phone": ["8566368749"]}}])
    contact_id = ids.decode(made["id"], "contact")
    assert (await branch.core.directory.get(branch.company_id, contact_id)).phone == "+18566368749"
    await branch.core.directory.update(branch.company_id, contact_id, phone="+13105550188")
    shown = next(one for one in await branch("getContacts") if one["id"] == made["id"])
    assert shown["info"]["phone"] == ["+13105550188", "8566368749"]
    gone = [made["id"], "1"]
    (await branch.caller("deleteContacts", orgid=branch.caller.orgid, list=gone)).error(404)
    assert await branch.core.directory.get(branch.company_id, contact_id)


async def test_167_blocked_contacts(branch: Branch) -> None:
    await branch.user(601)
    await branch("setContactBlocked", phone="3105550166", blocked=True, about="crazy man")
    call = await branch.call("+13105550166", "601", instance_id=ids.decode(branch.id, "branch"))
    assert (call.outcome, call.release_code) == ("failed", 21)
    shown = next(one for one in await branch("getBlockedContacts") if "+13105550166" in one["usinfo"]["phone"])
    assert shown["usinfo"]["about"] == shown["info"]["about"] == "crazy man"
    await branch("setContactBlocked", id=shown["id"], blocked=False)
