"""The method `message` in all its forms (specs/ringotel.md 2)."""

from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Protocol

import msgspec

from ringmain.core.errors import Unavailable
from ringmain.core.files.service import MAX_SIZE
from ringmain.core.system import Core
from ringmain.core.texting.carrier import InboundText
from ringmain.core.texting.chats import Entry, activity_text
from ringmain.core.texting.model import MAX_TEXT, CallActivity, Contact, Conversation, Direction, Message
from ringmain.dialects.kit import form
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.chat_ends import DIALECT, ChatEnds, Ends, Named
from ringmain.dialects.ringotel.params import Id, Millis, Whole, Word
from ringmain.dialects.ringotel.params import read as read_params
from ringmain.dialects.ringotel.rpc import Method, Org


class Type(IntEnum):
    """What a message is; in our notifications FILE is a link to one."""

    TEXT = 1
    FILE = 2
    LINK = 7
    CALL = 8


class NewMessage(Named, frozen=True, kw_only=True):
    """`content` is a text, a link, or the object of a call; `file` an upload (section 5, readings 3 and 13)."""

    content: Any = None
    type: Whole = Type.TEXT
    messageid: Id = Id()
    timestamp: Millis | None = None
    file: Any = None

    @property
    def moment(self) -> datetime | None:
        """When it was written, where that is said."""
        return None if self.timestamp is None else datetime.fromtimestamp(self.timestamp / 1000, UTC)


class CallContent(msgspec.Struct, frozen=True):
    """The content of a call (readings 10 and 11)."""

    duration: Whole
    caller: Word
    called: Word
    subject: Word = Word()
    comment: Word = Word()
    transcription: Word = Word()


class Fetched(Protocol):
    """A document from elsewhere."""

    @property
    def content(self) -> bytes: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def mimetype(self) -> str | None: ...  # noqa: D102


class Fetcher(Protocol):
    """Gets documents from addresses that customers choose (delivery/download.py)."""

    async def __call__(self, url: str, *, limit: int) -> Fetched:
        """At most `limit` octets. Raises Unavailable, which says why, and TooLarge."""
        ...


class Sent(msgspec.Struct, frozen=True):
    """The result: both ids, always (reading 8)."""

    messageid: str
    sessionid: str


class Session(msgspec.Struct, frozen=True):
    """The result of a message without content."""

    sessionid: str


