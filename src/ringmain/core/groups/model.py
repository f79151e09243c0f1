"""Groups: extensions that are rung together or one after the other. Also the shapes that events carry."""

from datetime import datetime
from typing import Final, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

Strategy = Literal["simultaneous", "sequential"]
Otherwise = Literal["hang_up", "voicemail", "forward"]
STRATEGIES: Final[tuple[Strategy, ...]] = get_args(Strategy)
OTHERWISE: Final[tuple[Otherwise, ...]] = get_args(Otherwise)


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group, dialled by its number in its instance. `members`: extensions' numbers, in the order of ringing.

    `ring_s`: seconds that each offer rings. What is done when nobody answers: `otherwise`, with the voicemail of the
    extension, or the extension's or telephone number to forward to, in `otherwise_to`. `tags` go with its calls.
    """

    id: int
    company_id: int
    instance_id: int
    number: int
    name: str
    strategy: Strategy
    ring_s: int
    members: list[int]
    otherwise: Otherwise
    otherwise_to: str
    tags: list[str]
    created_at: datetime
    updated_at: datetime


class GroupChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a group shall be; what is UNSET stays."""

    number: int | UnsetType = UNSET
    name: str | UnsetType = UNSET
    strategy: Strategy | UnsetType = UNSET
    ring_s: int | UnsetType = UNSET
    members: list[int] | UnsetType = UNSET
    otherwise: Otherwise | UnsetType = UNSET
    otherwise_to: str | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET


class GroupEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of group.created, group.updated and group.deleted (then: what it was)."""

    group: Group


class OfferedUser(msgspec.Struct, frozen=True, kw_only=True):
    """Who is about to be rung. `name` and `email` are empty for an extension that is nobody's."""

    extension_number: int
    name: str
    email: str


class CallOffered(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of call.offered: the group is about to offer a call to these users, written before they are rung.

    `originally_dialed` and `caller_number`: E.164 with +, an extension's number, or empty when withheld; `dialed`: the
    group's own number. `began_at`: when the call came.
    """

    call_id: int
    group_id: int
    began_at: datetime
    originally_dialed: str
    dialed: str
    caller_number: str
    caller_name: str
    tags: list[str]
    users: list[OfferedUser]
