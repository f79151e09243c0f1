"""What one of Ringotel and RingPlan writes is seen through the other: in lists, on sockets and by webhook."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from ringmain.core.system import Core
from ringmain.delivery.faces import Face
from ringmain.delivery.relay import Relay
from ringmain.delivery.worker import DeliveryWorker
from ringmain.dialects.ringotel import ids as ringotel_ids
from ringmain.dialects.ringotel.app import build as build_ringotel
from ringmain.dialects.ringotel.events import RingotelFace
from ringmain.dialects.ringplan import ids as ringplan_ids
from ringmain.dialects.ringplan.app import build as build_ringplan
from ringmain.dialects.ringplan.events import WEBHOOK_TYPES, RingPlanFace
from ringmain.dialects.ringplan.realtime import RingPlanRealtime
from ringmain.front import Front
from ringmain.realtime.follower import Follower
from ringmain.realtime.socketio import SocketServer
from tests.conftest import furnish
from tests.delivery.receiver import LOCAL, Receiver, receiving, running
from tests.dialects.ringotel.chatting import OUTSIDE, OUTSIDE_E164, Users, users_of
from tests.dialects.ringotel.conftest import FETCH, Caller, caller_of
from tests.dialects.ringplan.conftest import Caller as RingPlanCaller
from tests.dialects.ringplan.test_ringplan_realtime import Phone, connected
from tests.realtime.conftest import serving

SECRET = "a-webhook-says-the-key-itself"
INBOUND = "texting.message.inbound"


class Both:
    """A company that is called by both vendors' clients, with a socket and a receiver of each one's webhooks."""

    def __init__(self, ringotel: Caller, ringplan: RingPlanCaller, users: Users, phone: Phone) -> None:
        self.ringotel = ringotel
        self.ringplan = ringplan
        self.users = users
        self.phone = phone
        self.ringplan_hook = Receiver()
        self.ringotel_hook = Receiver()

    async def bring(self, **params: Any) -> dict[str, str]:
        given = {"orgid": self.ringotel.orgid, "from": OUTSIDE, "to": "502", "content": "Hi", **params}
        result: dict[str, str] = (await self.ringotel("message", **given)).result()
        return result

    async def listed(self, sessionid: str) -> list[dict[str, Any]]:
        """A session's messages as RingPlan lists them, newest first."""
        conversation_id = ringplan_ids.encode(ringotel_ids.decode_stamp(sessionid, "session"))
        found: list[dict[str, Any]] = (
            await self.ringplan("GET", f"/texting/conversations/{conversation_id}/messages")
        ).json()
        return found


def ringplan_id(stamp: str) -> str:
    return ringplan_ids.encode(ringotel_ids.decode_stamp(stamp, "message"))


@pytest.fixture
async def both(core: Core) -> AsyncIterator[Both]:
    office = await furnish(core)
    sockets = SocketServer()
    follower = Follower(core.database, core.wakeups)
    follower.subscribe(RingPlanRealtime(core, sockets).push)
    key = await core.credentials.create_api_key(office.company_id, "ringplan", "test")
    await follower.start()
    await FETCH.start()
    apps = {**build_ringotel(core, "https://phone.example.com", FETCH), **build_ringplan(core, "https://x", sockets)}
    faces: dict[str, Face] = {"ringplan": RingPlanFace(), "ringotel": RingotelFace(core, "https://phone.example.com")}
    relay = Relay(core.database, core.wakeups, poll=0.02, gap=0.001)
    worker = DeliveryWorker(core.database, core.wakeups, faces, LOCAL, poll=0.02, gap=0.001, timeout=20.0)
    async with (
        serving(Front(apps)) as base,
        aiohttp.ClientSession() as http,
        connected(base) as phone,
        receiving() as ringplan_hook,
        receiving() as ringotel_hook,
        running(relay, worker),
    ):
        ringotel = await caller_of(core, http, base, office)
        made = Both(ringotel, RingPlanCaller(http, base, office, key.secret), await users_of(core, ringotel), phone)
        made.ringplan_hook, made.ringotel_hook = ringplan_hook, ringotel_hook
        told = await core.accounts.create_key(ringotel.account_id, name="told", secret=SECRET)
        await core.accounts.set_webhook(ringotel.account_id, told.key.id, ringotel_hook.url, SECRET)
        endpoint, _ = await core.subscriptions.create_endpoint(
            office.company_id, face="ringplan", url=ringplan_hook.url
        )
        kind = WEBHOOK_TYPES[INBOUND]
        await core.subscriptions.subscribe(
            office.company_id, endpoint.id, name=INBOUND, event_types=[kind.event_type], filter=kind.filter
        )
        await phone.authenticate(token=key.secret)
        yield made
        await sockets.close()
    await FETCH.stop()
    await follower.stop()


async def test_a_message_is_seen_in_lists_on_sockets_and_by_webhook(both: Both) -> None:
    sent = await both.bring(content="Hello from elsewhere")
    chat = await both.phone.expect("texting.chat.new")
    pushed = await both.phone.expect("texting.message.new")
    assert (pushed["id"], pushed["text"]) == (ringplan_id(sent["messageid"]), "Hello from elsewhere")
    assert (pushed["frm"], pushed["direction"], pushed["is_read"]) == (OUTSIDE_E164, "inbound", False)
    (listed,) = await both.listed(sent["sessionid"])
    assert {**listed, "contact": pushed["contact"]} == pushed
    (conversation, _) = (await both.ringplan("GET", "/texting/conversations")).json()
    assert (conversation["id"], conversation["countunreadmessages"]) == (chat["id"], 1)
    (post,) = await both.ringplan_hook.wait_for(1)
    assert (post.json["type"], post.json["data"]["id"]) == (INBOUND, listed["id"])


