"""Presence: the status that a person set."""

from datetime import datetime

import msgspec


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """`status`: available, away, do_not_disturb, ... `set_by`: manual, or what set it."""

    id: int
    company_id: int
    person_id: int
    email: str
    status: str
    set_by: str
    created_at: datetime
    updated_at: datetime


class PresenceEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of presence.updated."""

    presence: Presence
