"""Voicemail: what callers left for an extension. Also the shape that events carry (migration 0004, voicemail_json)."""

from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

import msgspec

Format = Literal["wav", "mp3"]
Sort = Literal[
    "id", "received_at", "extension_number", "source_digits", "source_name", "email", "duration_s", "listened"
]
SORTS: Final[tuple[str, ...]] = get_args(Sort)


class VoicemailFile(msgspec.Struct, frozen=True, kw_only=True):
    """The recording as it is stored."""

    id: int
    name: str
    mimetype: str
    size: int


class Voicemail(msgspec.Struct, frozen=True, kw_only=True):
    """A message left for an extension.

    `source_number`: an extension's, E.164, or empty when it was withheld. `extension_id` is None once the extension is
    gone. `email`: who is told by mail, or empty. `reference`: the PBX's own id.
    """

    id: int
    company_id: int
    instance_id: int
    instance_uuid: UUID
    extension_id: int | None
    extension_number: int
    source_number: str
    source_name: str
    received_at: datetime
    listened: bool
    file: VoicemailFile
    duration_s: float
    transcription: str | None
    email: str
    reference: str | None
    updated_at: datetime

    @property
    def source_digits(self) -> int | None:
        """The caller's number without +, None when it was withheld."""
        digits = self.source_number.lstrip("+")
        return int(digits) if digits else None


class VoicemailPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of those that match, of which there are `total`."""

    items: list[Voicemail]
    total: int


class VoicemailFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which voicemails: None matches all. `until` is included. `source` is a number's digits."""

    since: datetime | None = None
    until: datetime | None = None
    destination: int | None = None
    source: int | None = None


class NewVoicemail(msgspec.Struct, frozen=True, kw_only=True):
    """A message that came in. `audio`: any recording that documents/audio.py reads.

    Without `source_name` it is the name that the company knows for the number. The same `reference` again, in one
    instance, is the same message.
    """

    audio: bytes
    source_number: str = ""
    source_name: str = ""
    received_at: datetime | None = None
    transcription: str | None = None
    reference: str | None = None


class Audio(msgspec.Struct, frozen=True):
    """Content to be played."""

    content: bytes
    name: str
    mimetype: str


class VoicemailEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of voicemail.created, voicemail.updated and voicemail.deleted."""

    voicemail: Voicemail
