"""Verbs on meetings."""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from ringmain.core.errors import Forbidden, Invalid, NotFound
from ringmain.core.mail.addresses import check_address
from ringmain.core.mail.model import Mail
from ringmain.core.mail.service import Mails
from ringmain.core.meetings import invitations, listing, recurrence, rooms, store
from ringmain.core.meetings.model import (
    MAX_ATTENDEES,
    Attendee,
    Guest,
    Meeting,
    MeetingChange,
    MeetingPage,
    NewMeeting,
    RoomRecording,
)
from ringmain.database.pool import Connection, Database
from ringmain.database.wakeup import EVENTS, Wakeups

EVERYBODY: Final = ""
"""The viewer who sees all of a company's meetings."""
UNTITLED: Final = "Meeting"
LENGTH: Final = timedelta(hours=1)
"""How long a meeting takes when nobody says."""
MAX_LENGTH: Final = timedelta(days=31)
MAX_TITLE: Final = 200
MAX_DESCRIPTION: Final = 10_000
MAX_PASSWORD: Final = 100
YEARS: Final = (2000, recurrence.LATEST_YEAR)

_meeting: Final = msgspec.json.Decoder(Meeting)
_recording: Final = msgspec.json.Decoder(RoomRecording)
_recordings: Final = msgspec.json.Decoder(list[RoomRecording])


