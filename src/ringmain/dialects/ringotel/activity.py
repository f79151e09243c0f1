"""What goes on in an organization: its event log, its calls, the subjects that calls are filed under."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from ringmain.core.calls.model import Call, CallFilter
from ringmain.core.companies.model import LoggedEvent
from ringmain.core.ids import milliseconds_of
from ringmain.core.system import Core
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.params import Id, NoParams, Word
from ringmain.dialects.ringotel.rpc import Method, Org
from ringmain.dialects.ringotel.spans import Span, milliseconds

CALL_LIMIT: Final = 10_000
CAUSES: Final = {"completed": 16, "busy": 17, "no_answer": 19, "cancelled": 16, "failed": 41}
"""Q.850, for calls of which the PBX did not say it."""


class CallSpan(Span, frozen=True):
    """Of getCalls: one user's, or all."""

    userid: Id | None = None


class Subjects(msgspec.Struct, frozen=True):
    """Of setActivitySubjects: all of them."""

    subjects: Annotated[list[Word], Meta(max_length=1000)]


class WireCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call: from a to b, its cause of release, when it began, its seconds, whether it went out."""

    a: str
    b: str
    c: int
    t: int
    d: int
    o: bool


class WireEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What happened when to what, and where it came in."""

    id: str
    time: int
    type: str
    objectid: str
    origin: str


class ActivityMethods:
    """What goes on."""

    def __init__(self, core: Core) -> None:
        self._companies = core.companies
        self._extensions = core.extensions
        self._calls = core.calls
        self.methods = [
            Method("getEventLog", Span, self.list_events, blocked_too=True),
            Method("getCalls", CallSpan, self.list_calls),
            Method("getActivitySubjects", NoParams, self.list_subjects),
            Method("setActivitySubjects", Subjects, self.set_subjects, changes=True),
        ]

    async def list_events(self, org: Org, given: Span) -> list[WireEvent]:
        """Events of this span, oldest first, at most 10,000, without what they say."""
        since, until = given.moments
        return [event_of(one) for one in await self._companies.events(org.company_id, since=since, until=until)]

    async def list_calls(self, org: Org, given: CallSpan) -> list[WireCall]:
        """Calls that have ended and began in this span, the latest first, at most 10,000."""
        since, until = given.moments
        number = None
        if given.userid is not None:
            number = (await self._extensions.get(org.company_id, ids.decode(given.userid, "user"))).number
        wanted = CallFilter(since=since, until=until, extension=number)
        page = await self._calls.page(org.company_id, wanted=wanted, page=1, per_page=CALL_LIMIT)
        return [call_of(call) for call in page.items]

    async def list_subjects(self, org: Org, _: NoParams) -> list[str]:
        """As they were set (section 5, reading 18)."""
        return await self._companies.activity_subjects(org.company_id)

    async def set_subjects(self, org: Org, given: Subjects) -> None:
        """Replace them all."""
        await self._companies.set_activity_subjects(org.company_id, given.subjects)


def event_of(event: LoggedEvent) -> WireEvent:
    """As the log shows it."""
    return WireEvent(
        id=ids.encode(event.id),
        time=milliseconds_of(event.id),
        type=event.type,
        objectid=ids.encode(event.subject_id),
        origin=event.origin,
    )


def call_of(call: Call) -> WireCall:
    """A call that has ended."""
    talked = (call.ended_at - call.answered_at).total_seconds() if call.ended_at and call.answered_at else 0
    derived = CAUSES[call.outcome] if call.outcome else 0
    return WireCall(
        a=call.source,
        b=call.destination,
        c=derived if call.release_code is None else call.release_code,
        t=milliseconds(call.started_at),
        d=round(talked),
        o=call.direction == "outbound",
    )
