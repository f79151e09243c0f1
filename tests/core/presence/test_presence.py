from typing import Any

import msgspec
import pytest

from ringmain.core.errors import Invalid, NotFound
from ringmain.core.presence.model import Presence, PresenceEvent
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


async def test_two_statuses_that_do_not_touch_each_other(core: Core, office: Office) -> None:
    async def put(**given: Any) -> Presence:
        return await core.presence.set(office.company_id, office.owner_id, **given)

    first = await put(additional="lunch", set_by="calendar")
    assert (first.status, first.additional, first.additional_set_by) == ("available", "lunch", "calendar")
    away = await put(status="away")
    assert (away.status, away.set_by, away.additional, away.additional_set_by) == (
        "away",
        "manual",
        "lunch",
        "calendar",
    )
    assert away.id != first.id
    assert (await put(status="away", additional="lunch")).id == away.id
    gone = await put(additional=None)
    assert (gone.status, gone.additional, gone.additional_set_by) == ("away", None, None)
    with pytest.raises(Invalid):
        await put()
    with pytest.raises(Invalid):
        await put(additional="Not a word")
    assert await core.presence.get_many(office.company_id) == [gone]


async def test_of_each_answers_for_those_who_never_set_one(core: Core, office: Office) -> None:
    globex = await furnish(core, name="Globex", number="+12025550145")
    (seen,) = await core.presence.of_each(office.company_id, [office.owner_id, globex.owner_id, 5])
    assert (seen.person_id, seen.status, seen.set_by, seen.additional) == (
        office.owner_id,
        "available",
        "default",
        None,
    )
    made = await core.presence.set(office.company_id, office.owner_id, status="away")
    assert await core.presence.of_each(office.company_id, [office.owner_id]) == [made]
