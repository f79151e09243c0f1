"""Ringotel's public clients, re-implemented from the facts in specs/ringotel.md, against a real server."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from ringmain.delivery.faces import Face
from ringmain.delivery.relay import Relay
from ringmain.delivery.worker import DeliveryWorker
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.events import RingotelFace
from tests.clients.ringotel_fspbx import FsPbx
from tests.clients.ringotel_lib import Reader, Writer
from tests.clients.ringotel_scripts import ResellerPanel, sign_on, users_with_app
from tests.clients.ringotel_wire import RpcError
from tests.delivery.receiver import LOCAL, Receiver, receiving, running
from tests.dialects.ringotel.conftest import Caller, World

OUTSIDE = "+13105550199"


@pytest.fixture
async def receiver(world: World, acme: Caller) -> AsyncIterator[Receiver]:
    """Is told of everything in the account."""
    core = world.core
    faces: dict[str, Face] = {"ringotel": RingotelFace(core, world.base)}
    relay = Relay(core.database, core.wakeups, poll=0.02, gap=0.001)
    worker = DeliveryWorker(core.database, core.wakeups, faces, LOCAL, poll=0.02, gap=0.001, timeout=20.0)
    (key,) = await core.accounts.list_keys(acme.account_id)
    async with receiving() as receiver:
        await core.accounts.set_webhook(acme.account_id, key.id, receiver.url, acme.key)
        async with running(relay, worker):
            yield receiver


async def register(world: World, caller: Caller, orgid: str, user_id: str) -> None:
    """The user's phone comes up."""
    company_id = ids.decode(orgid, "organization")
    await world.core.extensions.act(company_id, ids.decode(user_id, "user"), state="REGISTERED", call_status="idle")


async def test_fspbx_provisions_an_organization(world: World, acme: Caller) -> None:
    panel = FsPbx(world.base, acme.key)
    org, connection = await asyncio.to_thread(panel.connect, "Bakery", "bakery")
    assert (org.domain, org.packageid, connection.domain, connection.name) == ("bakery", 2, "bakery", "Bakery PBX")
    assert org.id in [one.id for one in await asyncio.to_thread(panel.organizations)]
    with pytest.raises(RpcError, match=r"Domain BAKERY\.ringotel\.co already exists"):
        await asyncio.to_thread(panel.connect, "Bakery", "BAKERY")
    made = await asyncio.to_thread(panel.create_user, connection, "201")
    assert (made["username"], made["password"], made["status"]) == ("201", "a-sip-password", 1)
    other = await asyncio.to_thread(panel.create_user, connection, "202", active=False)
    assert other["status"] == -1
    assert {one.extension: one.status for one in await asyncio.to_thread(panel.users, org.id)} == {"201": 1, "202": -1}
    assert (await asyncio.to_thread(panel.activate, org.id, other["id"]))["password"]
    assert await asyncio.to_thread(panel.reset_password, org.id, other["id"])
    await asyncio.to_thread(panel.do_not_disturb, org.id, made["id"], on=True)
    await register(world, acme, org.id, made["id"])
    now = round(time.time() * 1000)
    (row,) = await asyncio.to_thread(panel.history, org.id, made["id"], now - 60_000, now + 60_000)
    assert {"tunreg", "treg", "devinfo", "rid", "iaddr"} <= set(row)
    user = (await asyncio.to_thread(panel.users, org.id))[0]
    assert await asyncio.to_thread(panel.call, org, "201", OUTSIDE)
    await asyncio.to_thread(panel.drop_device, org.id, user.id, user.devs[0].id)
    await asyncio.to_thread(panel.deactivate, org.id, made["id"])
    assert await asyncio.to_thread(panel.delete_user, org.id, made["id"])
    assert [one.extension for one in await asyncio.to_thread(panel.users, org.id)] == ["202"]
    assert await asyncio.to_thread(panel.disconnect, connection)
    assert org.id not in [one.id for one in await asyncio.to_thread(panel.organizations)]


async def test_fspbx_carries_texts(world: World, acme: Caller, receiver: Receiver) -> None:
    core, panel = world.core, FsPbx(world.base, acme.key)
    org, connection = await asyncio.to_thread(panel.connect, "Bakery", "bakery")
    await asyncio.to_thread(panel.create_user, connection, "201")
    panel.numbers["201"] = "+12025550188"
    message_id = await asyncio.to_thread(panel.text_came, org.id, OUTSIDE, "201", "Hi there")
    company_id = ids.decode(org.id, "organization")
    brought = await core.texting.get_message(company_id, ids.decode_stamp(message_id, "message"))
    await core.texting.send(company_id, brought.conversation_id, text="Hello!", origin="ringplan")
    file = await core.files.create(company_id, name="menu.pdf")
    content = b"%PDF-1.7 a menu"
    await core.files.upload(company_id, file.id, content=content, uploaded_name="menu.pdf", mimetype="application/pdf")
    await core.texting.send(company_id, brought.conversation_id, text="", file_ids=[file.id], origin="ringplan")
    for post in await receiver.wait_for(3):
        await asyncio.to_thread(panel.notified, post.json)
    assert panel.delivered == [message_id]
    assert panel.files == [content]
    assert [(sender, to) for sender, to, _ in panel.sent] == [("+12025550188", OUTSIDE)] * 2
    assert panel.sent[0][2] == "Hello!"
    stranger = FsPbx(world.base, "another-key")
    with pytest.raises(PermissionError):
        stranger.notified(receiver.posts[0].json)


