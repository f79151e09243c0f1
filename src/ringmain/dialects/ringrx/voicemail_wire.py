"""RingRx's message object: a voicemail or a fax (specs/ringrx.md 2.1)."""

from typing import Final, Literal

import msgspec

from ringmain.core.faxes.model import Fax, State
from ringmain.core.mailbox.model import Entry
from ringmain.core.voicemail.model import Voicemail
from ringmain.dialects.ringrx import dates, ids
from ringmain.dialects.ringrx.numbers import eleven_digits

DurationUnit = Literal["ms", "s"]

STATUSES: Final[dict[State, str]] = {
    "scheduled": "pending",
    "queued": "pending",
    "sending": "sending",
    "sent": "sent",
    "failed": "failed",
}
"""Of faxes that go out."""


class WireMessage(msgspec.Struct):
    """A message. Nothing is ever null; `voicemail` or `fax`, whichever it is, is the name of its file."""

    id: str
    mailbox: str
    caller: str
    called: str
    caller_name: str
    created_at: str
    duration: int
    message_type: str
    message_folder: str
    status: str
    voicemail: str
    fax: str
    transcription: str
    message: str
    pages: int


def message(entry: Entry, unit: DurationUnit) -> WireMessage:
    """`unit`: what `duration` counts."""
    item = entry.item
    if isinstance(item, Voicemail):
        return _voicemail(entry, item, unit)
    return _fax(entry, item)


def duration(seconds: float, unit: DurationUnit) -> int:
    """A voicemail's length, a whole number."""
    return round(seconds * 1000) if unit == "ms" else round(seconds)


def mailbox(extension: int | None) -> str:
    """The number of its extension; empty when it has none."""
    return "" if extension is None else str(extension)


def _voicemail(entry: Entry, item: Voicemail, unit: DurationUnit) -> WireMessage:
    return WireMessage(
        id=ids.encode(item.id),
        mailbox=mailbox(entry.mailbox),
        caller=eleven_digits(item.source_number),
        called=str(item.extension_number),
        caller_name=_name(item.source_name, item.source_number),
        created_at=dates.stamp(item.received_at),
        duration=duration(item.duration_s, unit),
        message_type="voicemail",
        message_folder=entry.folder,
        status="read" if item.listened else "new",
        voicemail=entry.shown.name,
        fax="",
        transcription=item.transcription or "",
        message="",
        pages=0,
    )


def _fax(entry: Entry, item: Fax) -> WireMessage:
    return WireMessage(
        id=ids.encode(item.id),
        mailbox=mailbox(entry.mailbox),
        caller=eleven_digits(item.sender),
        called=eleven_digits(item.recipient),
        caller_name=_name(item.sender_name, item.sender),
        created_at=dates.stamp(item.created_at),
        duration=0,
        message_type="fax",
        message_folder=entry.folder,
        status=STATUSES.get(item.state) or ("read" if item.is_read else "new"),
        voicemail="",
        fax=entry.shown.name,
        transcription="",
        message="",
        pages=item.pages,
    )


def _name(name: str, number: str) -> str:
    """A number is nobody's name."""
    return "" if name == number else name
