from datetime import UTC, datetime, timedelta

from ringmain.core.system import Core
from ringmain.core.usage.model import Usage
from tests.conftest import Office, furnish

NOTHING = Usage(
    messages_sent=0,
    messages_received=0,
    segments=0,
    calls=0,
    call_minutes=0,
    fax_pages_sent=0,
    fax_pages_received=0,
)


async def test_a_span_has_its_own_and_its_companys_alone(core: Core, office: Office) -> None:
    globex = await furnish(core, name="Globex", number="+12025550145")
    before = datetime.now(UTC) - timedelta(seconds=5)
    await core.texting.send(office.company_id, office.conversation.id, text="x" * 161)
    after = datetime.now(UTC) + timedelta(seconds=5)
    used = await core.usage.between(office.company_id, before, after)
    assert (used.messages_sent, used.segments, used.messages_received) == (1, 2, 0)
    assert await core.usage.between(globex.company_id, before, after) == NOTHING
    for since, until in ((after, after + timedelta(days=1)), (before - timedelta(days=1), before)):
        assert await core.usage.between(office.company_id, since, until) == NOTHING
    old = datetime(1999, 1, 1, tzinfo=UTC)
    assert (await core.usage.between(office.company_id, old, after)).messages_sent == 1
