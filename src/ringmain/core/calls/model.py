"""Calls: what a PBX tells of them, the records (CDR) that stay, and the shapes that events carry (migration 0007)."""

from datetime import datetime
from typing import Any, Final, Literal, get_args
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

Direction = Literal["inbound", "outbound"]
Network = Literal["off_net", "on_net", "private"]
"""`private`: inside one instance; `on_net`: with another number of this server; `off_net`: with the world."""
Outcome = Literal["completed", "busy", "no_answer", "cancelled", "failed"]
"""`cancelled`: the caller hung up before anybody answered."""
LegOutcome = Literal["answered", "busy", "no_answer", "cancelled", "failed"]

DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)
NETWORKS: Final[tuple[Network, ...]] = get_args(Network)
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
LEG_OUTCOMES: Final[tuple[LegOutcome, ...]] = get_args(LegOutcome)


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What a call's recording is: its file's name, with an ending, and media type."""

    name: str
    mimetype: str


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call, and once it has ended its record.

    `source` and `destination`: an extension's number, E.164 with +, another dialled number as it is, or empty for a
    withheld source; the names are how the PBX, or else the company, knows them. `extension_number`: the extension that
    answered, or else the first that rang or, in calls to the outside, dialled. `release_code`: Q.850. `pbx`: the PBX's
    own fields. `reference`: its own id of the call.
    """

    id: int
    company_id: int
    instance_id: int
    instance_uuid: UUID
    reference: str
    direction: Direction
    network: Network
    source: str
    source_name: str
    destination: str
    destination_name: str
    extension_number: int | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    release_code: int | None
    pbx: dict[str, Any]
    recording_file_id: int | None
    transcription_id: str | None
    recording: Recording | None = None

    @property
    def duration_ms(self) -> int:
        """From the first ring to the end; 0 while it goes on."""
        return _milliseconds(self.started_at, self.ended_at)

    @property
    def talk_ms(self) -> int:
        """From the answer to the end: what is billed."""
        return _milliseconds(self.answered_at, self.ended_at)

    @property
    def ring_ms(self) -> int:
        """From the first ring to the answer, or to the end."""
        return _milliseconds(self.started_at, self.answered_at or self.ended_at)


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One phone, or trunk, that a call rang. `outcome` is None while it rings."""

    reference: str
    extension_number: int | None
    ringing_at: datetime
    ended_at: datetime | None
    outcome: LegOutcome | None


class NewLeg(msgspec.Struct, frozen=True, kw_only=True):
    """A leg begins to ring; the first one begins its call.

    `call` and `leg` are the PBX's own ids. Of the call's other legs only `leg`, `extension_number` and `ringing_at`
    count. Without a name, source and destination are called as the company knows them.
    """

    call: str
    leg: str
    direction: Direction
    network: Network
    source: str
    destination: str
    ringing_at: datetime
    source_name: str = ""
    destination_name: str = ""
    extension_number: int | None = None
    pbx: dict[str, Any] = {}


class LegEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The attempt to reach somebody by a leg is over, answered or not."""

    call: str
    leg: str
    outcome: LegOutcome
    at: datetime


class CallEnd(msgspec.Struct, frozen=True, kw_only=True):
    """A whole call is over.

    `outcome`: without it, what its legs came to. `pbx` is laid over what was told before, key by key. `extensions`:
    those that took part without being rung, since they forwarded it or wanted no calls.
    """

    call: str
    at: datetime
    outcome: Outcome | None = None
    release_code: int | None = None
    pbx: dict[str, Any] = {}
    extensions: tuple[int, ...] = ()
    recording_file_id: int | None = None
    transcription_id: str | None = None


class CallFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls: None matches all. `until` is included. `extension` matches every call that it took part in."""

    since: datetime | None = None
    until: datetime | None = None
    source: str | None = None
    destination: str | None = None
    extension: int | None = None
    directions: tuple[Direction, ...] | None = None
    networks: tuple[Network, ...] | None = None
    outcomes: tuple[Outcome, ...] | None = None


class CallPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of those that match, of which there are `total`."""

    items: list[Call]
    total: int


class LegEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of call.ringing and call.dial_ended."""

    call: Call
    leg: Leg


class CallEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of call.ended and call.recorded. `leg` is what the other two have."""

    call: Call
    leg: Leg | UnsetType = UNSET


def _milliseconds(start: datetime | None, end: datetime | None) -> int:
    if start is None or end is None:
        return 0
    return max(0, round((end - start).total_seconds() * 1000))
