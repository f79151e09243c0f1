"""Verbs on profiles and reminders: what they keep, refuse, tell, and that companies are apart."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ringmain.core.errors import AlreadyExists, Invalid, NotFound, WrongState
from ringmain.core.outreach.checks import settings_of
from ringmain.core.outreach.model import (
    MAX_LOG,
    NewReminder,
    Profile,
    ProfileSettings,
    Reminder,
    ReminderChange,
    ReminderFilter,
)
from ringmain.core.system import Core
from tests.conftest import Office, furnish

DATE = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)


async def profile(core: Core, office: Office, name: str = "Visits", **settings: Any) -> Profile:
    given = ProfileSettings(**{"sender": office.number, "quiet_from": None, "quiet_until": None} | settings)
    return await core.outreach.create_profile(office.company_id, name, given)


async def remind(core: Core, known: Profile, **fields: Any) -> Reminder:
    given: dict[str, Any] = {
        "profile_id": known.id,
        "name": "Jane",
        "reminder_date": DATE,
        "phone_number": "3105550177",
    }
    return await core.outreach.create(known.company_id, NewReminder(**given | fields), origin="test")


async def test_profiles_have_names_of_their_own(core: Core, office: Office) -> None:
    made = await profile(core, office, " Visits ")
    assert made.name == "Visits"
    with pytest.raises(AlreadyExists):
        await profile(core, office, "VISITS")
    second = await profile(core, office, "Checks")
    with pytest.raises(AlreadyExists):
        await core.outreach.update_profile(office.company_id, second.id, name="visits")
    other = await furnish(core, name="Globex", number="+12025550145")
    assert (await profile(core, other)).name == "Visits"
    assert await core.outreach.find_profile(office.company_id, "vISITS") == made
    await core.outreach.delete_profile(office.company_id, made.id)
    assert await core.outreach.find_profile(office.company_id, "Visits") is None
    assert (await profile(core, office)).id != made.id


async def test_numbers_are_the_companys_and_good_for_it(core: Core, office: Office) -> None:
    made = await profile(core, office, sender="(202) 555-0123")
    assert made.settings.sender == "+12025550123"
    await core.numbers.create(office.company_id, "+12025550188", sms=False, voice=False)
    for settings in ({"sender": "+12025550188"}, {"channels": ["voice"], "caller_id": "+12025550188"}):
        with pytest.raises(Invalid):
            await profile(core, office, "x", **settings)


async def test_settings_that_are_given_change_and_others_stay() -> None:
    base = ProfileSettings(attempts=3)
    assert settings_of(base, {"interval_minutes": 5}) == ProfileSettings(attempts=3, interval_minutes=5)
    with pytest.raises(Invalid) as refused:
        settings_of(base, {"attempts": 99})
    assert refused.value.field == "attempts"
    with pytest.raises(Invalid):
        settings_of(base, {"color": "red"})


async def test_a_deleted_profile_stays_with_what_it_has_reminded_of(core: Core, office: Office) -> None:
    known = await profile(core, office)
    made = await remind(core, known)
    with pytest.raises(WrongState):
        await core.outreach.delete_profile(office.company_id, known.id)
    await core.outreach.answer(office.company_id, made.id, "cancel", by="api")
    await core.outreach.delete_profile(office.company_id, known.id)
    assert (await core.outreach.get(office.company_id, made.id)).profile_id == known.id
    with pytest.raises(NotFound):
        await remind(core, known)


async def test_every_change_is_told_with_all_that_callbacks_need(core: Core, office: Office) -> None:
    known = await profile(core, office, channels=["sms", "email"])
    made = await remind(core, known, email_address="Jane@Example.com", reference="A-1")
    assert (made.email_address, made.phone_number) == ("Jane@example.com", "+13105550177")
    await core.outreach.update(office.company_id, made.id, ReminderChange(name="Jim"), origin="test")
    done = await core.outreach.answer(office.company_id, made.id, "confirm", by="api", origin="test")
    rows = await core.database.fetch(
        "SELECT type, origin, payload::text AS payload FROM events WHERE subject_id = $1 ORDER BY id", made.id
    )
    assert [(row["type"], row["origin"]) for row in rows] == [
        ("outreach.created", "test"),
        ("outreach.updated", "test"),
        ("outreach.dispositioned", "test"),
    ]
    payload = msgspec.json.decode(rows[-1]["payload"])["reminder"]
    assert msgspec.convert(payload, Reminder) == done
    assert (payload["confirmed"], payload["profile_id"], payload["name"]) == (True, known.id, "Jim")


async def test_a_refused_reminder_leaves_nothing(core: Core, office: Office) -> None:
    known = await profile(core, office)
    for fields in ({"phone_number": ""}, {"name": ""}, {"reminder_date": datetime.now(UTC)}, {"voice": True}):
        with pytest.raises(Invalid):
            await remind(core, known, **fields)
    with pytest.raises(Invalid):
        await remind(core, known, reminder_date=datetime(2030, 1, 1))  # noqa: DTZ001
    assert await core.database.fetchval("SELECT count(*) FROM outreach_reminders") == 0
    assert await core.database.fetchval("SELECT count(*) FROM events WHERE type LIKE 'outreach.%'") == 0


async def test_addresses_that_change_are_reached_anew(core: Core, office: Office) -> None:
    known = await profile(core, office, channels=["sms", "email"])
    made = await remind(core, known)
    await core.database.execute("UPDATE outreach_reminders SET sms_state = 'failed'")

    async def change(**fields: Any) -> Reminder:
        return await core.outreach.update(office.company_id, made.id, ReminderChange(**fields))

    assert (await change(reference="x")).sms_state == "failed"
    found = await change(phone_number="3105550178", email_address="jane@example.com")
    assert (found.sms_state, found.email, found.email_state) == ("pending", True, "pending")
    found = await change(phone_number="")
    assert (found.sms, found.sms_state, found.email_state) == (False, "off", "pending")
    with pytest.raises(Invalid):
        await change(email_address="")
    with pytest.raises(Invalid):
        await change(sms=True)
    with pytest.raises(Invalid):
        await change(email=False)


async def test_what_is_over_can_be_renamed_and_moved_but_not_answered(core: Core, office: Office) -> None:
    known = await profile(core, office)
    made = await remind(core, known)
    await core.outreach.answer(office.company_id, made.id, "cancel", by="api")
    with pytest.raises(WrongState):
        await core.outreach.answer(office.company_id, made.id, "confirm", by="api")
    renamed = await core.outreach.update(office.company_id, made.id, ReminderChange(name="Jim"))
    assert (renamed.state, renamed.next_at) == ("cancelled", None)
    same = await core.outreach.update(office.company_id, made.id, ReminderChange(reminder_date=DATE))
    assert same.state == "cancelled"
    moved = await core.outreach.update(
        office.company_id, made.id, ReminderChange(reminder_date=DATE + timedelta(days=1))
    )
    assert (moved.state, moved.cancelled, moved.next_at) == ("scheduled", False, DATE)


async def test_two_answers_at_once_are_one(core: Core, office: Office) -> None:
    made = await remind(core, await profile(core, office))
    answers = [core.outreach.answer(office.company_id, made.id, "confirm", by="api") for _ in range(8)]
    assert {one.state for one in await asyncio.gather(*answers)} == {"confirmed"}
    told = "SELECT count(*) FROM events WHERE type = 'outreach.dispositioned'"
    assert await core.database.fetchval(told) == 1


async def test_the_log_forgets_the_oldest(core: Core, office: Office) -> None:
    made = await remind(core, await profile(core, office))
    await core.database.execute(
        "UPDATE outreach_reminders SET log = "
        "(SELECT jsonb_agg(e) FROM generate_series(1, $1), jsonb_array_elements(log) AS e)",
        MAX_LOG,
    )
    found = await core.outreach.update(office.company_id, made.id, ReminderChange(name="Jim"))
    assert len(found.event_log) == MAX_LOG
    assert found.event_log[-1].event == "updated"


async def test_pages_hold_while_others_are_made(core: Core, office: Office) -> None:
    known = await profile(core, office)
    made = [await remind(core, known, reminder_date=DATE + timedelta(seconds=n // 2)) for n in range(7)]
    first = await core.outreach.page(office.company_id, ReminderFilter(), limit=3)
    await remind(core, known, reminder_date=DATE - timedelta(days=1))
    second = await core.outreach.page(office.company_id, ReminderFilter(), after=first.next, limit=3)
    third = await core.outreach.page(office.company_id, ReminderFilter(), after=second.next, limit=3)
    assert [one.id for page in (first, second, third) for one in page.items] == [one.id for one in made]
    assert third.next is None
    for after in ("", "x", "1", "1.x", "1.2.3", "9" * 30 + ".1"):
        with pytest.raises(Invalid):
            await core.outreach.page(office.company_id, ReminderFilter(), after=after)
    far = await core.outreach.page(office.company_id, ReminderFilter(), after=f"{'9' * 17}.{'9' * 16}")
    assert far.items == []


async def test_a_company_goes_with_its_reminders(core: Core, office: Office) -> None:
    await remind(core, await profile(core, office))
    await core.companies.delete(office.company_id)
    assert await core.database.fetchval("SELECT count(*) FROM outreach_reminders") == 0
    assert await core.database.fetchval("SELECT count(*) FROM outreach_profiles") == 0