async def test_what_a_user_wrote_elsewhere_is_seen(both: Both) -> None:
    sent = await both.bring(**{"from": "501"}, to=OUTSIDE)
    await both.phone.expect("texting.chat.new")
    pushed = await both.phone.expect("texting.message.new")
    assert (pushed["direction"], pushed["success"]) == ("outbound", True)
    assert [one["id"] for one in await both.listed(sent["sessionid"])] == [pushed["id"]]


async def test_updated_and_deleted_and_read_are_seen(both: Both) -> None:
    first, second = await both.bring(), await both.bring(content="Two")
    for event in ("texting.chat.new", "texting.message.new", "texting.message.new"):
        await both.phone.expect(event)
    orgid = both.ringotel.orgid
    (await both.ringotel("updated", orgid=orgid, messageid=first["messageid"], content="Changed")).void()
    assert [one["text"] for one in await both.listed(first["sessionid"])] == ["Two", "Changed"]
    (await both.ringotel("read", orgid=orgid, sessionid=first["sessionid"])).void()
    marked = await both.phone.expect("texting.message.markAsRead")
    assert marked["messagesIds"] == [ringplan_id(one["messageid"]) for one in (first, second)]
    (await both.ringotel("deleted", orgid=orgid, messageid=second["messageid"])).void()
    gone = await both.phone.expect("texting.message.delete")
    assert gone["id"] == ringplan_id(second["messageid"])
    assert [one["text"] for one in await both.listed(first["sessionid"])] == ["Changed"]


async def test_what_is_imported_is_listed_in_its_place_and_rings_nobody(both: Both) -> None:
    sent = await both.bring(content="Now")
    await both.bring(content="Long ago", sessionid=sent["sessionid"], timestamp=1_733_829_203_832)
    await both.bring(content="Later")
    for event in ("texting.chat.new", "texting.message.new", "texting.message.new"):
        await both.phone.expect(event)
    listed = await both.listed(sent["sessionid"])
    assert [(one["text"], one["is_read"]) for one in listed] == [("Later", False), ("Now", False), ("Long ago", True)]
    assert listed[2]["created_at"].startswith("2024-12-10T11:13:23.832")
    assert [post.json["data"]["text"] for post in await both.ringplan_hook.wait_for(2)] == ["Now", "Later"]


async def test_a_call_is_a_text_to_ringplan(both: Both) -> None:
    sent = await both.bring()
    content = {"duration": 59, "caller": OUTSIDE, "called": "502", "subject": "Leak"}
    await both.bring(type=8, sessionid=sent["sessionid"], content=content)
    assert (await both.listed(sent["sessionid"]))[0]["text"] == f"Incoming call from {OUTSIDE} to 502, 59 s\nLeak"


async def test_a_text_of_ringplan_reaches_the_ringotel_webhook(both: Both) -> None:
    sent = await both.bring(to="501")
    conversation_id = ringplan_ids.encode(ringotel_ids.decode_stamp(sent["sessionid"], "session"))
    path = f"/texting/conversations/{conversation_id}/messages"
    reply = await both.ringplan("POST", f"{path}/publish", json={"text": "From RingPlan"})
    published = reply.json()["id"]
    _, post = await both.ringotel_hook.wait_for(2)
    params = post.json["params"]
    assert (post.json["method"], params["content"], params["to"]) == ("message", "From RingPlan", OUTSIDE_E164)
    assert (params["from"], params["userid"]) == ("501", both.users.olive)
    assert (ringplan_id(params["messageid"]), params["sessionid"]) == (published, sent["sessionid"])
    listed = await both.listed(sent["sessionid"])
    mark = await both.ringplan("PATCH", f"{path}/{listed[1]['id']}", json={"is_read": True})
    assert mark.status == 200
    await both.ringplan("DELETE", f"{path}?ids={published}")
    posts = await both.ringotel_hook.wait_for(4)
    assert [one.json["method"] for one in posts[2:]] == ["read", "deleted"]


async def test_a_conversation_deleted_in_ringplan_is_a_closed_session(both: Both) -> None:
    sent = await both.bring()
    conversation_id = ringplan_ids.encode(ringotel_ids.decode_stamp(sent["sessionid"], "session"))
    assert (await both.ringplan("DELETE", f"/texting/conversations/{conversation_id}")).status == 204
    again = await both.bring(sessionid=sent["sessionid"])
    assert again["sessionid"] != sent["sessionid"]


async def test_what_somebody_is_called_is_the_same_in_both(both: Both) -> None:
    await both.bring(senderid="abc", sendername="Grace Mbeki")
    found = (await both.ringplan("GET", "/texting/contacts", params={"search": "grace"})).json()
    assert [(one["first_name"], one["last_name"], one["number"]) for one in found] == [("Grace", "Mbeki", OUTSIDE_E164)]
