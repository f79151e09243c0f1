"""The verbs of texting. Each commits its fact and its event together; see model.py for the shapes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from asyncpg import UniqueViolationError

from ringmain.core.errors import AlreadyExists, Invalid, NotFound, OptedOut, ReferenceReused
from ringmain.core.texting import contact_store, keywords, opt_out_store, store
from ringmain.core.texting.carrier import InboundText
from ringmain.core.texting.checks import (
    check_address,
    check_name,
    check_outgoing,
    check_sender,
    check_text,
    measure,
    measure_inbound,
)
from ringmain.core.texting.conversations import TRIES, Conversations
from ringmain.core.texting.model import (
    AttachedFile,
    CallActivity,
    Contact,
    Encoding,
    Message,
    MessagePage,
    OptOutEvent,
)
from ringmain.core.trunks.model import Reply
from ringmain.database.pool import Connection, Database, Record
from ringmain.database.wakeup import EVENTS, SUBMISSIONS, Wakeups
from ringmain.database.write_group import WriteGroup

MAX_ANSWERS: Final = 5
"""How often an hour the same automatic answer goes to the same people."""

_message = msgspec.json.Decoder(Message)
_files = msgspec.json.Decoder(list[AttachedFile])
_activity = msgspec.json.Decoder(CallActivity)
_reply = msgspec.json.Decoder(Reply | None)
_replies = msgspec.json.Decoder(list[Reply])


class Draft(msgspec.Struct, frozen=True):
    """A message about to be written; the fields are SEND's columns in order."""

    company_id: int
    conversation_id: int
    author_id: int | None
    text: str
    reference: str | None
    file_ids: tuple[int, ...]
    encoding: Encoding
    segments: int
    origin: str
    automatic: bool


