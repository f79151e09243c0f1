"""RingRx's call record (specs/ringrx.md 2.2): the same object in lists and in callbacks.

All its values are text or null, as the vendor's own archiver puts each of them into text.
"""

import re
from datetime import UTC
from typing import Any, Final

import msgspec

from ringmain.core.calls.model import Call, Outcome
from ringmain.core.companies.model import Company
from ringmain.dialects.ringrx import ids
from ringmain.dialects.ringrx.numbers import eleven_digits

# What a switch calls causes of Q.850; the others by what became of the call.
CAUSES: Final = {
    1: "UNALLOCATED_NUMBER",
    16: "NORMAL_CLEARING",
    17: "USER_BUSY",
    18: "NO_USER_RESPONSE",
    19: "NO_ANSWER",
    20: "SUBSCRIBER_ABSENT",
    21: "CALL_REJECTED",
    27: "DESTINATION_OUT_OF_ORDER",
    28: "INVALID_NUMBER_FORMAT",
    31: "NORMAL_UNSPECIFIED",
    34: "NORMAL_CIRCUIT_CONGESTION",
    38: "NETWORK_OUT_OF_ORDER",
    41: "NORMAL_TEMPORARY_FAILURE",
    102: "RECOVERY_ON_TIMER_EXPIRE",
}
OUTCOMES: Final[dict[Outcome, str]] = {
    "completed": "NORMAL_CLEARING",
    "busy": "USER_BUSY",
    "no_answer": "NO_ANSWER",
    "cancelled": "ORIGINATOR_CANCEL",
    "failed": "NORMAL_TEMPORARY_FAILURE",
}
VOICEMAIL: Final = "voicemail"
"""The application that a PBX has answer for who does not."""


class WireCall(msgspec.Struct):
    """A call record. `duration` and `bill_duration` are seconds; `recording_key` is a file's name, null without one."""

    id: str
    domain_name: str
    aleg_uuid: str
    responsible_party: str | None
    start_time: str
    hangup_cause: str | None
    dialed_digits: str
    calling_party: str
    called_party: str
    caller_id_number: str
    caller_id_name: str
    duration: str
    bill_duration: str
    direction: str
    mailbox: str | None
    aleg_holdtime: str | None
    bleg_holdtime: str | None
    recording_key: str | None
    recorded: str
    tags: str


def domain_of(company: Company) -> str:
    """The account's domain in the vendor's form: `customer.ringrx.com`, from the company's key, or else its name."""
    label = re.sub(r"[^a-z0-9]+", "-", (company.key or company.name).lower()).strip("-")[:63].strip("-")
    return f"{label or ids.encode(company.id)}.ringrx.com"


def call_record(call: Call, domain_name: str) -> WireCall:
    """The record of a call that has ended. `domain_name` is the account's (`domain_of`)."""
    pbx = call.pbx
    return WireCall(
        id=ids.encode(call.id),
        domain_name=domain_name,
        aleg_uuid=call.reference,
        responsible_party=_text(call.extension_number),
        start_time=f"{call.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        hangup_cause=_cause(call),
        dialed_digits=eleven_digits(_text(pbx.get("did")) or call.destination),
        calling_party=eleven_digits(call.source),
        called_party=eleven_digits(call.destination),
        caller_id_number=eleven_digits(_text(pbx.get("outbound_cnum")) or call.source),
        caller_id_name=_text(pbx.get("outbound_cnam")) or ("" if call.source_name == call.source else call.source_name),
        duration=str(call.duration_ms // 1000),
        bill_duration=str(call.talk_ms // 1000),
        direction="internal" if call.network == "private" else call.direction,
        mailbox=_mailbox(call),
        aleg_holdtime=_text(pbx.get("aleg_holdtime")),
        bleg_holdtime=_text(pbx.get("bleg_holdtime")),
        recording_key=call.recording.name if call.recording else None,
        recorded="true" if call.recording else "false",
        tags=_tags(pbx.get("tags")),
    )


def _cause(call: Call) -> str | None:
    if call.outcome == "cancelled":
        return OUTCOMES["cancelled"]
    if call.release_code in CAUSES:
        return CAUSES[call.release_code]
    return OUTCOMES[call.outcome] if call.outcome else None


def _mailbox(call: Call) -> str | None:
    """Asterisk says `VoiceMail` and `1000@default,u`."""
    application, data = call.pbx.get("lastapp"), call.pbx.get("lastdata")
    if not isinstance(application, str) or application.lower() != VOICEMAIL:
        return None
    named = re.match(r"[0-9]+", data) if isinstance(data, str) else None
    return named[0] if named else _text(call.extension_number)


def _tags(given: Any) -> str:
    if isinstance(given, list):
        return ",".join(one for one in given if isinstance(one, str))
    return _text(given) or ""


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
