"""Faxes, sent and received, and who gets those that come in. Also the shape that events carry (migration 0005)."""

from datetime import datetime
from typing import Final, Literal, get_args

import msgspec

Direction = Literal["inbound", "outbound"]
State = Literal["received", "scheduled", "queued", "sending", "sent", "failed"]
"""`queued` also while a further try is waited for; `failed`: until somebody asks for it to be sent again."""
Folder = Literal["inbound", "hidden", "outbound", "scheduled"]
"""Where it is listed. A scheduled fax becomes an outbound one when its time has come, under the same id."""
Sort = Literal[
    "id", "created_at", "own_number", "own_name", "party_number", "party_name", "subject", "pages", "is_read",
    "state", "send_at",
]  # fmt: skip
SORTS: Final[tuple[str, ...]] = get_args(Sort)


class FaxFile(msgspec.Struct, frozen=True, kw_only=True):
    """The document that was given, or the PDF of a received fax."""

    id: int
    name: str
    mimetype: str
    size: int


class Fax(msgspec.Struct, frozen=True, kw_only=True):
    """A fax. Numbers are E.164 with +; an inbound fax's `sender` is empty when it was withheld.

    `pages_done`: pages that went over in the running or last try. `error_code` and `error_text` say why the last try
    failed (docs/fax.md). `preview_id`: a file, the picture of the first page. `emails`: who is told what became of it.
    """

    id: int
    company_id: int
    direction: Direction
    state: State
    folder: Folder
    sender: str
    sender_name: str
    recipient: str
    recipient_name: str
    subject: str
    emails: list[str]
    is_read: bool
    hidden: bool
    file: FaxFile
    preview_id: int
    pages: int
    pages_done: int
    send_at: datetime | None
    attempts: int
    error_code: str | None
    error_text: str | None
    reference: str | None
    created_at: datetime
    updated_at: datetime


class FaxPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list: those that match, of which there are `total`."""

    items: list[Fax]
    total: int


class FaxFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which faxes: None matches all; `until` is included.

    `number` and `name` are the other party's, `name` and `subject` whole but in any case. `nameless`: the other
    party's number or name is not known. `search`: beginnings of words of names and subject, or of numbers.
    """

    since: datetime | None = None
    until: datetime | None = None
    number: str | None = None
    name: str | None = None
    subject: str | None = None
    is_read: bool | None = None
    nameless: bool | None = None
    search: str | None = None


class NewFax(msgspec.Struct, frozen=True, kw_only=True):
    """A fax to send: `file_id` is an uploaded document, `sender` one of the company's fax numbers, both E.164.

    `send_at`: when to send it; a moment that has passed means now. `author_id`: the person who sends it.
    """

    file_id: int
    sender: str
    recipient: str
    sender_name: str = ""
    recipient_name: str = ""
    subject: str = ""
    emails: list[str] = []
    send_at: datetime | None = None
    author_id: int | None = None


class FaxChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change of a fax that is to be sent (again); None leaves as it is."""

    file_id: int | None = None
    sender: str | None = None
    recipient: str | None = None
    sender_name: str | None = None
    recipient_name: str | None = None
    subject: str | None = None
    emails: list[str] | None = None
    send_at: datetime | None = None


class ReceivedChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change of a received fax; None leaves as it is. Its numbers and pages are facts."""

    sender_name: str | None = None
    recipient_name: str | None = None
    subject: str | None = None
    is_read: bool | None = None
    hidden: bool | None = None


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses that get every fax that comes in for the company."""

    id: int
    company_id: int
    emails: list[str]
    created_at: datetime

    @property
    def reprname(self) -> str:
        """The addresses as one text."""
        return ", ".join(self.emails)


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """How many faxes there are; `inbound` without the hidden ones, `outbound` without the scheduled ones."""

    inbound: int
    inbound_hidden: int
    outbound: int
    scheduled: int


class FaxEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of fax.created, fax.updated, fax.received and fax.deleted."""

    fax: Fax
