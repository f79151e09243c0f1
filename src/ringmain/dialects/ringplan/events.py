"""From core events to RingPlan's notifications: Socket.IO pushes and webhooks."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from ringmain.core import events as core
from ringmain.core.calls.model import CallEvent, LegEvent
from ringmain.core.events import Event
from ringmain.core.presence.model import PresenceEvent
from ringmain.core.subscriptions.model import Destination, Subscription
from ringmain.core.texting.model import (
    ConversationEvent,
    Message,
    MessageDeleted,
    MessageEvent,
    MessagesRead,
    Parties,
)
from ringmain.dialects.kit.answer import encode
from ringmain.dialects.kit.notification import Notification, PatientFace
from ringmain.dialects.ringplan import calls_wire, dates, ids, wire

NOWHERE: Final = "about:blank"
"""The address of an endpoint that has subscriptions before it has an address."""


class Push(msgspec.Struct, frozen=True):
    """One Socket.IO event. `payload` is its only argument as JSON; `session` is the socket that need not hear of it."""

    name: str
    payload: bytes
    session: str = ""


def _message_new(event: Event) -> Push:
    given = _message_event.decode(event.payload)
    other = given.conversation.contacts[0] if given.conversation.contacts else None
    called = wire.Called(other.first_name, other.last_name, other.number) if other else None
    return Push("texting.message.new", encode(_message(given.message, given.conversation, called)))


def _message_delete(event: Event) -> Push:
    given = _message_deleted.decode(event.payload)
    payload = {"id": ids.encode(given.message_id), "conversation_id": ids.encode(given.conversation_id)}
    return Push("texting.message.delete", encode(payload))


def _mark_as_read(event: Event) -> Push | None:
    given = _messages_read.decode(event.payload)
    if not given.read:
        return None
    payload = {
        "conversation_id": ids.encode(given.conversation_id),
        "messagesIds": [ids.encode(message_id) for message_id in given.message_ids],
        "timezone": given.timezone,
    }
    return Push("texting.message.markAsRead", encode(payload), given.session)


def _chat_new(event: Event) -> Push:
    return Push("texting.chat.new", encode(wire.conversation(_conversation_event.decode(event.payload).conversation)))


def _chat_delete(event: Event) -> Push:
    return Push("texting.chat.delete", encode({"id": ids.encode(event.subject_id)}))


def _user_status(event: Event) -> Push:
    return Push("user_status_updated", encode(wire.user_status(_presence_event.decode(event.payload).presence)))


PUSHES: Final[dict[str, Callable[[Event], Push | None]]] = {
    core.MESSAGE_CREATED: _message_new,
    core.MESSAGE_DELETED: _message_delete,
    core.MESSAGES_READ: _mark_as_read,
    core.CONVERSATION_CREATED: _chat_new,
    core.CONVERSATION_DELETED: _chat_delete,
    core.PRESENCE_UPDATED: _user_status,
}


class WebhookType(msgspec.Struct, frozen=True):
    """What a vendor's webhook event is in the core, and which events of that type it means."""

    event_type: str
    filter: dict[str, Any]


WEBHOOK_TYPES: Final = {
    "dial.action.started": WebhookType(core.CALL_RINGING, {}),
    "dial.action.completed": WebhookType(core.CALL_DIAL_ENDED, {}),
    "call.action.hangup": WebhookType(core.CALL_ENDED, {}),
    "texting.message.inbound": WebhookType(core.MESSAGE_CREATED, {"message": {"direction": "inbound"}}),
}


class RingPlanFace(PatientFace):
    """Renders webhooks: POST of `{id, type, company_id, created_at, data}` (specs/ringplan.md 6, row 39)."""

    name = "ringplan"

    async def render(self, event: Event, subscription: Subscription, endpoint: Destination) -> Notification | None:
        """The request, or None for what this face has no words for and while there is no address."""
        if endpoint.url == NOWHERE:
            return None
        kind = subscription.name
        match event.type:
            case core.WEBHOOK_TEST:
                kind, data = core.WEBHOOK_TEST, encode({})
            case core.MESSAGE_CREATED:
                given = _message_event.decode(event.payload)
                if given.message.direction != "inbound":
                    return None
                data = encode(_message(given.message, given.conversation, None))
            case core.CALL_RINGING:
                rung = _leg_event.decode(event.payload)
                data = encode(calls_wire.call_started(rung.call, rung.leg))
            case core.CALL_DIAL_ENDED:
                rung = _leg_event.decode(event.payload)
                data = encode(calls_wire.dial_completed(rung.call, rung.leg))
            case core.CALL_ENDED:
                data = encode(calls_wire.call_hung_up(_call_event.decode(event.payload).call))
            case _:
                return None
        envelope = {
            "id": ids.encode(event.id),
            "type": kind,
            "company_id": ids.encode(event.company_id),
            "created_at": dates.zulu(event.created_at),
            "data": msgspec.Raw(data),
        }
        return Notification(url=with_scheme(endpoint.url), body=encode(envelope))


def with_scheme(url: str) -> str:
    """The address to dial: https unless it says otherwise."""
    return url if "://" in url else f"https://{url}"


def _message(message: Message, parties: Parties, called: wire.Called | None) -> wire.WireMessage:
    return wire.message(message, parties.kind, parties.timezone, called)


_call_event: Final = msgspec.json.Decoder(CallEvent)
_leg_event: Final = msgspec.json.Decoder(LegEvent)
_message_event: Final = msgspec.json.Decoder(MessageEvent)
_message_deleted: Final = msgspec.json.Decoder(MessageDeleted)
_messages_read: Final = msgspec.json.Decoder(MessagesRead)
_conversation_event: Final = msgspec.json.Decoder(ConversationEvent)
_presence_event: Final = msgspec.json.Decoder(PresenceEvent)
