"""Chats that go by an API: its client brings texts, carries ours himself and tells what became of them."""

from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from ringmain.core.errors import Invalid, NotFound, WrongState
from ringmain.core.events import MESSAGE_CREATED, MESSAGE_IMPORTED
from ringmain.core.listing import clamped
from ringmain.core.texting import chat_store as store
from ringmain.core.texting.checks import check_text, measure_inbound
from ringmain.core.texting.model import MAX_TEXT, CallActivity, Conversation, Direction, Message
from ringmain.core.texting.service import Texting
from ringmain.database.pool import Database
from ringmain.database.wakeup import EVENTS, Wakeups

TRIES: Final = 5
MAX_OVERVIEW: Final = 10_000

_activity: Final = msgspec.json.Decoder(CallActivity)
_message: Final = msgspec.json.Decoder(Message)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A message that both sides have already: it is written down as read, and no carrier gets it.

    `moment`: when it was written; None is now. `quiet`: nobody is told of it as of something new.
    """

    direction: Direction
    text: str
    author_id: int | None = None
    file_ids: tuple[int, ...] = ()
    activity: CallActivity | None = None
    moment: datetime | None = None
    quiet: bool = False


class ChatOverview(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation in a list: between one of our numbers and `theirs`.

    `line_of`: the extension whose line the number is. `held_by`: the extension whose user has it alone for now.
    """

    id: int
    number_id: int
    number: str
    line_of: int | None
    held_by: int | None
    theirs: list[str]
    active_at: datetime


