"""Outreach over the wire. Vendors' documents show events in callbacks only (specs/ringrx.md 4); the rest is ours."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ringmain.core.outreach.model import MAX_NAME, NewReminder, Profile, Reminder, ReminderChange, State
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.reasons import reason
from ringmain.dialects.ringrx import callback_wire, dates, ids

LONGEST: Final = 254
DATE_ALONE: Final = 10
"""Characters of a date without its time."""

Text = Annotated[str, Meta(max_length=LONGEST)]


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What POST /outreach/events takes."""

    profile_id: Text
    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    reminder_date: Text
    phonenumber: Text | None = None
    email_address: Text | None = None
    reference: Text | None = None
    sms: bool | None = None
    voice: bool | None = None
    email: bool | None = None


class EventChange(msgspec.Struct, frozen=True, kw_only=True):
    """What PUT and PATCH of an event take; what is left out stays."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)] | UnsetType = UNSET
    reminder_date: Text | UnsetType = UNSET
    phonenumber: Text | UnsetType | None = UNSET
    email_address: Text | UnsetType | None = UNSET
    reference: Text | UnsetType | None = UNSET
    sms: bool | UnsetType = UNSET
    voice: bool | UnsetType = UNSET
    email: bool | UnsetType = UNSET


class EventQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which events GET /outreach/events lists. Both dates are included."""

    profile_id: Text | None = None
    state: State | None = None
    start_date: Text | None = None
    end_date: Text | None = None
    after: Text | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


def read(values: dict[str, Any], shape: Any) -> Any:
    """Parameters as one of these. Raises BadRequest."""
    try:
        return msgspec.convert(values, shape, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(reason(error, shape)) from error


def new_reminder(given: NewEvent, timezone: str) -> NewReminder:
    """Raises NotFound("profile"), BadRequest."""
    return NewReminder(
        profile_id=ids.decode(given.profile_id, "profile"),
        name=given.name,
        reminder_date=moment(given.reminder_date, timezone),
        phone_number=given.phonenumber or "",
        email_address=given.email_address or "",
        reference=given.reference or "",
        sms=given.sms,
        voice=given.voice,
        email=given.email,
    )


def change(given: EventChange, timezone: str) -> ReminderChange:
    """Raises BadRequest."""
    return ReminderChange(
        name=given.name,
        reminder_date=UNSET if given.reminder_date is UNSET else moment(given.reminder_date, timezone),
        phone_number=_text(given.phonenumber),
        email_address=_text(given.email_address),
        reference=_text(given.reference),
        sms=given.sms,
        voice=given.voice,
        email=given.email,
    )


def moment(text: str, timezone: str) -> datetime:
    """When an appointment is: ISO 8601, in the account's time zone unless it says another. Raises BadRequest."""
    if len(text.strip()) <= DATE_ALONE:
        raise BadRequest("reminder_date must be a date with its time, as 2026-03-04T14:30:00-05:00")
    return dates.start(text, "reminder_date", dates.zone_of(timezone))


def event(reminder: Reminder) -> dict[str, Any]:
    """What a callback says of it, and what only its account needs."""
    return {
        **callback_wire.outreach(reminder),
        "profile_id": ids.encode(reminder.profile_id),
        "reference": reminder.reference,
        "state": reminder.state,
        "next_attempt_at": dates.stamp(reminder.next_at) if reminder.next_at else None,
        "created_at": dates.stamp(reminder.created_at),
        "updated_at": dates.stamp(reminder.updated_at),
    }


def profile(found: Profile) -> dict[str, Any]:
    """A profile with its settings beside its name."""
    return {
        "id": ids.encode(found.id),
        "name": found.name,
        **msgspec.structs.asdict(found.settings),
        "created_at": dates.stamp(found.created_at),
        "updated_at": dates.stamp(found.updated_at),
    }


def _text(value: str | UnsetType | None) -> str | UnsetType:
    return "" if value is None else value
