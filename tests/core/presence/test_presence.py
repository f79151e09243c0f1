import msgspec
import pytest

from ringmain.core.errors import Invalid, NotFound
from ringmain.core.presence.model import PresenceEvent
from ringmain.core.system import Core
from tests.conftest import Office, furnish


async def test_a_status_is_set_and_told(core: Core, office: Office) -> None:
    first = await core.presence.set(office.company_id, office.owner_id, status="lunch", origin="ringplan")
    assert (first.status, first.set_by, first.email) == ("lunch", "manual", "owner@acme.example")
    row = await core.database.fetchrow("SELECT * FROM events WHERE type = 'presence.updated'")
    assert row is not None
    assert (row["company_id"], row["subject_id"], row["origin"]) == (office.company_id, office.owner_id, "ringplan")
    assert msgspec.json.decode(row["payload"], type=PresenceEvent).presence == first
    assert await core.presence.get_many(office.company_id) == [first]


async def test_only_another_status_is_a_new_one(core: Core, office: Office) -> None:
    first = await core.presence.set(office.company_id, office.owner_id, status="away")
    same = await core.presence.set(office.company_id, office.owner_id, status="away", set_by="idle")
    assert (same.id, same.created_at, same.set_by) == (first.id, first.created_at, "idle")
    assert same.updated_at > first.updated_at
    other = await core.presence.set(office.company_id, office.owner_id, status="available")
    assert other.id > first.id
    assert other.created_at > first.created_at


async def test_of_some_people_in_one_company(core: Core, office: Office) -> None:
    globex = await furnish(core, name="Globex", number="+12025550145")
    theirs = await core.presence.set(globex.company_id, globex.owner_id, status="away")
    assert await core.presence.get_many(office.company_id) == []
    assert await core.presence.get_many(office.company_id, [globex.owner_id]) == []
    assert await core.presence.get_many(globex.company_id, [globex.owner_id, 5]) == [theirs]
    assert await core.presence.get_many(globex.company_id, []) == []


async def test_refusals_write_nothing(core: Core, office: Office) -> None:
    globex = await furnish(core, name="Globex", number="+12025550145")
    for person in (globex.owner_id, 5):
        with pytest.raises(NotFound):
            await core.presence.set(office.company_id, person, status="away")
    for status in ("", "Away", "a b", "x" * 65, "a\n", "\0", "1st"):
        with pytest.raises(Invalid):
            await core.presence.set(office.company_id, office.owner_id, status=status)
        with pytest.raises(Invalid):
            await core.presence.set(office.company_id, office.owner_id, status="away", set_by=status)
    assert await core.database.fetchval("SELECT count(*) FROM events WHERE type = 'presence.updated'") == 0
