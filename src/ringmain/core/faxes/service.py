"""Verbs on faxes."""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from ringmain.core.errors import Invalid, NotFound, WrongState
from ringmain.core.faxes import listing, notices, store
from ringmain.core.faxes.checks import check_emails, check_inbound, check_outbound, check_received
from ringmain.core.faxes.documents import FaxDocuments, FaxPages
from ringmain.core.faxes.model import (
    SORTS,
    Destination,
    Fax,
    FaxChange,
    FaxFilter,
    FaxPage,
    Folder,
    NewFax,
    ReceivedChange,
    Statistics,
)
from ringmain.core.faxes.paper import Kept, Paper
from ringmain.core.faxes.transport import InboundFax
from ringmain.core.files.service import Files
from ringmain.core.mail.service import Mails
from ringmain.database.pool import Database
from ringmain.database.wakeup import EVENTS, FAXES, Wakeups

MAX_DESTINATIONS: Final = 100
"""Of one company: each gets a mail of its own for every fax that comes in."""
TRIES: Final = 3
"""How often a fax is tried before it has failed, each time that somebody asks for it."""
ANY: Final = FaxFilter()
NEWEST: Final = (("created_at", True),)
RECEIVED: Final[tuple[Folder, ...]] = ("inbound", "hidden")

_fax: Final = msgspec.json.Decoder(Fax)
_addresses: Final = msgspec.json.Decoder(list[str])


