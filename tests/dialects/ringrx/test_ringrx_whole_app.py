"""The composed application: what operators inject reaches RingRx's callbacks through relay and worker."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from ringmain.app import Ringmain
from ringmain.dialects.ringrx import ids
from ringmain.settings import Settings
from tests.conditions import eventually
from tests.delivery.receiver import Receiver, receiving
from tests.dialects.ringrx.conftest import WAV, Account, Caller, open_account, token_of
from tests.realtime.conftest import serving

TOKEN = "a token of the operator's environment"
CALLER = "+18185551234"


class Running:
    """The server with one account of extensions 101 and 102, its owner, its operator and a receiver."""

    def __init__(self, owner: Caller, receiver: Receiver) -> None:
        self.owner = owner
        self.account: Account = owner.account
        self.receiver = receiver
        self.operator = owner.acting(TOKEN)
        self.company = f"/ringmain/v1/companies/{owner.company_id}"

    async def callback(self, kind: str, **fields: Any) -> int:
        """Make one to the receiver; returns its id."""
        given = {"callback_type": kind, "url": self.receiver.url, **fields}
        reply = await self.owner("POST", "/pbxcallbacks", json=given)
        assert reply.status == 201, reply.body
        made: int = reply.json()["id"]
        return made

    async def alerted_group(self) -> tuple[str, int]:
        """A group of 101 and 102, rung in turn, with an alert; their ids."""
        given = {"extension": "8000", "strategy": "sequential", "members": ["101", "102"], "tags": ["reception_queue"]}
        group = (await self.owner("POST", "/groups", json=given)).json()["id"]
        return group, await self.callback("call_alert", group=group)

    async def inject(self, what: str, **body: Any) -> Any:
        """What an operator posts; returns the answer."""
        reply = await self.operator("POST", f"{self.company}/{what}", json=body)
        assert reply.status == 201, reply.body
        return reply.json()

    async def events(self) -> list[dict[str, Any]]:
        """The company's, oldest first."""
        items = (await self.operator.read(f"{self.company}/events?limit=1000"))["items"]
        return sorted(items, key=lambda one: int(one["id"]))

    async def deliveries(self, state: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.operator.read(f"{self.company}/deliveries?state={state}"))["items"]
        return found


@pytest.fixture
async def running(dsn: str, tmp_path: Path) -> AsyncIterator[Running]:
    settings = Settings(
        data_dir=tmp_path, database_url=dsn, operator_token=TOKEN, egress_allow=["127.0.0.1:*"], pool_size=6
    )
    ringmain = Ringmain(settings)
    await ringmain.start()
    account = await open_account(ringmain.core, "Acme", "+12025550123")
    token = await token_of(ringmain.core, account.id, account.office.owner_id)
    async with serving(ringmain.app) as base, aiohttp.ClientSession() as http, receiving() as receiver:
        yield Running(Caller(http, base, account, account.office.owner_id, token), receiver)
    await ringmain.stop()


async def test_call_alert_callback_comes_before_each_offer(running: Running) -> None:
    """One an offer, all with the same uuid, each in the log before the leg that it tells of rings."""
    _, callback_id = await running.alerted_group()
    other = (await running.owner("POST", "/groups", json={"extension": "8001"})).json()["id"]
    await running.callback("call_alert", group=other)
    number = running.account.office.number
    call = (
        await running.inject(
            "calls",
            **{"from": CALLER, "to": number, "from_name": "Dr Smith"},
            extension=8000,
            answered_by=102,
            started_at="2024-02-27T23:08:10.020813Z",
        )
    )["call"]
    posts = await running.receiver.wait_for(2)
    alert = {
        "uuid": ids.encode(call["id"]),
        "created_at": "1709075290020813",
        "callback_id": callback_id,
        "domain_name": "acme.ringrx.com",
        "originally_dialed_number": number,
        "dialed_number": "8000",
        "caller_number": CALLER,
        "caller_nname": "Dr Smith",
        "caller_name": "Dr Smith",
        "tags": "inbound,reception_queue",
    }
    told = sorted((post.json for post in posts), key=lambda body: str(body["dialed_users"]))
    assert [body | alert for body in told] == told
    assert [{name: body[name] for name in body if name not in alert} for body in told] == [
        {"dialed_user_emails": "owner@acme.example", "dialed_users": "Olive"},
        {"dialed_user_emails": "pat@acme.example", "dialed_users": "Pat Plain"},
    ]
    assert {post.headers["content-type"] for post in posts} == {"application/json"}
    offered, rings = "call.offered", "call.ringing"
    log = [
        (one["type"], [user["extension_number"] for user in one["payload"]["users"]])
        if one["type"] == offered
        else (one["type"], [one["payload"]["leg"]["extension_number"]])
        for one in await running.events()
        if one["type"] in (offered, rings)
    ]
    assert log == [(offered, [101]), (rings, [101]), (offered, [102]), (rings, [102])]
    assert (call["extension_number"], call["outcome"]) == (102, "completed")
    assert len(running.receiver.posts) == 2


async def test_a_receiver_that_hangs_delays_no_offer(running: Running) -> None:
    """Nobody waits for it: the call is over, and in the records, before the first alert is answered."""
    await running.alerted_group()
    answered = asyncio.Event()
    open_posts: list[object] = []

    async def hang(request: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        open_posts.append(body)
        await answered.wait()
        open_posts.remove(body)
        return web.Response()

    running.receiver.answer = hang
    call = (await running.inject("calls", **{"from": CALLER, "to": "8000"}, answered_by=102))["call"]
    # The second alert does not wait for the first one either.
    await running.receiver.wait_for(2)
    today = datetime.now(UTC).date().isoformat()
    records = await running.owner.read("/cdrs", params={"startDate": "2024-01-01", "endDate": today})
    assert ids.encode(call["id"]) in [one["id"] for one in records]
    assert len(open_posts) == 2
    answered.set()
    delivered = await eventually(lambda: running.deliveries("delivered"))
    assert delivered


async def test_an_alert_that_failed_is_not_sent_again(running: Running) -> None:
    running.receiver.status = 500
    await running.alerted_group()
    await running.inject("calls", **{"from": CALLER, "to": "8000"})
    (dead,) = await eventually(lambda: running.deliveries("dead"))
    assert (dead["event_type"], dead["attempts"]) == ("call.offered", 1)
    assert await running.deliveries("pending") == []
    assert len(running.receiver.posts) == 1


async def test_an_injected_voicemail_reaches_its_callback_as_its_audio_file(running: Running) -> None:
    query = "?id={id}&mailbox={mailbox}&from={caller}&file={filename}"
    await running.callback("voicemail", mailboxes=["101"], url=f"{running.receiver.url}{query}")
    left = await running.inject("voicemails", **{"from": CALLER}, extension=101, audio=base64.b64encode(WAV).decode())
    (post,) = await running.receiver.wait_for(1)
    assert (post.headers["content-type"], post.body) == ("audio/wav", WAV)
    (listed,) = await running.owner.read("/voicemails")
    assert listed["id"] == ids.encode(left["id"])
    assert post.query == f"id={listed['id']}&mailbox=101&from=18185551234&file={listed['voicemail']}"
