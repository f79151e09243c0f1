"""Meetings as calendars exchange them (RFC 5545, RFC 5546). One UID a group; its members have a RECURRENCE-ID."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event, vCalAddress

from ringmain.core.mail.model import Method
from ringmain.core.meetings.model import Attendee, Meeting, Status
from ringmain.core.meetings.recurrence import ical_rule, zone

PRODUCT: Final = "-//Ringmain//Meetings//EN"
PARTSTAT: Final[Mapping[Status, str]] = {
    "pending": "NEEDS-ACTION",
    "accepted": "ACCEPTED",
    "declined": "DECLINED",
    "tentative": "TENTATIVE",
}
YEAR: Final = timedelta(days=366)


def whole(method: Method, meetings: Sequence[Meeting], link: str) -> str:
    """A meeting, or a group of them by its rule. `link`: where people join."""
    first = meetings[0]
    event = _event(method, first, link)
    event.add("sequence", max(one.sequence for one in meetings) + (method == "CANCEL"))
    if first.recurrence is not None:
        event.add("rrule", ical_rule(first.recurrence, len(meetings)))
    return _calendar(method, [event], meetings)


def members(method: Method, meetings: Sequence[Meeting], link: str) -> str:
    """Some of a group, each by itself; a meeting that is no group's is the same as in `whole`."""
    events = []
    for one in meetings:
        event = _event(method, one, link)
        event.add("sequence", one.sequence + (method == "CANCEL"))
        if one.recurrence is not None:
            event.add("recurrence-id", one.occurs_at.astimezone(zone(one.timezone)))
        events.append(event)
    return _calendar(method, events, meetings)


def _calendar(method: Method, events: Sequence[Event], meetings: Sequence[Meeting]) -> str:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    for event in events:
        calendar.add_component(event)
    moments = [moment for one in meetings for moment in (one.starts_at, one.ends_at, one.occurs_at)]
    calendar.add_missing_timezones((min(moments) - YEAR).date(), (max(moments) + YEAR).date())
    text: bytes = calendar.to_ical()
    return text.decode()


def _event(method: Method, meeting: Meeting, link: str) -> Event:
    # A rule is followed in its own time zone; a single meeting needs none.
    place = zone(meeting.timezone) if meeting.recurrence is not None else UTC
    event = Event()
    event.add("uid", f"{meeting.room}@ringmain")
    event.add("dtstamp", datetime.now(UTC))
    event.add("dtstart", meeting.starts_at.astimezone(place))
    event.add("dtend", meeting.ends_at.astimezone(place))
    event.add("summary", meeting.title)
    if meeting.description:
        event.add("description", meeting.description)
    event.add("location", link)
    event.add("url", link)
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    if meeting.organizer is not None:
        event.add("organizer", vCalAddress(f"mailto:{meeting.organizer}"))
    for one in meeting.attendees:
        event.add("attendee", _attendee(one))
    return event


def _attendee(given: Attendee) -> vCalAddress:
    address = vCalAddress(f"mailto:{given.email}")
    address.params["PARTSTAT"] = PARTSTAT[given.status]
    address.params["ROLE"] = "CHAIR" if given.is_organizer else "REQ-PARTICIPANT"
    if given.status == "pending":
        address.params["RSVP"] = "TRUE"
    return address
