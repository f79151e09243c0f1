"""Devices, passwords, recordings, logs and phone books of users (specs/ringotel.md 3, group User)."""

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from ringmain.core.calls.model import Call
from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.errors import NotFound
from ringmain.core.extensions.service import password_of
from ringmain.core.instances.pbx import Device
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.conftest import PUBLIC_URL, Caller, Reply, World
from tests.dialects.ringotel.user_flow import branch_of, create, extension_of, plain, shown, told
from tests.recordings import wav

DESK = Device(reference="a1", user_agent="Windows 10", address="192.0.2.10")
MOBILE = Device(reference="b2", user_agent="iOS 17 (2.12.2)", address="192.0.2.11", push=True)
DAY_MS = 86_400_000


@pytest.fixture
async def branchid(acme: Caller) -> str:
    return await branch_of(acme)


async def register(world: World, caller: Caller, userid: str, *devices: Device) -> None:
    state = "REGISTERED" if devices else "UNREGISTERED"
    company_id, core_id = caller.office.company_id, ids.decode(userid, "user")
    await world.core.extensions.act(company_id, core_id, state=state, call_status="idle", devices=list(devices))


async def fetch(world: World, url: str) -> Reply:
    """What is behind a link, without a key."""
    assert url.startswith(PUBLIC_URL)
    async with world.acme.http.get(url.replace(PUBLIC_URL, world.base)) as response:
        return Reply(response.status, response.headers, await response.read())


async def history(caller: Caller, userid: str, **span: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        await caller("getUserRegistrationsHistory", orgid=caller.orgid, userid=userid, **span)
    ).result()
    return found


async def test_devices_are_what_the_pbx_says(world: World, acme: Caller, branchid: str) -> None:
    user_id = await plain(acme, branchid, 601)
    await register(world, acme, user_id, DESK, MOBILE)
    first, second = (await shown(acme, user_id))["devs"]
    assert (first["ua"], first["ip"], first["st"]) == ("Windows 10", "192.0.2.10", 1)
    assert (second["ua"], second["ip"], second["st"]) == ("iOS 17 (2.12.2)", "192.0.2.11", 2)
    await register(world, acme, user_id, MOBILE)
    assert [one["st"] for one in (await shown(acme, user_id))["devs"]] == [0, 2]
    await register(world, acme, user_id, DESK)
    again, asleep = (await shown(acme, user_id))["devs"]
    assert (again["id"], again["st"], asleep["id"], asleep["st"]) == (first["id"], 1, second["id"], 0)
    assert again["ts"] >= first["ts"]
    assert (await acme("getUsers", orgid=acme.orgid)).result()[0]["devs"] == [again, asleep]


async def test_get_user_registrations_history(world: World, acme: Caller, branchid: str) -> None:
    user_id = await plain(acme, branchid, 601)
    assert await history(acme, user_id) == []
    await register(world, acme, user_id, DESK)
    await register(world, acme, user_id)
    await register(world, acme, user_id, DESK)
    latest, before = await history(acme, user_id)
    assert set(latest) == {"tunreg", "treg", "devinfo", "rid", "iaddr"}
    assert (latest["tunreg"], latest["devinfo"], latest["iaddr"]) == (0, "Windows 10", "192.0.2.10")
    assert before["treg"] <= before["tunreg"] <= latest["treg"]
    assert latest["rid"] != before["rid"]
    long_ago = {"begin": 0, "end": str(before["treg"] - DAY_MS)}
    assert await history(acme, user_id, **long_ago) == []
    (await acme("getUserRegistrationsHistory", orgid=acme.orgid, userid=user_id, begin=2, end=1)).error(400)


