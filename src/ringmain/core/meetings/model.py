"""Meetings: people who meet in a video room. Also the shape that events carry (migration 0006, meeting_json)."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Status = Literal["pending", "accepted", "declined", "tentative"]
Frequency = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
Weekday = Annotated[int, Meta(ge=1, le=7)]
"""As in ISO 8601: 1 is Monday, 7 is Sunday."""

MAX_INSTANCES: Final = 366
"""How many meetings one rule may make. One that asks for more is refused."""
HORIZON_YEARS: Final = 2
"""A rule without an end makes meetings for so long, and `MAX_INSTANCES` at most."""
MAX_ATTENDEES: Final = 100
"""The organizer among them: one mail reaches all others."""


class Attendee(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is invited, by e-mail. The organizer is the first of them."""

    email: str
    status: Status = "pending"
    is_organizer: bool = False


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to invite. Without `status` they are asked."""

    email: str
    status: Status | None = None


class Recurrence(msgspec.Struct, frozen=True, kw_only=True):
    """When a meeting takes place again. `until` is included. Of `count` and `until` one at most is given."""

    frequency: Frequency
    interval: Annotated[int, Meta(ge=1, le=1000)] = 1
    weekdays: Annotated[list[Weekday], Meta(max_length=7)] = []
    count: Annotated[int, Meta(ge=1)] | None = None
    until: datetime | None = None


class RoomRecording(msgspec.Struct, frozen=True, kw_only=True):
    """A recording of what happened in a room: a stored file."""

    id: int
    file_id: int
    name: str
    mimetype: str
    size: int
    created_at: datetime


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """One meeting. What one rule made shares `group_id` and `room`; a meeting by itself is a group of one.

    `occurs_at`: when the rule has it, which stays as it was when the meeting is moved. `room`: its name on the video
    server. `timezone`: in which the rule was followed. Events leave `password` and `recordings` out.
    """

    id: int
    company_id: int
    group_id: int
    organizer_id: int | None
    title: str
    description: str
    starts_at: datetime
    ends_at: datetime
    occurs_at: datetime
    timezone: str
    attendees: list[Attendee]
    room: str
    password: str | None = None
    recurrence: Recurrence | None
    sequence: int
    created_at: datetime
    updated_at: datetime
    recordings: list[RoomRecording] = []

    @property
    def organizer(self) -> str | None:
        """The organizer's e-mail."""
        return next((one.email for one in self.attendees if one.is_organizer), None)

    @property
    def guests(self) -> list[str]:
        """The e-mails of the others."""
        return [one.email for one in self.attendees if not one.is_organizer]


class NewMeeting(msgspec.Struct, frozen=True, kw_only=True):
    """What to arrange. Without `starts_at` it is now; without `ends_at` it takes an hour."""

    title: str = ""
    description: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    attendees: list[Guest] = []
    password: str | None = None
    recurrence: Recurrence | None = None


class MeetingChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change about one meeting. When only its start moves, it takes as long as before.

    `attendees` are all of the guests; who stays without a new `status` keeps the old one.
    """

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    starts_at: datetime | UnsetType = UNSET
    ends_at: datetime | UnsetType = UNSET
    attendees: list[Guest] | UnsetType = UNSET
    password: str | UnsetType | None = UNSET


class MeetingPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of those that match, of which there are `total`."""

    items: list[Meeting]
    total: int


class MeetingEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of meeting.created, meeting.updated and meeting.deleted (then: what it was)."""

    meeting: Meeting
