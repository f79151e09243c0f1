"""RingPlan's call record (specs/ringplan.md 5), and what webhooks say of calls (6, rows 39 and 40)."""

from typing import Any, Final

import msgspec

from ringmain.core.calls.model import Call, Direction, Leg, Network, Outcome
from ringmain.dialects.ringplan import dates, ids

DIRECTIONS: Final[dict[Direction, str]] = {"inbound": "IN", "outbound": "OUT"}
NETWORKS: Final[dict[Network, str]] = {"off_net": "OFF_NET", "on_net": "ON_NET", "private": "PRIVATE"}
STATUSES: Final[dict[Outcome, str]] = {
    "completed": "COMPLETED",
    "busy": "BUSY",
    "no_answer": "CANCELLED",
    "cancelled": "ORIG_CANCEL",
    "failed": "FAILED",
}
"""ORIG_CANCEL: the caller hung up; CANCELLED: the ringing was ended because nobody answered."""
PBX_FIELDS: Final = (
    "cnam",
    "cnum",
    "dcontext",
    "did",
    "dst",
    "lastapp",
    "linkedid",
    "outbound_cnam",
    "outbound_cnum",
    "sequence",
    "uniqueid",
)
"""What the PBX tells, each shown with `pbx_` before it."""


class Recording(msgspec.Struct):
    """What was recorded. `url` needs no key and expires; both are null without a recording."""

    transcription_id: str | None
    url: str | None


class WireCallRecord(msgspec.Struct):
    """An item of the list."""

    cdr: dict[str, Any]
    recording: Recording


def call_record(given: Call, link: str | None) -> WireCallRecord:
    """`link`: the address of its recording. Durations are whole seconds, begun ones left out, as PBXs count them."""
    cdr = {
        "id": ids.encode(given.id),
        "recno": given.id,
        "src": given.source,
        "dst": given.destination,
        "duration": given.duration_ms // 1000,
        "durationms": given.duration_ms,
        "billsec": given.talk_ms // 1000,
        "ringtime": given.ring_ms // 1000,
        "starttime": given.started_at.isoformat(timespec="microseconds"),
        "status": STATUSES[given.outcome] if given.outcome else None,
        "network": NETWORKS[given.network],
        "direction": DIRECTIONS[given.direction],
        "relcause": given.release_code,
        "releasecausecode": given.release_code,
        "origalias": given.source_name,
        "termalias": given.destination_name,
        "rate": 0,
        **{f"pbx_{name}": given.pbx.get(name) for name in PBX_FIELDS},
    }
    return WireCallRecord(cdr, Recording(given.transcription_id, link))


def call_started(given: Call, leg: Leg) -> dict[str, Any]:
    """`data` of dial.action.started: of the leg that begins to ring."""
    return {
        "call_id": ids.encode(given.id),
        "direction": DIRECTIONS[given.direction],
        "src": given.source,
        "dst": given.destination,
        "extension": leg.extension_number,
        "started_at": dates.zulu(leg.ringing_at),
    }


def dial_completed(given: Call, leg: Leg) -> dict[str, Any]:
    """`data` of dial.action.completed: of the leg; `duration` is how long it rang, in seconds."""
    rang = (leg.ended_at - leg.ringing_at).total_seconds() if leg.ended_at else 0
    return call_started(given, leg) | {"duration": int(rang), "result": leg.outcome}


def call_hung_up(given: Call) -> dict[str, Any]:
    """`data` of call.action.hangup: of the whole call; `status` is its record's."""
    return {
        "call_id": ids.encode(given.id),
        "direction": DIRECTIONS[given.direction],
        "src": given.source,
        "dst": given.destination,
        "extension": given.extension_number,
        "started_at": dates.zulu(given.started_at),
        "duration": given.duration_ms // 1000,
        "hangup_cause": given.release_code,
        "status": STATUSES[given.outcome] if given.outcome else None,
    }