class Faxes:
    """The faxes of all companies. Without `documents` none can be sent or come in."""

    def __init__(
        self, database: Database, wakeups: Wakeups, files: Files, mails: Mails, documents: FaxDocuments | None
    ) -> None:
        self._database = database
        self._wakeups = wakeups
        self._files = files
        self._mails = mails
        self._paper = Paper(files, documents)

    # Reading

    async def get(self, company_id: int, fax_id: int) -> Fax:
        """Raises NotFound("fax")."""
        found = await self._database.fetchval(store.GET, company_id, fax_id)
        if found is None:
            raise NotFound("fax")
        return _fax.decode(found)

    async def page(
        self,
        company_id: int,
        folder: Folder,
        *,
        wanted: FaxFilter = ANY,
        sort: Sequence[tuple[str, bool]] = (),
        page: int,
        per_page: int,
    ) -> FaxPage:
        """Those that match, newest first, or by columns of `SORTS`, each with whether it is descending.

        Raises Invalid("sort").
        """
        if any(name not in SORTS for name, _ in sort):
            raise Invalid("sort", f"must be of {', '.join(SORTS)}")
        statement, values = listing.page(company_id, folder, wanted, sort or NEWEST, per_page, (page - 1) * per_page)
        row = await self._database.fetchrow(statement, *values)
        assert row is not None  # noqa: S101  (a SELECT without FROM)
        return FaxPage(items=[_fax.decode(item) for item in row["items"]], total=row["total"])

    async def preview_of(self, company_id: int, file_id: int) -> int | None:
        """The file that is a picture of the first page, where this file is the document of a fax."""
        found: int | None = await self._database.fetchval(store.PREVIEW_OF, company_id, file_id)
        return found

    async def statistics(self, company_id: int) -> Statistics:
        """How many there are, by folder."""
        rows = await self._database.fetch(store.STATISTICS, company_id)
        totals = {row["folder"]: row["total"] for row in rows}
        return Statistics(
            inbound=totals.get("inbound", 0),
            inbound_hidden=totals.get("hidden", 0),
            outbound=totals.get("outbound", 0),
            scheduled=totals.get("scheduled", 0),
        )

    async def numbers(self, company_id: int) -> list[str]:
        """The company's numbers that can fax, E.164, oldest first."""
        return [row["number"] for row in await self._database.fetch(store.NUMBERS, company_id)]

    # Sending

    async def send(self, company_id: int, given: NewFax, *, origin: str = "") -> Fax:
        """Accept a fax: its pages are made now, it goes out at once or at `send_at`.

        Raises Invalid, also for a document that cannot be faxed; NotFound("file"); TooLarge; Unavailable.
        """
        check_outbound(given)
        emails = check_emails(given.emails)
        file, kept = await self._document(company_id, given.sender, given.file_id)
        made = await self._database.fetchval(
            *(store.SEND, company_id, given.sender, given.sender_name, given.recipient, given.recipient_name),
            *(given.subject, emails, file, kept.preview_id, kept.file_id, kept.pages, given.send_at, TRIES, origin),
            given.author_id,
        )
        if made is None:  # the document was deleted meanwhile
            await self._files.delete(company_id, kept.files)
            raise NotFound("file")
        self._wake()
        return _fax.decode(made)

    async def change_failed(self, company_id: int, fax_id: int, change: FaxChange, *, origin: str = "") -> Fax:
        """Correct a fax before it is sent again. Raises NotFound("fax"), WrongState unless it failed; as `send`."""
        fax = await self._in(company_id, fax_id, "outbound")
        if fax.state != "failed":
            raise WrongState("only a fax that failed can be changed")
        changed = await self._change(fax, msgspec.structs.replace(change, send_at=None), origin)
        if changed is None:
            raise WrongState("the fax is being sent again")
        return changed

    async def change_scheduled(self, company_id: int, fax_id: int, change: FaxChange, *, origin: str = "") -> Fax:
        """Change a fax before its time. Raises NotFound("fax"), also once its time has come; as `send`."""
        fax = await self._in(company_id, fax_id, "scheduled")
        changed = await self._change(fax, change, origin)
        if changed is None:
            raise NotFound("fax")
        self._wakeups.wake(FAXES)
        return changed

    async def retry(self, company_id: int, fax_id: int, *, origin: str = "") -> Fax:
        """Send a failed fax again, from its first page. Raises NotFound("fax"), WrongState unless it failed."""
        changed = await self._database.fetchval(store.RETRY, company_id, fax_id, TRIES, origin)
        if changed is None:
            await self._in(company_id, fax_id, "outbound")
            raise WrongState("only a fax that failed can be sent again")
        self._wake()
        return _fax.decode(changed)

    async def delete(self, company_id: int, fax_id: int, *folders: Folder, origin: str = "") -> None:
        """Delete a fax that is in one of these folders, with its pages and its document; raises NotFound("fax").

        One that waits is not sent. One that is on the line goes on, and nobody hears what becomes of it.
        """
        async with self._database.transaction() as connection:
            files = await connection.fetchval(store.DELETE, company_id, fax_id, list(folders), origin)
            if files is None:
                raise NotFound("fax")
            await self._files.delete(company_id, files, connection=connection)
        self._wakeups.wake(EVENTS)

    # Receiving

    async def pages_of(self, content: bytes, mimetype: str) -> FaxPages:
        """The pages of any document, as a transport would bring them. Raises Invalid, Unavailable."""
        return await self._paper.pages_of(content, mimetype)

    async def owner_of(self, number: str) -> int:
        """Whose fax number this is. Raises NotFound("number")."""
        company_id = await self._database.fetchval(store.OWNER, number)
        if company_id is None:
            raise NotFound("number")
        return int(company_id)

    async def receive(self, given: InboundFax, *, origin: str = "") -> Fax:
        """Keep a fax that came in: its PDF, the event and the mails to whom it is for, all or nothing.

        It goes to the owners of the number and to every destination of the company. Raises NotFound("number"),
        Invalid, TooLarge, Unavailable.
        """
        check_inbound(given)
        company_id = await self.owner_of(given.recipient)
        if given.reference is not None:
            known = await self._database.fetchval(store.BY_REFERENCE, company_id, given.reference)
            if known is not None:
                return _fax.decode(known)
        kept = await self._paper.read(company_id, given.tiff)
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                *(store.RECEIVE, company_id, given.recipient, given.sender, given.sender_name, given.subject),
                *(kept.file_id, kept.preview_id, kept.pages, given.reference, given.received_at, origin),
            )
            if row is None:
                raise NotFound("number")
            if row["fax"] is None:  # the same reference came at the same time
                await self._files.delete(company_id, kept.files, connection=connection)
                known = await connection.fetchval(store.BY_REFERENCE, company_id, given.reference)
                return _fax.decode(known)
            fax = _fax.decode(row["fax"])
            groups = [row["owner_emails"], *map(_addresses.decode, row["destinations"])]
            for mail in notices.received(fax, groups, row["timezone"]):
                await self._mails.queue(connection, company_id, mail)
        self._wakeups.wake(EVENTS)
        self._mails.wake()
        return fax

    async def change_received(self, company_id: int, fax_id: int, change: ReceivedChange, *, origin: str = "") -> Fax:
        """Mark a received fax as read or hidden, or write on it. Raises NotFound("fax"), Invalid."""
        check_received(change)
        changed = await self._database.fetchval(
            *(store.CHANGE_RECEIVED, company_id, fax_id, change.sender_name, change.recipient_name, change.subject),
            *(change.is_read, change.hidden, origin),
        )
        if changed is None:
            raise NotFound("fax")
        self._wakeups.wake(EVENTS)
        return _fax.decode(changed)

    async def create_destination(self, company_id: int, emails: Sequence[str]) -> tuple[Destination, bool]:
        """The destination of this set of addresses, and whether it is new. Raises Invalid."""
        given = check_emails(emails)
        if not given:
            raise Invalid("emails", "must have an address")
        key = hashlib.sha256("\n".join(sorted(email.lower() for email in given)).encode()).digest()
        made = await self._database.fetchrow(store.CREATE_DESTINATION, company_id, given, key, MAX_DESTINATIONS)
        row = made or await self._database.fetchrow(store.DESTINATION, company_id, key)
        if row is None:
            raise Invalid("emails", f"a company may have {MAX_DESTINATIONS} destinations")
        return msgspec.convert(dict(row), Destination), made is not None

    async def _in(self, company_id: int, fax_id: int, folder: Folder) -> Fax:
        fax = await self.get(company_id, fax_id)
        if fax.folder != folder:
            raise NotFound("fax")
        return fax

    async def _document(self, company_id: int, sender: str, file_id: int) -> tuple[str, Kept]:
        """The document as JSON, and its pages."""
        row = await self._database.fetchrow(store.PREPARE, company_id, sender, file_id)
        assert row is not None  # noqa: S101  (a SELECT without FROM)
        _check_sender(row["faxes"])
        if row["file"] is None:
            raise NotFound("file")
        file = msgspec.json.decode(row["file"])
        return row["file"], await self._paper.prepare(company_id, file_id, file["mimetype"])

    async def _change(self, fax: Fax, change: FaxChange, origin: str) -> Fax | None:
        """None when it is no longer in the state that it was in."""
        check_outbound(change)
        emails = None if change.emails is None else check_emails(change.emails)
        sender = change.sender if change.sender != fax.sender else None
        file, kept = None, None
        if change.file_id not in (None, fax.file.id):
            file, kept = await self._document(fax.company_id, sender or fax.sender, change.file_id or 0)
        elif sender is not None:
            row = await self._database.fetchrow(store.PREPARE, fax.company_id, sender, fax.file.id)
            _check_sender(row["faxes"] if row else None)
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                *(store.CHANGE, fax.company_id, fax.id, fax.state, sender, change.sender_name, change.recipient),
                *(change.recipient_name, change.subject, emails, change.send_at, file),
                *((kept.preview_id, kept.file_id, kept.pages) if kept else (None, None, None)),
                origin,
            )
            if kept:  # the fax has its old files no longer, or a change that came too late has no use for the new ones
                unused = row["files"] if row else kept.files
                await self._files.delete(fax.company_id, unused, connection=connection)
        if row is None:
            return None
        self._wakeups.wake(EVENTS)
        return _fax.decode(row["fax"])

    def _wake(self) -> None:
        self._wakeups.wake(EVENTS)
        self._wakeups.wake(FAXES)


def _check_sender(faxes: bool | None) -> None:
    if not faxes:
        raise Invalid("sender", "is not one of the company's fax numbers")
