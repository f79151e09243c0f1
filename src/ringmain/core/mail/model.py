"""Mail that the system writes: notifications, received faxes, invitations."""

from datetime import datetime
from typing import Final, Literal

import msgspec

State = Literal["queued", "sending", "sent", "failed", "dead"]
"""`sent`: it reached somebody. `failed`: all refused it for good (5xx). `dead`: all tries failed."""
Method = Literal["REQUEST", "CANCEL", "REPLY", "PUBLISH"]

MAX_RECIPIENTS: Final = 100
MAX_SUBJECT: Final = 400
MAX_TEXT: Final = 1 << 20
"""Characters of a mail's text."""
MAX_ATTACHED: Final = 10 * 1024 * 1024
"""Bytes of all attachments of a mail. Files beyond it are linked to instead."""


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """Something attached: a stored file by its id, which is read when the mail goes out, or the content itself.

    Files that would make the mail too large become links; contents must stay below `MAX_ATTACHED` together.
    """

    name: str
    mimetype: str
    file_id: int | None = None
    content: bytes | None = None


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation: `ics` is the whole iCalendar text, `method` the one it says."""

    method: Method
    ics: str


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to write. `text` is plain text; every address of `to` sees the others."""

    to: list[str]
    subject: str
    text: str
    attachments: list[Attachment] = []
    calendar: Calendar | None = None
    reply_to: str | None = None


class QueuedMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as operators see it.

    `pending`: whom it has yet to reach; `refused`: whose servers will not have it; `due_at`: when it is tried (again).
    """

    id: int
    company_id: int
    recipients: list[str]
    pending: list[str]
    refused: list[str]
    subject: str
    state: State
    attempts: int
    due_at: datetime | None
    error_text: str | None
    created_at: datetime
    updated_at: datetime
