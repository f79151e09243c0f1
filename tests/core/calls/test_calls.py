import asyncio
import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ringmain.core.calls.listing import Statement
from ringmain.core.calls.model import (
    DIRECTIONS,
    NETWORKS,
    OUTCOMES,
    Call,
    CallEnd,
    CallEvent,
    CallFilter,
    LegEnd,
    LegEvent,
    NewLeg,
)
from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.errors import Forbidden, Invalid, NotFound, TooLarge
from ringmain.core.events import CALL_DIAL_ENDED, CALL_ENDED, CALL_RECORDED, CALL_RINGING
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.files.service import MAX_SIZE
from ringmain.core.system import Core
from tests.conftest import Office, furnish
from tests.recordings import wav

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Exchange(msgspec.Struct):
    """A company with an instance, the extensions 101 and 102, and what a PBX would tell."""

    core: Core
    company_id: int
    instance_id: int

    async def ringing(self, call: str = "c1", leg: str = "l1", **fields: Any) -> Call:
        given: dict[str, Any] = {
            "direction": "inbound",
            "network": "off_net",
            "source": "+13105550100",
            "destination": "+12025550123",
            "extension_number": 101,
            "ringing_at": NOON,
            **fields,
        }
        leg_given = NewLeg(call=call, leg=leg, **given)
        return await self.core.calls.ringing(self.company_id, self.instance_id, leg_given, origin="test")

    async def dial_ended(
        self, outcome: Any = "answered", *, call: str = "c1", leg: str = "l1", after: float = 5
    ) -> Call:
        end = LegEnd(call=call, leg=leg, outcome=outcome, at=NOON + timedelta(seconds=after))
        return await self.core.calls.dial_ended(self.company_id, self.instance_id, end, origin="test")

    async def ended(self, call: str = "c1", *, after: float = 65.5, **fields: Any) -> Call:
        end = CallEnd(call=call, at=NOON + timedelta(seconds=after), **fields)
        return await self.core.calls.ended(self.company_id, self.instance_id, end, origin="test")

    async def events(self) -> list[tuple[str, CallEvent]]:
        rows = await self.core.database.fetch("SELECT type, payload FROM events WHERE type LIKE 'call.%' ORDER BY id")
        return [(row["type"], msgspec.json.decode(row["payload"], type=CallEvent)) for row in rows]

    async def types(self) -> list[str]:
        return [kind for kind, _ in await self.events()]

    async def page(self, **wanted: Any) -> tuple[list[Call], int]:
        found = await self.core.calls.page(self.company_id, wanted=CallFilter(**wanted), page=1, per_page=1000)
        assert len(found.items) == found.total
        return found.items, found.total


async def make_exchange(core: Core, office: Office) -> Exchange:
    instance = await core.instances.create(office.company_id, name=f"pbx{office.company_id}", domain="pbx.example.com")
    for number, name in ((101, "Reception"), (102, "Workshop")):
        await core.extensions.create(office.company_id, instance.id, ExtensionChange(number=number, name=name))
    return Exchange(core, office.company_id, instance.id)


@pytest.fixture
async def exchange(core: Core, office: Office) -> Exchange:
    return await make_exchange(core, office)


async def test_a_call_from_ring_to_end(exchange: Exchange, core: Core) -> None:
    ringing = await exchange.ringing(pbx={"linkedid": "c1"})
    assert (ringing.source_name, ringing.destination_name) == ("Jane Doe", "+12025550123")
    assert (ringing.outcome, ringing.ended_at, ringing.duration_ms) == (None, None, 0)
    answered = await exchange.dial_ended()
    assert answered.answered_at == NOON + timedelta(seconds=5)
    over = await exchange.ended(release_code=16, pbx={"sequence": 1}, transcription_id="t1")
    assert (over.outcome, over.release_code, over.extension_number) == ("completed", 16, 101)
    assert (over.duration_ms, over.talk_ms, over.ring_ms) == (65_500, 60_500, 5_000)
    assert (over.pbx, over.transcription_id) == ({"linkedid": "c1", "sequence": 1}, "t1")
    assert await core.calls.get(exchange.company_id, over.id) == over
    events = await exchange.events()
    assert [kind for kind, _ in events] == [CALL_RINGING, CALL_DIAL_ENDED, CALL_ENDED]
    assert [event.call for _, event in events] == [ringing, answered, over]
    leg = events[1][1].leg
    assert isinstance(leg, type(events[0][1].leg))
    assert (leg.outcome, leg.extension_number) == ("answered", 101)  # type: ignore[union-attr]
    keys = await core.database.fetch("SELECT subject_id, order_key, origin FROM events WHERE type LIKE 'call.%'")
    assert {tuple(row) for row in keys} == {(over.id, over.id, "test")}


