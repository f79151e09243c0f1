"""Where a call for an extension goes next. Pure: whatever PBX has the call asks when it comes, and when it was not
answered, and does what it hears.

A call is forwarded neither to its caller, nor to where it was before, nor more than `MAX_FORWARDS` times: such a
forwarding counts as off. So no loop keeps a caller, and whoever answers for somebody else can still call them.

A *trail* is the caller's number, empty when it is withheld, and then all numbers that the call was at, in order.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from ringmain.core.calls.model import Outcome
from ringmain.core.extensions.standing import Greeting, Reason, Standing

MAX_FORWARDS: Final = 5
"""As in the telephone network."""
REJECTED: Final = 21
UNALLOCATED: Final = 1
"""Release codes, Q.850."""


class Ring(msgspec.Struct, frozen=True, kw_only=True):
    """Let its phones ring, for so many seconds; None: as long as the caller waits."""

    seconds: int | None


class Forward(msgspec.Struct, frozen=True, kw_only=True):
    """Send the call to another number: an extension's, a group's, or one that is dialled outside."""

    to: str
    reason: Reason


class TakeMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Let the voicemail of this extension answer; `reason`: why the call did not get through."""

    mailbox: int
    greeting: Greeting
    reason: Reason


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """End the call, with this Q.850 code."""

    outcome: Outcome
    code: int


Step = Ring | Forward | TakeMessage | Release
Unanswered = Forward | TakeMessage | Release

ENDS: Final[dict[Reason, Release]] = {
    "unconditional": Release(outcome="no_answer", code=19),
    "user-busy": Release(outcome="busy", code=17),
    "do-not-disturb": Release(outcome="busy", code=17),
    "no-answer": Release(outcome="no_answer", code=19),
    "unavailable": Release(outcome="no_answer", code=20),
}
"""What calls come to that nobody takes."""


def arriving(standing: Standing, trail: Sequence[str]) -> Step:
    """What becomes of a call that has just come; this extension is the last in the trail."""
    forwarding = standing.forwarding
    if not standing.enabled:
        return Release(outcome="failed", code=REJECTED)
    if forwarding.always and may_forward(forwarding.always_to, trail):
        return Forward(to=forwarding.always_to, reason="unconditional")
    if standing.undisturbed:
        return not_through(standing, "do-not-disturb", trail)
    if not standing.registered:
        return not_through(standing, "unavailable", trail)
    if standing.on_call and not standing.call_waiting:
        return not_through(standing, "user-busy", trail)
    return Ring(seconds=standing.ring_s)


def not_through(standing: Standing, reason: Reason, trail: Sequence[str]) -> Unanswered:
    """What becomes of a call that did not get through, for this reason."""
    to = _forwarded(standing, reason)
    if to and may_forward(to, trail):
        return Forward(to=to, reason=reason)
    place = standing.elsewhere.get(reason)
    if place is not None:
        if place.mailbox is not None:
            return TakeMessage(mailbox=place.mailbox, greeting=place.greeting, reason=reason)
        if not place.number:
            return ENDS[reason]
        if may_forward(place.number, trail):
            return Forward(to=place.number, reason=reason)
    if standing.voicemail:
        busy = reason in ("user-busy", "do-not-disturb")
        return TakeMessage(mailbox=standing.number, greeting="b" if busy else "u", reason=reason)
    return ENDS[reason]


def may_forward(to: str, trail: Sequence[str]) -> bool:
    """Whether a call with this trail may go there."""
    return to != "" and to not in trail and len(trail) < MAX_FORWARDS + 2


def _forwarded(standing: Standing, reason: Reason) -> str:
    """Where `forwarding` sends it, or nowhere. Whoever wants not to be disturbed is busy to callers."""
    forwarding = standing.forwarding
    on: dict[Reason, tuple[bool, str]] = {
        "user-busy": (forwarding.busy, forwarding.busy_to),
        "do-not-disturb": (forwarding.busy, forwarding.busy_to),
        "unavailable": (forwarding.unregistered, forwarding.unregistered_to),
        "no-answer": (forwarding.unanswered, forwarding.unanswered_to),
    }
    wanted, to = on.get(reason, (False, ""))
    return to if wanted else ""
