"""Meetings: row 52 of specs/ringplan.md, and the events that clients use beyond the reference (5; 6, row 31)."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.meetings.model import (
    MAX_ATTENDEES,
    Frequency,
    Guest,
    Meeting,
    MeetingChange,
    NewMeeting,
    Recurrence,
    Status,
    Weekday,
)
from ringmain.core.meetings.service import EVERYBODY
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, query
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import dates, ids, lists
from ringmain.dialects.ringplan import meet_wire as wire
from ringmain.dialects.ringplan.auth import DIALECT
from ringmain.dialects.ringplan.files import content_path

EVENTS: Final = "/meet/v2/events"
MAX_ROOM: Final = 200
RECORDING_LINK_LIFETIME: Final = 6 * 3600
"""Seconds for which a link to a recording works."""

Text = str | UnsetType | None


class GuestBody(msgspec.Struct):
    """Somebody to invite."""

    email: str
    status: Status | None = None


class RecurrenceBody(msgspec.Struct):
    """When it takes place again: `count` times, or until `end`, or for two years. 1 is Monday, 7 is Sunday."""

    frequency: Frequency
    interval: Annotated[int, Meta(ge=1, le=1000)] | None = None
    by_week_day: Annotated[list[Weekday], Meta(max_length=7)] | None = None
    count: Annotated[int, Meta(ge=1)] | None = None
    end: str | None = None


class EventBody(msgspec.Struct):
    """Body of POST, where {} is a meeting now, and of PATCH, where what is absent stays."""

    title: Text = UNSET
    description: Text = UNSET
    start: Text = UNSET
    end: Text = UNSET
    password: Text = UNSET
    attendees: Annotated[list[GuestBody], Meta(max_length=2 * MAX_ATTENDEES)] | UnsetType | None = UNSET
    recurrence: RecurrenceBody | UnsetType | None = UNSET


BODY: Final = Decoder(msgspec.json.Decoder(EventBody))


class MeetingRoutes:
    """A user's meetings: those that they organize or are invited to; an owner's are all of the company's."""

    def __init__(self, core: Core, public_url: str) -> None:
        self._meetings = core.meetings
        self._credentials = core.credentials
        self._public_url = public_url.rstrip("/")
        self.endpoints = [
            Endpoint("GET", "/meet/app/calendar/events/get-link/{meeting_id}", self.show_link),
            Endpoint("GET", EVENTS, self.page),
            Endpoint("POST", EVENTS, self.create),
            Endpoint("PATCH", f"{EVENTS}/{{event_id}}", self.update),
            Endpoint("DELETE", f"{EVENTS}/{{event_id}}", self.delete),
            Endpoint("DELETE", "/meet/v2/bulk/events/{g_id}", self.bulk_delete),
            Endpoint("GET", "/meet/v2/meeting/files/{room_id}", self.recordings),
        ]

    async def show_link(self, request: Request, caller: Caller) -> Response:
        """Get meeting link: of a room, or of an event by its id."""
        given = _room(request, "meeting_id")
        try:
            meeting_id = ids.decode(given, "meeting")
        except NotFound:
            meeting_id = None
        room = await self._meetings.room(caller.company_id, given, meeting_id, viewer=_viewer(caller))
        return answer.json({"full_link": self._meetings.link(room)})

    async def page(self, request: Request, caller: Caller) -> Response:
        """Get events that start from `date_from` to `date_to`, in the order in which they take place."""
        page = lists.page_of(request)
        since, until = query.text(request, "date_from"), query.text(request, "date_to")
        found = await self._meetings.page(
            caller.company_id,
            viewer=_viewer(caller),
            since=dates.start(since, "date_from") if since else None,
            until=dates.end(until, "date_to") if until else None,
            page=page.page,
            per_page=page.per_page,
        )
        return lists.page([self._wire(one) for one in found.items], page, found.total)

    async def create(self, request: Request, caller: Caller) -> Response:
        """Create events: an array of all that the recurrence makes."""
        body: EventBody = await BODY(request)
        new = NewMeeting(
            title=body.title or "",
            description=body.description or "",
            starts_at=dates.start(body.start, "start") if body.start else None,
            ends_at=dates.end(body.end, "end") if body.end else None,
            attendees=_guests(body.attendees or []),
            password=body.password or None,
            recurrence=_recurrence(body.recurrence) if body.recurrence else None,
        )
        made = await self._meetings.create(caller.company_id, caller.person_id, new, origin=DIALECT)
        return answer.json([self._wire(one) for one in made], 201)

    async def update(self, request: Request, caller: Caller) -> Response:
        """Change one event, also one of a recurrence, which itself cannot be changed."""
        event_id = ids.decode(request.path_params["event_id"], "meeting")
        body: EventBody = await BODY(request)
        viewer = _viewer(caller)
        if body.recurrence:
            known = await self._meetings.get(caller.company_id, event_id, viewer=viewer)
            if _recurrence(body.recurrence) != known.recurrence:
                raise Invalid("recurrence", "cannot be changed: delete the group and make it anew")
        meeting = await self._meetings.update(
            caller.company_id, event_id, _change(body), viewer=viewer, by=_by(caller), origin=DIALECT
        )
        return answer.json(self._wire(meeting))

    async def delete(self, request: Request, caller: Caller) -> Response:
        """Delete one event."""
        event_id = ids.decode(request.path_params["event_id"], "meeting")
        await self._meetings.delete(caller.company_id, event_id, viewer=_viewer(caller), by=_by(caller), origin=DIALECT)
        return answer.empty()

    async def bulk_delete(self, request: Request, caller: Caller) -> Response:
        """Delete all events of a group, or those that start at `date_from` or later."""
        group_id = ids.decode(request.path_params["g_id"], "meeting")
        since = query.text(request, "date_from")
        await self._meetings.delete_group(
            caller.company_id,
            group_id,
            since=dates.start(since, "date_from") if since else None,
            viewer=_viewer(caller),
            by=_by(caller),
            origin=DIALECT,
        )
        return answer.empty()

    async def recordings(self, request: Request, caller: Caller) -> Response:
        """The recordings of a room; 404 when there are none."""
        room = _room(request, "room_id")
        found = await self._meetings.recordings(caller.company_id, room, viewer=_viewer(caller))
        if not found:
            raise NotFound("meeting")
        files = []
        for one in found:
            path = content_path(caller.company_id, one.file_id)
            link = await self._credentials.sign_link(path, RECORDING_LINK_LIFETIME)
            shown = msgspec.structs.asdict(wire.recording(one))
            files.append(wire.WireRecordingFile(**shown, link=f"{self._public_url}{link}"))
        return answer.json(files)

    def _wire(self, meeting: Meeting) -> wire.WireEvent:
        return wire.event(meeting, self._meetings.link(meeting.room))


