"""Verbs on voicemail."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from ringmain.core.errors import Invalid, NotFound, Unavailable
from ringmain.core.files.service import Files
from ringmain.core.listing import EARLIEST, LATEST
from ringmain.core.mail.service import Mails
from ringmain.core.voicemail import listing, store
from ringmain.core.voicemail.audio import AudioTools
from ringmain.core.voicemail.model import (
    SORTS,
    Audio,
    Format,
    NewVoicemail,
    Voicemail,
    VoicemailFilter,
    VoicemailPage,
)
from ringmain.core.voicemail.notice import notice
from ringmain.database.pool import Database
from ringmain.database.wakeup import EVENTS, Wakeups

MAX_NAME: Final = 200
MAX_TRANSCRIPTION: Final = 100_000
MAX_REFERENCE: Final = 200
SOURCE: Final = re.compile(r"(\+?[0-9]{1,15})?")
EXTENSIONS: Final = {"audio/wav": "wav", "audio/mpeg": "mp3"}
"""Kinds of recordings that are kept as they come: what browsers and phones play. Others become WAV."""
MIMETYPES: Final[dict[Format, str]] = {"wav": "audio/wav", "mp3": "audio/mpeg"}
ANY: Final = VoicemailFilter()
NEWEST: Final = (("received_at", True),)

_voicemail: Final = msgspec.json.Decoder(Voicemail)


class Voicemails:
    """The voicemail of all companies' extensions. Without `audio` none can come in."""

    def __init__(
        self, database: Database, wakeups: Wakeups, files: Files, mails: Mails, audio: AudioTools | None
    ) -> None:
        self._database = database
        self._wakeups = wakeups
        self._files = files
        self._mails = mails
        self._audio = audio

    async def find_extension(
        self,
        company_id: int,
        *,
        number: int | None = None,
        person_id: int | None = None,
        instance_id: int | None = None,
    ) -> int:
        """The extension of this number, or else this person's (an assigned one, the lowest number first).

        Raises NotFound("extension"), and Invalid when more than one instance has the number.
        """
        rows = await self._database.fetch(store.TARGETS, company_id, instance_id, number, person_id)
        if not rows:
            raise NotFound("extension")
        if number is not None and len(rows) > 1:
            raise Invalid("instance_id", "is needed: several instances have this extension number")
        return int(rows[0]["id"])

    async def receive(self, company_id: int, extension_id: int, given: NewVoicemail, *, origin: str = "") -> Voicemail:
        """Keep a message that came in: its audio, the event and the mail to whom the extension names, all or nothing.

        Raises NotFound("extension"); Invalid, also for audio that cannot be read; TooLarge; Unavailable.
        """
        _check(given)
        if given.reference is not None:
            known = await self._database.fetchval(store.BY_REFERENCE, company_id, extension_id, given.reference)
            if known is not None:
                return _voicemail.decode(known)
        content, mimetype, duration_s = await self._readable(given.audio)
        file = await self._files.create(company_id, name="voicemail")
        name = f"msg{file.id % 10**6:06d}.{EXTENSIONS[mimetype]}"
        await self._files.upload(company_id, file.id, content=content, uploaded_name=name, mimetype=mimetype)
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                *(store.RECEIVE, company_id, extension_id, file.id, given.source_number, given.source_name),
                *(given.received_at, duration_s, given.transcription, given.reference, origin),
            )
            if row is None:
                raise NotFound("extension")
            if row["voicemail"] is None:  # the same reference came at the same time
                await self._files.delete(company_id, [file.id], connection=connection)
                known = await connection.fetchval(store.BY_REFERENCE, company_id, extension_id, given.reference)
                return _voicemail.decode(known)
            voicemail = _voicemail.decode(row["voicemail"])
            mail = notice(voicemail, timezone=row["timezone"], options=row["options"])
            if mail is not None:
                await self._mails.queue(connection, company_id, mail)
        self._wakeups.wake(EVENTS)
        self._mails.wake()
        return voicemail

    async def get(self, company_id: int, voicemail_id: int) -> Voicemail:
        """Raises NotFound("voicemail")."""
        found = await self._database.fetchval(store.GET, company_id, voicemail_id)
        if found is None:
            raise NotFound("voicemail")
        return _voicemail.decode(found)

    async def page(
        self,
        company_id: int,
        *,
        wanted: VoicemailFilter = ANY,
        sort: Sequence[tuple[str, bool]] = (),
        page: int,
        per_page: int,
    ) -> VoicemailPage:
        """Those that match, newest first, or by columns of `SORTS`, each with whether it is descending.

        Raises Invalid("sort").
        """
        if any(name not in SORTS for name, _ in sort):
            raise Invalid("sort", f"must be of {', '.join(SORTS)}")
        statement, values = listing.page(company_id, wanted, sort or NEWEST, per_page, (page - 1) * per_page)
        row = await self._database.fetchrow(statement, *values)
        assert row is not None  # noqa: S101  (a SELECT without FROM)
        return VoicemailPage(items=[_voicemail.decode(item) for item in row["items"]], total=row["total"])

    async def set_listened(
        self, company_id: int, voicemail_ids: Iterable[int], *, listened: bool, origin: str = ""
    ) -> list[Voicemail]:
        """Mark all of them, in the order given, or raise NotFound("voicemail") and mark none."""
        ids = list(dict.fromkeys(voicemail_ids))
        rows = await self._database.fetch(store.SET_LISTENED, company_id, ids, listened, origin)
        found = {one.id: one for one in (_voicemail.decode(row[0]) for row in rows)}
        if len(found) < len(ids):
            raise NotFound("voicemail")
        self._wakeups.wake(EVENTS)
        return [found[one] for one in ids]

    async def delete(self, company_id: int, voicemail_ids: Iterable[int], *, origin: str = "") -> None:
        """Delete all of them with their audio, or raise NotFound("voicemail") and delete none."""
        ids = list(dict.fromkeys(voicemail_ids))
        async with self._database.transaction() as connection:
            gone = await connection.fetch(store.DELETE, company_id, ids, origin)
            if len(gone) < len(ids):
                raise NotFound("voicemail")
            await self._files.delete(company_id, [row["file_id"] for row in gone], connection=connection)
        self._wakeups.wake(EVENTS)

    async def audio(self, company_id: int, voicemail_id: int, form: Format | None = None) -> Audio:
        """The recording as it is stored, or rewritten. Raises NotFound("voicemail"), Unavailable."""
        voicemail = await self.get(company_id, voicemail_id)
        content = await self._files.read(company_id, voicemail.file.id)
        if form is None:
            return Audio(content, voicemail.file.name, voicemail.file.mimetype)
        tools = self._tools()
        if form == "wav":
            content = await tools.to_wav(content)
        elif voicemail.file.mimetype != MIMETYPES["mp3"]:
            content = await tools.to_mp3(content)
        return Audio(content, f"{voicemail.file.name.rpartition('.')[0]}.{form}", MIMETYPES[form])

    async def _readable(self, audio: bytes) -> tuple[bytes, str, float]:
        """The recording in a form that everybody plays, its media type and its length."""
        tools = self._tools()
        measured = await tools.measure_audio(audio)
        if measured.mimetype in EXTENSIONS:
            return audio, measured.mimetype, measured.duration_s
        return await tools.to_wav(audio), MIMETYPES["wav"], measured.duration_s

    def _tools(self) -> AudioTools:
        if self._audio is None:
            raise Unavailable("recordings cannot be read here")
        return self._audio


def _check(given: NewVoicemail) -> None:
    if not SOURCE.fullmatch(given.source_number):
        raise Invalid("source_number", "must be an extension's number, E.164 with +, or empty")
    texts = (
        ("source_name", given.source_name, MAX_NAME),
        ("transcription", given.transcription or "", MAX_TRANSCRIPTION),
        ("reference", given.reference or "", MAX_REFERENCE),
    )
    for field, text, limit in texts:
        if len(text) > limit or "\0" in text:
            raise Invalid(field, f"must be text of at most {limit} characters")
    if given.received_at is not None and not _plausible(given.received_at):
        raise Invalid("received_at", "must have a time zone and be a time of this age")


def _plausible(moment: datetime) -> bool:
    return moment.tzinfo is not None and EARLIEST <= moment <= LATEST
