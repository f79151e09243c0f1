"""Call records (specs/ringplan.md 5), and the webhooks about calls through a real receiver (6, rows 39 and 40)."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ringmain.core.calls.model import Call, CallEnd, LegEnd, NewLeg
from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.extensions.model import ExtensionChange
from ringmain.delivery.relay import Relay
from ringmain.delivery.worker import DeliveryWorker
from ringmain.dialects.ringplan import ids
from ringmain.dialects.ringplan.calls_wire import PBX_FIELDS
from ringmain.dialects.ringplan.events import RingPlanFace
from tests.delivery.receiver import LOCAL, QUICK, Receiver, receiving, running
from tests.dialects.ringplan.conftest import Caller, World, counts
from tests.recordings import wav

CDRS = "/cdrs/v3/cdrs"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
TYPES = ("dial.action.started", "dial.action.completed", "call.action.hangup")


class Pbx:
    """A company's instance with the extensions 101 and 102."""

    def __init__(self, world: World, caller: Caller, instance_id: int) -> None:
        self.core = world.core
        self.company_id = caller.office.company_id
        self.instance_id = instance_id

    async def call(self, source: str, destination: str, **fields: Any) -> Call:
        planned = PlannedCall(source=source, destination=destination, **({"started_at": NOON} | fields))
        return await self.core.sandbox_calls.place(self.company_id, planned)


async def install(world: World, caller: Caller) -> Pbx:
    instance = await world.core.instances.create(caller.office.company_id, name="pbx", domain="pbx.example.com")
    for number, name in ((101, "Reception"), (102, "Workshop")):
        change = ExtensionChange(number=number, name=name)
        await world.core.extensions.create(caller.office.company_id, instance.id, change)
    return Pbx(world, caller, instance.id)


@pytest.fixture
async def pbx(world: World) -> Pbx:
    return await install(world, world.acme)


async def test_a_record_is_as_clients_read_it(acme: Caller, pbx: Pbx) -> None:
    made = await pbx.call("+13105550100", "101", ring_s=4.5, talk_s=60.7, transcription_id="t1", recording=wav(0.2))
    reply = await acme("GET", "/cdrs/v3/cdrs")
    assert reply.status == 200
    assert reply.headers["X-Pagination-Total-Count"] == "1"
    ((item),) = reply.json()
    assert set(item) == {"cdr", "recording"}
    cdr = item["cdr"]
    told = {name: cdr.pop(f"pbx_{name}") for name in PBX_FIELDS}
    assert cdr == {
        "id": ids.encode(made.id),
        "recno": made.id,
        "src": "+13105550100",
        "dst": "101",
        "duration": 65,
        "durationms": 65_200,
        "billsec": 60,
        "ringtime": 4,
        "starttime": "2026-03-04T12:00:00.000000+00:00",
        "status": "COMPLETED",
        "network": "OFF_NET",
        "direction": "IN",
        "relcause": 16,
        "releasecausecode": 16,
        "origalias": "Jane Doe",
        "termalias": "Reception",
        "rate": 0,
    }
    assert (told["cnum"], told["dst"], told["linkedid"]) == ("+13105550100", "101", made.reference)
    assert item["recording"]["transcription_id"] == "t1"
    assert item["recording"]["url"].startswith("https://phone.example.com/files/")


async def test_the_recording_is_behind_a_signed_link(acme: Caller, globex: Caller, pbx: Pbx) -> None:
    content = wav(0.2)
    await pbx.call("101", "102", recording=content)
    await pbx.call("101", "102", outcome="busy")
    busy, talked = (await acme("GET", CDRS)).json()
    assert busy["recording"] == {"transcription_id": None, "url": None}
    link = talked["recording"]["url"].removeprefix("https://phone.example.com")
    nobody = {"Authorization": None, "X-User-Id": None}
    reply = await acme("GET", link, headers=nobody)
    assert (reply.status, reply.body, reply.headers["content-type"]) == (200, content, "audio/wav")
    (await acme("GET", link.partition("?")[0], headers=nobody)).problem(403)
    (await acme("GET", re.sub("expires=[0-9]+", "expires=9999999999", link), headers=nobody)).problem(403)
    forged = link.replace(ids.encode(acme.office.company_id), ids.encode(globex.office.company_id))
    (await acme("GET", forged, headers=nobody)).problem(403)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("answered", "COMPLETED"),
        ("busy", "BUSY"),
        ("no_answer", "CANCELLED"),
        ("cancelled", "ORIG_CANCEL"),
        ("failed", "FAILED"),
    ],
)
async def test_every_status(acme: Caller, pbx: Pbx, outcome: str, status: str) -> None:
    await pbx.call("101", "102", outcome=outcome)
    (item,) = (await acme("GET", CDRS, params={"status": status})).json()
    assert (item["cdr"]["status"], item["cdr"]["network"], item["cdr"]["direction"]) == (status, "PRIVATE", "OUT")
    others = "COMPLETED,BUSY,CANCELLED,ORIG_CANCEL,FAILED".replace(status, "").strip(",").replace(",,", ",")
    assert (await acme("GET", CDRS, params={"status": others})).json() == []


