"""Ringotel's six notifications, with a receiver that does what PBXs in the field do with them (specs/ringotel.md 2)."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import yarl
from aiohttp import web

from ringmain.carriers.build import dispatcher
from ringmain.core.texting.carrier import InboundText
from ringmain.core.texting.model import Message
from ringmain.delivery.faces import Face
from ringmain.delivery.relay import Relay
from ringmain.delivery.worker import DeliveryWorker
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.events import RingotelFace
from tests.conditions import eventually
from tests.delivery.receiver import LOCAL, Receiver, receiving, running
from tests.dialects.ringotel.chatting import OUTSIDE, OUTSIDE_E164, Users, users_of
from tests.dialects.ringotel.conftest import Caller, World

SECRET = "a-webhook-says-the-key-itself"


class Pbx:
    """A receiver that knows notifications by their key and downloads files without one."""

    def __init__(self, world: World, caller: Caller, receiver: Receiver) -> None:
        self.world = world
        self.caller = caller
        self.receiver = receiver
        self.company_id = caller.office.company_id

    async def heard(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        """The first so many notifications, by method and parameters; each has the key and nothing else."""
        posts = await self.receiver.wait_for(count)
        for post in posts:
            assert post.headers["content-type"] == "application/json"
            assert set(post.json) == {"method", "params", "api_key"}
            assert post.json["api_key"] == SECRET
        return [(post.json["method"], post.json["params"]) for post in posts]

    async def session(self, **params: Any) -> str:
        given = {"orgid": self.caller.orgid, "from": OUTSIDE, "to": "501", **params}
        result: dict[str, str] = (await self.caller("message", **given)).result()
        return result["sessionid"]

    async def say(self, sessionid: str, text: str = "Hello World!", **options: Any) -> Message:
        """A user writes, by another dialect."""
        session_id = ids.decode_stamp(sessionid, "session")
        options = {"author_id": self.caller.office.owner_id, "origin": "ringplan", **options}
        return await self.world.core.texting.send(self.company_id, session_id, text=text, **options)

    async def file(self, content: bytes, name: str) -> int:
        file = await self.world.core.files.create(self.company_id, name=name)
        await self.world.core.files.upload(self.company_id, file.id, content=content, uploaded_name=name, mimetype=None)
        return file.id


@pytest.fixture
async def users(world: World, acme: Caller) -> Users:
    return await users_of(world.core, acme)


@pytest.fixture
async def pbx(world: World, acme: Caller, users: Users) -> AsyncIterator[Pbx]:
    core = world.core
    key = await core.accounts.create_key(acme.account_id, name="pbx", secret=SECRET)
    faces: dict[str, Face] = {"ringotel": RingotelFace(core, world.base)}
    relay = Relay(core.database, core.wakeups, poll=0.02, gap=0.001)
    worker = DeliveryWorker(core.database, core.wakeups, faces, LOCAL, poll=0.02, gap=0.001, timeout=20.0)
    async with receiving() as receiver:
        await core.accounts.set_webhook(acme.account_id, key.key.id, receiver.url, SECRET)
        async with running(relay, worker):
            yield Pbx(world, acme, receiver)


async def test_message_of_a_user(pbx: Pbx, users: Users) -> None:
    sessionid = await pbx.session()
    message = await pbx.say(sessionid)
    assert await pbx.heard(1) == [
        (
            "message",
            {
                "to": OUTSIDE_E164,
                "from": "501",
                "orgid": pbx.caller.orgid,
                "userid": users.olive,
                "messageid": ids.encode_stamp(message.id),
                "sessionid": sessionid,
                "content": "Hello World!",
                "type": 1,
            },
        )
    ]


async def test_message_to_somebody_known_by_an_id(pbx: Pbx, users: Users) -> None:
    given = {"orgid": pbx.caller.orgid, "senderid": "1a2b3c4d5e6f", "userid": users.nobody}
    sessionid = (await pbx.caller("message", **given)).result()["sessionid"]
    await pbx.say(sessionid, author_id=None)
    ((_, params),) = await pbx.heard(1)
    assert params["senderid"] == "1a2b3c4d5e6f"
    assert "to" not in params
    # Of nobody and from a number that nobody owns: the number itself.
    assert (params["from"], params["userid"]) == (pbx.caller.office.number, "")


async def test_message_from_a_line_is_its_extensions(pbx: Pbx, users: Users) -> None:
    await pbx.world.core.numbers.update(pbx.company_id, pbx.caller.office.number, sms=False)
    await pbx.say(await pbx.session(to="502"), author_id=None)
    ((_, params),) = await pbx.heard(1)
    assert (params["from"], params["userid"]) == ("502", users.nobody)


async def test_message_with_a_file_is_a_link_that_needs_no_key(pbx: Pbx) -> None:
    content = b"%PDF-1.7 a report"
    file_id = await pbx.file(content, "report 1.pdf")
    await pbx.say(await pbx.session(), "", file_ids=[file_id])
    ((_, params),) = await pbx.heard(1)
    assert params["type"] == 2
    link = params["content"]
    assert urlsplit(link).path.endswith("/report%201.pdf")
    async with aiohttp.ClientSession() as http:
        for method in ("HEAD", "GET"):
            async with http.request(method, yarl.URL(link, encoded=True)) as response:
                assert response.status == 200
                assert response.headers["content-type"] == "application/pdf"
                assert await response.read() == (content if method == "GET" else b"")
        for broken in (link.replace("signature=", "signature=x"), link.partition("?")[0]):
            async with http.get(broken) as response:
                assert response.status == 403


async def test_message_with_text_and_files_has_links_in_its_text(pbx: Pbx) -> None:
    files = [await pbx.file(b"one", "one.txt"), await pbx.file(b"two", "two.txt")]
    await pbx.say(await pbx.session(), "See these", file_ids=files)
    ((_, params),) = await pbx.heard(1)
    text, first, second = params["content"].split("\n")
    assert (params["type"], text) == (1, "See these")
    assert urlsplit(first).path.endswith("/one.txt")
    assert urlsplit(second).path.endswith("/two.txt")


async def test_message_is_not_echoed_but_delivered_is_told(pbx: Pbx) -> None:
    given = {"orgid": pbx.caller.orgid, "from": OUTSIDE, "to": "501", "content": "Hi"}
    sent = (await pbx.caller("message", **given)).result()
    # Written elsewhere, imported, and a call: nothing of these comes back.
    mine = {**given, "from": "501", "to": OUTSIDE}
    await pbx.caller("message", **mine)
    await pbx.caller("message", **mine, sessionid=sent["sessionid"], timestamp=1_733_829_203_832)
    await pbx.caller("typing", orgid=pbx.caller.orgid, sessionid=sent["sessionid"])
    assert await pbx.heard(2) == [
        ("delivered", sent),
        ("typing", {"sessionid": sent["sessionid"], "state": "on"}),
    ]


async def test_message_of_another_carrier_is_not_told(pbx: Pbx) -> None:
    office = pbx.caller.office
    inbound = InboundText(carrier="sandbox", sender=OUTSIDE_E164, recipient=office.number, text="By SMS")
    message = await pbx.world.core.texting.receive(inbound)
    await pbx.caller("read", orgid=pbx.caller.orgid, sessionid=ids.encode_stamp(message.conversation_id))
    ((method, _),) = await pbx.heard(1)
    assert method == "read"


async def test_message_automatic_answers_are_told(pbx: Pbx) -> None:
    sessionid = await pbx.session(content="STOP")
    heard = await pbx.heard(2)
    assert [method for method, _ in heard] == ["delivered", "message"]
    assert heard[1][1]["sessionid"] == sessionid
    assert "unsubscribed" in heard[1][1]["content"]


async def test_delivered_read_typing_updated_deleted(pbx: Pbx) -> None:
    orgid = pbx.caller.orgid
    sessionid = await pbx.session(content="Hi")
    message = await pbx.say(sessionid)
    messageid = ids.encode_stamp(message.id)
    for method, params in (
        ("delivered", {"messageid": messageid}),
        ("read", {"sessionid": sessionid}),
        ("typing", {"sessionid": sessionid, "state": "off"}),
        ("updated", {"messageid": messageid, "content": "Hello again"}),
        ("deleted", {"messageid": messageid}),
    ):
        (await pbx.caller(method, orgid=orgid, **params)).void()
    heard = await pbx.heard(7)
    assert [method for method, _ in heard[:2]] == ["delivered", "message"]
    assert heard[2:] == [
        ("delivered", {"messageid": messageid, "sessionid": sessionid}),
        ("read", {"sessionid": sessionid}),
        ("typing", {"sessionid": sessionid, "state": "off"}),
        ("updated", {"messageid": messageid, "content": "Hello again"}),
        ("deleted", {"messageid": messageid}),
    ]


async def test_reading_15_updated_and_deleted_say_no_session(pbx: Pbx) -> None:
    message = await pbx.say(await pbx.session())
    messageid = ids.encode_stamp(message.id)
    await pbx.caller("updated", orgid=pbx.caller.orgid, messageid=messageid, content="x")
    await pbx.caller("deleted", orgid=pbx.caller.orgid, messageid=messageid)
    _, (_, updated), (_, deleted) = await pbx.heard(3)
    assert set(updated) == {"messageid", "content"}
    assert set(deleted) == {"messageid"}


async def test_messages_of_a_session_come_in_order(pbx: Pbx) -> None:
    sessionid = await pbx.session()
    sent = [ids.encode_stamp((await pbx.say(sessionid, f"{number}")).id) for number in range(20)]
    assert [params["messageid"] for _, params in await pbx.heard(20)] == sent


async def test_relayed_texts_are_sent_when_told_of_and_delivered_when_the_client_says_so(pbx: Pbx) -> None:
    core = pbx.world.core
    await core.numbers.update(pbx.company_id, pbx.caller.office.number, sms=False)
    carriers = dispatcher(core)
    await carriers.start()
    try:
        sessionid = await pbx.session(to="502")
        message = await pbx.say(sessionid)
        (told,) = await pbx.heard(1)

        async def state() -> str:
            return (await core.texting.get_message(pbx.company_id, message.id)).state

        async def settled(wanted: str) -> bool:
            return await state() == wanted

        await eventually(lambda: settled("sent"))
        await pbx.caller("delivered", orgid=pbx.caller.orgid, messageid=told[1]["messageid"])
        assert await state() == "delivered"
        heard = await pbx.heard(2)
        assert heard[1] == ("delivered", {"messageid": told[1]["messageid"], "sessionid": sessionid})
    finally:
        await carriers.stop()


async def test_relayed_texts_that_nobody_is_told_of_fail(world: World, acme: Caller, users: Users) -> None:
    core, company_id = world.core, acme.office.company_id
    await core.numbers.update(company_id, acme.office.number, sms=False)
    given = {"orgid": acme.orgid, "from": OUTSIDE, "to": "502"}
    sessionid = (await acme("message", **given)).result()["sessionid"]
    carriers = dispatcher(core)
    await carriers.start()
    try:
        message = await core.texting.send(company_id, ids.decode_stamp(sessionid, "session"), text="Hello")

        async def failed() -> Message | None:
            found = await core.texting.get_message(company_id, message.id)
            return found if found.state == "failed" else None

        assert (await eventually(failed)).error_code == "no_relay"
    finally:
        await carriers.stop()


async def test_a_receiver_that_is_away_is_tried_five_times(world: World) -> None:
    face = RingotelFace(world.core, world.base)
    assert list(face.schedule("message.created") or ()) == [0.0, 10.0, 60.0, 300.0, 1800.0]
    assert not face.is_final(400)


async def test_a_receiver_that_fails_gets_the_same_messageid_again(pbx: Pbx) -> None:
    async def fail_once(request: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        return web.Response(status=500 if len(pbx.receiver.posts) == 1 else 200)

    pbx.receiver.answer = fail_once
    await pbx.say(await pbx.session())
    await pbx.receiver.wait_for(1)
    subscriptions = pbx.world.core.subscriptions
    told = [one for one in await subscriptions.deliveries(pbx.company_id) if one.event_type == "message.created"]
    which = (pbx.company_id, told[0].event_id, told[0].subscription_id)

    async def failed() -> bool:
        return [one.status for one in await subscriptions.attempts(*which)] == [500]

    await eventually(failed)
    await subscriptions.resend(*which)
    first, second = await pbx.receiver.wait_for(2)
    assert first.body == second.body


@pytest.mark.parametrize(
    ("inbound", "outbound", "to", "sender"),
    [
        ("", "", OUTSIDE_E164, "+12025550123"),
        ("e164", "e164", OUTSIDE_E164, "+12025550123"),
        ("national", "international", OUTSIDE, "12025550123"),
        ("international", "national", OUTSIDE_E164[1:], "2025550123"),
    ],
)
async def test_message_spells_numbers_as_its_trunk_says(
    pbx: Pbx, inbound: str, outbound: str, to: str, sender: str
) -> None:
    caller = pbx.caller
    (trunk,) = (await caller("getSMSTrunks", orgid=caller.orgid)).result()
    formats = {"inboundFormat": inbound, "outboundFormat": outbound}
    (await caller("updateSMSTrunk", orgid=caller.orgid, id=trunk["id"], **formats)).void()
    await pbx.say(await pbx.session(), author_id=None)
    ((_, params),) = await pbx.heard(1)
    assert (params["to"], params["from"]) == (to, sender)