class Meetings:
    """The meetings of all companies. Who is invited hears by mail, in the transaction of what it tells of.

    `viewer` is the e-mail of who looks: they see what they organize or are invited to; `EVERYBODY` sees all.
    `by` is the person who changes something: the organizer; None may change all.
    """

    def __init__(self, database: Database, wakeups: Wakeups, mails: Mails, *, meet_url: str = rooms.DEFAULT) -> None:
        self._database = database
        self._wakeups = wakeups
        self._mails = mails
        self._meet_url = meet_url

    def link(self, room: str) -> str:
        """Where people join."""
        return rooms.link_to(self._meet_url, room)

    async def create(self, company_id: int, organizer_id: int, new: NewMeeting, *, origin: str = "") -> list[Meeting]:
        """Arrange a meeting, or all that its rule makes, and invite. Raises Invalid, NotFound("person")."""
        organizer = await self._database.fetchrow(store.ORGANIZER, company_id, organizer_id)
        if organizer is None:
            raise NotFound("person")
        first = new.starts_at or datetime.now(UTC).replace(second=0, microsecond=0)
        length = _length(first, new.ends_at or _checked(first) + LENGTH)
        moments = [first] if new.recurrence is None else recurrence.starts(new.recurrence, first, organizer["timezone"])
        attendees = _attendees(organizer["email"], new.attendees, [])
        async with self._database.transaction() as connection:
            rows = await connection.fetch(
                *(store.CREATE, company_id, organizer_id, _title(new.title), _description(new.description)),
                *(moments, [moment + length for moment in moments], organizer["timezone"], _json(attendees)),
                *(rooms.new_room(), _password(new.password)),
                *(None if new.recurrence is None else _json(new.recurrence), origin),
            )
            meetings = [_meeting.decode(row[0]) for row in rows]
            guests = meetings[0].guests
            if guests and not _over(meetings[-1]):
                mail = invitations.invitation(meetings, guests, self.link(meetings[0].room))
                await self._mails.queue(connection, company_id, mail)
        self._wake()
        return meetings

    async def get(self, company_id: int, meeting_id: int, *, viewer: str = EVERYBODY) -> Meeting:
        """Raises NotFound("meeting")."""
        return _found(await self._database.fetchval(store.GET, company_id, viewer.lower(), meeting_id))

    async def page(
        self,
        company_id: int,
        *,
        viewer: str = EVERYBODY,
        since: datetime | None = None,
        until: datetime | None = None,
        page: int,
        per_page: int,
    ) -> MeetingPage:
        """Those that start from `since` to `until`, both included, in the order in which they take place."""
        values = listing.arguments(company_id, viewer.lower(), since, until, per_page, (page - 1) * per_page)
        row = await self._database.fetchrow(listing.PAGE, *values)
        assert row is not None  # noqa: S101  (a SELECT without FROM)
        return MeetingPage(items=[_meeting.decode(item) for item in row["items"]], total=row["total"])

    async def room(self, company_id: int, name: str, meeting_id: int | None, *, viewer: str = EVERYBODY) -> str:
        """The room of this name, or of the meeting with this id. Raises NotFound("meeting")."""
        found = await self._database.fetchval(store.ROOM, company_id, viewer.lower(), name, meeting_id)
        if found is None:
            raise NotFound("meeting")
        return str(found)

    async def update(
        self,
        company_id: int,
        meeting_id: int,
        change: MeetingChange,
        *,
        viewer: str = EVERYBODY,
        by: int | None = None,
        origin: str = "",
    ) -> Meeting:
        """Change one meeting, also one of a group, and tell those whom it concerns.

        Raises Invalid, NotFound("meeting"), Forbidden.
        """
        async with self._database.transaction() as connection:
            old = _found(await connection.fetchval(store.LOCK, company_id, viewer.lower(), meeting_id))
            _check_organizer([old], by)
            new = _changed(old, change)
            if new != old:
                await connection.execute(
                    *(store.UPDATE, company_id, meeting_id, new.title, new.description, new.starts_at, new.ends_at),
                    *(_json(new.attendees), new.password, origin),
                )
                for mail in self._news(old, msgspec.structs.replace(new, sequence=old.sequence + 1)):
                    await self._mails.queue(connection, company_id, mail)
            shown = _found(await connection.fetchval(store.GET, company_id, EVERYBODY, meeting_id))
        self._wake()
        return shown

    async def delete(
        self, company_id: int, meeting_id: int, *, viewer: str = EVERYBODY, by: int | None = None, origin: str = ""
    ) -> None:
        """Call one meeting off, also one of a group. Raises NotFound("meeting"), Forbidden."""
        async with self._database.transaction() as connection:
            meeting = _found(await connection.fetchval(store.LOCK, company_id, viewer.lower(), meeting_id))
            _check_organizer([meeting], by)
            await self._call_off(connection, company_id, [meeting], whole=meeting.recurrence is None, origin=origin)
        self._wake()

    async def delete_group(
        self,
        company_id: int,
        group_id: int,
        *,
        since: datetime | None = None,
        viewer: str = EVERYBODY,
        by: int | None = None,
        origin: str = "",
    ) -> int:
        """Call a group off, or those of it that start at `since` or later; returns how many those were.

        Raises NotFound("meeting") for a group that has no meeting at all, Forbidden.
        """
        async with self._database.transaction() as connection:
            rows = await connection.fetch(store.LOCK_GROUP, company_id, viewer.lower(), group_id)
            group = [_meeting.decode(row[0]) for row in rows]
            if not group:
                raise NotFound("meeting")
            _check_organizer(group, by)
            chosen = [one for one in group if since is None or one.starts_at >= since]
            if chosen:
                await self._call_off(connection, company_id, chosen, whole=len(chosen) == len(group), origin=origin)
        self._wake()
        return len(chosen)

    async def recordings(self, company_id: int, room: str, *, viewer: str = EVERYBODY) -> list[RoomRecording]:
        """What was recorded in a room, oldest first. Raises NotFound("meeting")."""
        found = await self._database.fetchval(store.ROOM_RECORDINGS, company_id, viewer.lower(), room)
        if found is None:
            raise NotFound("meeting")
        return _recordings.decode(found)

    async def add_recording(self, company_id: int, meeting_id: int, file_id: int) -> RoomRecording:
        """Keep an uploaded file as a recording of the meeting's room; the same again is no other.

        Raises NotFound("meeting"), NotFound("file").
        """
        row = await self._database.fetchrow(store.ADD_RECORDING, company_id, meeting_id, file_id)
        assert row is not None  # noqa: S101  (one row at least)
        for kind in ("meeting", "file"):
            if not row[kind]:
                raise NotFound(kind)
        return _recording.decode(row["recording"])

    async def _call_off(
        self, connection: Connection, company_id: int, meetings: Sequence[Meeting], *, whole: bool, origin: str
    ) -> None:
        await connection.execute(store.DELETE, company_id, [one.id for one in meetings], origin)
        parties: dict[tuple[str, ...], list[Meeting]] = {}
        for one in meetings:
            if one.guests and not _over(one):
                parties.setdefault(tuple(one.guests), []).append(one)
        for guests, theirs in parties.items():
            # A calendar forgets a whole group at once only where nobody's view of it differs, and none of it is past.
            at_once = whole and len(theirs) == len(meetings)
            mail = invitations.cancellation(theirs, guests, self.link(theirs[0].room), whole=at_once)
            await self._mails.queue(connection, company_id, mail)

    def _news(self, old: Meeting, new: Meeting) -> list[Mail]:
        """What to write about a change, and to whom."""
        if _over(new):
            return []
        link = self.link(new.room)
        before, after = ({guest.lower() for guest in one.guests} for one in (old, new))
        same = (old.title, old.description, old.starts_at, old.ends_at, old.password) == (
            *(new.title, new.description, new.starts_at, new.ends_at, new.password),
        )
        mails = []
        if added := [guest for guest in new.guests if guest.lower() not in before]:
            mails.append(invitations.late_invitation(new, added, link))
        if removed := [guest for guest in old.guests if guest.lower() not in after]:
            mails.append(invitations.cancellation([old], removed, link, whole=False))
        if not same and (stayed := [guest for guest in new.guests if guest.lower() in before]):
            mails.append(invitations.update(new, stayed, link))
        return mails

    def _wake(self) -> None:
        self._wakeups.wake(EVENTS)
        self._mails.wake()