async def test_delete_device_logs_it_out(world: World, acme: Caller, branchid: str) -> None:
    user_id, other = await plain(acme, branchid, 601), await plain(acme, branchid, 602)
    await register(world, acme, user_id, DESK, MOBILE)
    desk, mobile = (await shown(acme, user_id))["devs"]
    given = {"orgid": acme.orgid, "termid": desk["id"]}
    (await acme("deleteDevice", **given, userid=other)).error(404)
    (await acme("deleteDevice", **given, userid=user_id)).void()
    assert (await shown(acme, user_id))["devs"] == [mobile]
    (await acme("deleteDevice", **given, userid=user_id)).error(404)
    assert len(await history(acme, user_id)) == 2
    (await acme("deleteDevice", orgid=acme.orgid, userid=user_id, termid=mobile["id"])).void()
    gone = await shown(acme, user_id)
    assert (gone["devs"], gone["trunkstate"], await told(world, "extension.updated")) == ([], 0, 1)
    await register(world, acme, user_id, DESK)
    assert (await shown(acme, user_id))["devs"][0]["id"] != desk["id"]


async def test_resync_sip_device(world: World, acme: Caller, branchid: str) -> None:
    user_id = await plain(acme, branchid, 601)
    await register(world, acme, user_id, DESK)
    (desk,) = (await shown(acme, user_id))["devs"]
    (await acme("resyncSIPDevice", orgid=acme.orgid, userid=user_id, termid=desk["id"])).void()
    for termid in ("17144251353497040663", "1727093900440-000000000000000001", ""):
        (await acme("resyncSIPDevice", orgid=acme.orgid, userid=user_id, termid=termid)).error(404)


# Passwords


async def test_reading_23_reset_user_password_tells_the_new_one(world: World, acme: Caller, branchid: str) -> None:
    made = await create(acme, branchid)
    result = (await acme("resetUserPassword", orgid=acme.orgid, id=made["id"])).result()
    assert result | {"password": ""} == {
        **{key: made[key] for key in ("id", "domain", "name", "extension", "username", "email")},
        "branchid": branchid,
        "orgid": acme.orgid,
        "packageid": 1,
        "password": "",
    }
    assert len(result["password"]) >= 12
    assert result["password"] != made["password"]
    assert password_of(await extension_of(world, acme, made["id"])) == result["password"]
    assert await world.core.mails.page(acme.office.company_id) == []
    (await acme("resetUserPassword", orgid=acme.orgid, id=made["id"], noemail=False)).result()
    assert len(await world.core.mails.page(acme.office.company_id)) == 1


async def test_reading_23_set_user_password_says_nothing(world: World, acme: Caller, branchid: str) -> None:
    user_id = await plain(acme, branchid, 601)
    (await acme("setUserPassword", orgid=acme.orgid, userid=user_id, password="new_password")).void()
    assert password_of(await extension_of(world, acme, user_id)) == "new_password"
    for bad in ("", "x" * 129, "a\nb"):
        assert "password" in (await acme("setUserPassword", orgid=acme.orgid, userid=user_id, password=bad)).error(400)
    assert password_of(await extension_of(world, acme, user_id)) == "new_password"


async def test_get_sip_credentials(acme: Caller) -> None:
    made = await create(acme, await branch_of(acme, address="pbx.example.com"), authname="auth511")
    wanted = {"orgid": acme.orgid, "userid": made["id"]}
    shown_once = (await acme("getSIPCredentials", **wanted)).result()
    assert shown_once == {
        "server": "pbx.example.com:5060",
        "username": "511",
        "authname": "auth511",
        "password": "sip-password",
    }
    assert (await acme("getSIPCredentials", **wanted, protocol="sip-tcp")).result() == shown_once
    secure = (await acme("getSIPCredentials", **wanted, protocol="sips", termpass="another-password")).result()
    assert (secure["server"], secure["password"]) == ("pbx.example.com:5061", "another-password")
    assert (await acme("getSIPCredentials", **wanted)).result()["password"] == "another-password"
    assert "protocol" in (await acme("getSIPCredentials", **wanted, protocol="DNS-NAPTR")).error(400)
    other = await plain(acme, await branch_of(acme, "Other", "10.0.0.1:5080"), 600)
    credentials = (await acme("getSIPCredentials", orgid=acme.orgid, userid=other)).result()
    assert (credentials["server"], credentials["authname"]) == ("10.0.0.1:5080", "600")


