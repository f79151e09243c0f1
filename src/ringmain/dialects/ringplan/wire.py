"""RingPlan's objects (specs/ringplan.md 4) and how they are made from the core's."""

from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from ringmain.core.companies.model import Company
from ringmain.core.files.model import File
from ringmain.core.numbers.model import Number
from ringmain.core.people.model import Person
from ringmain.core.presence.model import Presence
from ringmain.core.subscriptions.model import Endpoint, Subscription
from ringmain.core.texting.model import AttachedFile, Contact, Conversation, Message
from ringmain.dialects.ringplan import dates, ids

STAMP: Final = "/stamp/"
"""Parts a reference that was made from a stamp_id: `ringplan/<author>/stamp/<stamp_id>`."""


class WireTextingContact(msgspec.Struct):
    """Texting contact."""

    id: str
    company_id: str
    first_name: str
    last_name: str
    number: str


class WireTextingNumber(msgspec.Struct):
    """Texting number."""

    id: str
    company_id: str
    number: str
    ownership: list[str]


class Preview(msgspec.Struct):
    """A file's picture. `base64` is a whole `data:` URI, which clients put into an img element."""

    base64: str
    filename: str
    mimetype: str


class WireFile(msgspec.Struct):
    """File."""

    id: str
    company_id: str
    description: str
    mimetype: str | None
    name: str
    preview: Preview | None
    size: int | None
    uploaded_at: str | None
    uploaded_name: str | None
    user_id: str | None


class CampaignInfo(msgspec.Struct):
    """No message here belongs to a campaign, but clients look into it."""

    name: str = ""


class Called(msgspec.Struct):
    """Whom a pushed message is from or to, so that clients need not look the contact up."""

    first_name: str
    last_name: str
    number: str


class WireMessage(msgspec.Struct, omit_defaults=True):
    """Message. `contact` is in pushed messages only."""

    id: str
    campaign_info: CampaignInfo
    conversation_id: str
    conversation_type: str
    created_at: str
    direction: str
    files: list[WireFile]
    frm: str
    is_read: bool
    is_visible: bool
    source_conversation_type: str
    stamp_id: str | None
    success: bool
    text: str
    timezone: str
    to: str
    contact: Called | None = None


class WireConversation(msgspec.Struct):
    """Conversation."""

    id: str
    company_id: str
    contact_id: str | None
    contactinfo: WireTextingContact | None
    contactsinfo: list[WireTextingContact]
    conversation_type: str
    countunreadmessages: int
    from_number: str
    has_direct_msg: bool
    has_hidden_msg: bool
    last_message_created_at: str | None
    lastmessage: WireMessage | None
    recipients: list[str]
    timezone: str
    unread_msg_count: int
    updated_at: str


class WireWebhookUrl(msgspec.Struct):
    """Webhook URL."""

    id: str
    company_id: str
    url: str


class WireWebhookEvent(msgspec.Struct):
    """Webhook event."""

    id: str
    company_id: str
    type: str


class StatusDetails(msgspec.Struct):
    """A status and how it was set; null for no additional status."""

    status: str | None
    action_type: str


class WireStatus(msgspec.Struct):
    """The payload of user_status_updated."""

    company_id: str
    user_id: str
    user_email: str
    status: StatusDetails
    id: str
    created_at: str
    updated_at: str
    deleted_at: str | None = None


NumberFormat = Literal["national", "international"]


def number_text(e164: str, form: NumberFormat) -> str:
    """`national`: 10 digits for the numbers of North America. Others keep their +, as 10 digits would be misread."""
    return e164[2:] if form == "national" and e164.startswith("+1") else e164


def texting_contact(contact: Contact) -> WireTextingContact:
    """Its number stays E.164."""
    return WireTextingContact(
        ids.encode(contact.id), ids.encode(contact.company_id), contact.first_name, contact.last_name, contact.number
    )


def texting_number(number: Number, form: NumberFormat) -> WireTextingNumber:
    """`ownership` is the owners' e-mail addresses."""
    return WireTextingNumber(
        ids.encode(number.id), ids.encode(number.company_id), number_text(number.number, form), number.owner_emails
    )


def file(given: File, preview: Preview | None = None) -> WireFile:
    """A file by itself."""
    return WireFile(
        id=ids.encode(given.id),
        company_id=ids.encode(given.company_id),
        description=given.description,
        mimetype=given.mimetype,
        name=given.name,
        preview=preview,
        size=given.size,
        uploaded_at=dates.zulu(given.uploaded_at) if given.uploaded_at else None,
        uploaded_name=given.uploaded_name,
        user_id=ids.encode(given.uploaded_by) if given.uploaded_by else None,
    )


def _attached_file(attached: AttachedFile, message: Message) -> WireFile:
    return WireFile(
        id=ids.encode(attached.id),
        company_id=ids.encode(message.company_id),
        description="",
        mimetype=attached.mimetype,
        name=attached.name,
        preview=None,
        size=attached.size,
        uploaded_at=dates.zulu(attached.uploaded_at),
        uploaded_name=attached.name,
        user_id=ids.encode(message.author_id) if message.author_id else None,
    )


def stamp_of(message: Message) -> str | None:
    """The stamp_id that a RingPlan client gave the message."""
    reference = message.reference
    if reference is None or not reference.startswith("ringplan/"):
        return None
    return reference.partition(STAMP)[2] or None