async def test_filters(acme: Caller, pbx: Pbx) -> None:
    inbound = ids.encode((await pbx.call("+13105550100", "101", started_at=NOON)).id)
    outbound = ids.encode((await pbx.call("102", "+13105550100", started_at=NOON + timedelta(days=1))).id)
    private = ids.encode((await pbx.call("101", "102", started_at=NOON + timedelta(days=2), outcome="busy")).id)
    await pbx.core.calls.ringing(
        pbx.company_id,
        pbx.instance_id,
        NewLeg(
            call="still going on",
            leg="1",
            direction="inbound",
            network="off_net",
            source="+13105550100",
            destination="101",
            ringing_at=NOON,
        ),
    )
    for query, expected in (
        ("", [private, outbound, inbound]),
        ("direction=IN", [inbound]),
        ("direction=out", [private, outbound]),
        ("direction=IN,OUT", [private, outbound, inbound]),
        ("network=OFF_NET", [outbound, inbound]),
        ("network=PRIVATE&status=BUSY", [private]),
        ("network=PRIVATE&status=COMPLETED", []),
        ("network=ON_NET", []),
        ("src=101", [private]),
        ("src=3105550100", [inbound]),
        ("src=(310) 555-0100", [inbound]),
        ("dst=%2B13105550100", [outbound]),
        ("dst=nonsense", []),
        ("extension=101", [private, inbound]),
        ("extension=102", [private, outbound]),
        ("extension=102&direction=OUT&network=OFF_NET", [outbound]),
        ("extension=101&src=101&dst=102", [private]),
        ("extension=999", []),
        ("from_date=2026-03-05", [private, outbound]),
        ("to_date=2026-03-04", [inbound]),
        ("from_date=2026-03-05&to_date=2026-03-05", [outbound]),
        ("from_date=2026-03-04T12:00:01Z&to_date=2026-03-06T11:59:59Z", [outbound]),
        ("from_date=2026-03-06&to_date=2026-03-04", []),
        ("src=&dst=&extension=&status=&whatever=1", [private, outbound, inbound]),
        ("page=2&page_size=2", [inbound]),
        ("page=9", []),
    ):
        reply = await acme("GET", f"{CDRS}?{query}")
        assert reply.status == 200, query
        assert [item["cdr"]["id"] for item in reply.json()] == expected, query
        if "page" not in query:
            assert reply.headers["X-Pagination-Total-Count"] == str(len(expected)), query


async def test_filters_that_cannot_be(acme: Caller, world: World, pbx: Pbx) -> None:
    before = await counts(world.core.database)
    for query in (
        "status=LOST",
        "network=LAN",
        "direction=SIDEWAYS",
        "direction=%00",
        "extension=x",
        "extension=1.5",
        "from_date=yesterday",
        "to_date=2026-13-01",
        "src=%00",
    ):
        (await acme("GET", f"{CDRS}?{query}")).problem(400)
    assert await counts(world.core.database) == before


async def test_extremes_answer(acme: Caller, pbx: Pbx) -> None:
    await pbx.call("101", "102")
    for query in (
        "from_date=0001-01-01&to_date=9999-12-31",
        "extension=-5",
        "extension=999999999999999999",
        "page=2147483647&per_page=100",
    ):
        assert (await acme("GET", f"{CDRS}?{query}")).status == 200


