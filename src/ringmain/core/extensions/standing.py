"""How an extension stands when a call comes: all that decides where the call goes (core/calls/treatment.py)."""

import re
from collections.abc import Mapping, Set
from typing import Any, Final, Literal

import msgspec

from ringmain.core.extensions.template import FIXED
from ringmain.core.instances.pbx import Forwarding
from ringmain.database.pool import Record

IDLE: Final = "idle"
UNDISTURBED: Final = "do_not_disturb"
LONGEST_RING: Final = 600
"""Seconds."""

Reason = Literal["unconditional", "user-busy", "no-answer", "unavailable", "do-not-disturb"]
"""Why a call goes elsewhere, in the words of RFC 5806."""
Greeting = Literal["b", "u"]
"""What a mailbox says: that its owner is busy, or cannot be reached."""

# Of rows `e`, extensions, with `s`, the presence of their people; of those that are nobody's the profile says it.
COLUMNS: Final = f"""
e.number, e.activation, e.call_status, e.data::text AS data, e.forwarding::text AS forwarding,
coalesce(s.status = '{UNDISTURBED}', false) OR coalesce(e.profile ->> 'dnd' = 'true', false) AS undisturbed
"""
PRESENCE: Final = "LEFT JOIN presence s ON s.company_id = e.company_id AND s.person_id = e.person_id"

DESTINATION: Final = re.compile(
    r"(?:ext-local,vm(?P<greeting>[a-z]?)(?P<mailbox>[1-9][0-9]{0,8})"
    r"|(?:from-did-direct|from-internal|ext-local|ext-group),(?P<number>\+?[0-9*#]{1,32})"
    r"|app-blackhole,[a-z]+)(?:,[0-9]+)?",
    re.ASCII,
)
DESTINATIONS: Final[Mapping[str, tuple[Reason, ...]]] = {
    "noanswer_dest": ("no-answer",),
    "busy_dest": ("user-busy", "do-not-disturb"),
    "chanunavail_dest": ("unavailable",),
}
"""Of FreePBX's keys: when calls go there."""

_data: Final = msgspec.json.Decoder(dict[str, Any])
_forwarding: Final = msgspec.json.Decoder(Forwarding)


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """Where FreePBX's keys send a call: to a number, into a mailbox, or, without either, nowhere."""

    number: str = ""
    mailbox: int | None = None
    greeting: Greeting = "u"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """An extension at this moment.

    `enabled`: not blocked. `ring_s`: for how long its phones ring, None for as long as the caller waits. `elsewhere`:
    where calls go that did not get through, if neither `forwarding` takes them; without it voicemail does, if it is on.
    """

    number: int
    enabled: bool = True
    registered: bool = True
    on_call: bool = False
    undisturbed: bool = False
    call_waiting: bool = True
    voicemail: bool = True
    ring_s: int | None = None
    forwarding: Forwarding = Forwarding()
    elsewhere: Mapping[Reason, Elsewhere] = {}


def standing_of(row: Record, unregistered: Set[int]) -> Standing:
    """From a row of `COLUMNS`. `unregistered`: the extensions of which the PBX says that no phone is registered."""
    data = FIXED | _data.decode(row["data"])
    forwarding = _forwarding.decode(row["forwarding"])
    return Standing(
        number=row["number"],
        enabled=row["activation"] != "blocked",
        registered=row["number"] not in unregistered,
        on_call=row["call_status"] != IDLE,
        undisturbed=row["undisturbed"],
        call_waiting=_word(data, "callwaiting_enable") == "enabled",
        voicemail=_word(data, "voicemail_enable") == "yes" and _word(data, "voicemail") != "novm",
        ring_s=forwarding.ring_s if forwarding.unanswered else _seconds(data),
        forwarding=forwarding,
        elsewhere=_elsewhere(data),
    )


def elsewhere_of(destination: str) -> Elsewhere | None:
    """What a destination of FreePBX's dial plan is, as in `from-did-direct,1002,1`; None for what we do not have."""
    found = DESTINATION.fullmatch(destination)
    if found is None:
        return None
    if found["mailbox"]:
        return Elsewhere(mailbox=int(found["mailbox"]), greeting="b" if found["greeting"] == "b" else "u")
    return Elsewhere(number=found["number"] or "")


def _elsewhere(data: Mapping[str, Any]) -> dict[Reason, Elsewhere]:
    found: dict[Reason, Elsewhere] = {}
    for key, reasons in DESTINATIONS.items():
        place = elsewhere_of(str(data[key]))
        if place is not None:
            found |= dict.fromkeys(reasons, place)
    return found


def _seconds(data: Mapping[str, Any]) -> int | None:
    """`ringtimer`; 0 is none of its own."""
    text = str(data["ringtimer"])
    seconds = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(LONGEST_RING)) else 0
    return min(seconds, LONGEST_RING) or None


def _word(data: Mapping[str, Any], key: str) -> str:
    return str(data[key]).strip().lower()