async def test_leg_events_are_leg_events(exchange: Exchange, core: Core) -> None:
    await exchange.ringing()
    payload = await core.database.fetchval("SELECT payload FROM events WHERE type = 'call.ringing'")
    assert msgspec.json.decode(payload, type=LegEvent).leg.reference == "l1"


async def test_the_phone_that_answers_is_the_calls(exchange: Exchange) -> None:
    await exchange.ringing(leg="l1", extension_number=101)
    assert (await exchange.ringing(leg="l2", extension_number=102)).extension_number == 101
    assert (await exchange.dial_ended("cancelled", leg="l1")).answered_at is None
    assert (await exchange.dial_ended("answered", leg="l2")).extension_number == 102
    await exchange.ended()
    assert await exchange.types() == [CALL_RINGING] * 2 + [CALL_DIAL_ENDED] * 2 + [CALL_ENDED]
    for extension in (101, 102):
        assert (await exchange.page(extension=extension))[1] == 1
    assert (await exchange.page(extension=103))[1] == 0


async def test_what_is_told_twice_is_kept_once(exchange: Exchange) -> None:
    made = await asyncio.gather(*(exchange.ringing() for _ in range(4)))
    assert len({one.id for one in made}) == 1
    await asyncio.gather(*(exchange.dial_ended() for _ in range(4)))
    await exchange.dial_ended("busy", after=99)
    over = await asyncio.gather(*(exchange.ended() for _ in range(4)))
    assert {one.outcome for one in over} == {"completed"}
    assert (await exchange.ended(after=999, outcome="failed")) == over[0]
    assert (await exchange.ringing(leg="late")).id == over[0].id
    assert await exchange.types() == [CALL_RINGING, CALL_DIAL_ENDED, CALL_ENDED]
    assert (await exchange.page())[1] == 1


async def test_legs_of_one_call_may_ring_at_once(exchange: Exchange) -> None:
    made = await asyncio.gather(*(exchange.ringing(leg=f"l{n}") for n in range(8)))
    assert len({one.id for one in made}) == 1
    assert await exchange.types() == [CALL_RINGING] * 8


async def test_legs_that_still_ring_end_with_the_call(exchange: Exchange) -> None:
    await exchange.ringing(leg="l1")
    await exchange.ringing(leg="l2", extension_number=102)
    await exchange.ended(outcome="cancelled")
    events = await exchange.events()
    assert [kind for kind, _ in events] == [CALL_RINGING] * 2 + [CALL_DIAL_ENDED] * 2 + [CALL_ENDED]
    assert [event.leg.outcome for _, event in events[2:4] if event.leg] == ["cancelled"] * 2


@pytest.mark.parametrize(
    ("legs", "outcome"),
    [
        (["answered"], "completed"),
        (["busy"], "busy"),
        (["no_answer", "busy"], "busy"),
        (["cancelled", "no_answer"], "no_answer"),
        (["failed"], "failed"),
        ([], "cancelled"),
    ],
)
async def test_the_outcome_is_what_the_legs_came_to(exchange: Exchange, legs: list[str], outcome: str) -> None:
    await exchange.ringing()
    for n, of_leg in enumerate(legs):
        await exchange.ringing(leg=f"x{n}")
        await exchange.dial_ended(of_leg, leg=f"x{n}")
    assert (await exchange.ended()).outcome == outcome


async def test_times_that_run_backwards_are_put_right(exchange: Exchange) -> None:
    await exchange.ringing()
    assert (await exchange.dial_ended(after=-60)).answered_at == NOON
    over = await exchange.ended(after=-3600)
    assert (over.duration_ms, over.talk_ms, over.ring_ms) == (0, 0, 0)


