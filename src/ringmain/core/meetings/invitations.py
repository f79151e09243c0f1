"""Mail to those who are invited: of a meeting, of what changed about it, and that it is off."""

from collections.abc import Sequence
from typing import Final

from ringmain.core.mail.model import Calendar, Mail, Method
from ringmain.core.meetings import ics
from ringmain.core.meetings.model import Meeting
from ringmain.core.meetings.recurrence import zone

MAX_LISTED: Final = 20
"""Of meetings that are called off, how many the text names; the attached calendar has them all."""


def invitation(meetings: Sequence[Meeting], guests: Sequence[str], link: str) -> Mail:
    """To a meeting, or to all that a rule made."""
    first = meetings[0]
    lines = [f"{first.organizer} invites you to a meeting.", "", *_what(first, link)]
    if len(meetings) > 1:
        lines.insert(4, f"Repeats: {len(meetings)} times, last on {_when(meetings[-1])}")
    return _mail("Invitation", "REQUEST", ics.whole("REQUEST", meetings, link), first, guests, lines)


def late_invitation(meeting: Meeting, guests: Sequence[str], link: str) -> Mail:
    """To one meeting that there was already."""
    lines = [f"{meeting.organizer} invites you to a meeting.", "", *_what(meeting, link)]
    return _mail("Invitation", "REQUEST", ics.members("REQUEST", [meeting], link), meeting, guests, lines)


def update(meeting: Meeting, guests: Sequence[str], link: str) -> Mail:
    """Of what a meeting is now."""
    lines = ["This meeting has changed.", "", *_what(meeting, link)]
    return _mail("Updated", "REQUEST", ics.members("REQUEST", [meeting], link), meeting, guests, lines)


def cancellation(meetings: Sequence[Meeting], guests: Sequence[str], link: str, *, whole: bool) -> Mail:
    """That meetings of one group are off, or for these guests. `whole`: they are all that the rule made."""
    first = meetings[0]
    lines = ["This meeting is off.", "", first.title, *(_when(one) for one in meetings[:MAX_LISTED])]
    if len(meetings) > MAX_LISTED:
        lines.append(f"and {len(meetings) - MAX_LISTED} more")
    text = (ics.whole if whole else ics.members)("CANCEL", meetings, link)
    return _mail("Cancelled", "CANCEL", text, first, guests, lines)


def _mail(
    kind: str, method: Method, calendar: str, meeting: Meeting, guests: Sequence[str], lines: Sequence[str]
) -> Mail:
    return Mail(
        to=list(guests),
        subject=f"{kind}: {meeting.title}",
        text="\n".join([*lines, ""]),
        calendar=Calendar(method=method, ics=calendar),
        reply_to=meeting.organizer,
    )


def _what(meeting: Meeting, link: str) -> list[str]:
    lines = [meeting.title, f"When: {_when(meeting)}", f"Join: {link}"]
    if meeting.password:
        lines.append(f"Password: {meeting.password}")
    if meeting.description:
        lines += ["", meeting.description]
    return lines


def _when(meeting: Meeting) -> str:
    place = zone(meeting.timezone)
    start, end = meeting.starts_at.astimezone(place), meeting.ends_at.astimezone(place)
    ends = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"{start:%Y-%m-%d %H:%M} to {ends} {end.tzname()}"