async def test_companies_do_not_see_each_others_calls(acme: Caller, globex: Caller, pbx: Pbx) -> None:
    await pbx.call("101", "102")
    assert len((await acme("GET", CDRS)).json()) == 1
    for query in ("", "?extension=101", "?src=101", "?network=PRIVATE"):
        reply = await globex("GET", f"{CDRS}{query}")
        assert (reply.json(), reply.headers["X-Pagination-Total-Count"]) == ([], "0")


# Webhooks


@pytest.fixture
async def receiver(world: World) -> AsyncIterator[Receiver]:
    """Acme's receiver, which is told everything about calls."""
    core = world.core
    worker = DeliveryWorker(
        *(core.database, core.wakeups, {"ringplan": RingPlanFace()}, LOCAL), schedule=QUICK, poll=0.02, gap=0.001
    )
    async with receiving() as receiver, running(Relay(core.database, core.wakeups, poll=0.02, gap=0.001), worker):
        await world.acme("PUT", "/webhooks/callbacks/url", json={"url": receiver.url})
        for kind in TYPES:
            assert (await world.acme("POST", "/webhooks/callbacks", json={"type": kind})).status == 201
        yield receiver


def by_type(receiver: Receiver, kind: str) -> list[Any]:
    return [post.json["data"] for post in receiver.posts if post.json["type"] == kind]


async def test_readings_39_and_40_an_answered_call(acme: Caller, pbx: Pbx, receiver: Receiver) -> None:
    made = await pbx.call("+13105550100", "101", ring_s=4, talk_s=60)
    posts = await receiver.wait_for(3)
    assert sorted(post.json["type"] for post in posts) == sorted(TYPES)
    for post in posts:
        assert set(post.json) == {"id", "type", "company_id", "created_at", "data"}
        assert post.json["company_id"] == acme.company
    call = {
        "call_id": ids.encode(made.id),
        "direction": "IN",
        "src": "+13105550100",
        "dst": "101",
        "extension": 101,
        "started_at": "2026-03-04T12:00:00.000000Z",
    }
    assert by_type(receiver, "dial.action.started") == [call]
    assert by_type(receiver, "dial.action.completed") == [call | {"duration": 4, "result": "answered"}]
    assert by_type(receiver, "call.action.hangup") == [
        call | {"duration": 64, "hangup_cause": 16, "status": "COMPLETED"}
    ]
    (item,) = (await acme("GET", CDRS)).json()
    assert item["cdr"]["id"] == call["call_id"]


async def test_reading_40_a_dial_action_for_each_leg_and_one_hangup(pbx: Pbx, receiver: Receiver) -> None:
    calls, where = pbx.core.calls, (pbx.company_id, pbx.instance_id)
    for number in (101, 102):
        leg = NewLeg(
            call="c",
            leg=str(number),
            direction="inbound",
            network="off_net",
            source="+13105550100",
            destination="+12025550123",
            extension_number=number,
            ringing_at=NOON,
        )
        await calls.ringing(*where, leg)
    await calls.dial_ended(*where, LegEnd(call="c", leg="101", outcome="no_answer", at=NOON + timedelta(seconds=20)))
    await calls.dial_ended(*where, LegEnd(call="c", leg="102", outcome="answered", at=NOON + timedelta(seconds=9)))
    await calls.ended(*where, CallEnd(call="c", at=NOON + timedelta(seconds=30), release_code=16))
    await receiver.wait_for(5)
    assert sorted(one["extension"] for one in by_type(receiver, TYPES[0])) == [101, 102]
    completed = {one["extension"]: (one["result"], one["duration"]) for one in by_type(receiver, TYPES[1])}
    assert completed == {101: ("no_answer", 20), 102: ("answered", 9)}
    (hangup,) = by_type(receiver, TYPES[2])
    assert (hangup["extension"], hangup["duration"]) == (102, 30)


async def test_reading_40_other_companies_are_not_told(
    globex: Caller, world: World, pbx: Pbx, receiver: Receiver
) -> None:
    theirs = await install(world, globex)
    await theirs.call("101", "102")
    await pbx.call("101", "102", outcome="busy")
    await receiver.wait_for(3)
    assert {post.json["company_id"] for post in receiver.posts} == {world.acme.company}
    (hangup,) = by_type(receiver, TYPES[2])
    assert (hangup["status"], hangup["hangup_cause"]) == ("BUSY", 17)
