"""Shapes of requests and answers that routes read and write field by field, for the OpenAPI document alone."""

from typing import Literal

import msgspec

from ringmain.core.outreach.model import ProfileSettings

Folder = Literal["inbox", "outbox", "sent", "trash"]


class Credentials(msgspec.Struct, frozen=True):
    """Either username (login name or e-mail) and password, with a one-time code where it is on, or token and secret."""

    username: str | None = None
    password: str | None = None
    otp: str | None = None
    token: str | None = None
    secret: str | None = None


class Refresh(msgspec.Struct, frozen=True):
    """A refresh token."""

    refresh_token: str | None = None


class KeyName(msgspec.Struct, frozen=True):
    """What to call a key; a name is made where there is none."""

    name: str | None = None


class OneTimeCode(msgspec.Struct, frozen=True):
    """A code of six digits."""

    otp: str | None = None


class MailboxQuery(msgspec.Struct, frozen=True):
    """Which messages, and how many at most."""

    message_folder: Folder = "inbox"
    limit: int | None = None


class MessageChange(msgspec.Struct, frozen=True):
    """What becomes of a message: one of these at least."""

    status: Literal["new", "read"] | None = None
    message_folder: Folder | None = None


class FaxForm(msgspec.Struct, frozen=True):
    """A fax to send. The first four besides the number and the files make a cover sheet."""

    called_number: str
    files: list[bytes] = msgspec.field(name="faxfiles[]")
    company_name: str = ""
    contact_number: str = ""
    subject: str = ""
    comment: str = ""
    sender: str = msgspec.field(name="from", default="")


class CallQuery(msgspec.Struct, frozen=True):
    """Which days, as DD-MM-YYYY or ISO 8601, both included; the last ten where nothing is said."""

    all_of_them: bool = msgspec.field(name="getAll", default=False)
    first: str | None = msgspec.field(name="startDate", default=None)
    last: str | None = msgspec.field(name="endDate", default=None)
    page: int = 1
    limit: int = 100


class Text(msgspec.Struct, frozen=True):
    """A text to send. `uuid`: the client's own reference; the same one again sends nothing."""

    to: str | None = None
    message: str | None = None
    sender: str | None = msgspec.field(name="from", default=None)
    uuid: str | None = None


class GivenProfile(ProfileSettings, frozen=True, kw_only=True):
    """A profile as it is made or changed."""

    name: str | None = None


class ShownProfile(ProfileSettings, frozen=True, kw_only=True):
    """A way of reminding."""

    id: str
    name: str
    created_at: str
    updated_at: str


class LogEntry(msgspec.Struct):
    """Something that happened to an event. What it has besides depends on what it was."""

    at: str


class ShownEvent(msgspec.Struct, kw_only=True):
    """Somebody who is reminded, and how it stands."""

    id: str
    profile_id: str
    name: str
    phonenumber: str
    email_address: str
    reminder_date: str
    reference: str
    state: str
    call_state: str
    sms_state: str
    email_state: str
    confirmed: bool
    cancelled: bool
    attempt: int
    voice: bool
    sms: bool
    email: bool
    event_log: list[LogEntry]
    next_attempt_at: str | None
    created_at: str
    updated_at: str


class EventPage(msgspec.Struct):
    """A page of events. `next`: give it as `after` for the next page; null on the last."""

    items: list[ShownEvent]
    next: str | None