async def test_foreign_and_unknown_things(exchange: Exchange, core: Core) -> None:
    globex = await furnish(core, name="Globex", number="+12025550145")
    theirs = await make_exchange(core, globex)
    over = await ended_call(theirs)
    with pytest.raises(NotFound, match="call"):
        await core.calls.get(exchange.company_id, over.id)
    mixed = Exchange(core, exchange.company_id, theirs.instance_id)
    with pytest.raises(NotFound, match="instance"):
        await mixed.ringing()
    with pytest.raises(NotFound, match="leg"):
        await mixed.dial_ended()
    with pytest.raises(NotFound, match="call"):
        await mixed.ended()
    assert await exchange.page() == ([], 0)
    await exchange.ringing()
    with pytest.raises(NotFound, match="leg"):
        await exchange.dial_ended(leg="other")
    file = await core.files.create(globex.company_id, name="secret")
    await core.files.upload(globex.company_id, file.id, content=b"x", uploaded_name=None, mimetype=None)
    empty = await core.files.create(exchange.company_id, name="empty")
    for file_id in (file.id, empty.id, 5):
        with pytest.raises(NotFound, match="file"):
            await exchange.ended(recording_file_id=file_id)
    assert (await exchange.types()).count(CALL_ENDED) == 1
    assert await exchange.page() == ([], 0)


async def ended_call(exchange: Exchange, **fields: Any) -> Call:
    await exchange.ringing(**fields)
    return await exchange.ended()