def _room(request: Request, name: str) -> str:
    """A meeting's id is any text. Raises NotFound for what no room is called."""
    given: str = request.path_params[name]
    if len(given) > MAX_ROOM or not given.isprintable():
        raise NotFound("meeting")
    return given


def _viewer(caller: Caller) -> str:
    return EVERYBODY if caller.owner else caller.email


def _by(caller: Caller) -> int | None:
    return None if caller.owner else caller.person_id


def _guests(given: list[GuestBody]) -> list[Guest]:
    return [Guest(email=one.email, status=one.status) for one in given]


def _recurrence(given: RecurrenceBody) -> Recurrence:
    return Recurrence(
        frequency=given.frequency,
        interval=given.interval or 1,
        weekdays=sorted(set(given.by_week_day or [])),
        count=given.count,
        until=dates.end(given.end, "recurrence.end") if given.end else None,
    )


def _change(body: EventBody) -> MeetingChange:
    changes: dict[str, Any] = {}
    for name in ("title", "description"):
        if getattr(body, name) not in (UNSET, None):
            changes[name] = getattr(body, name)
    if body.start:
        changes["starts_at"] = dates.start(body.start, "start")
    if body.end:
        changes["ends_at"] = dates.end(body.end, "end")
    if body.password is not UNSET:
        changes["password"] = body.password
    if isinstance(body.attendees, list):
        changes["attendees"] = _guests(body.attendees)
    return MeetingChange(**changes)