def _changed(old: Meeting, change: MeetingChange) -> Meeting:
    starts_at = _given(change.starts_at, old.starts_at)
    ends_at = _given(change.ends_at, _checked(starts_at) + (old.ends_at - old.starts_at))
    _length(starts_at, ends_at)
    attendees = old.attendees
    if change.attendees is not UNSET:
        attendees = _attendees(old.organizer, change.attendees, old.attendees)
    return msgspec.structs.replace(
        old,
        title=old.title if change.title is UNSET else _title(change.title),
        description=old.description if change.description is UNSET else _description(change.description),
        starts_at=starts_at,
        ends_at=ends_at,
        attendees=attendees,
        password=old.password if change.password is UNSET else _password(change.password),
    )


def _given(value: datetime | UnsetType, otherwise: datetime) -> datetime:
    return otherwise if value is UNSET else value


def _attendees(organizer: str | None, guests: Sequence[Guest], known: Sequence[Attendee]) -> list[Attendee]:
    """The organizer and the guests, each once, without regard to case."""
    found: dict[str, Attendee] = {}
    if organizer is not None:
        found[organizer.lower()] = Attendee(email=organizer, status="accepted", is_organizer=True)
    statuses = {one.email.lower(): one.status for one in known}
    for guest in guests:
        email = check_address("attendees", guest.email)
        status = guest.status or statuses.get(email.lower(), "pending")
        found.setdefault(email.lower(), Attendee(email=email, status=status))
    if len(found) > MAX_ATTENDEES:
        raise Invalid("attendees", f"may be {MAX_ATTENDEES}, the organizer among them")
    return list(found.values())


def _length(starts_at: datetime, ends_at: datetime) -> timedelta:
    length = _checked(ends_at) - _checked(starts_at)
    if length <= timedelta():
        raise Invalid("end", "must be after the start")
    if length > MAX_LENGTH:
        raise Invalid("end", f"may be {MAX_LENGTH.days} days after the start")
    return length


def _checked(moment: datetime) -> datetime:
    if not YEARS[0] <= moment.year <= YEARS[1]:
        raise Invalid("start", f"must be in the years {YEARS[0]} to {YEARS[1]}, and so must the end")
    return moment


def _title(text: str) -> str:
    # It becomes a mail's subject: one line without control characters.
    shown = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text)
    title = " ".join(shown.split())
    if len(title) > MAX_TITLE:
        raise Invalid("title", f"may have {MAX_TITLE} characters")
    return title or UNTITLED


def _description(text: str) -> str:
    if len(text) > MAX_DESCRIPTION:
        raise Invalid("description", f"may have {MAX_DESCRIPTION} characters")
    return text


def _password(text: str | None) -> str | None:
    if text is not None and len(text) > MAX_PASSWORD:
        raise Invalid("password", f"may have {MAX_PASSWORD} characters")
    return text or None


def _check_organizer(meetings: Sequence[Meeting], by: int | None) -> None:
    if by is not None and any(one.organizer_id != by for one in meetings):
        raise Forbidden("only the organizer may change a meeting")


def _over(meeting: Meeting) -> bool:
    return meeting.ends_at <= datetime.now(UTC)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _found(text: str | None) -> Meeting:
    if text is None:
        raise NotFound("meeting")
    return _meeting.decode(text)
