"""RingPlan's fax objects: destination, fax message, statistics (specs/ringplan.md 4)."""

from collections.abc import Mapping
from typing import Final

import msgspec

from ringmain.core.faxes.model import Destination, Fax, Folder, Sort
from ringmain.dialects.ringplan import dates, ids
from ringmain.dialects.ringplan.wire import number_text


class WireDestination(msgspec.Struct):
    """Destination. `reprname`: the addresses as one text."""

    id: str
    company: str
    emails: list[str]
    reprname: str


class WireFaxFile(msgspec.Struct):
    """The document. `internal_id` is the same id as a number; `preview_id` a file with a picture of the first page."""

    id: str
    internal_id: int
    preview_id: str


class WireFax(msgspec.Struct):
    """Fax message. From `attempts` on these are fields of ours (section 6, row 24), but for `send_at`.

    `status`: received, or queued, sending, sent, failed, scheduled.
    """

    id: str
    company: str
    created_at: str
    file: WireFaxFile
    from_: str = msgspec.field(name="from")
    from_name: str
    is_read: bool
    pages: int
    subject: str
    to: str
    to_name: str
    send_at: str | None
    status: str
    attempts: int
    error_code: str | None
    error_text: str | None
    hidden: bool
    pages_done: int


class WireStatistics(msgspec.Struct):
    """How many there are; `inbound` without the hidden ones (section 6, row 27)."""

    inbound: int
    inbound_hidden: int
    outbound: int


COMMON: Final[Mapping[str, Sort]] = {
    "id": "id",
    "created_at": "created_at",
    "subject": "subject",
    "pages": "pages",
    "is_read": "is_read",
    "status": "state",
    "send_at": "send_at",
}
SENT: Final[Mapping[str, Sort]] = {
    **COMMON,
    "from": "own_number",
    "from_name": "own_name",
    "to": "party_number",
    "to_name": "party_name",
}
RECEIVED: Final[Mapping[str, Sort]] = {
    **COMMON,
    "from": "party_number",
    "from_name": "party_name",
    "to": "own_number",
    "to_name": "own_name",
}
SORTS: Final[Mapping[Folder, Mapping[str, Sort]]] = {
    "inbound": RECEIVED,
    "hidden": RECEIVED,
    "outbound": SENT,
    "scheduled": SENT,
}
"""Fields that lists can be sorted by."""


def destination(given: Destination) -> WireDestination:
    """As the vendor shows it."""
    return WireDestination(
        id=ids.encode(given.id), company=ids.encode(given.company_id), emails=given.emails, reprname=given.reprname
    )


def fax(given: Fax) -> WireFax:
    """As the vendor shows it."""
    return WireFax(
        id=ids.encode(given.id),
        company=ids.encode(given.company_id),
        created_at=dates.zulu(given.created_at),
        file=WireFaxFile(ids.encode(given.file.id), given.file.id, ids.encode(given.preview_id)),
        from_=number_text(given.sender, "national"),
        from_name=given.sender_name,
        is_read=given.is_read,
        pages=given.pages,
        subject=given.subject,
        to=number_text(given.recipient, "national"),
        to_name=given.recipient_name,
        send_at=dates.zulu(given.send_at) if given.send_at else None,
        status=given.state,
        attempts=given.attempts,
        error_code=given.error_code,
        error_text=given.error_text,
        hidden=given.hidden,
        pages_done=given.pages_done,
    )
