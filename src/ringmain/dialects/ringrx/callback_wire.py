"""Bodies and tokens of callbacks, a kind at a time (specs/ringrx.md 4). Fields of a JSON body are its tokens too."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from ringmain.core.calls.model import Call
from ringmain.core.groups.model import CallOffered
from ringmain.core.mailbox.model import Entry
from ringmain.core.outreach.model import Reminder
from ringmain.core.texting.model import MessageEvent
from ringmain.dialects.ringrx import cdr_wire, dates, ids, voicemail_wire
from ringmain.dialects.ringrx.numbers import eleven_digits, international, ten_digits
from ringmain.dialects.ringrx.templates import Values

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def text_message(given: MessageEvent) -> dict[str, Any]:
    """A text that came in."""
    message = given.message
    return {
        "from": ten_digits(message.sender),
        "to": ten_digits(given.conversation.number),
        "message": message.text,
        "timestamp": dates.stamp(message.created_at),
        "uuid": ids.encode(message.id),
    }


def voicemail(entry: Entry, unit: voicemail_wire.DurationUnit) -> Values:
    """Tokens only: the body is the recording."""
    wire = voicemail_wire.message(entry, unit)
    return {
        "id": wire.id,
        "caller": wire.caller,
        "called": wire.called,
        "duration": wire.duration,
        "filename": wire.voicemail,
        "mailbox": wire.mailbox,
        "created_at": wire.created_at,
    }


def fax(entry: Entry, unit: voicemail_wire.DurationUnit) -> Values:
    """Tokens only: the body is the document."""
    wire = voicemail_wire.message(entry, unit)
    return {
        "id": wire.id,
        "caller": wire.caller,
        "called": wire.called,
        "pages": wire.pages,
        "filename": wire.fax,
        "mailbox": wire.mailbox,
        "created_at": wire.created_at,
    }


def call_record(call: Call, domain_name: str) -> dict[str, Any]:
    """A call that is over; the same object as in /cdrs."""
    made: dict[str, Any] = msgspec.to_builtins(cdr_wire.call_record(call, domain_name))
    return made


def outreach(reminder: Reminder) -> dict[str, Any]:
    """A reminder and how it stands."""
    return {
        "id": ids.encode(reminder.id),
        "name": reminder.name,
        "phonenumber": eleven_digits(reminder.phone_number),
        "email_address": reminder.email_address,
        "call_state": reminder.call_state,
        "sms_state": reminder.sms_state,
        "email_state": reminder.email_state,
        "confirmed": reminder.confirmed,
        "cancelled": reminder.cancelled,
        "reminder_date": dates.stamp(reminder.reminder_date),
        "attempt": reminder.attempt,
        "voice": reminder.voice,
        "sms": reminder.sms,
        "email": reminder.email,
        "event_log": [{**msgspec.to_builtins(entry), "at": dates.stamp(entry.at)} for entry in reminder.event_log],
    }


def call_alert(offered: CallOffered, callback_id: int, domain_name: str) -> dict[str, Any]:
    """A call that a group is about to offer. `caller_nname` is the vendor's own spelling: both are sent."""
    microseconds = (offered.began_at - EPOCH) // (EPOCH.resolution)
    return {
        "uuid": ids.encode(offered.call_id),
        "created_at": str(microseconds),
        "callback_id": callback_id,
        "domain_name": domain_name,
        "originally_dialed_number": international(offered.originally_dialed),
        "dialed_number": offered.dialed,
        "caller_number": international(offered.caller_number),
        "caller_nname": offered.caller_name,
        "caller_name": offered.caller_name,
        "tags": ",".join(offered.tags),
        "dialed_user_emails": ",".join(user.email for user in offered.users),
        "dialed_users": ",".join(_listed(user.name) or str(user.extension_number) for user in offered.users),
    }


def _listed(name: str) -> str:
    """A name in a list of commas: one of its own would part it in two, and set it against another's e-mail."""
    return " ".join(name.replace(",", " ").split())
