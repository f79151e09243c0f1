"""Mails about faxes: one that came in, to whom it is for; what became of one that went out, to whom it names."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ringmain.core.errors import Invalid
from ringmain.core.faxes.model import Fax
from ringmain.core.mail.addresses import check_address
from ringmain.core.mail.model import MAX_RECIPIENTS, Attachment, Mail

MAX_SUBJECT: Final = 200


def received(fax: Fax, groups: Iterable[Sequence[str]], timezone: str) -> list[Mail]:
    """A mail with the fax for each group of addresses; nobody gets two, groups do not see each other."""
    told: set[str] = set()
    mails = []
    sender = _party(fax.sender_name, fax.sender)
    lines = [
        f"From: {sender}",
        f"To: {_party(fax.recipient_name, fax.recipient)}",
        *([f"Subject: {_line(fax.subject)}"] if fax.subject else []),
        f"Received: {_moment(fax.created_at, timezone)}",
        f"Pages: {fax.pages}",
    ]
    for group in groups:
        recipients = _addresses(group, told)
        if recipients:
            mails.append(_mail(fax, recipients, f"Fax from {sender}", lines))
    return mails


def finished(fax: Fax, timezone: str) -> list[Mail]:
    """The mail that says that a fax was sent or that it failed, with its document."""
    recipients = _addresses(fax.emails, set())
    if not recipients or fax.state not in ("sent", "failed"):
        return []
    recipient = _party(fax.recipient_name, fax.recipient)
    sent = fax.state == "sent"
    lines = [
        f"From: {_party(fax.sender_name, fax.sender)}",
        f"To: {recipient}",
        *([f"Subject: {_line(fax.subject)}"] if fax.subject else []),
        f"{'Sent' if sent else 'Failed'}: {_moment(fax.updated_at, timezone)}",
        f"Pages: {fax.pages}" if sent else f"Pages sent: {fax.pages_done} of {fax.pages}",
        *([] if sent else [f"Reason: {fax.error_text} ({fax.error_code})"]),
    ]
    return [_mail(fax, recipients, f"Fax to {recipient} was {'sent' if sent else 'not sent'}", lines)]


def _mail(fax: Fax, recipients: list[str], subject: str, lines: Sequence[str]) -> Mail:
    attachment = Attachment(name=fax.file.name, mimetype=fax.file.mimetype, file_id=fax.file.id)
    return Mail(to=recipients, subject=subject[:MAX_SUBJECT], text="\n".join([*lines, ""]), attachments=[attachment])


def _addresses(given: Iterable[str], told: set[str]) -> list[str]:
    found = []
    for text in given:
        try:
            address = check_address("emails", text)
        except Invalid:  # owners of numbers are checked less strictly
            continue
        if address.lower() not in told:
            told.add(address.lower())
            found.append(address)
    return found[:MAX_RECIPIENTS]


def _party(name: str, number: str) -> str:
    shown, number = _line(name), number or "unknown number"
    return f"{shown} ({number})" if shown else number


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _moment(moment: datetime, timezone: str) -> str:
    try:
        there = moment.astimezone(ZoneInfo(timezone))
    except (ZoneInfoNotFoundError, ValueError):
        there = moment.astimezone(UTC)
    return f"{there:%Y-%m-%d %H:%M} {there.tzname()}"
