"""From core events to Ringotel's six notifications (specs/ringotel.md 2).

What the API's client brought himself is not told to him as a message again. What became of a message is told, whoever
caused it: an account may have several clients.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from ringmain.core import events as core
from ringmain.core.accounts.webhooks import KEY
from ringmain.core.errors import NotFound
from ringmain.core.events import Event
from ringmain.core.numbers.spelling import spelled
from ringmain.core.subscriptions.model import Destination, Subscription
from ringmain.core.system import Core
from ringmain.core.texting.chat_parties import ChatUser
from ringmain.core.texting.model import Message, MessageDeleted, MessageEvent, MessagesRead, Parties, Typing
from ringmain.core.trunks.model import Spelling
from ringmain.dialects.kit.answer import encode
from ringmain.dialects.kit.notification import Notification
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.chat_ends import DIALECT
from ringmain.dialects.ringotel.links import FileLinks
from ringmain.dialects.ringotel.messages import Type

SCHEDULE: Final = (0.0, 10.0, 60.0, 300.0, 1800.0)
"""Seconds before each of five tries: a receiver may be its own carrier, and must outlive a restart of it."""
FRESH: Final = timedelta(seconds=30)
"""How long it is of interest that somebody is writing."""

Called = tuple[str, dict[str, Any]]
"""A notification's method and parameters."""


class RingotelFace:
    """Renders notifications: POST of `{method, params, api_key}`. Which key it is, is an option of the endpoint."""

    name = DIALECT

    def __init__(self, core: Core, public_url: str) -> None:
        self._accounts = core.accounts
        self._parties = core.chat_parties
        self._trunks = core.trunks
        self._links = FileLinks(core.credentials, public_url)

    async def render(self, event: Event, subscription: Subscription, endpoint: Destination) -> Notification | None:
        """The request, or None for what receivers have no use for."""
        called = await self._called(event)
        if called is None:
            return None
        method, params = called
        body = {"method": method, "params": params, "api_key": await self._key(endpoint)}
        return Notification(url=endpoint.url, body=encode(body))

    def schedule(self, event_type: str) -> Sequence[float] | None:
        """The same for all."""
        return SCHEDULE

    def is_final(self, status: int) -> bool:
        """Whatever is no success is tried again."""
        return False

    async def _key(self, endpoint: Destination) -> str:
        try:
            return await self._accounts.webhook_secret(endpoint.company_id, endpoint.options[KEY])
        except (KeyError, NotFound):
            return ""  # deleted at this moment, with the endpoint

    async def _called(self, event: Event) -> Called | None:
        match event.type:
            case core.MESSAGE_CREATED:
                return await self._created(event)
            case core.MESSAGE_UPDATED:
                return _updated(_message_event.decode(event.payload))
            case core.MESSAGE_DELETED:
                deleted = _message_deleted.decode(event.payload)
                return "deleted", {"messageid": ids.encode_stamp(deleted.message_id)}
            case core.MESSAGES_READ:
                read = _messages_read.decode(event.payload)
                return ("read", {"sessionid": ids.encode_stamp(read.conversation_id)}) if read.read else None
            case core.CONVERSATION_TYPING:
                typing = _typing.decode(event.payload)
                if datetime.now(UTC) - event.created_at > FRESH:
                    return None
                state = "on" if typing.on else "off"
                return "typing", {"sessionid": ids.encode_stamp(typing.conversation_id), "state": state}
            case core.WEBHOOK_TEST:
                return "test", {}
        return None

    async def _created(self, event: Event) -> Called | None:
        given = _message_event.decode(event.payload)
        if given.message.direction == "inbound":
            # Texts of other carriers are none of the receivers'; one that he brought has arrived with the user now.
            return _delivered(given.message) if event.origin == DIALECT else None
        if event.origin == DIALECT:
            return None
        return "message", await self._message(given.message, given.conversation)

    async def _message(self, message: Message, parties: Parties) -> dict[str, Any]:
        user = await self._author(message, parties)
        kind, content = await self._content(message)
        spelling = await self._trunks.spelling(message.company_id, parties.number)
        own = spelled(parties.number, spelling.outbound, spelling.country)
        return {
            **_recipient(parties, spelling),
            "from": own if user is None else str(user.number),
            "orgid": ids.encode(message.company_id),
            "userid": "" if user is None else ids.encode(user.id),
            "messageid": ids.encode_stamp(message.id),
            "sessionid": ids.encode_stamp(message.conversation_id),
            "content": content,
            "type": int(kind),
        }

    async def _author(self, message: Message, parties: Parties) -> ChatUser | None:
        """Who wrote it, else who texts from its number; None where neither has an extension."""
        if message.author_id is not None:
            user = await self._parties.user_of_person(message.company_id, message.author_id)
            if user is not None:
                return user
        return await self._parties.user_of_number(message.company_id, parties.number_id)

    async def _content(self, message: Message) -> tuple[Type, str]:
        """One file alone is a file; of a text with files, or of several files, the links are lines of the text."""
        links = [await self._links.of(message.company_id, file) for file in message.files]
        if len(links) == 1 and not message.text:
            return Type.FILE, links[0]
        return Type.TEXT, "\n".join([message.text, *links] if message.text else links)


def _recipient(parties: Parties, spelling: Spelling) -> dict[str, str]:
    """Somebody whom the API's client knows by an id of his own is named by it."""
    handle = parties.contacts[0].handle if len(parties.contacts) == 1 else None
    if handle is not None:
        return {"senderid": handle}
    numbers = [spelled(contact.number, spelling.inbound, spelling.country) for contact in parties.contacts]
    return {"to": ",".join(numbers)}


def _updated(given: MessageEvent) -> Called | None:
    if given.change == "text":
        return "updated", {"messageid": ids.encode_stamp(given.message.id), "content": given.message.text}
    return _delivered(given.message) if given.message.state == "delivered" else None


def _delivered(message: Message) -> Called:
    params = {"messageid": ids.encode_stamp(message.id), "sessionid": ids.encode_stamp(message.conversation_id)}
    return "delivered", params


_message_event: Final = msgspec.json.Decoder(MessageEvent)
_message_deleted: Final = msgspec.json.Decoder(MessageDeleted)
_messages_read: Final = msgspec.json.Decoder(MessagesRead)
_typing: Final = msgspec.json.Decoder(Typing)
