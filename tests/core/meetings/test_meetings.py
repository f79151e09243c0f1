"""Meetings: arranged, changed and called off; who hears of it, and what is counted."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import msgspec
import pytest

from ringmain.core.errors import Forbidden, Invalid, NotFound
from ringmain.core.meetings.model import Guest, Meeting, MeetingChange, MeetingEvent, NewMeeting, Recurrence
from ringmain.core.system import Core
from tests.conftest import Office, furnish

START = datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=30)
HOUR = timedelta(hours=1)
JANE = Guest(email="Jane@Example.com")
KIM = Guest(email="kim@example.com")


class Desk:
    """An office whose owner arranges meetings."""

    def __init__(self, core: Core, office: Office) -> None:
        self.core = core
        self.meetings = core.meetings
        self.company_id = office.company_id
        self.owner_id = office.owner_id

    async def arrange(self, **fields: Any) -> list[Meeting]:
        given: dict[str, Any] = {"title": "Plan", "starts_at": START, "attendees": [JANE]}
        new = NewMeeting(**(given | fields))
        return await self.meetings.create(self.company_id, self.owner_id, new, origin="test")

    async def change(self, meeting: Meeting, **fields: Any) -> Meeting:
        return await self.meetings.update(self.company_id, meeting.id, MeetingChange(**fields), origin="test")

    async def page(self, **options: Any) -> tuple[list[int], int]:
        found = await self.meetings.page(self.company_id, **({"page": 1, "per_page": 100} | options))
        return [one.id for one in found.items], found.total

    async def mails(self) -> list[Any]:
        """All that was written, oldest first, each with its calendar read."""
        rows = await self.core.database.fetch("SELECT * FROM mails WHERE company_id = $1 ORDER BY id", self.company_id)
        return [dict(row) | {"read": icalendar.Calendar.from_ical(row["calendar"])} for row in rows]

    async def events(self) -> list[tuple[str, Meeting]]:
        rows = await self.core.database.fetch(
            "SELECT type, payload FROM events WHERE type LIKE 'meeting.%' ORDER BY id"
        )
        return [(row["type"], msgspec.json.decode(row["payload"], type=MeetingEvent).meeting) for row in rows]


@pytest.fixture
def desk(core: Core, office: Office) -> Desk:
    return Desk(core, office)


def vevents(mail: Any) -> list[Any]:
    return list(mail["read"].walk("VEVENT"))


async def test_a_meeting_now(desk: Desk) -> None:
    before = datetime.now(UTC)
    (meeting,) = await desk.meetings.create(desk.company_id, desk.owner_id, NewMeeting())
    assert before - timedelta(minutes=1) <= meeting.starts_at <= datetime.now(UTC)
    assert meeting.ends_at - meeting.starts_at == HOUR
    assert (meeting.title, meeting.recurrence, meeting.password) == ("Meeting", None, None)
    (organizer,) = meeting.attendees
    assert (organizer.email, organizer.status, organizer.is_organizer) == ("owner@acme.example", "accepted", True)
    assert len(meeting.room) == 24
    assert await desk.mails() == []


async def test_invitation(desk: Desk) -> None:
    (meeting,) = await desk.arrange(description="Bring\nnumbers", password="s3cret", ends_at=START + 2 * HOUR)
    assert await desk.meetings.get(desk.company_id, meeting.id) == meeting
    assert meeting.guests == ["Jane@example.com"]
    (mail,) = await desk.mails()
    assert (mail["recipients"], mail["reply_to"]) == (["Jane@example.com"], "owner@acme.example")
    assert (mail["subject"], mail["calendar_method"]) == ("Invitation: Plan", "REQUEST")
    assert desk.meetings.link(meeting.room) in mail["text"]
    assert "Password: s3cret" in mail["text"]
    (event,) = vevents(mail)
    assert mail["read"]["METHOD"] == "REQUEST"
    assert (event["SUMMARY"], event["DESCRIPTION"], event["SEQUENCE"]) == ("Plan", "Bring\nnumbers", 0)
    assert (event.start, event.end) == (START, START + 2 * HOUR)
    assert event["ORGANIZER"] == "mailto:owner@acme.example"
    assert [str(one) for one in event["ATTENDEE"]] == ["mailto:owner@acme.example", "mailto:Jane@example.com"]
    assert event["ATTENDEE"][1].params["PARTSTAT"] == "NEEDS-ACTION"
    assert "s3cret" not in mail["calendar"]


async def test_a_rule_makes_a_group(desk: Desk) -> None:
    await desk.core.companies.update(desk.company_id, timezone="America/New_York")
    rule = Recurrence(frequency="WEEKLY", weekdays=[1, 3], count=4)
    group = await desk.arrange(recurrence=rule)
    assert len(group) == 4
    assert len({one.group_id for one in group}) == len({one.room for one in group}) == 1
    assert len({one.id for one in group}) == 4
    assert [one.starts_at for one in group] == sorted(one.starts_at for one in group)
    assert {one.recurrence for one in group if one.recurrence is None} == set()
    (mail,) = await desk.mails()
    (event,) = vevents(mail)
    assert event["RRULE"].to_ical() == b"FREQ=WEEKLY;COUNT=4;INTERVAL=1;BYDAY=MO,WE"
    assert event["DTSTART"].params["TZID"] == "America/New_York"
    assert event.start == group[0].starts_at
    assert [zone["TZID"] for zone in mail["read"].walk("VTIMEZONE")] == ["America/New_York"]
    assert "4 times" in mail["text"]
    events = await desk.events()
    assert [kind for kind, _ in events] == ["meeting.created"] * 4
    assert {one.id for _, one in events} == {one.id for one in group}


async def test_events_say_no_password(desk: Desk) -> None:
    (meeting,) = await desk.arrange(password="s3cret")
    await desk.change(meeting, title="Plan B")
    await desk.meetings.delete(desk.company_id, meeting.id)
    events = await desk.events()
    assert [kind for kind, _ in events] == ["meeting.created", "meeting.updated", "meeting.deleted"]
    assert [one.password for _, one in events] == [None] * 3
    assert [one.title for _, one in events] == ["Plan", "Plan B", "Plan B"]


async def test_moving_keeps_the_length(desk: Desk) -> None:
    (meeting,) = await desk.arrange(ends_at=START + 2 * HOUR)
    moved = await desk.change(meeting, starts_at=START + timedelta(days=1))
    assert (moved.ends_at - moved.starts_at, moved.occurs_at, moved.sequence) == (2 * HOUR, START, 1)
    _, mail = await desk.mails()
    (event,) = vevents(mail)
    assert mail["subject"] == "Updated: Plan"
    assert (event["SEQUENCE"], event.start, event.get("RECURRENCE-ID")) == (1, moved.starts_at, None)
    with pytest.raises(Invalid):
        await desk.change(meeting, ends_at=START)
    assert await desk.meetings.get(desk.company_id, meeting.id) == moved


async def test_one_of_a_group_is_changed_alone(desk: Desk) -> None:
    group = await desk.arrange(recurrence=Recurrence(frequency="DAILY", count=3))
    changed = await desk.change(group[1], starts_at=group[1].starts_at + HOUR, title="Later")
    assert [one.title for one in (await desk.meetings.page(desk.company_id, page=1, per_page=9)).items] == [
        *("Plan", "Later", "Plan")
    ]
    _, mail = await desk.mails()
    (event,) = vevents(mail)
    assert event["RECURRENCE-ID"].dt == group[1].starts_at
    assert event["UID"] == vevents((await desk.mails())[0])[0]["UID"]
    assert event.start == changed.starts_at
    await desk.meetings.delete(desk.company_id, group[2].id)
    mail = (await desk.mails())[-1]
    (event,) = vevents(mail)
    assert (mail["calendar_method"], event["STATUS"], event["RECURRENCE-ID"].dt) == (
        *("CANCEL", "CANCELLED", group[2].starts_at),
    )


async def test_guests_come_stay_and_go(desk: Desk) -> None:
    (meeting,) = await desk.arrange(attendees=[JANE, Guest(email="lee@example.com", status="accepted")])
    changed = await desk.change(meeting, attendees=[Guest(email="LEE@example.com"), KIM, KIM])
    assert [(one.email, one.status) for one in changed.attendees] == [
        ("owner@acme.example", "accepted"),
        ("LEE@example.com", "accepted"),
        ("kim@example.com", "pending"),
    ]
    _, *mails = await desk.mails()
    told = {mail["subject"]: mail["recipients"] for mail in mails}
    assert told == {"Cancelled: Plan": ["Jane@example.com"], "Invitation: Plan": ["kim@example.com"]}


async def test_nothing_changed_tells_nobody(desk: Desk) -> None:
    (meeting,) = await desk.arrange()
    assert await desk.change(meeting, title="Plan", attendees=[JANE]) == meeting
    assert len(await desk.mails()) == 1
    assert len(await desk.events()) == 1


async def test_what_is_past_is_told_to_nobody(desk: Desk) -> None:
    (meeting,) = await desk.arrange(starts_at=datetime(2024, 1, 1, tzinfo=UTC))
    await desk.change(meeting, title="History")
    await desk.meetings.delete(desk.company_id, meeting.id)
    assert await desk.mails() == []


async def test_a_group_is_called_off(desk: Desk) -> None:
    group = await desk.arrange(recurrence=Recurrence(frequency="DAILY", count=5))
    since = group[3].starts_at
    assert await desk.meetings.delete_group(desk.company_id, group[0].group_id, since=since) == 2
    mail = (await desk.mails())[-1]
    assert [event["RECURRENCE-ID"].dt for event in vevents(mail)] == [one.starts_at for one in group[3:]]
    assert await desk.meetings.delete_group(desk.company_id, group[0].group_id, since=since) == 0
    assert await desk.meetings.delete_group(desk.company_id, group[0].group_id) == 3
    mail = (await desk.mails())[-1]
    (event,) = vevents(mail)
    assert (event.get("RECURRENCE-ID"), event["STATUS"], event["SEQUENCE"]) == (None, "CANCELLED", 1)
    assert len(await desk.mails()) == 3
    with pytest.raises(NotFound):
        await desk.meetings.delete_group(desk.company_id, group[0].group_id)
    assert await desk.page() == ([], 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"ends_at": START},
        {"ends_at": START - HOUR},
        {"ends_at": START + timedelta(days=32)},
        {"starts_at": datetime(1999, 12, 31, tzinfo=UTC)},
        {"starts_at": datetime(9999, 12, 31, 23, 30, tzinfo=UTC)},
        {"starts_at": datetime(9999, 12, 31, 23, tzinfo=UTC), "ends_at": datetime(9999, 12, 31, 23, 59, tzinfo=UTC)},
        {"attendees": [Guest(email="nobody")]},
        {"attendees": [Guest(email="a@b.example\r\nBcc: c@d.example")]},
        {"attendees": [Guest(email=f"a{n}@b.example") for n in range(100)]},
        {"title": "x" * 201},
        {"description": "x" * 10_001},
        {"password": "x" * 101},
        {"recurrence": Recurrence(frequency="DAILY", count=367)},
    ],
)
async def test_refused_and_nothing_written(desk: Desk, fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        await desk.arrange(**fields)
    assert (await desk.page(), await desk.mails(), await desk.events()) == (([], 0), [], [])


async def test_line_breaks_in_a_title_make_no_headers(desk: Desk) -> None:
    (meeting,) = await desk.arrange(title="Plan\r\nBcc: x@y.example\u2028;BEGIN:VEVENT")
    assert meeting.title == "Plan Bcc: x@y.example ;BEGIN:VEVENT"
    (mail,) = await desk.mails()
    assert len(vevents(mail)) == 1
    assert vevents(mail)[0]["SUMMARY"] == meeting.title


async def test_who_sees_and_who_may_change(desk: Desk) -> None:
    person = await desk.core.people.create(desk.company_id, email="Jane@example.com")
    (theirs,) = await desk.meetings.create(desk.company_id, person.id, NewMeeting(starts_at=START))
    (invited,) = await desk.arrange()
    (hidden,) = await desk.arrange(attendees=[KIM])
    assert sorted((await desk.page(viewer="jane@EXAMPLE.com"))[0]) == sorted([theirs.id, invited.id])
    assert (await desk.page())[1] == 3
    for verb in (desk.meetings.get, desk.meetings.delete):
        with pytest.raises(NotFound):
            await verb(desk.company_id, hidden.id, viewer="jane@example.com")
    with pytest.raises(Forbidden):
        await desk.meetings.delete(desk.company_id, invited.id, viewer="jane@example.com", by=person.id)
    with pytest.raises(Forbidden):
        await desk.meetings.update(desk.company_id, invited.id, MeetingChange(title="Mine"), by=person.id)
    with pytest.raises(Forbidden):
        await desk.meetings.delete_group(desk.company_id, invited.group_id, by=person.id)
    await desk.meetings.delete(desk.company_id, theirs.id, viewer="jane@example.com", by=person.id)


async def test_meetings_follow_their_people_to_a_new_address(desk: Desk) -> None:
    person = await desk.core.people.create(desk.company_id, email="jane@example.com")
    (theirs,) = await desk.meetings.create(desk.company_id, person.id, NewMeeting(starts_at=START, attendees=[KIM]))
    await desk.core.people.update(desk.company_id, person.id, email="jane@new.example")
    assert await desk.page(viewer="jane@new.example") == ([theirs.id], 1)
    assert await desk.page(viewer="jane@example.com") == ([], 0)
    assert (await desk.meetings.get(desk.company_id, theirs.id)).organizer == "jane@new.example"
    await desk.core.people.delete(desk.company_id, person.id)
    assert (await desk.meetings.get(desk.company_id, theirs.id)).organizer_id is None


async def test_pages_and_totals_at_any_span(desk: Desk) -> None:
    """The counted total is what a full count says, for spans that begin and end anywhere in a day."""
    made = await desk.arrange(recurrence=Recurrence(frequency="DAILY", count=10))
    made += await desk.arrange(starts_at=START + timedelta(days=2, hours=3))
    await desk.change(made[4], starts_at=made[4].starts_at + timedelta(days=3, hours=1))
    await desk.meetings.delete(desk.company_id, made[7].id)
    rows = await desk.core.database.fetch("SELECT id, starts_at FROM meetings ORDER BY starts_at, id")
    bounds = [None, START, START - HOUR, START + HOUR, START.replace(hour=0) + timedelta(days=3), START + 4 * 24 * HOUR]
    bounds += [START + timedelta(days=20), datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
    for viewer in ("", "jane@example.com"):
        for since in bounds:
            for until in bounds:
                wanted = [
                    row["id"]
                    for row in rows
                    if (since is None or row["starts_at"] >= since) and (until is None or row["starts_at"] <= until)
                ]
                assert await desk.page(viewer=viewer, since=since, until=until) == (wanted, len(wanted))
    ids = [row["id"] for row in rows]
    assert await desk.page(page=2, per_page=4) == (ids[4:8], 10)
    assert await desk.page(page=9, per_page=4) == ([], 10)


async def test_counts_hold_under_many_writers(desk: Desk) -> None:
    async def one(number: int) -> None:
        rule = Recurrence(frequency="DAILY", count=6, interval=1 + number % 3)
        group = await desk.arrange(recurrence=rule, starts_at=START + number * HOUR)
        await desk.change(group[number % 6], starts_at=START + timedelta(days=20 - number))
        if number % 2:
            await desk.meetings.delete_group(desk.company_id, group[0].group_id, since=group[3].starts_at)

    await asyncio.gather(*(one(number) for number in range(12)))
    ids, total = await desk.page()
    assert len(ids) == total == await desk.core.database.fetchval("SELECT count(*) FROM meetings")
    assert (await desk.page(viewer="jane@example.com"))[1] == total


async def test_another_companys_meetings_are_unknown(desk: Desk, core: Core) -> None:
    other = Desk(core, await furnish(core, name="Globex", number="+12025550145"))
    (meeting,) = await desk.arrange()
    with pytest.raises(NotFound):
        await other.meetings.get(other.company_id, meeting.id)
    with pytest.raises(NotFound):
        await other.change(meeting, title="Mine")
    with pytest.raises(NotFound):
        await other.meetings.delete_group(other.company_id, meeting.group_id)
    with pytest.raises(NotFound):
        await other.meetings.room(other.company_id, meeting.room, meeting.id)
    with pytest.raises(NotFound):
        await other.meetings.create(other.company_id, desk.owner_id, NewMeeting())
    assert await other.page() == ([], 0)
    await core.database.execute("DELETE FROM companies WHERE id = $1", desk.company_id)
    assert await core.database.fetchval("SELECT count(*) FROM meeting_counts") == 0


async def test_recordings_of_a_room(desk: Desk, core: Core) -> None:
    (meeting,) = await desk.arrange()
    file = await core.files.create(desk.company_id, name="meeting")
    with pytest.raises(NotFound, match="file"):
        await desk.meetings.add_recording(desk.company_id, meeting.id, file.id)
    await core.files.upload(desk.company_id, file.id, content=b"x", uploaded_name="m.mp4", mimetype="video/mp4")
    for _ in range(2):
        await desk.meetings.add_recording(desk.company_id, meeting.id, file.id)
    (recording,) = await desk.meetings.recordings(desk.company_id, meeting.room)
    assert (recording.file_id, recording.name, recording.size) == (file.id, "m.mp4", 1)
    assert (await desk.meetings.get(desk.company_id, meeting.id)).recordings == [recording]
    with pytest.raises(NotFound, match="meeting"):
        await desk.meetings.add_recording(desk.company_id, file.id, file.id)
    with pytest.raises(NotFound):
        await desk.meetings.recordings(desk.company_id, "nowhere")