# Recordings


async def recorded(world: World, caller: Caller, source: str, destination: str, **given: Any) -> Call:
    plan = PlannedCall(source=source, destination=destination, recording=wav(0.1), **given)
    return await world.core.sandbox_calls.place(caller.office.company_id, plan)


async def test_delete_recordings_deletes_those_of_the_user(world: World, acme: Caller, branchid: str) -> None:
    core, company_id = world.core, acme.office.company_id
    user_id = await plain(acme, branchid, 601)
    for number in (602, 603):
        await plain(acme, branchid, number)
    own = [await recorded(world, acme, "601", "602"), await recorded(world, acme, "+13105550100", "601")]
    kept = await recorded(world, acme, "602", "603")
    domain = (await shown(acme, user_id))["domain"]
    assert (await acme("deleteRecordings", userid=user_id, domain=domain)).result() == {"records": 2, "files": 2}
    for call in own:
        assert call.recording_file_id
        assert (await core.calls.get(company_id, call.id)).recording_file_id is None
        with pytest.raises(NotFound):
            await core.files.get(company_id, call.recording_file_id)
    assert (await core.calls.get(company_id, kept.id)).recording_file_id == kept.recording_file_id
    assert (await acme("deleteRecordings", userid=user_id, domain=domain)).result() == {"records": 0, "files": 0}


async def test_reading_19_delete_transcriptions_is_a_method_too(world: World, acme: Caller, branchid: str) -> None:
    core, company_id = world.core, acme.office.company_id
    user_id = await plain(acme, branchid, 601)
    await plain(acme, branchid, 602)
    call = await recorded(world, acme, "601", "602", transcription_id="t-1")
    given = {"userid": user_id, "orgid": acme.orgid}
    assert (await acme("deleteTranscriptions", **given)).result() == {"records": 1, "files": 0}
    after = await core.calls.get(company_id, call.id)
    assert (after.transcription_id, after.recording_file_id) == (None, call.recording_file_id)
    assert (await acme("deleteTranscriptions", **given)).result() == {"records": 0, "files": 0}


# Logs


async def test_get_user_logs_and_their_files(world: World, acme: Caller, branchid: str) -> None:
    user_id = await plain(acme, branchid, 601)
    await plain(acme, branchid, 602)
    domain = (await shown(acme, user_id))["domain"]
    assert (await acme("getUserLogs", userid=user_id, domain=domain)).result() == []
    await register(world, acme, user_id, DESK)
    await register(world, acme, user_id)
    await world.core.sandbox_calls.place(acme.office.company_id, PlannedCall(source="601", destination="602"))
    *_, log = (await acme("getUserLogs", userid=user_id, domain=domain)).result()
    assert set(log) == {"date", "size", "name", "url"}
    assert datetime.strptime(log["date"], "%d %b %Y, %H:%M:%S").replace(tzinfo=UTC) <= datetime.now(UTC)
    assert log["name"].startswith(f"{user_id}-")
    file = await fetch(world, log["url"])
    assert (file.status, len(file.body)) == (200, log["size"])
    assert file.headers["content-type"].startswith("text/plain")
    text = file.body.decode()
    assert "registered: Windows 10 at 192.0.2.10" in text
    assert "unregistered: Windows 10" in text
    # Near midnight the call, which began a minute ago, is in yesterday's file.
    logs = (await acme("getUserLogs", userid=user_id, domain=domain)).result()
    texts = [(await fetch(world, one["url"])).body.decode() for one in logs]
    assert "outbound call from 601 to 602: completed, 60 s" in "".join(texts)


