"""What a PBX tells of one call at the same time, in whatever order it comes."""

from datetime import UTC, datetime, timedelta
from typing import Final

from ringmain.core.calls.model import CallEnd, LegEnd, NewLeg
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.system import Core
from tests.conftest import Office
from tests.overlapping import behind

LOCK: Final = "SELECT FROM calls WHERE reference = 'c1' FOR UPDATE"
NOON: Final = datetime(2026, 3, 4, 12, tzinfo=UTC)
END: Final = CallEnd(call="c1", at=NOON + timedelta(seconds=5))


def leg(reference: str, number: int) -> NewLeg:
    return NewLeg(
        call="c1",
        leg=reference,
        direction="inbound",
        network="off_net",
        source="+13105550100",
        destination="+12025550123",
        extension_number=number,
        ringing_at=NOON,
    )


async def exchange(core: Core, office: Office) -> tuple[int, int]:
    instance = await core.instances.create(office.company_id, name="pbx", domain="pbx.acme.example")
    for number in (101, 102):
        await core.extensions.create(office.company_id, instance.id, ExtensionChange(number=number))
    await core.calls.ringing(office.company_id, instance.id, leg("l1", 101))
    return office.company_id, instance.id


async def test_a_leg_that_comes_as_the_call_ends_ends_with_it(core: Core, office: Office) -> None:
    place = await exchange(core, office)
    async with behind(core.database, LOCK) as queue:
        await queue.join(core.calls.ringing(*place, leg("l2", 102)))
        await queue.join(core.calls.ended(*place, END))
    _, call = await queue.ended()
    left = await core.database.fetch("SELECT reference FROM call_legs WHERE outcome IS NULL")
    assert left == []
    parties = "SELECT extension_number FROM call_extensions WHERE call_id = $1 ORDER BY 1"
    assert [row[0] for row in await core.database.fetch(parties, call.id)] == [101, 102]
    told = await core.database.fetch(
        "SELECT payload #>> '{leg,reference}' FROM events WHERE type = 'call.dial_ended' ORDER BY id"
    )
    assert [row[0] for row in told] == ["l1", "l2"]


async def test_a_call_comes_to_what_its_legs_came_to_as_it_ended(core: Core, office: Office) -> None:
    place = await exchange(core, office)
    async with behind(core.database, LOCK) as queue:
        await queue.join(core.calls.dial_ended(*place, LegEnd(call="c1", leg="l1", outcome="busy", at=NOON)))
        await queue.join(core.calls.ended(*place, END))
    _, call = await queue.ended()
    assert call.outcome == "busy"
