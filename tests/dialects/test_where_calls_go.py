"""What Ringotel's clients set of calls, callers feel: seen in RingPlan's records and webhooks, and in RingRx's."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ringmain.app import Ringmain
from ringmain.settings import Settings
from tests.conftest import furnish
from tests.delivery.receiver import Receiver, receiving
from tests.dialects.ringotel.conftest import Caller as Ringotel
from tests.dialects.ringotel.conftest import caller_of
from tests.dialects.ringotel.user_flow import branch_of, plain
from tests.dialects.ringplan.conftest import Caller as RingPlan
from tests.dialects.ringrx.conftest import token_of
from tests.realtime.conftest import serving

TOKEN = "a token of the operator's environment"
CALLER, MOBILE = "+18185551234", "+13105550199"
NOON = {"started_at": "2026-03-04T12:00:00Z"}


class Office:
    """One company with the users 601 and 602, seen by the three vendors' clients and by the operator."""

    def __init__(self, ringotel: Ringotel, ringplan: RingPlan, ringrx_token: str, users: dict[int, str]) -> None:
        self.ringotel = ringotel
        self.ringplan = ringplan
        self.ringrx_token = ringrx_token
        self.users = users

    async def set(self, number: int, **settings: Any) -> None:
        given = {"orgid": self.ringotel.orgid, "id": self.users[number], **settings}
        (await self.ringotel("setUserSettings", **given)).void()

    async def call(self, to: str = "601", **body: Any) -> dict[str, Any]:
        """As the operator acts it out; returns its record."""
        path = f"/ringmain/v1/companies/{self.ringotel.office.company_id}/calls"
        found = await self._ask("POST", path, TOKEN, json={"from": CALLER, "to": to, **NOON, **body})
        call: dict[str, Any] = found["call"]
        return call

    async def ringplan_record(self) -> dict[str, Any]:
        """The only one."""
        ((item),) = (await self.ringplan("GET", "/cdrs/v3/cdrs")).json()
        record: dict[str, Any] = item["cdr"]
        return record

    async def ringrx_record(self) -> dict[str, Any]:
        """The only one."""
        query = "/cdrs?startDate=2026-03-01&endDate=2026-03-31"
        (record,) = await self._ask("GET", query, self.ringrx_token)
        found: dict[str, Any] = record
        return found

    async def callbacks(self, receiver: Receiver) -> None:
        """Of all that RingPlan tells of calls, and of RingRx's records, to one receiver."""
        assert (await self.ringplan("PUT", "/webhooks/callbacks/url", json={"url": receiver.url})).status < 300
        for kind in ("dial.action.started", "dial.action.completed", "call.action.hangup"):
            assert (await self.ringplan("POST", "/webhooks/callbacks", json={"type": kind})).status == 201
        given = {"callback_type": "cdr", "url": receiver.url}
        await self._ask("POST", "/pbxcallbacks", self.ringrx_token, json=given)

    async def _ask(self, method: str, path: str, token: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        async with self.ringotel.http.request(
            method, f"{self.ringotel.base}{path}", headers=headers, **options
        ) as response:
            assert response.status < 300, await response.text()
            return await response.json()


@pytest.fixture
async def office(dsn: str, tmp_path: Path) -> AsyncIterator[Office]:
    settings = Settings(
        data_dir=tmp_path, database_url=dsn, operator_token=TOKEN, egress_allow=["127.0.0.1:*"], pool_size=6
    )
    ringmain = Ringmain(settings)
    await ringmain.start()
    core = ringmain.core
    given = await furnish(core)
    async with serving(ringmain.app) as base, aiohttp.ClientSession() as http:
        ringotel = await caller_of(core, http, base, given)
        branchid = await branch_of(ringotel)
        users = {number: await plain(ringotel, branchid, number) for number in (601, 602)}
        key = await core.credentials.create_api_key(given.company_id, "ringplan", "test")
        token = await token_of(core, given.company_id, given.owner_id)
        yield Office(ringotel, RingPlan(http, base, given, key.secret), token, users)
    await ringmain.stop()


@pytest.fixture
async def receiver(office: Office) -> AsyncIterator[Receiver]:
    async with receiving() as one:
        await office.callbacks(one)
        yield one


def told(receiver: Receiver, kind: str) -> list[tuple[Any, ...]]:
    """Of RingPlan's webhooks of this type: the extension, and what came of it."""
    posts = [post.json["data"] for post in receiver.posts if post.json.get("type") == kind]
    return sorted((one["extension"], one.get("result") or one.get("status")) for one in posts)


def ringrx_callbacks(receiver: Receiver) -> list[dict[str, Any]]:
    return [post.json for post in receiver.posts if "hangup_cause" in post.json]


async def test_a_call_that_is_always_forwarded(office: Office, receiver: Receiver) -> None:
    await office.set(601, fwdall=True, fwdallnumber="602")
    await office.call(ring_seconds=4, talk_seconds=30)
    await receiver.wait_for(4)
    assert told(receiver, "dial.action.started") == [(602, None)]
    assert told(receiver, "dial.action.completed") == [(602, "answered")]
    assert told(receiver, "call.action.hangup") == [(602, "COMPLETED")]
    record = await office.ringplan_record()
    assert (record["dst"], record["status"], record["ringtime"], record["billsec"]) == ("601", "COMPLETED", 4, 30)
    (posted,) = ringrx_callbacks(receiver)
    listed = await office.ringrx_record()
    assert {name: posted[name] for name in listed if name in posted} == {
        name: listed[name] for name in listed if name in posted
    }
    assert (listed["responsible_party"], listed["called_party"], listed["hangup_cause"]) == (
        *("602", "601"),
        "NORMAL_CLEARING",
    )


async def test_nobody_answers_and_a_mobile_telephone_does(office: Office, receiver: Receiver) -> None:
    await office.set(601, fwdnans=True, fwdnansnumber=MOBILE, fwdnanstime=12)
    call = await office.call(answered_by="(310) 555-0199", ring_seconds=3)
    assert call["pbx"]["diversions"] == [{"from": "601", "reason": "no-answer", "to": MOBILE}]
    await receiver.wait_for(6)
    assert told(receiver, "dial.action.completed") == [(601, "answered"), (601, "no_answer")]
    assert (await office.ringplan_record())["ringtime"] == 15
    assert [one["hangup_cause"] for one in ringrx_callbacks(receiver)] == ["NORMAL_CLEARING"]


async def test_do_not_disturb_is_busy_and_rings_nobody(office: Office, receiver: Receiver) -> None:
    given = {"orgid": office.ringotel.orgid, "id": office.users[601], "dnd": True}
    (await office.ringotel("setUserState", **given)).void()
    await office.set(601, voicemail=False)
    await office.call()
    await receiver.wait_for(2)
    assert told(receiver, "dial.action.started") == []
    assert told(receiver, "call.action.hangup") == [(601, "BUSY")]
    record = await office.ringplan_record()
    assert (record["status"], record["relcause"], record["duration"]) == ("BUSY", 17, 0)
    (posted,) = ringrx_callbacks(receiver)
    assert (posted["hangup_cause"], (await office.ringrx_record())["hangup_cause"]) == ("USER_BUSY", "USER_BUSY")


async def test_voicemail_answers_while_it_is_on(office: Office) -> None:
    await office.call(outcome="no_answer")
    record = await office.ringrx_record()
    assert (record["mailbox"], record["hangup_cause"]) == ("601", "NO_ANSWER")
    shown = await office.ringplan_record()
    assert (shown["status"], shown["pbx_lastapp"]) == ("CANCELLED", "VoiceMail")


async def test_nobody_is_lost_between_two_who_forward_to_each_other(office: Office, receiver: Receiver) -> None:
    await office.set(601, fwdall=True, fwdallnumber="602")
    await office.set(602, fwdall=True, fwdallnumber="601")
    await office.call()
    await receiver.wait_for(4)
    assert told(receiver, "dial.action.completed") == [(602, "answered")]
    assert (await office.ringrx_record())["responsible_party"] == "602"


async def test_what_ringplans_clients_set_counts_too(office: Office) -> None:
    (instance,) = (await office.ringplan("GET", "/system/instances")).json()
    path = f"/instances/{instance['uuid']}/bulks/extensions"
    extension = next(one for one in (await office.ringplan("GET", path)).json() if one["data"]["extension"] == 601)
    body = {"data": {"ringtimer": "7", "noanswer_dest": "from-did-direct,602,1"}}
    assert (await office.ringplan("PATCH", f"{path}/{extension['_id']}", json=body)).status == 200
    call = await office.call(answered_by=602, ring_seconds=2)
    assert (call["extension_number"], (await office.ringplan_record())["ringtime"]) == (602, 9)