class Chats:
    """Verbs on messages and conversations that RingPlan and carriers have no need of."""

    def __init__(self, database: Database, wakeups: Wakeups, texting: Texting) -> None:
        self._database = database
        self._wakeups = wakeups
        self._texting = texting

    async def write_down(self, company_id: int, conversation_id: int, entry: Entry, *, origin: str = "") -> Message:
        """Keep a message in its place by time; what is to come counts as of now.

        Raises Invalid, NotFound("conversation", "file").
        """
        text = check_text("text", entry.text)
        if len(text) > MAX_TEXT:
            raise Invalid("text", f"must not be longer than {MAX_TEXT} characters")
        if not text and not entry.file_ids:
            raise Invalid("text", "a message needs a text or a file")
        encoding, parts = measure_inbound(text)
        moment = None if entry.moment is None else min(entry.moment, datetime.now(UTC))
        activity = None if entry.activity is None else msgspec.json.encode(entry.activity).decode()
        if activity and "\\u0000" in activity:
            raise Invalid("activity", "must not contain the NUL character")
        for _ in range(TRIES):  # an id of the past may be taken
            row = await self._database.fetchrow(
                store.WRITE_DOWN,
                company_id,
                conversation_id,
                entry.direction,
                text,
                entry.author_id,
                encoding,
                parts,
                sorted(set(entry.file_ids)),
                moment,
                MESSAGE_IMPORTED if entry.quiet else MESSAGE_CREATED,
                origin,
                activity,
            )
            assert row is not None  # noqa: S101 - the statement always answers one row
            if not row["conversation_known"]:
                raise NotFound("conversation")
            if not row["files_known"]:
                raise NotFound("file")
            if row["message"] is not None:
                self._wakeups.wake(EVENTS)
                return _message.decode(row["message"])
        raise Invalid("moment", "has too many messages already")

    async def edit_message(self, company_id: int, message_id: int, *, text: str, origin: str = "") -> None:
        """Change what a message says, here: what a carrier has, it has. The same text again changes nothing.

        Raises NotFound, Invalid, WrongState (it is the record of a call).
        """
        if not text:
            raise Invalid("text", "must not be empty")
        if len(check_text("text", text)) > MAX_TEXT:
            raise Invalid("text", f"must not be longer than {MAX_TEXT} characters")
        fixed = await self._database.fetchval(store.EDIT, company_id, message_id, text, *measure_inbound(text), origin)
        if fixed is None:
            raise NotFound("message")
        if fixed:
            raise WrongState("this is the record of a call")
        self._wakeups.wake(EVENTS)

    async def file_activity(
        self,
        company_id: int,
        message_id: int,
        *,
        subject: str | None = None,
        comment: str | None = None,
        origin: str = "",
    ) -> None:
        """Say what a call was about, in its record; what is None stays. Raises NotFound("activity"), Invalid."""
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(store.FOR_FILING, company_id, message_id)
            if row is None:
                raise NotFound("activity")
            old = _activity.decode(row["activity"])
            new = msgspec.structs.replace(
                old,
                subject=old.subject if subject is None else check_text("subject", subject),
                comment=old.comment if comment is None else check_text("comment", comment),
            )
            text = activity_text(new, row["direction"])
            if len(text) > MAX_TEXT:
                raise Invalid("comment", f"subject and comment must not be longer than {MAX_TEXT} characters")
            encoded = msgspec.json.encode(new).decode()
            await connection.execute(
                *(store.FILE, company_id, message_id, encoded, text, *measure_inbound(text), origin)
            )
        self._wakeups.wake(EVENTS)

    async def overview(
        self, company_id: int, *, number: str | None = None, since: datetime, until: datetime
    ) -> list[ChatOverview]:
        """Conversations, of one of our numbers or of all, that were last active from `since` until before `until`.

        The latest first, at most 10,000.
        """
        rows = await self._database.fetch(
            *(store.OVERVIEW, company_id, number, clamped(since), clamped(until), MAX_OVERVIEW)
        )
        return [ChatOverview(**dict(row.items())) for row in rows]

    async def delete_message(self, company_id: int, message_id: int, *, origin: str = "") -> None:
        """Delete a message of whatever conversation. Raises NotFound."""
        conversation_id = await self._database.fetchval(store.CONVERSATION_OF, company_id, message_id)
        if conversation_id is None:
            raise NotFound("message")
        try:
            await self._texting.delete_messages(company_id, conversation_id, [message_id], origin=origin)
        except NotFound:
            raise NotFound("message") from None

    async def mark_delivered(self, company_id: int, message_id: int, *, origin: str = "") -> None:
        """Somebody else says that it arrived; carriers try no more. What failed, or came in, stays as it is.

        Raises NotFound.
        """
        if not await self._database.fetchval(store.MARK_DELIVERED, company_id, message_id, origin):
            raise NotFound("message")
        self._wakeups.wake(EVENTS)

    async def mark_all_read(
        self, company_id: int, conversation_id: int, *, person_id: int | None = None, origin: str = ""
    ) -> None:
        """Everything in the conversation is read. Raises NotFound."""
        arguments = (company_id, conversation_id, person_id, origin)
        if not await self._database.fetchval(store.MARK_ALL_READ, *arguments):
            raise NotFound("conversation")
        self._wakeups.wake(EVENTS)

    async def type(self, company_id: int, conversation_id: int, *, on: bool = True, origin: str = "") -> None:
        """Tell that somebody is writing, or has stopped. Nothing but the event is kept. Raises NotFound."""
        if not await self._database.fetchval(store.TYPING, company_id, conversation_id, on, origin):
            raise NotFound("conversation")
        self._wakeups.wake(EVENTS)

    async def continue_conversation(
        self, company_id: int, conversation_id: int, *, origin: str = ""
    ) -> tuple[Conversation, bool]:
        """This conversation, or, where it was deleted, the one that there is now between its parties, opened if need
        be; and whether it was opened. Raises NotFound for what never was.
        """
        row = await self._database.fetchrow(store.PARTIES, company_id, conversation_id)
        if row is None:
            raise NotFound("conversation")
        return await self._texting.open_conversation(
            company_id, number=row["number"], contact_ids=row["contact_ids"], origin=origin
        )


def activity_text(activity: CallActivity, direction: Literal["inbound", "outbound"]) -> str:
    """A record of a call in words, for whoever has no more than texts."""
    minutes, seconds = divmod(activity.duration, 60)
    spent = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    kind = "Incoming" if direction == "inbound" else "Outgoing"
    lines = [f"{kind} call from {activity.caller} to {activity.called}, {spent}", activity.subject, activity.comment]
    return "\n".join(line for line in lines if line)
