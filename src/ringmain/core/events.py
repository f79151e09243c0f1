"""Events: what happened, written in the transaction that made it happen, read by relay, realtime and renderers.

Payloads are core shapes with everything a notification needs (see each package's model.py).
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from ringmain.core.ids import moment_of

MESSAGE_CREATED: Final = "message.created"
MESSAGE_IMPORTED: Final = "message.imported"  # it was written elsewhere, some time ago: nothing to ring for
MESSAGE_UPDATED: Final = "message.updated"  # state, text
MESSAGES_READ: Final = "messages.read"
MESSAGE_DELETED: Final = "message.deleted"
CONVERSATION_CREATED: Final = "conversation.created"
CONVERSATION_UPDATED: Final = "conversation.updated"  # pinned, or no longer
CONVERSATION_DELETED: Final = "conversation.deleted"
CONVERSATION_TYPING: Final = "conversation.typing"
OPT_OUT_CREATED: Final = "opt_out.created"
OPT_OUT_DELETED: Final = "opt_out.deleted"
PERSON_CREATED: Final = "person.created"
PERSON_UPDATED: Final = "person.updated"
PERSON_DELETED: Final = "person.deleted"
PRESENCE_UPDATED: Final = "presence.updated"
EXTENSION_CREATED: Final = "extension.created"
EXTENSION_UPDATED: Final = "extension.updated"  # its settings, or how its phone stands
EXTENSION_DELETED: Final = "extension.deleted"
VOICEMAIL_CREATED: Final = "voicemail.created"
VOICEMAIL_UPDATED: Final = "voicemail.updated"  # listened to, or not
VOICEMAIL_DELETED: Final = "voicemail.deleted"
FAX_CREATED: Final = "fax.created"  # to be sent, now or at its time
FAX_UPDATED: Final = "fax.updated"  # its state, what is written on it, read or hidden
FAX_RECEIVED: Final = "fax.received"
FAX_DELETED: Final = "fax.deleted"
MEETING_CREATED: Final = "meeting.created"
MEETING_UPDATED: Final = "meeting.updated"
MEETING_DELETED: Final = "meeting.deleted"  # called off
CALL_RINGING: Final = "call.ringing"  # a leg begins to ring
CALL_DIAL_ENDED: Final = "call.dial_ended"  # that attempt is over, answered or not
CALL_ENDED: Final = "call.ended"  # the whole call is over
CALL_OFFERED: Final = "call.offered"  # a group is about to ring somebody with it
CALL_RECORDED: Final = "call.recorded"  # it is over, and its recording can be had
GROUP_CREATED: Final = "group.created"
GROUP_UPDATED: Final = "group.updated"
GROUP_DELETED: Final = "group.deleted"
OUTREACH_CREATED: Final = "outreach.created"  # somebody will be reminded
OUTREACH_UPDATED: Final = "outreach.updated"  # what it is about, or what came of an attempt
OUTREACH_DISPOSITIONED: Final = "outreach.dispositioned"  # confirmed, cancelled, or its date has passed
WEBHOOK_TEST: Final = "webhook.test"

TYPES: Final = frozenset(
    {
        MESSAGE_CREATED,
        MESSAGE_IMPORTED,
        MESSAGE_UPDATED,
        MESSAGES_READ,
        MESSAGE_DELETED,
        CONVERSATION_CREATED,
        CONVERSATION_UPDATED,
        CONVERSATION_DELETED,
        CONVERSATION_TYPING,
        OPT_OUT_CREATED,
        OPT_OUT_DELETED,
        PERSON_CREATED,
        PERSON_UPDATED,
        PERSON_DELETED,
        PRESENCE_UPDATED,
        EXTENSION_CREATED,
        EXTENSION_UPDATED,
        EXTENSION_DELETED,
        VOICEMAIL_CREATED,
        VOICEMAIL_UPDATED,
        VOICEMAIL_DELETED,
        FAX_CREATED,
        FAX_UPDATED,
        FAX_RECEIVED,
        FAX_DELETED,
        MEETING_CREATED,
        MEETING_UPDATED,
        MEETING_DELETED,
        CALL_RINGING,
        CALL_DIAL_ENDED,
        CALL_ENDED,
        CALL_OFFERED,
        CALL_RECORDED,
        GROUP_CREATED,
        GROUP_UPDATED,
        GROUP_DELETED,
        OUTREACH_CREATED,
        OUTREACH_UPDATED,
        OUTREACH_DISPOSITIONED,
    }
)
"""Every type that can be subscribed to. `webhook.test` is sent on demand only."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the log. `payload` is the raw JSON; decode it with the payload Struct of its type."""

    id: int
    company_id: int
    type: str
    subject_id: int
    order_key: int
    origin: str
    payload: msgspec.Raw

    @property
    def created_at(self) -> datetime:
        """When it happened, in UTC."""
        return moment_of(self.id)

    def decode(self) -> dict[str, Any]:
        """The payload as plain JSON values, for renderers that pass it on as it is."""
        return msgspec.json.decode(self.payload, type=dict[str, Any])