async def test_log_files_want_their_signature(world: World, acme: Caller, branchid: str) -> None:
    user_id = await plain(acme, branchid, 601)
    await register(world, acme, user_id, DESK)
    (log,) = (await acme("getUserLogs", userid=user_id, orgid=acme.orgid)).result()
    url, _, query = log["url"].partition("?")
    assert (await fetch(world, url)).status == 403
    assert (await fetch(world, f"{url}x?{query}")).status == 403
    (await acme("deleteUser", orgid=acme.orgid, id=user_id)).result()
    assert (await fetch(world, log["url"])).status == 404


# Phone books

NUMBER_TAGS = {"Yealink": "Telephone", "Polycom": "ct", "Cisco": "Telephone", "Grandstream": "phonenumber"}


async def book_of(world: World, caller: Caller, userid: str, form: str) -> ElementTree.Element:
    url = (await caller("getPhoneBookURL", orgid=caller.orgid, userid=userid, format=form)).result()
    reply = await fetch(world, url)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/xml")
    return ElementTree.fromstring(reply.body)


@pytest.mark.parametrize(
    ("form", "root"),
    [
        ("Yealink", "YealinkIPPhoneDirectory"),
        ("Polycom", "directory"),
        ("Cisco", "CiscoIPPhoneDirectory"),
        ("Grandstream", "AddressBook"),
        ("Fanvil", "FanvilIPPhoneDirectory"),
    ],
)
async def test_get_phone_book_url(world: World, acme: Caller, branchid: str, form: str, root: str) -> None:
    user_id = await plain(acme, branchid, 601, name="Me")
    await plain(acme, branchid, 602, name="Zoë <&> \u000bCo")
    contacts = [
        {"name": "Art Venere", "info": {"phone": ["8566368749"], "mobile": ["8562644130"]}},
        {"name": "No Number", "info": {"email": ["nobody@example.com"]}},
    ]
    (await acme("importContacts", orgid=acme.orgid, list=contacts)).result()
    (await acme("setContactBlocked", orgid=acme.orgid, phone="3105550100", blocked=True)).void()
    book = await book_of(world, acme, user_id, form)
    assert book.tag == root
    if form == "Fanvil":
        found = [tuple(one.findtext(tag) for tag in ("Name", "Telephone", "Mobile")) for one in book]
        assert found == [("Art Venere", "8566368749", "8562644130"), ("Zoë <&> Co", "602", "")]
    else:
        assert [one.text for one in book.iter(NUMBER_TAGS[form])] == ["8566368749", "8562644130", "602"]
    if form == "Yealink":
        assert [one.text for one in book.iter("Name")] == ["Art Venere", "Zoë <&> Co"]
    if form == "Cisco":
        names = ["Art Venere (Work)", "Art Venere (Mobile)", "Zoë <&> Co"]
        assert [one.text for one in book.iter("Name")] == names
    if form == "Polycom":
        assert next((one.findtext("fn"), one.findtext("ln")) for one in book.iter("item")) == ("Art", "Venere")
    if form == "Grandstream":
        assert [one.get("type") for one in book.iter("Phone")] == ["Work", "Cell", "Work"]


async def test_phone_books_want_their_signature_and_their_user(world: World, acme: Caller, branchid: str) -> None:
    user_id = await plain(acme, branchid, 601)
    wanted = {"orgid": acme.orgid, "userid": user_id}
    url = (await acme("getPhoneBookURL", **wanted, format="Cisco")).result()
    assert (await fetch(world, url.replace("Cisco", "Yealink"))).status == 403
    assert (await fetch(world, url.partition("?")[0])).status == 403
    assert "format" in (await acme("getPhoneBookURL", **wanted, format="Snom")).error(400)
    (await acme("setUserStatus", orgid=acme.orgid, id=user_id, status=0)).void()
    assert (await fetch(world, url)).status == 404
    (await acme("setUserStatus", orgid=acme.orgid, id=user_id, status=1)).void()
    assert (await fetch(world, url)).status == 200
    (await acme("deleteUser", orgid=acme.orgid, id=user_id)).result()
    assert (await fetch(world, url)).status == 404
