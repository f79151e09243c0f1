"""Operations on calls, and acting calls out in the sandbox PBX."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from ringmain.core.calls.model import Call as CallRecord
from ringmain.core.calls.model import CallFilter, Direction, Network, Outcome
from ringmain.core.calls.sandbox import PlannedCall
from ringmain.operator import parties
from ringmain.operator.companies import COMPANY
from ringmain.operator.routing import Call, Operation
from ringmain.operator.shapes import LARGEST, Body, Moment, Name, Numbered, PageQuery

ORIGIN: Final = "operator"

ExtensionNumber = Annotated[int, Meta(ge=1, le=999_999_999)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]


class CallQuery(PageQuery, frozen=True, kw_only=True):
    """Calls of a company that have ended, between two moments, of one extension, of one kind."""

    since: Moment | None = None
    until: Moment | None = None
    extension: ExtensionNumber | None = None
    direction: Direction | None = None
    network: Network | None = None
    outcome: Outcome | None = None


class CallBody(Body, frozen=True, kw_only=True):
    """A call, as if the PBX had told of it: it rings, its ringing ends, it ends; all of that at once.

    It goes where whoever is called has it go: forwarded, to voicemail, or offered to a group's members before they
    ring, as often as its strategy has it. `outcome` says what those do who are rung.

    One party at least is an extension's number, or one of the company's. It ends now unless it says when it started.
    """

    source: Annotated[str, Meta(max_length=40, description="an extension's or a telephone number; empty: withheld")] = (
        msgspec.field(name="from", default="")
    )
    to: Annotated[str, Meta(min_length=1, max_length=40, description="an extension's or a telephone number")]
    outcome: Literal["answered", "busy", "no_answer", "cancelled", "failed"] = "answered"
    ring_seconds: Seconds = 5
    talk_seconds: Annotated[float, Meta(ge=0, le=86_400, description="of an answered call")] = 60
    started_at: Moment | None = None
    instance_id: Annotated[int, Meta(ge=1, description="needed where several have the extension")] | None = None
    extension: (
        Annotated[int, Meta(ge=1, le=999_999_999, description="who is rung, or dials, between two telephone numbers")]
        | None
    ) = None
    answered_by: (
        ExtensionNumber
        | Annotated[str, Meta(max_length=40, description="who answers, if they are rung; else who rings first")]
        | None
    ) = None
    from_name: Annotated[str, Meta(max_length=200, description="else as the company knows the number")] = ""
    transcription_id: Name | None = None
    recording: Annotated[bytes, Meta(description="WAV, MP3, FLAC, Ogg, AIFF or AU, at most an hour")] | None = None
    message: Annotated[bytes, Meta(description="as recording: left if voicemail answers")] | None = None


class CallDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A call's record; durations in seconds."""

    call: CallRecord
    duration: float
    talk: float
    ring: float


async def list_calls(call: Call) -> Numbered[CallDetails]:
    """A company's calls that have ended, the latest first."""
    query: CallQuery = call.query
    wanted = CallFilter(
        since=query.since,
        until=query.until,
        extension=query.extension,
        directions=(query.direction,) if query.direction else None,
        networks=(query.network,) if query.network else None,
        outcomes=(query.outcome,) if query.outcome else None,
    )
    found = await call.core.calls.page(call.company_id, wanted=wanted, page=query.page, per_page=query.per_page)
    return Numbered(items=[_details(one) for one in found.items], total=found.total)


async def simulate_call(call: Call) -> CallDetails:
    """Let the sandbox PBX tell of a whole call."""
    body: CallBody = call.body
    company = await call.core.companies.get(call.company_id)
    started_at: datetime | None = body.started_at
    planned = PlannedCall(
        source=parties.caller("from", body.source, company.country),
        destination=parties.party("to", body.to, company.country),
        outcome=body.outcome,
        ring_s=body.ring_seconds,
        talk_s=body.talk_seconds,
        started_at=started_at,
        instance_id=body.instance_id,
        extension=body.extension,
        answered_by=_answerer(body.answered_by, company.country),
        source_name=body.from_name,
        recording=body.recording,
        message=body.message,
        transcription_id=body.transcription_id,
    )
    return _details(await call.core.sandbox_calls.place(call.company_id, planned, origin=ORIGIN))


def _details(given: CallRecord) -> CallDetails:
    return CallDetails(
        call=given, duration=given.duration_ms / 1000, talk=given.talk_ms / 1000, ring=given.ring_ms / 1000
    )


def _answerer(given: int | str | None, country: str) -> int | str | None:
    return parties.party("answered_by", given, country) if isinstance(given, str) else given


OPERATIONS: Final = (
    Operation(method="GET", path=f"{COMPANY}/calls", handler=list_calls, result=Numbered[CallDetails], query=CallQuery),
    Operation(
        method="POST",
        path=f"{COMPANY}/calls",
        handler=simulate_call,
        result=CallDetails,
        body=CallBody,
        status=201,
        limit=LARGEST,
        form=True,
    ),
)