class MessageMethods:
    """Messages that the API's client brings. None of them goes out by a carrier: he carries them himself."""

    def __init__(self, core: Core, fetch: Fetcher) -> None:
        self._texting = core.texting
        self._chats = core.chats
        self._files = core.files
        self._ends = ChatEnds(core)
        self._fetch = fetch
        self.methods = [Method("message", NewMessage, self.message)]

    async def message(self, org: Org, given: NewMessage) -> Sent | Session:
        """Bring a message, place one that is there into another session, or open a session."""
        if isinstance(given.file, form.Upload):
            return await self._bring_file(org, given, given.file)
        match given.type:
            case Type.TEXT | Type.FILE if given.messageid and _is_absent(given.content):
                return await self._place(org, given)
            case Type.TEXT if _is_absent(given.content):
                return await self._open(org, given)
            case Type.TEXT:
                text = _text(given.content)
                return await self._bring(org, given, await self._ends.read(org, given), text)
            case Type.LINK:
                return await self._bring_link(org, given)
            case Type.CALL:
                return await self._bring_call(org, given)
            case Type.FILE:
                raise BadRequest("type: a file comes as a form, or by its link as type 7")
            case _:
                raise BadRequest("type: must be 1, 2, 7 or 8")

    async def _open(self, org: Org, given: NewMessage) -> Session:
        if given.sessionid:
            raise BadRequest("content: is required, or a messageid")
        conversation, _ = await self._ends.open(org, await self._ends.read(org, given), given)
        return Session(ids.encode_stamp(conversation.id))

    async def _bring_link(self, org: Org, given: NewMessage) -> Sent:
        url = given.content
        if not isinstance(url, str) or not url.strip().lower().startswith(("http://", "https://")):
            raise BadRequest("content: must be the link of a file, http or https")
        ends = await self._ends.read(org, given)
        if given.sessionid:
            ids.decode_stamp(given.sessionid, "session")
        try:
            fetched = await self._fetch(url.strip(), limit=MAX_SIZE)
        except Unavailable as error:
            raise BadRequest(f"content: {error}") from error
        upload = form.Upload(fetched.content, fetched.name, fetched.mimetype)
        return await self._bring(org, given, ends, "", upload)

    async def _bring_file(self, org: Org, given: NewMessage, upload: form.Upload) -> Sent:
        return await self._bring(org, given, await self._ends.read(org, given), "", upload)

    async def _bring(
        self, org: Org, given: NewMessage, ends: Ends, text: str, upload: form.Upload | None = None
    ) -> Sent:
        if upload is not None and not upload.content:
            raise BadRequest("file: is empty")
        conversation, contact = await self._ends.open(org, ends, given)
        file_ids = () if upload is None else (await self._keep(org, upload),)
        imported = bool(given.sessionid) and given.timestamp is not None
        if ends.direction == "inbound" and not imported:
            return _sent(await self._receive(org, given, conversation, contact, text, file_ids))
        entry = Entry(
            direction=ends.direction,
            text=text,
            author_id=_author(ends),
            file_ids=file_ids,
            moment=given.moment,
            quiet=imported,
        )
        return await self._write_down(org, conversation, entry)

    async def _receive(
        self,
        org: Org,
        given: NewMessage,
        conversation: Conversation,
        contact: Contact,
        text: str,
        file_ids: tuple[int, ...],
    ) -> Message:
        """As texts come in from carriers: unread, and STOP is obeyed."""
        return await self._texting.receive(
            InboundText(
                carrier=DIALECT,
                sender=contact.number,
                recipient=conversation.number,
                text=text,
                file_ids=list(file_ids),
                received_at=given.moment,
                company_id=org.company_id,
            )
        )

    async def _bring_call(self, org: Org, given: NewMessage) -> Sent:
        if not given.sessionid:
            raise BadRequest("sessionid: is required")
        if not isinstance(given.content, dict):
            raise BadRequest("content: must be an object")
        call = read_params(given.content, CallContent)
        activity = CallActivity(
            duration=call.duration,
            caller=str(call.caller),
            called=str(call.called),
            subject=str(call.subject),
            comment=str(call.comment),
            transcription=str(call.transcription),
        )
        caller = await self._ends.ours(org, activity.caller.strip())
        direction: Direction = "outbound" if caller else "inbound"
        text = activity_text(activity, direction)
        if len(text) > MAX_TEXT:
            raise BadRequest(f"content: must not be longer than {MAX_TEXT} characters")
        conversation = await self._ends.session(org, given.sessionid)
        author = caller.user.person_id if caller and caller.user else None
        entry = Entry(
            direction=direction, text=text, author_id=author, activity=activity, moment=given.moment, quiet=True
        )
        return await self._write_down(org, conversation, entry)

    async def _place(self, org: Org, given: NewMessage) -> Sent:
        """A copy, at the same place in time. Without ends it goes the way that the original went."""
        if not given.sessionid:
            raise BadRequest("sessionid: is required")
        original = await self._texting.get_message(org.company_id, ids.decode_stamp(given.messageid, "message"))
        direction, author = original.direction, original.author_id
        if given.sender or given.to or given.userid:
            ends = await self._ends.read(org, given)
            direction, author = ends.direction, _author(ends)
        conversation = await self._ends.session(org, given.sessionid)
        entry = Entry(
            direction=direction,
            text=original.text,
            author_id=author,
            file_ids=tuple(file.id for file in original.files),
            activity=original.activity,
            moment=given.moment or original.created_at,
            quiet=True,
        )
        return await self._write_down(org, conversation, entry)

    async def _write_down(self, org: Org, conversation: Conversation, entry: Entry) -> Sent:
        return _sent(await self._chats.write_down(org.company_id, conversation.id, entry, origin=DIALECT))

    async def _keep(self, org: Org, upload: form.Upload) -> int:
        file = await self._files.create(org.company_id, name=upload.name or "file")
        await self._files.upload(
            org.company_id, file.id, content=upload.content, uploaded_name=upload.name, mimetype=upload.mimetype
        )
        return file.id


def _is_absent(content: object) -> bool:
    return content is None or content == ""


def _text(content: object) -> str:
    if isinstance(content, bool) or not isinstance(content, str | int):
        raise BadRequest("content: must be a text")
    text = str(content)
    if len(text) > MAX_TEXT:
        raise BadRequest(f"content: must not be longer than {MAX_TEXT} characters")
    return text


def _author(ends: Ends) -> int | None:
    """Whose words an outbound message is."""
    user = ends.ours.user
    return user.person_id if user and ends.direction == "outbound" else None


def _sent(message: Message) -> Sent:
    return Sent(ids.encode_stamp(message.id), ids.encode_stamp(message.conversation_id))