async def test_ringotel_lib_reads_everything_that_it_writes(world: World, acme: Caller, globex: Caller) -> None:
    reader, writer = Reader(world.base, acme.key), Writer(world.base, acme.key)
    before = await asyncio.to_thread(reader.snapshot)
    (org,) = before["organizations"]
    assert org["id"] == acme.orgid
    assert org["contacts"] == (await acme("getContacts", orgid=acme.orgid)).result()
    await asyncio.to_thread(writer.life_of_an_organization, "throwaway")
    after = await asyncio.to_thread(reader.snapshot)
    assert after["organizations"] == before["organizations"]
    with pytest.raises(RpcError):
        await asyncio.to_thread(reader._organization, globex.orgid)


async def test_ringotel_lib_reads_users_and_takes_their_phones(world: World, acme: Caller) -> None:
    reader, writer, panel = Reader(world.base, acme.key), Writer(world.base, acme.key), FsPbx(world.base, acme.key)
    org, connection = await asyncio.to_thread(panel.connect, "Bakery", "bakery")
    made = await asyncio.to_thread(panel.create_user, connection, "201")
    await register(world, acme, org.id, made["id"])
    found = (await asyncio.to_thread(reader.snapshot))["organizations"][-1]
    (user,) = found["users"]
    assert set(user["credentials"]) == {"server", "username", "authname", "password"}
    assert len(user["registrations"]) == len(user["devs"]) == 1
    assert user["phone_book"].startswith("http")
    await asyncio.to_thread(writer.drop_device, org.id, user["id"], user["devs"][0]["id"])
    found = (await asyncio.to_thread(reader.snapshot))["organizations"][-1]
    assert found["users"][0]["devs"] == []


async def test_the_resellers_panel(world: World, acme: Caller) -> None:
    panel, fspbx = ResellerPanel(world.base, acme.key), FsPbx(world.base, acme.key)
    org, connection = await asyncio.to_thread(fspbx.connect, "Bakery", "bakery")
    users = await asyncio.to_thread(panel.users, org.id, connection.id, [301, 302])
    for on in (True, False):
        headers = {"Authorization": f"Bearer {acme.key}"}
        url = panel.query_of_switch(org.id, on=on)
        async with acme.http.get(url, headers=headers, allow_redirects=False) as answer:
            assert (answer.status, await answer.json()) == (200, {})
        assert await asyncio.to_thread(panel.service_is_on, org.id) is on
    trunk = await asyncio.to_thread(panel.trunk, org.id, "2025550188", users)
    assert (trunk["number"], trunk["users"], trunk["outboundFormat"]) == ("+12025550188", users, "e164")
    assert await asyncio.to_thread(panel.words_of_failure, org.id)


async def test_the_vendors_script_finds_users_by_their_app(world: World, acme: Caller) -> None:
    panel = FsPbx(world.base, acme.key)
    org, connection = await asyncio.to_thread(panel.connect, "Bakery", "bakery")
    made = [await asyncio.to_thread(panel.create_user, connection, number) for number in ("201", "202")]
    await register(world, acme, org.id, made[1]["id"])
    found = await asyncio.to_thread(users_with_app, world.base, acme.key, "Sandbox")
    assert found == [("Bakery", "202")]


async def test_single_sign_on_makes_and_activates(world: World, acme: Caller) -> None:
    panel = FsPbx(world.base, acme.key)
    _, connection = await asyncio.to_thread(panel.connect, "Bakery", "bakery")
    await asyncio.to_thread(panel.create_user, connection, "201", active=False)
    for number in ("201", "202"):
        username, password = await asyncio.to_thread(sign_on, world.base, acme.key, "bakery", number, "Bo Baker")
        assert username == number
        assert password
    assert {one.status for one in await asyncio.to_thread(panel.users, connection.accountid)} == {1}


async def test_reading_27_clients_that_know_the_vendors_host_only(world: World, acme: Caller) -> None:
    """They are led here by DNS: what host they think it is does not matter."""
    headers = {"Authorization": f"Bearer {acme.key}", "Host": "shell.ringotel.co"}
    for path in ("/api", "/api/", "/"):
        async with acme.http.post(f"{world.base}{path}", json={"method": "getRegions"}, headers=headers) as answer:
            assert answer.status == 200
            assert len((await answer.json())["result"]) == 10
