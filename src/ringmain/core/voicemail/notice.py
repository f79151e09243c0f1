"""The mail that tells of a voicemail, with the recording attached."""

from datetime import UTC
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ringmain.core.errors import Invalid
from ringmain.core.mail.addresses import check_address
from ringmain.core.mail.model import MAX_RECIPIENTS, Attachment, Mail
from ringmain.core.voicemail.model import Voicemail

NOT_ATTACHED: Final = "attach=no"
"""What a PBX's voicemail options say when the mail shall not carry the recording."""


def notice(voicemail: Voicemail, *, timezone: str, options: str) -> Mail | None:
    """The mail, or None when there is nobody who can be told. Times are in the company's time zone."""
    recipients = _recipients(voicemail.email)
    if not recipients:
        return None
    caller = _caller(voicemail)
    try:
        received_at = voicemail.received_at.astimezone(ZoneInfo(timezone))
    except (ZoneInfoNotFoundError, ValueError):
        received_at = voicemail.received_at.astimezone(UTC)
    lines = [
        f"From: {caller}",
        f"To: extension {voicemail.extension_number}",
        f"Received: {received_at:%Y-%m-%d %H:%M} {received_at.tzname()}",
        f"Length: {_length(voicemail.duration_s)}",
    ]
    if voicemail.transcription:
        lines += ["", voicemail.transcription]
    attachment = Attachment(name=voicemail.file.name, mimetype=voicemail.file.mimetype, file_id=voicemail.file.id)
    return Mail(
        to=recipients,
        subject=f"Voicemail from {caller}"[:200],
        text="\n".join([*lines, ""]),
        attachments=[] if NOT_ATTACHED in options.split("|") else [attachment],
    )


def _recipients(text: str) -> list[str]:
    found = []
    for part in text.replace(";", ",").split(","):
        try:
            found.append(check_address("email", part))
        except Invalid:
            continue
    return found[:MAX_RECIPIENTS]


def _caller(voicemail: Voicemail) -> str:
    number = voicemail.source_number or "unknown number"
    name = " ".join("".join(c if c.isprintable() else " " for c in voicemail.source_name).split())
    return f"{name} ({number})" if name and name != voicemail.source_number else number


def _length(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"
