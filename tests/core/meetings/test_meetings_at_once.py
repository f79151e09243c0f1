"""Meetings that several people change at the same time: each hears once of each change, and of all of them."""

from datetime import UTC, datetime, timedelta

from ringmain.core.errors import NotFound
from ringmain.core.meetings.model import Guest, Meeting, MeetingChange, NewMeeting, Recurrence
from ringmain.core.system import Core
from tests.conftest import Office
from tests.overlapping import behind

START = datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=30)
JANE, KIM = Guest(email="jane@example.com"), Guest(email="kim@example.com")
LOCK = "SELECT FROM meetings WHERE id = $1 FOR UPDATE"


async def arrange(core: Core, office: Office, count: int = 1) -> list[Meeting]:
    rule = Recurrence(frequency="DAILY", count=count) if count > 1 else None
    new = NewMeeting(title="Plan", starts_at=START, attendees=[JANE], recurrence=rule)
    return await core.meetings.create(office.company_id, office.owner_id, new)


async def subjects(core: Core) -> list[str]:
    return [row["subject"] for row in await core.database.fetch("SELECT subject FROM mails ORDER BY id")]


async def test_two_changes_at_once_are_both_done(core: Core, office: Office) -> None:
    (meeting,) = await arrange(core, office)
    async with behind(core.database, LOCK, meeting.id) as queue:
        for change in (MeetingChange(title="New"), MeetingChange(attendees=[JANE, KIM])):
            await queue.join(core.meetings.update(office.company_id, meeting.id, change))
    _, last = await queue.ended()
    assert (last.title, last.guests, last.sequence) == ("New", ["jane@example.com", "kim@example.com"], 2)
    assert await subjects(core) == ["Invitation: Plan", "Updated: New", "Invitation: New"]


async def test_what_is_called_off_at_once_is_called_off_once(core: Core, office: Office) -> None:
    meetings = await arrange(core, office, count=3)
    group = meetings[0].group_id
    async with behind(core.database, LOCK, meetings[0].id) as queue:
        await queue.join(core.meetings.delete(office.company_id, meetings[0].id))
        for _ in range(2):
            await queue.join(core.meetings.delete_group(office.company_id, group))
    one, rest, none = await queue.ended()
    assert (one, rest) == (None, 2)
    assert isinstance(none, NotFound)
    assert await subjects(core) == ["Invitation: Plan", "Cancelled: Plan", "Cancelled: Plan"]


async def test_what_is_called_off_is_not_changed(core: Core, office: Office) -> None:
    (meeting,) = await arrange(core, office)
    async with behind(core.database, LOCK, meeting.id) as queue:
        await queue.join(core.meetings.delete(office.company_id, meeting.id))
        await queue.join(core.meetings.update(office.company_id, meeting.id, MeetingChange(title="New")))
    _, changed = await queue.ended()
    assert isinstance(changed, NotFound)
    assert await subjects(core) == ["Invitation: Plan", "Cancelled: Plan"]