@pytest.mark.parametrize(
    "fields",
    [
        {"call": ""},
        {"call": "x" * 201},
        {"leg": "a\0b"},
        {"direction": "sideways"},
        {"network": "lan"},
        {"source": "Jane"},
        {"destination": ""},
        {"destination": "1" * 40},
        {"source_name": "x" * 201},
        {"extension_number": 0},
        {"extension_number": 2**40},
        {"ringing_at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"ringing_at": datetime(1, 1, 1, tzinfo=UTC)},
        {"pbx": {"x": "y" * 20_000}},
        {"pbx": {"x": "\0"}},
    ],
)
async def test_legs_that_cannot_be(exchange: Exchange, fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        await exchange.ringing(**fields)
    assert await exchange.types() == []


async def test_ends_that_cannot_be(exchange: Exchange) -> None:
    await exchange.ringing()
    for fields in ({"outcome": "lost"}, {"release_code": 128}, {"release_code": -1}, {"transcription_id": ""}):
        with pytest.raises(Invalid):
            await exchange.ended(**fields)
    with pytest.raises(Invalid):
        await exchange.dial_ended("completed")
    assert await exchange.types() == [CALL_RINGING]


# Acting calls out


async def test_a_planned_call_is_told_whole(exchange: Exchange, core: Core) -> None:
    content = wav(1.0)
    planned = PlannedCall(source="+13105550100", destination="101", ring_s=4, talk_s=30, recording=content)
    before = datetime.now(UTC)
    over = await core.sandbox_calls.place(exchange.company_id, planned, origin="operator")
    assert await exchange.types() == [CALL_RINGING, CALL_DIAL_ENDED, CALL_ENDED, CALL_RECORDED]
    assert (over.direction, over.network, over.outcome, over.extension_number) == (
        "inbound",
        "off_net",
        "completed",
        101,
    )
    assert (over.duration_ms, over.talk_ms, over.ring_ms) == (34_000, 30_000, 4_000)
    assert over.ended_at is not None
    assert before - timedelta(seconds=1) < over.ended_at <= datetime.now(UTC)
    assert (over.source_name, over.destination_name) == ("Jane Doe", "Reception")
    assert over.recording_file_id is not None
    assert await core.files.read(exchange.company_id, over.recording_file_id) == content


@pytest.mark.parametrize(
    ("planned", "direction", "network", "extension"),
    [
        (PlannedCall(source="101", destination="102"), "outbound", "private", 102),
        (PlannedCall(source="101", destination="+13105550100"), "outbound", "off_net", 101),
        (PlannedCall(source="102", destination="+12025550145"), "outbound", "on_net", 102),
        (PlannedCall(source="+12025550145", destination="101"), "inbound", "on_net", 101),
        (PlannedCall(source="", destination="101"), "inbound", "off_net", 101),
        (PlannedCall(source="+13105550100", destination="+12025550123"), "inbound", "off_net", None),
        (PlannedCall(source="+13105550100", destination="+12025550123", extension=102), "inbound", "off_net", 102),
        (PlannedCall(source="+12025550123", destination="+13105550100", extension=101), "outbound", "off_net", 101),
    ],
)
async def test_where_planned_calls_go(
    exchange: Exchange, core: Core, planned: PlannedCall, direction: str, network: str, extension: int | None
) -> None:
    await furnish(core, name="Globex", number="+12025550145")
    over = await core.sandbox_calls.place(exchange.company_id, planned)
    assert (over.direction, over.network, over.extension_number) == (direction, network, extension)


async def test_outcomes_of_planned_calls(exchange: Exchange, core: Core) -> None:
    for planned, outcome, code in (
        ("busy", "busy", 17),
        ("no_answer", "no_answer", 19),
        ("cancelled", "cancelled", 16),
    ):
        call = PlannedCall(source="101", destination="102", outcome=planned, started_at=NOON, talk_s=50)
        over = await core.sandbox_calls.place(exchange.company_id, call)
        assert (over.outcome, over.release_code, over.talk_ms, over.ring_ms) == (outcome, code, 0, 5000)
        assert over.started_at == NOON


async def test_planned_calls_that_cannot_be(exchange: Exchange, core: Core) -> None:
    place, company_id = core.sandbox_calls.place, exchange.company_id
    for wrong, error in (
        (PlannedCall(source="101", destination="109"), NotFound),
        (PlannedCall(source="109", destination="+13105550100"), NotFound),
        (PlannedCall(source="101", destination="102", instance_id=5), NotFound),
        (PlannedCall(source="+13105550100", destination="+12025550123", instance_id=5), NotFound),
        (PlannedCall(source="+13105550100", destination="+13105550101"), Invalid),
        (PlannedCall(source="101", destination="101"), Invalid),
        (PlannedCall(source="101", destination="102", extension=101), Invalid),
        (PlannedCall(source="101", destination="102", outcome="lost"), Invalid),
        (PlannedCall(source="101", destination="102", outcome="busy", recording=wav()), Invalid),
        (PlannedCall(source="101", destination="102", recording=b"no sound"), Invalid),
        (PlannedCall(source="101", destination="102", recording=b"RIFF" + b"x" * MAX_SIZE), (Invalid, TooLarge)),
        (PlannedCall(source="Jane", destination="102"), Invalid),
    ):
        with pytest.raises(error):
            await place(company_id, wrong)
    assert await exchange.types() == []


async def test_only_a_pbx_that_acts_acts(exchange: Exchange, core: Core) -> None:
    await core.database.execute("UPDATE instances SET adapter = 'asterisk'")
    with pytest.raises(Forbidden):
        await core.sandbox_calls.place(exchange.company_id, PlannedCall(source="101", destination="102"))


# Lists


async def seed(exchange: Exchange, count: int) -> list[Call]:
    """Records of all kinds over ten days, as `ended` would leave them."""
    chance, made = random.Random(7), []
    for n in range(count):
        at = NOON + timedelta(seconds=chance.randrange(-5 * 86400, 5 * 86400))
        if chance.random() < 0.2:
            at = datetime(at.year, at.month, at.day, tzinfo=UTC)
        await exchange.ringing(
            f"c{n}",
            direction=chance.choice(DIRECTIONS),
            network=chance.choice(NETWORKS),
            source=chance.choice(["101", "+13105550100", ""]),
            destination=chance.choice(["102", "+12025550123"]),
            extension_number=chance.choice([None, 101, 102, 103]),
            ringing_at=at,
        )
        end = CallEnd(call=f"c{n}", at=at, outcome=chance.choice(OUTCOMES))
        made.append(await exchange.core.calls.ended(exchange.company_id, exchange.instance_id, end))
    await exchange.ringing("still going on")
    return made


def matches(call: Call, wanted: CallFilter) -> bool:
    took_part = {call.extension_number} | {int(one) for one in (call.source, call.destination) if one in ("101", "102")}
    return (
        (wanted.since is None or call.started_at >= wanted.since)
        and (wanted.until is None or call.started_at <= wanted.until)
        and (wanted.source is None or call.source == wanted.source)
        and (wanted.destination is None or call.destination == wanted.destination)
        and (wanted.extension is None or wanted.extension in took_part)
        and (wanted.directions is None or call.direction in wanted.directions)
        and (wanted.networks is None or call.network in wanted.networks)
        and (wanted.outcomes is None or call.outcome in wanted.outcomes)
    )


async def test_lists_are_what_matches_and_count_it(exchange: Exchange) -> None:
    made = await seed(exchange, 100)
    chance = random.Random(8)
    midnight = NOON.replace(hour=0)

    def some(values: Any) -> Any:
        return chance.choice([None, None, (chance.choice(values),), tuple(chance.sample(values, 2))])

    for _ in range(120):
        start = chance.choice([None, midnight, NOON, NOON - timedelta(days=3, seconds=chance.randrange(86400))])
        length = chance.choice([timedelta(hours=2), timedelta(days=1, microseconds=-1), timedelta(days=3), None])
        wanted = CallFilter(
            since=start,
            until=None if length is None else (start or NOON) + length,
            source=chance.choice([None, None, "101", ""]),
            destination=chance.choice([None, None, "102"]),
            extension=chance.choice([None, None, 101, 103, 0, 9]),
            directions=some(DIRECTIONS),
            networks=some(NETWORKS),
            outcomes=some(OUTCOMES),
        )
        expected = sorted((one for one in made if matches(one, wanted)), key=lambda one: (one.started_at, one.id))
        found = await exchange.core.calls.page(exchange.company_id, wanted=wanted, page=1, per_page=1000)
        assert found.items == expected[::-1], wanted
        assert found.total == len(expected), wanted


async def test_pages(exchange: Exchange) -> None:
    made = sorted(await seed(exchange, 30), key=lambda one: (one.started_at, one.id), reverse=True)
    for wanted in (CallFilter(), CallFilter(directions=("inbound", "outbound"))):
        seen = []
        for page in range(1, 6):
            found = await exchange.core.calls.page(exchange.company_id, wanted=wanted, page=page, per_page=7)
            assert found.total == 30
            seen += found.items
        assert seen == made
        assert (await exchange.core.calls.page(exchange.company_id, wanted=wanted, page=6, per_page=7)).items == []


@pytest.mark.parametrize(
    "wanted",
    [
        CallFilter(),
        CallFilter(outcomes=("failed",)),
        CallFilter(directions=("inbound",), networks=("private",)),
        CallFilter(extension=101),
        CallFilter(extension=101, outcomes=("busy",)),
        CallFilter(source="101"),
        CallFilter(since=NOON, until=NOON + timedelta(days=3)),
    ],
    ids=str,
)
async def test_pages_are_read_from_an_index_in_order(exchange: Exchange, wanted: CallFilter) -> None:
    """However many match: no sort of all of them, and no table read whole."""
    await exchange.core.database.execute(MANY, exchange.company_id, exchange.instance_id)
    for table in ("calls", "call_extensions", "call_counts"):
        await exchange.core.database.execute(f"ANALYZE {table}")
    statement = Statement(exchange.company_id, wanted)
    query = statement.page(20, 0)
    plan = await exchange.core.database.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) {query}", *statement.arguments.values)
    text = "\n".join(row[0] for row in plan)
    assert "Seq Scan" not in text, text
    items = text[text.rindex("InitPlan") :]
    read = [float(rows) * int(loops) for rows, loops in re.findall(r"rows=([\d.]+) loops=(\d+)", items)]
    assert max(read) <= 100, text


MANY = """
WITH made AS (
    INSERT INTO calls (company_id, instance_id, instance_uuid, reference, direction, network, source, source_name,
        destination, destination_name, started_at, ended_at, outcome)
    SELECT $1, $2, gen_random_uuid(), 'many' || n, (ARRAY['inbound', 'outbound'])[1 + n % 2],
        (ARRAY['off_net', 'on_net', 'private'])[1 + n % 3], CASE n % 20 WHEN 0 THEN '101' ELSE '+1310555' || n END, '',
        '+12025550123', '', '2026-01-01Z'::timestamptz + n * interval '25 minutes', now(),
        (ARRAY['completed', 'busy', 'no_answer', 'cancelled'])[1 + n % 4]
    FROM generate_series(1, 20000) AS n RETURNING *
), parties AS (
    INSERT INTO call_extensions SELECT company_id, 101, id, direction, network, outcome, started_at FROM made
)
INSERT INTO call_counts SELECT company_id, e, (started_at AT TIME ZONE 'UTC')::date, direction, network, outcome,
    count(*) FROM made, (VALUES (0), (101)) AS x (e) GROUP BY 1, 2, 3, 4, 5, 6
"""
