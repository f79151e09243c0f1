"""Parts of long texts that came in were acknowledged: whatever comes between, they are handed on."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import pytest

from ringmain.carriers.smpp import pdu as p
from ringmain.carriers.smpp.carrier import Smpp
from ringmain.core.system import Core
from ringmain.core.texting.submissions import CarrierConfig, Submissions
from tests.conftest import Office
from tests.overlapping import behind

SETTINGS: Final = msgspec.Raw(b'{"host": "127.0.0.1", "system_id": "ringmain", "password": "secret"}')
LATER: Final = timedelta(days=2)


@pytest.fixture
def carrier(core: Core) -> Smpp:
    """One that has no link: what would come over it is handed to it."""

    async def no_receipts(_: object) -> None:
        raise AssertionError("no receipts were sent")

    config = CarrierConfig(name="smsc", kind="smpp", settings=SETTINGS)
    return Smpp(config, core.texting, Submissions(core.database, core.wakeups), no_receipts)


def part(index: int, total: int, text: str) -> p.DeliverSm:
    return p.DeliverSm(
        source_addr="13105550100",
        destination_addr="12025550123",
        esm_class=0x40,
        short_message=bytes((5, 0, 3, 7, total, index)) + text.encode(),
    )


async def texts(core: Core) -> list[str]:
    rows = await core.database.fetch("SELECT text FROM messages WHERE direction = 'inbound' ORDER BY id")
    return [row["text"] for row in rows]


async def test_a_reference_that_is_used_again_begins_another_text(core: Core, office: Office, carrier: Smpp) -> None:
    for one in (part(1, 2, "left"), part(1, 2, "left"), part(1, 2, "one"), part(2, 2, "two")):
        assert await carrier._deliver(one) == 0
    assert await texts(core) == ["left…", "onetwo"]
    assert await core.database.fetchval("SELECT count(*) FROM inbound_parts") == 0


async def test_a_part_that_comes_as_its_text_is_given_up_stays(core: Core, office: Office, carrier: Smpp) -> None:
    assert await carrier._deliver(part(1, 3, "one")) == 0
    lock = "SELECT FROM conversations WHERE id = $1 FOR UPDATE"
    async with behind(core.database, lock, office.conversation.id) as queue:
        await queue.join(carrier.give_up_parts(datetime.now(UTC) + LATER))
        assert await carrier._deliver(part(2, 3, "two")) == 0
    assert await queue.ended() == [None]
    await carrier.give_up_parts(datetime.now(UTC) + LATER)
    assert await texts(core) == ["one…", "…two…"]


async def test_a_part_that_comes_again_after_its_text_was_whole_is_no_text(
    core: Core, office: Office, carrier: Smpp
) -> None:
    """As it does when the process is killed before it acknowledges the part."""
    for one in (part(1, 2, "one"), part(2, 2, "two"), part(2, 2, "two")):
        assert await carrier._deliver(one) == 0
    await carrier.give_up_parts(datetime.now(UTC) + LATER)
    assert await texts(core) == ["onetwo"]
    # What was never in that text is handed on as far as it came, with what comes beside it.
    for one in (part(1, 2, "one"), part(1, 2, "more")):
        assert await carrier._deliver(one) == 0
    await carrier.give_up_parts(datetime.now(UTC) + LATER)
    assert await texts(core) == ["onetwo", "more…"]
    # A text that says the same under the same reference is another one.
    for one in (part(2, 2, "two"), part(1, 2, "one")):
        assert await carrier._deliver(one) == 0
    assert await texts(core) == ["onetwo", "more…", "onetwo"]
    assert await core.database.fetchval("SELECT count(*) FROM inbound_parts") == 0
    assert await core.database.fetchval("SELECT count(*) FROM joined_parts") == 1


async def test_a_part_that_comes_long_after_its_text_was_whole_is_told(
    core: Core, office: Office, carrier: Smpp
) -> None:
    for one in (part(1, 2, "one"), part(2, 2, "two")):
        assert await carrier._deliver(one) == 0
    await core.database.execute("UPDATE joined_parts SET joined_at = now() - interval '61 minutes'")
    assert await carrier._deliver(part(2, 2, "two")) == 0
    await carrier.give_up_parts(datetime.now(UTC) + LATER)
    assert await texts(core) == ["onetwo", "…two"]


async def test_what_was_joined_is_forgotten(core: Core, office: Office, carrier: Smpp) -> None:
    for one in (part(1, 2, "one"), part(2, 2, "two")):
        assert await carrier._deliver(one) == 0
    await core.database.execute("UPDATE joined_parts SET joined_at = now() - interval '49 hours'")
    await carrier.give_up_parts(datetime.now(UTC))
    assert await core.database.fetchval("SELECT count(*) FROM joined_parts") == 0


async def test_the_last_part_that_comes_as_its_text_is_given_up_makes_it_whole(
    core: Core, office: Office, carrier: Smpp
) -> None:
    assert await carrier._deliver(part(1, 2, "one")) == 0
    lock = "SELECT FROM conversations WHERE id = $1 FOR UPDATE"
    async with behind(core.database, lock, office.conversation.id) as queue:
        await queue.join(carrier.give_up_parts(datetime.now(UTC) + LATER))
        await queue.join(carrier._deliver(part(2, 2, "two")))
    assert await queue.ended() == [None, 0]
    assert await texts(core) == ["one…", "onetwo"]
