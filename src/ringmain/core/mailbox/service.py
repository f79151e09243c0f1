"""Verbs on mailboxes."""

from typing import Final

import msgspec

from ringmain.core.errors import Invalid, NotFound, WrongState
from ringmain.core.faxes.model import Fax, ReceivedChange
from ringmain.core.faxes.service import Faxes
from ringmain.core.files.service import Files
from ringmain.core.mailbox import store
from ringmain.core.mailbox.model import Entry, Folder
from ringmain.core.voicemail.model import Voicemail
from ringmain.core.voicemail.service import Voicemails
from ringmain.database.pool import Database, Record
from ringmain.database.wakeup import EVENTS, Wakeups

_voicemail: Final = msgspec.json.Decoder(Voicemail)
_fax: Final = msgspec.json.Decoder(Fax)


class Mailbox:
    """What callers and fax machines left for people, and the faxes that people send.

    `person_id` narrows to what is this person's: voicemail of their extensions, faxes of the numbers that they own and
    faxes that they sent. None is everybody's. What is not theirs is not found.
    """

    def __init__(
        self, database: Database, wakeups: Wakeups, files: Files, voicemails: Voicemails, faxes: Faxes
    ) -> None:
        self._database = database
        self._wakeups = wakeups
        self._files = files
        self._voicemails = voicemails
        self._faxes = faxes

    async def list(
        self, company_id: int, folder: Folder, *, person_id: int | None = None, limit: int | None = None
    ) -> list[Entry]:
        """Newest first, all of them unless `limit` says how many."""
        rows = await self._database.fetch(store.LIST[folder], company_id, limit, person_id)
        return [_entry(row) for row in rows]

    async def get(self, company_id: int, entry_id: int, *, person_id: int | None = None) -> Entry:
        """A voicemail or a fax, in the trash or not. Raises NotFound("message")."""
        row = await self._database.fetchrow(store.GET, company_id, entry_id, person_id)
        if row is None:
            raise NotFound("message")
        return _entry(row)

    async def content(self, entry: Entry) -> bytes:
        """What `entry.shown` is. Raises NotFound("file"), when it was thrown away meanwhile, Unavailable."""
        return await self._files.read(entry.item.company_id, entry.shown.file_id)

    async def discard(self, company_id: int, entry_id: int, *, person_id: int | None = None, origin: str = "") -> None:
        """Put it into the trash; out of the trash, throw it away for good. Raises NotFound("message").

        In the trash it is deleted for all that do not look there. A fax that was not sent yet is not sent then.
        """
        entry = await self.get(company_id, entry_id, person_id=person_id)
        if entry.folder == "trash":
            await self._purge(entry)
        else:
            await self._trash(entry, origin)

    async def change(
        self,
        company_id: int,
        entry_id: int,
        *,
        read: bool | None = None,
        folder: Folder | None = None,
        person_id: int | None = None,
        origin: str = "",
    ) -> Entry:
        """Mark it as read, or not; move it into the trash, or back to the folder where it belongs.

        Raises NotFound("message"); Invalid("folder") for one where it does not belong; WrongState for marking what
        was sent, or is in the trash and stays there. A fax that the trash kept from being sent comes back as failed.
        """
        entry = await self.get(company_id, entry_id, person_id=person_id)
        _check_change(entry, read, folder)
        if entry.folder == "trash" and folder not in (None, "trash"):
            await self._restore(entry, origin)
        if read is not None:
            await self._mark(entry, read, origin)
        if entry.folder != "trash" and folder == "trash":
            await self._trash(entry, origin)
        return await self.get(company_id, entry_id, person_id=person_id)

    async def _mark(self, entry: Entry, read: bool, origin: str) -> None:
        item = entry.item
        if isinstance(item, Voicemail):
            await self._voicemails.set_listened(item.company_id, [item.id], listened=read, origin=origin)
        else:
            await self._faxes.change_received(item.company_id, item.id, ReceivedChange(is_read=read), origin=origin)

    async def _trash(self, entry: Entry, origin: str) -> None:
        await self._move(store.TRASH_VOICEMAIL, store.TRASH_FAX, entry, origin)

    async def _restore(self, entry: Entry, origin: str) -> None:
        await self._move(store.RESTORE_VOICEMAIL, store.RESTORE_FAX, entry, origin)

    async def _move(self, of_voicemail: str, of_fax: str, entry: Entry, origin: str) -> None:
        statement = of_voicemail if isinstance(entry.item, Voicemail) else of_fax
        if not await self._database.fetchval(statement, entry.item.company_id, entry.item.id, origin):
            raise NotFound("message")
        self._wakeups.wake(EVENTS)

    async def _purge(self, entry: Entry) -> None:
        item = entry.item
        statement = store.PURGE_VOICEMAIL if isinstance(item, Voicemail) else store.PURGE_FAX
        async with self._database.transaction() as connection:
            files = await connection.fetchval(statement, item.company_id, item.id)
            if files is None:
                raise NotFound("message")
            await self._files.delete(item.company_id, files, connection=connection)


def home_of(entry: Entry) -> Folder:
    """The folder where it belongs when it is not in the trash."""
    item = entry.item
    if isinstance(item, Voicemail) or item.direction == "inbound":
        return "inbox"
    return "sent" if item.state == "sent" else "outbox"


def _check_change(entry: Entry, read: bool | None, folder: Folder | None) -> None:
    if folder not in (None, "trash", home_of(entry)):
        raise Invalid("folder", f"must be trash or {home_of(entry)}")
    if read is None:
        return
    if home_of(entry) != "inbox":
        raise WrongState("only what came in can be marked")
    if entry.folder == "trash" and folder in (None, "trash"):
        raise WrongState("what is in the trash cannot be marked")


def _entry(row: Record) -> Entry:
    decoder = _voicemail if row["kind"] == "voicemail" else _fax
    item: Voicemail | Fax = decoder.decode(row["item"])
    return Entry(item=item, folder=row["folder"], mailbox=row["mailbox"], pages_id=row["pages_id"])
