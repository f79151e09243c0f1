"""RingPlan's voicemail object (specs/ringplan.md 4, with the extra fields of 5)."""

from collections.abc import Mapping
from typing import Final

import msgspec

from ringmain.core.voicemail.model import Sort, Voicemail
from ringmain.dialects.ringplan import dates, ids


class WireVoicemailFile(msgspec.Struct):
    """The recording. `link` needs no key and expires."""

    id: str
    duration: float
    link: str
    name: str
    size: int


class WireVoicemail(msgspec.Struct):
    """Voicemail. An external caller's `extension_source` is the telephone number's digits; null when withheld."""

    id: str = msgspec.field(name="_id")
    company_id: str
    extension_destination: int
    extension_destination_id: str | None
    extension_source: int | None
    listened: bool
    pbx: str
    pbx_msg_id: str | None
    source_representation_name: str
    time_received: str
    transcription: str | None
    voicemail_email: str
    voicemail_file: WireVoicemailFile


SORTS: Final[Mapping[str, Sort]] = {
    "_id": "id",
    "id": "id",
    "time_received": "received_at",
    "extension_destination": "extension_number",
    "extension_source": "source_digits",
    "source_representation_name": "source_name",
    "voicemail_email": "email",
    "duration": "duration_s",
    "voicemail_file.duration": "duration_s",
    "listened": "listened",
}
"""Fields that lists can be sorted by."""


def voicemail(given: Voicemail, link: str) -> WireVoicemail:
    """`link`: the address of its recording."""
    return WireVoicemail(
        id=ids.encode(given.id),
        company_id=ids.encode(given.company_id),
        extension_destination=given.extension_number,
        extension_destination_id=ids.encode(given.extension_id) if given.extension_id else None,
        extension_source=given.source_digits,
        listened=given.listened,
        pbx=str(given.instance_uuid),
        pbx_msg_id=given.reference,
        source_representation_name=given.source_name,
        time_received=dates.zulu(given.received_at),
        transcription=given.transcription,
        voicemail_email=given.email,
        voicemail_file=WireVoicemailFile(
            id=ids.encode(given.file.id),
            duration=given.duration_s,
            link=link,
            name=given.file.name,
            size=given.file.size,
        ),
    )
