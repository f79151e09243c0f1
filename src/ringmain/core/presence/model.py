"""Presence: the statuses that a person set."""

from datetime import datetime

import msgspec


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """`status`: whether they can be reached: available, away, do_not_disturb, ... `additional`: what they do beside
    it: lunch, in_a_meeting, ... or None. `set_by` each: manual, or what set it.
    """

    id: int
    company_id: int
    person_id: int
    email: str
    status: str
    set_by: str
    additional: str | None = None
    additional_set_by: str | None = None
    created_at: datetime
    updated_at: datetime


class PresenceEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of presence.updated."""

    presence: Presence
