"""Texting: contacts, conversations, messages. Also the shapes that events carry (migration 0001, message_json)."""

from datetime import datetime
from typing import Literal

import msgspec

Direction = Literal["inbound", "outbound"]
State = Literal["received", "queued", "sending", "sent", "delivered", "failed", "unknown"]
Encoding = Literal["gsm7", "ucs2"]
Kind = Literal["direct", "group"]

MAX_TEXT = 39_015  # 255 parts of 153 septets: the longest text that SMS can carry


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody texted with. `number` is E.164 with +, a short code, or what else texts came from.

    `handle`: an API's own id of somebody who is texted through it.
    """

    id: int
    company_id: int
    number: str
    first_name: str
    last_name: str
    handle: str | None = None
    email: str | None = None


class AttachedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as messages carry it; its content does not change once uploaded."""

    id: int
    name: str
    mimetype: str
    size: int
    uploaded_at: datetime


class CallActivity(msgspec.Struct, frozen=True, kw_only=True):
    """A record of a call, kept among messages. `duration` is in seconds; `transcription` names one, in any way."""

    duration: int
    caller: str
    called: str
    subject: str = ""
    comment: str = ""
    transcription: str = ""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A text in either direction. `reference` is the client's own; `author_id` the person who wrote it.

    `activity`: the call that it is a record of; its text says the same.
    """

    id: int
    company_id: int
    conversation_id: int
    direction: Direction
    state: State
    text: str
    sender: str
    recipients: list[str]
    author_id: int | None
    reference: str | None
    encoding: Encoding
    segments: int
    files: list[AttachedFile]
    read: bool
    error_code: str | None
    error_text: str | None
    activity: CallActivity | None = None
    created_at: datetime
    updated_at: datetime


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """Messages between one of our numbers and one contact (direct) or several (group).

    `pinned_at`: since when the company keeps it on top, or None.
    """

    id: int
    company_id: int
    kind: Kind
    number_id: int
    number: str  # ours, E.164
    contacts: list[Contact]
    last_message: Message | None
    last_activity_at: datetime
    message_count: int
    unread_count: int
    timezone: str  # the company's
    pinned_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


class Parties(msgspec.Struct, frozen=True, kw_only=True):
    """Whose conversation a message event is about."""

    id: int
    kind: Kind
    number_id: int
    number: str
    contacts: list[Contact]
    timezone: str


class MessageEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of message.created, message.imported and message.updated. `change`: what was updated."""

    message: Message
    conversation: Parties
    change: Literal["state", "text"] = "state"


class MessageDeleted(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of message.deleted: one event a message."""

    message_id: int
    conversation_id: int


class MessagesRead(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of messages.read. `session` names the socket that did it, so that it is not told of itself."""

    conversation_id: int
    message_ids: list[int]
    read: bool
    person_id: int | None
    timezone: str
    session: str


class Typing(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of conversation.typing: somebody is writing (`on`), or has stopped."""

    conversation_id: int
    on: bool


class ConversationEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of conversation.created (last_message is null), conversation.updated and conversation.deleted."""

    conversation: Conversation


class OptOutEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of opt_out.created and opt_out.deleted."""

    number_id: int
    number: str
    contact_number: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list that counts all."""

    total: int


class MessagePage(Page, frozen=True, kw_only=True):
    """Messages of one conversation, newest first; `kind` and `timezone` are its."""

    items: list[Message]
    kind: Kind
    timezone: str


class ConversationPage(Page, frozen=True, kw_only=True):
    """Latest activity first."""

    items: list[Conversation]
