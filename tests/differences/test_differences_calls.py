"""KNOWN_DIFFERENCES.md 100 to 105: call records, and users' statuses."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ringmain.core.calls.model import Call
from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.extensions.model import ExtensionChange
from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller
from tests.differences.conftest import Place, listening
from tests.recordings import wav

CDRS = "/cdrs/v3/cdrs"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
OUTSIDE = "+13105550100"
STATUS = "/status/v2/current-user"
STATUSES = "/statuses/v2/users"
NOBODY: dict[str, str | None] = {"Authorization": None, "X-User-Id": None}


class Pbx:
    """The company's instance with the extensions 101 and 102."""

    def __init__(self, place: Place) -> None:
        self.core = place.core
        self.company_id = place.acme.office.company_id

    async def install(self) -> None:
        instance = await self.core.instances.create(self.company_id, name="pbx", domain="pbx.acme.example")
        for number in (101, 102):
            await self.core.extensions.create(self.company_id, instance.id, ExtensionChange(number=number))

    async def call(self, source: str, destination: str, **fields: Any) -> Call:
        planned = PlannedCall(source=source, destination=destination, **({"started_at": NOON} | fields))
        return await self.core.sandbox_calls.place(self.company_id, planned)


@pytest.fixture
async def pbx(place: Place) -> Pbx:
    pbx = Pbx(place)
    await pbx.install()
    return pbx


async def records(acme: Caller, query: str = "") -> list[Any]:
    reply = await acme("GET", f"{CDRS}?{query}")
    assert reply.status == 200, reply.body
    assert reply.headers["X-Pagination-Total-Count"] == str(len(reply.json()))
    return [one["cdr"] for one in reply.json()]


async def change(acme: Caller, **fields: Any) -> Any:
    reply = await acme("PATCH", STATUS, json=fields)
    assert reply.status == 200, reply.body
    return reply.json()


async def test_100_call_records(acme: Caller, pbx: Pbx) -> None:
    await pbx.call(OUTSIDE, "101", ring_s=4.5, talk_s=60.9)
    (cdr,) = await records(acme)
    assert (cdr["src"], cdr["dst"], cdr["starttime"]) == (OUTSIDE, "101", "2026-03-04T12:00:00.000000+00:00")
    assert (cdr["ringtime"], cdr["billsec"], cdr["duration"], cdr["durationms"]) == (4, 60, 65, 65_400)
    assert (cdr["direction"], cdr["network"], cdr["rate"], cdr["relcause"]) == ("IN", "OFF_NET", 0, 16)
    assert ids.encode(cdr["recno"]) == cdr["id"]


async def test_101_statuses_of_calls(acme: Caller, pbx: Pbx) -> None:
    outcomes = ("answered", "busy", "no_answer", "cancelled", "failed")
    for outcome in outcomes:
        await pbx.call("101", OUTSIDE, outcome=outcome)
    shown = [cdr["status"] for cdr in reversed(await records(acme))]
    assert dict(zip(outcomes, shown, strict=True)) == {
        "answered": "COMPLETED",
        "busy": "BUSY",
        "no_answer": "CANCELLED",
        "cancelled": "ORIG_CANCEL",
        "failed": "FAILED",
    }
    await pbx.call("101", "102")
    assert [cdr["network"] for cdr in await records(acme, "status=COMPLETED")] == ["PRIVATE", "OFF_NET"]


async def test_102_filters_of_call_records(acme: Caller, pbx: Pbx) -> None:
    await pbx.call(OUTSIDE, "101", outcome="busy")
    await pbx.call("102", OUTSIDE)
    for query, found in {
        "src=(310)%20555-0100": 1,
        "dst=13105550100": 1,
        "src=3105550": 0,
        "extension=101": 1,
        "extension=103": 0,
        "status=BUSY,completed": 2,
        "status=BUSY&status=FAILED": 1,
        "direction=IN": 1,
        "from_date=2026-03-04&to_date=2026-03-04": 2,
        "from_date=2026-03-05": 0,
        "colour=blue": 2,
    }.items():
        assert len(await records(acme, query)) == found, query
    for query in ("status=LOST", "direction=UP", "network=HOME", "extension=x", "from_date=soon"):
        (await acme("GET", f"{CDRS}?{query}")).problem(400)


async def test_103_recordings_of_calls(acme: Caller, pbx: Pbx) -> None:
    await pbx.call("101", "102", outcome="busy")
    await pbx.call("101", "102", recording=wav(1.0), transcription_id="t1")
    recorded, silent = [one["recording"] for one in (await acme("GET", CDRS)).json()]
    assert silent == {"transcription_id": None, "url": None}
    assert recorded["transcription_id"] == "t1"
    path = "/" + recorded["url"].partition("://")[2].partition("/")[2]
    played = await acme("GET", path, headers=NOBODY)
    assert (played.status, played.headers["content-type"]) == (200, "audio/wav")
    (await acme("GET", path.partition("?")[0], headers=NOBODY)).problem(403)


async def test_104_two_statuses(acme: Caller) -> None:
    both = await change(acme, main_status={"status": "away"})
    assert both["additional_status"] == {"status": None, "action_type": "manual"}
    both = await change(acme, additional_status={"status": "lunch", "action": "set", "action_type": "manual"})
    assert (both["main_status"]["status"], both["additional_status"]["status"]) == ("away", "lunch")
    both = await change(acme, additional_status={"status": "lunch", "action": "unset"})
    assert (both["main_status"]["status"], both["additional_status"]["status"]) == ("away", None)
    assert (await change(acme, additional_status={"status": "juggling_9"}))["additional_status"]["status"]
    body: object
    for body in ({}, {"main_status": {"status": "Not a word"}}, {"additional_status": {}}):
        (await acme("PATCH", STATUS, json=body)).problem(400)


async def test_105_statuses_are_of_users(place: Place) -> None:
    acme, owner = place.acme, ids.encode(place.acme.office.owner_id)
    assert (await acme("GET", STATUSES)).json() == []
    (never_set,) = (await acme("GET", f"{STATUSES}?user_id={owner},{'0' * 24}")).json()
    assert never_set["main_status"]["status"] == "available"
    async with listening(place.base, acme.key) as ear:
        await change(acme, main_status={"status": "away"})
        await change(acme, additional_status={"status": "lunch"})
        told = await ear.wait_for("user_status_updated", status={"status": "lunch", "action_type": "manual"})
    assert (told["user_id"], told["user_email"], told["deleted_at"]) == (owner, "owner@acme.example", None)
    (listed,) = (await acme("GET", STATUSES)).json()
    assert {key: listed[key] for key in told} == told