class Texting(Conversations):
    """Contacts, conversations, messages, opt-outs."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        super().__init__(database, wakeups)
        self._sends: WriteGroup[Draft, Message] = WriteGroup(self._write_batch)

    # Contacts

    async def create_contact(
        self, company_id: int, *, number: str, first_name: str = "", last_name: str = ""
    ) -> tuple[Contact, bool]:
        """The company's contact of this number (E.164 with +, or a short code), and whether it is new.

        Raises Invalid.
        """
        names = check_name("first_name", first_name), check_name("last_name", last_name)
        return await self._contact_of(company_id, check_address(number), *names)

    async def _contact_of(self, company_id: int, *checked: str) -> tuple[Contact, bool]:
        for _ in range(TRIES):  # a concurrent maker's row is invisible to the statement that waited for it
            row = await self._database.fetchrow(contact_store.CREATE_CONTACT, company_id, *checked)
            if row:
                return _contact(row), row["created"]
        raise AlreadyExists("contact is being made by somebody else")

    async def get_contact(self, company_id: int, contact_id: int) -> Contact:
        """Raises NotFound."""
        row = await self._database.fetchrow(contact_store.CONTACT, company_id, contact_id)
        if row is None:
            raise NotFound("contact")
        return _contact(row)

    async def update_contact(
        self,
        company_id: int,
        contact_id: int,
        *,
        number: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
    ) -> Contact:
        """Change what is given. Raises NotFound, Invalid, AlreadyExists (another contact has the number)."""
        try:
            row = await self._database.fetchrow(
                contact_store.UPDATE_CONTACT,
                company_id,
                contact_id,
                None if number is None else check_address(number),
                None if first_name is None else check_name("first_name", first_name),
                None if last_name is None else check_name("last_name", last_name),
            )
        except UniqueViolationError:
            raise AlreadyExists("another contact has this number") from None
        if row is None:
            raise NotFound("contact")
        return _contact(row)

    async def search_contacts(self, company_id: int, *, search: str | None = None, limit: int = 1000) -> list[Contact]:
        """Contacts whose first, last or full name begins with it, or whose number holds its digits; newest first.

        Of more than `limit`, those among the ten thousand newest contacts come before others.
        """
        wanted = check_text("search", search or "").strip()
        statement, arguments = contact_store.statement(company_id, wanted, limit)
        rows = await self._database.fetch(statement, *arguments)
        return [_contact(row) for row in rows]

    # Messages

    async def send(
        self,
        company_id: int,
        conversation_id: int,
        *,
        text: str,
        author_id: int | None = None,
        reference: str | None = None,
        file_ids: Sequence[int] = (),
        origin: str = "",
    ) -> Message:
        """Queue a message to everybody in the conversation; it is kept and will go out once this returns.

        A `reference` used before for the same conversation and text gives the message made then.
        Raises Invalid (empty, too long), NotFound("conversation", "file"), OptedOut, ReferenceReused.
        """
        encoding, parts = check_outgoing(text, file_ids, reference)
        files = tuple(sorted(set(file_ids)))
        draft = Draft(
            company_id, conversation_id, author_id, text, reference, files, encoding, parts, origin, automatic=False
        )
        return await self._sends.submit(draft)

    async def get_message(self, company_id: int, message_id: int) -> Message:
        """Raises NotFound."""
        row = await self._database.fetchrow(store.MESSAGE, company_id, message_id)
        if row is None:
            raise NotFound("message")
        return _message_of(row)

    async def page_messages(self, company_id: int, conversation_id: int, *, page: int, per_page: int) -> MessagePage:
        """Newest first; pages count from 1, one beyond the end is empty. Raises NotFound."""
        rows = await self._database.fetch(
            store.PAGE_OF_MESSAGES, company_id, conversation_id, (page - 1) * per_page, per_page
        )
        if not rows:
            raise NotFound("conversation")
        items = [_message_of(row) for row in rows if row["id"] is not None]
        return MessagePage(total=rows[0]["total"], items=items, kind=rows[0]["kind"], timezone=rows[0]["timezone"])

    async def mark_read(
        self,
        company_id: int,
        conversation_id: int,
        message_ids: Sequence[int],
        *,
        read: bool = True,
        person_id: int | None = None,
        session: str = "",
        origin: str = "",
    ) -> list[Message]:
        """Set the read mark of all these messages, or of none: raises NotFound if any is not in the conversation."""
        ids = sorted(set(message_ids))
        if not ids:
            return []
        rows = await self._database.fetch(
            store.MARK_READ, company_id, conversation_id, ids, read, person_id, session, origin
        )
        if len(rows) != len(ids):
            raise NotFound("message")
        self._wakeups.wake(EVENTS)
        return [_message_of(row) for row in rows]

    async def delete_messages(
        self, company_id: int, conversation_id: int, message_ids: Sequence[int], *, origin: str = ""
    ) -> None:
        """Delete all these messages, or none: raises NotFound if any, or the conversation, is unknown."""
        ids = sorted(set(message_ids))
        async with self._database.transaction() as connection:
            await connection.execute(store.LOCK_CONVERSATION, company_id, conversation_id)
            row = await connection.fetchrow(store.DELETE_MESSAGES, company_id, conversation_id, ids, origin)
        assert row is not None  # noqa: S101
        if not row["conversation_known"]:
            raise NotFound("conversation")
        if row["gone"] != len(ids):
            raise NotFound("message")
        self._wakeups.wake(EVENTS)

    # From the carriers

    async def company_of(self, number: str) -> int:
        """Whose number this is (E.164), for carriers: what comes in knows no company. Raises NotFound."""
        company_id: int | None = await self._database.fetchval(store.COMPANY_OF, number)
        if company_id is None:
            raise NotFound("number")
        return company_id

    async def receive(self, inbound: InboundText) -> Message:
        """Keep a text that came in, obey STOP, START, HELP and the trunk's own keywords, and answer them once.

        The same carrier reference again gives the message kept before. Raises NotFound("number") for a recipient
        that is not ours, Invalid.
        """
        text = check_text("text", inbound.text)
        sender = check_sender(inbound.sender)
        for _ in range(TRIES):
            company_id, parties = await self._inbound_parties(sender, inbound)
            try:
                async with self._database.transaction() as connection:
                    message, new = await self._keep(connection, company_id, parties, sender, text, inbound)
                    if message is not None and new:
                        reaction = keywords.reaction(
                            text,
                            parties["company_name"],
                            _reply.decode(parties["opt_out"]),
                            _replies.decode(parties["auto_replies"]),
                        )
                        if reaction:
                            await self._react(connection, reaction, parties, message, inbound.carrier)
            except UniqueViolationError:  # an id of the past is taken
                continue
            if message is not None:
                self._wakeups.wake(EVENTS)
                self._wakeups.wake(SUBMISSIONS)
                return message
        raise NotFound("conversation")

    async def opt_outs(self, company_id: int, *, limit: int = 1000) -> list[OptOutEvent]:
        """Who must not be texted from which of our numbers, newest first."""
        rows = await self._database.fetch(opt_out_store.OPT_OUTS, company_id, limit)
        return [OptOutEvent(**row) for row in rows]

    async def _inbound_parties(self, sender: str, inbound: InboundText) -> tuple[int, Record]:
        wanted = (inbound.recipient, sender, inbound.company_id)
        row = await self._database.fetchrow(store.FIND_PARTIES, *wanted)
        if row is None:
            raise NotFound("number")
        if row["conversation_id"] is None:
            contact_id = row["contact_id"]
            if contact_id is None:
                contact, _ = await self._contact_of(row["company_id"], sender, "", "")
                contact_id = contact.id
            await self.open_conversation(
                row["company_id"], number=row["number"], contact_ids=[contact_id], origin=inbound.carrier
            )
            row = await self._database.fetchrow(store.FIND_PARTIES, *wanted)
            if row is None:
                raise NotFound("number")
        return row["company_id"], row

    async def _keep(
        self,
        connection: Connection,
        company_id: int,
        parties: Record,
        sender: str,
        text: str,
        inbound: InboundText,
    ) -> tuple[Message | None, bool]:
        """The message, None where its conversation is gone, and whether it was not kept before."""
        encoding, parts = measure_inbound(text)
        row = await connection.fetchrow(
            store.RECEIVE,
            company_id,
            parties["conversation_id"],
            text,
            sender,
            parties["number"],
            encoding,
            parts,
            list(inbound.file_ids),
            inbound.carrier,
            inbound.reference,
            None if inbound.received_at is None else min(inbound.received_at, datetime.now(UTC)),
        )
        assert row is not None  # noqa: S101
        if row["message"]:
            return _message.decode(row["message"]), True
        if row["conversation_known"]:  # so it was the reference
            known = await connection.fetchrow(store.MESSAGE_BY_CARRIER_REFERENCE, inbound.carrier, inbound.reference)
            return (_message_of(known) if known else None), False
        return None, False  # deleted between the look and the write

    async def _react(
        self, connection: Connection, reaction: keywords.Reaction, parties: Record, message: Message, origin: str
    ) -> None:
        if reaction.keyword in ("stop", "start"):
            query = opt_out_store.OPT_OUT if reaction.keyword == "stop" else opt_out_store.OPT_IN
            answered = await connection.fetchval(
                query, parties["company_id"], parties["number_id"], message.sender, parties["number"], origin
            )
        else:  # two machines that answer each other would never end
            said = (message.company_id, message.conversation_id, reaction.text)
            answered = await connection.fetchval(store.SAID_BEFORE, *said) < MAX_ANSWERS
        if answered:
            encoding, parts = measure(reaction.text)
            draft = Draft(
                message.company_id,
                message.conversation_id,
                None,
                reaction.text,
                None,
                (),
                encoding,
                parts,
                origin="",  # it came in through nobody, so that whoever relays hears of it
                automatic=reaction.keyword is not None,
            )
            await connection.fetch(store.SEND, *_columns([draft]))

    async def _write_batch(self, drafts: Sequence[Draft]) -> list[Message | Exception]:
        rows = await self._database.fetch(store.SEND, *_columns(drafts))
        outcomes = [_outcome(draft, row) for draft, row in zip(drafts, rows, strict=True)]
        self._wakeups.wake(EVENTS)
        self._wakeups.wake(SUBMISSIONS)
        return [
            outcome if outcome is not None else await self._sent_before(draft)
            for draft, outcome in zip(drafts, outcomes, strict=True)
        ]

    async def _sent_before(self, draft: Draft) -> Message | Exception:
        try:
            row = await self._database.fetchrow(store.MESSAGE_BY_REFERENCE, draft.company_id, draft.reference)
        except Exception as error:  # this draft's alone: the batch is written, and must not be written again
            return error
        if row is None:
            return NotFound("message")
        message = _message_of(row)
        same = (message.conversation_id, message.text) == (draft.conversation_id, draft.text)
        if same and sorted(file.id for file in message.files) == list(draft.file_ids):
            return message
        return ReferenceReused("this reference was used for another message")


def _columns(drafts: Sequence[Draft]) -> list[list[Any]]:
    return [
        list(range(len(drafts))),
        [draft.company_id for draft in drafts],
        [draft.conversation_id for draft in drafts],
        [draft.author_id for draft in drafts],
        [draft.text for draft in drafts],
        [draft.reference for draft in drafts],
        ["{" + ",".join(map(str, draft.file_ids)) + "}" for draft in drafts],
        [draft.encoding for draft in drafts],
        [draft.segments for draft in drafts],
        [draft.origin for draft in drafts],
        [draft.automatic for draft in drafts],
    ]


def _outcome(draft: Draft, row: Record) -> Message | Exception | None:
    match row["verdict"]:
        case "sent":
            return Message(
                id=row["id"],
                company_id=draft.company_id,
                conversation_id=draft.conversation_id,
                direction="outbound",
                state="queued",
                text=draft.text,
                sender=row["sender"],
                recipients=row["recipients"],
                author_id=draft.author_id,
                reference=draft.reference,
                encoding=draft.encoding,
                segments=draft.segments,
                files=_files.decode(row["files"]) if draft.file_ids else [],
                read=True,
                error_code=None,
                error_text=None,
                created_at=row["created_at"],
                updated_at=row["created_at"],
            )
        case "reference":
            return None
        case "opted_out":
            return OptedOut(row["opted_out"])
        case "number":
            return Invalid("number", "cannot send files" if draft.file_ids else "cannot text")
        case missing:
            return NotFound(missing)


def _contact(row: Record) -> Contact:
    return Contact(
        id=row["id"],
        company_id=row["company_id"],
        number=row["number"],
        first_name=row["first_name"],
        last_name=row["last_name"],
    )


def _message_of(row: Record) -> Message:
    return Message(
        id=row["id"],
        company_id=row["company_id"],
        conversation_id=row["conversation_id"],
        direction=row["direction"],
        state=row["state"],
        text=row["text"],
        sender=row["sender"],
        recipients=row["recipients"],
        author_id=row["author_id"],
        reference=row["reference"],
        encoding=row["encoding"],
        segments=row["segments"],
        files=_files.decode(row["files"]) if row["files"] != "[]" else [],
        read=row["read"],
        error_code=row["error_code"],
        error_text=row["error_text"],
        activity=_activity.decode(row["activity"]) if row["activity"] else None,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