def message(given: Message, kind: str, timezone: str, called: Called | None = None) -> WireMessage:
    """`kind` and `timezone` are its conversation's."""
    return WireMessage(
        id=ids.encode(given.id),
        campaign_info=CampaignInfo(),
        conversation_id=ids.encode(given.conversation_id),
        conversation_type=kind,
        created_at=dates.with_offset(given.created_at, timezone),
        direction=given.direction,
        files=[_attached_file(one, given) for one in given.files],
        frm=given.sender,
        is_read=given.read,
        is_visible=True,
        source_conversation_type=kind,
        stamp_id=stamp_of(given),
        success=given.state != "failed",
        text=given.text,
        timezone=timezone,
        to=",".join(given.recipients),
        contact=called,
    )


def conversation(given: Conversation) -> WireConversation:
    """`lastmessage` is null while there is none."""
    contacts = [texting_contact(contact) for contact in given.contacts]
    last = given.last_message
    return WireConversation(
        id=ids.encode(given.id),
        company_id=ids.encode(given.company_id),
        contact_id=contacts[0].id if contacts else None,
        contactinfo=contacts[0] if contacts else None,
        contactsinfo=contacts,
        conversation_type=given.kind,
        countunreadmessages=given.unread_count,
        from_number=number_text(given.number, "national"),
        has_direct_msg=given.kind == "direct",
        has_hidden_msg=False,
        last_message_created_at=dates.with_offset(last.created_at, given.timezone) if last else None,
        lastmessage=message(last, given.kind, given.timezone) if last else None,
        recipients=[contact.id for contact in contacts],
        timezone=given.timezone,
        unread_msg_count=given.unread_count,
        updated_at=dates.naive(given.updated_at),
    )


def webhook_url(endpoint: Endpoint) -> WireWebhookUrl:
    """The address as it was given, with or without a scheme."""
    return WireWebhookUrl(ids.encode(endpoint.id), ids.encode(endpoint.company_id), endpoint.url)


def webhook_event(subscription: Subscription) -> WireWebhookEvent:
    """`type` is the vendor's."""
    return WireWebhookEvent(ids.encode(subscription.id), ids.encode(subscription.company_id), subscription.name)


def user_status(presence: Presence) -> WireStatus:
    """A person's status: what they do, if they said so, or else whether they can be reached."""
    status, set_by = presence.additional or presence.status, presence.additional_set_by or presence.set_by
    return WireStatus(
        company_id=ids.encode(presence.company_id),
        user_id=ids.encode(presence.person_id),
        user_email=presence.email,
        status=StatusDetails(status, set_by),
        id=ids.encode(presence.id),
        created_at=dates.zulu(presence.created_at),
        updated_at=dates.zulu(presence.updated_at),
    )


COMPANY_PROFILE: Final = (
    "address",
    "affiliate",
    "billing_email",
    "description",
    "email",
    "emergency_contact_number",
    "employees",
    "fax",
    "onboarding",
    "partner_id",
    "phone",
    "revenue",
    "status",
    "website",
)


def company(given: Company) -> dict[str, Any]:
    """Company: what it says of itself, whatever that is, and what the core knows."""
    return {
        **dict.fromkeys(COMPANY_PROFILE),
        "affiliate": False,
        "onboarding": True,
        "status": "active",
        **{key: given.profile[key] for key in COMPANY_PROFILE if key in given.profile},
        "id": ids.encode(given.id),
        "name": given.name,
        "created": dates.with_offset(given.created_at, given.timezone),
        "updated": dates.with_offset(given.updated_at, given.timezone),
    }


CONTACT_PROFILE: Final = ("address", "birthdate", "description", "title")
PHONES: Final = ("home", "mobile", "other", "work")
"""Each is there always, for clients that look into them without asking."""


def contact(given: Person) -> dict[str, Any]:
    """Contact: a user of the company."""
    kept = given.profile.get("contacts")
    contacts = kept if isinstance(kept, dict) else {}
    own = given.extension
    return {
        **{key: given.profile.get(key) for key in CONTACT_PROFILE},
        "extension": {
            "id": ids.encode(own.id),
            "description": own.description,
            "name": own.name,
            "number": own.number,
        }
        if own
        else None,
        "invitation": _invitation(given),
        "primary_agent": ids.encode(given.agent_id) if given.agent_id else None,
        "id": ids.encode(given.id),
        "activated": given.active,
        "company_id": ids.encode(given.company_id),
        "contacts": {
            "fax": None,
            **contacts,
            "phones": dict.fromkeys(PHONES) | (contacts.get("phones") or {}),
            "email": given.email,
        },
        "created": dates.zulu(given.created_at),
        "first_name": given.first_name,
        "last_enter": dates.zulu(given.last_login_at) if given.last_login_at else None,
        "last_name": given.last_name,
        "timezone": given.timezone,
        "updated": dates.zulu(given.updated_at),
    }


def _invitation(given: Person) -> dict[str, Any] | None:
    """`status` is pending, accepted or expired; null for who was never invited."""
    if given.invited_at is None or given.invitation_expires_at is None:
        return None
    accepted, expires = given.invitation_accepted_at, given.invitation_expires_at
    state = "accepted" if accepted else "expired" if expires <= datetime.now(UTC) else "pending"
    return {
        "accepted_at": dates.zulu(accepted) if accepted else None,
        "expired_at": dates.zulu(expires),
        "issued_at": dates.zulu(given.invited_at),
        "status": state,
    }
