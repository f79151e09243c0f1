"""RingPlan's meeting objects: the reference's (rows 51 to 56), and the events of clients (specs/ringplan.md 5)."""

from datetime import UTC

import msgspec

from ringmain.core.calendars.model import Connection
from ringmain.core.meetings.model import Attendee, Meeting, Recurrence, RoomRecording
from ringmain.dialects.ringplan import dates, ids


class WireCalendar(msgspec.Struct):
    """A connected calendar. `update`: the day, in UTC, when it was last confirmed."""

    calendar: str
    update: str
    user_id: str


class WireRecurrence(msgspec.Struct):
    """When it takes place again. `by_week_day`: 1 is Monday, 7 is Sunday."""

    frequency: str
    interval: int
    by_week_day: list[int]
    count: int | None
    end: str | None


class WireRecording(msgspec.Struct):
    """A recording: a file, which the routes of files serve."""

    id: str
    name: str
    mimetype: str
    size: int
    created_at: str


class WireRecordingFile(WireRecording):
    """A recording with the address of its content, which needs no key and expires."""

    link: str


class WireRoom(msgspec.Struct):
    """The video room."""

    id: str
    full_link: str
    meeting_video_data: list[WireRecording]


class WireEvent(msgspec.Struct):
    """A meeting. All of one recurrence have one `g_id`."""

    id: str
    g_id: str
    company_id: str
    user_id: str | None
    title: str
    description: str
    start: str
    end: str
    timezone: str
    attendees: list[Attendee]
    password: str | None
    recurrence: WireRecurrence | None
    jitsi_meeting_room_id: str
    jitsi_meeting_room: WireRoom
    created_at: str
    updated_at: str


def calendar(given: Connection) -> WireCalendar:
    """Row 51."""
    return WireCalendar(
        calendar=given.account,
        update=given.updated_at.astimezone(UTC).date().isoformat(),
        user_id=ids.encode(given.person_id),
    )


def event(given: Meeting, link: str) -> WireEvent:
    """`link`: where people join."""
    return WireEvent(
        id=ids.encode(given.id),
        g_id=ids.encode(given.group_id),
        company_id=ids.encode(given.company_id),
        user_id=ids.encode(given.organizer_id) if given.organizer_id else None,
        title=given.title,
        description=given.description,
        start=dates.zulu(given.starts_at),
        end=dates.zulu(given.ends_at),
        timezone=given.timezone,
        attendees=given.attendees,
        password=given.password,
        recurrence=None if given.recurrence is None else _recurrence(given.recurrence),
        jitsi_meeting_room_id=given.room,
        jitsi_meeting_room=WireRoom(
            id=given.room, full_link=link, meeting_video_data=[recording(one) for one in given.recordings]
        ),
        created_at=dates.zulu(given.created_at),
        updated_at=dates.zulu(given.updated_at),
    )


def recording(given: RoomRecording) -> WireRecording:
    """`id` is the file's."""
    return WireRecording(
        id=ids.encode(given.file_id),
        name=given.name,
        mimetype=given.mimetype,
        size=given.size,
        created_at=dates.zulu(given.created_at),
    )


def _recurrence(given: Recurrence) -> WireRecurrence:
    return WireRecurrence(
        frequency=given.frequency,
        interval=given.interval,
        by_week_day=given.weekdays,
        count=given.count,
        end=None if given.until is None else dates.zulu(given.until),
    )
