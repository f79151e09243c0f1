"""The document's 16 objects, to read answers into: every field must be there, and be what the document says, or null
where nothing is known. Answers may have more. Request-only fields are left out."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, field

Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{24}$")]
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
E164 = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}$")]
Digits = Annotated[str, Meta(pattern=r"^[0-9]{10}$")]
Url = Annotated[str, Meta(pattern=r"^https?://[^/]+/")]
# The document spells dates in three ways, each object its own.
Offset = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d{4}$")]
Zulu = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]
Naive = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$")]


class Company(msgspec.Struct):
    id: Id
    address: dict[str, Any] | None
    affiliate: bool
    billing_email: str | None
    created: Offset
    description: str | None
    email: str | None
    emergency_contact_number: str | None
    employees: int | None
    fax: str | None
    name: str
    onboarding: bool
    partner_id: str | None
    phone: str | None
    revenue: int | None
    status: str
    updated: Offset
    website: str | None


class Contacts(msgspec.Struct):
    email: str
    fax: str | None
    phones: dict[str, str | None]


class ContactExtension(msgspec.Struct):
    id: Id
    description: str | None
    name: str
    number: int


class Invitation(msgspec.Struct):
    accepted_at: Zulu | None
    expired_at: Zulu | None
    issued_at: Zulu | None
    status: str


class Contact(msgspec.Struct):
    id: Id
    activated: bool
    address: dict[str, Any] | None
    birthdate: str | None
    company_id: Id
    contacts: Contacts
    created: Zulu
    description: str | None
    extension: ContactExtension | None
    first_name: str
    invitation: Invitation | None
    last_enter: Zulu | None
    last_name: str
    primary_agent: Id | None
    timezone: str | None
    title: str | None
    updated: Zulu


class TextingContact(msgspec.Struct):
    id: Id
    company_id: Id
    first_name: str
    last_name: str
    number: E164


class TextingNumber(msgspec.Struct):
    id: Id
    company_id: Id
    number: Annotated[str, Meta(pattern=r"^(\+[1-9][0-9]{6,14}|[0-9]{10})$")]
    ownership: list[str]


class Preview(msgspec.Struct):
    base64: str
    filename: str
    mimetype: str


class File(msgspec.Struct):
    id: Id
    company_id: Id
    description: str
    mimetype: str | None
    name: str
    preview: Preview | None
    size: int | None
    uploaded_at: Zulu | None
    uploaded_name: str | None
    user_id: Id | None


class CampaignInfo(msgspec.Struct):
    name: str


class Message(msgspec.Struct):
    id: Id
    campaign_info: CampaignInfo
    conversation_id: Id
    conversation_type: str
    created_at: Offset
    direction: str
    files: list[File]
    frm: E164
    is_read: bool
    is_visible: bool
    source_conversation_type: str
    stamp_id: str | None
    success: bool
    text: str
    timezone: str
    to: E164


class Conversation(msgspec.Struct):
    id: Id
    company_id: Id
    contact_id: Id
    contactinfo: TextingContact
    contactsinfo: list[TextingContact]
    conversation_type: str
    countunreadmessages: int
    from_number: Digits
    has_direct_msg: bool
    has_hidden_msg: bool
    last_message_created_at: Offset | None
    lastmessage: Message | None
    recipients: list[Id]
    timezone: str
    unread_msg_count: int
    updated_at: Naive


class Destination(msgspec.Struct):
    id: Id
    company: Id
    emails: list[str]
    reprname: str


class Instance(msgspec.Struct):
    id: Id = field(name="_id")
    uuid: Uuid
    accountcode: str
    channel_driver: str
    company_id: Id
    company_name: str
    external_domain: str
    fqdn: str
    hostname: str
    internal_domain: str
    ip: str | None
    proxy_ip: str | None


class Building(msgspec.Struct):
    type: str | None
    value: str | None


class Street(msgspec.Struct):
    name: str | None
    number: int | None
    type: str | None


class Location(msgspec.Struct):
    id: Id
    address2: str | None
    building: Building | None
    callerid: str | None
    city: str | None
    company_id: Id
    country: str | None
    e911_provisioned: bool
    email: str | None
    fax: str | None
    latitude: float | None
    longitude: float | None
    name: str
    pbx_id: Uuid | None
    phone: str | None
    state: str | None
    street: Street | None
    zip: str | None


KEYS: Final = (
    "id accountcode allow answermode avpf bundle busy_cid busy_dest callerid callwaiting_enable chanunavail_cid"
    " chanunavail_dest cid_masquerade concurrency_limit context description device_state_busy_at devicetype dial"
    " disable_star_voicemail disallow dtmfmode emergency_cid extension findmefollow_annmsg_id findmefollow_calendar_id"
    " findmefollow_calendar_match findmefollow_changecid findmefollow_dring findmefollow_enabled findmefollow_fixedcid"
    " findmefollow_grplist findmefollow_grppre findmefollow_grptime findmefollow_needsconf findmefollow_postdest"
    " findmefollow_pre_ring findmefollow_remotealert_id findmefollow_ringing findmefollow_strategy"
    " findmefollow_toolate_id findmefollow_voicemail force_rport icesupport intercom mailbox max_contacts"
    " maximum_expiration media_encryption media_encryption_optimistic media_use_received_transport mohclass"
    " mwi_subscription name namedcallgroup namedpickupgroup noanswer noanswer_cid noanswer_dest outboundcid password"
    " qualifyfreq recording recording_in_external recording_in_internal recording_ondemand recording_out_external"
    " recording_out_internal recording_priority rewrite_contact ringtimer rtcp_mux rtp_symmetric secret sendrpid"
    " sipdriver sipname tech timers transport trustrpid user vmx_busy_enabled vmx_option_0_number vmx_option_1_number"
    " vmx_option_2_number vmx_play_instructions vmx_temp_enabled vmx_unavail_enabled voicemail voicemail_email"
    " voicemail_enable voicemail_options voicemail_pager voicemail_same_exten voicemail_vmpwd"
)
DATA: Final = KEYS.split()
INTEGERS: Final = frozenset(
    ("id", "extension", "concurrency_limit", "findmefollow_grptime", "findmefollow_pre_ring", "recording_priority")
)
BOOLEANS: Final = frozenset(("findmefollow_needsconf", "vmx_play_instructions"))


def _type_of(key: str) -> type:
    return int if key in INTEGERS else bool if key in BOOLEANS else str


Data: Any = msgspec.defstruct("Data", [(key, _type_of(key)) for key in DATA])
"""All 96 keys that FreePBX keeps of an extension."""


class OutboundCallerId(msgspec.Struct):
    name: str
    number: str
    value: str


class Server(msgspec.Struct):
    address: str


class Registration(msgspec.Struct):
    displayname: str
    label: str
    password: str
    server: list[Server]
    userid: int


class PhoneData(msgspec.Struct):
    reg: list[Registration]


class Phone(msgspec.Struct):
    id: Id = field(name="_id")
    company: Id
    data: PhoneData
    extensions: list[dict[str, Any]]


class Reserved(msgspec.Struct):
    config_id: str | None
    to: str | None


class Subscriber(msgspec.Struct):
    call_status: str
    extension_id: Id
    state: str


class Extension(msgspec.Struct):
    id: Id = field(name="_id")
    data: Data
    location_id: Id | None
    outbound_callerid: OutboundCallerId
    pbx: Uuid
    phone: list[Phone]
    purpose: str
    reserved: Reserved
    subscriber: Subscriber
    user: Contact | None


class FaxFile(msgspec.Struct):
    id: Id
    internal_id: int


class Fax(msgspec.Struct):
    id: Id
    company: Id
    created_at: Zulu
    file: FaxFile
    sender: str = field(name="from")
    from_name: str | None
    is_read: bool
    pages: int
    subject: str | None
    to: str
    to_name: str | None


class VoicemailFile(msgspec.Struct):
    id: Id
    duration: float
    link: Url
    name: str
    size: int


class Voicemail(msgspec.Struct):
    id: Id = field(name="_id")
    company_id: Id
    extension_destination: int
    extension_destination_id: Id
    extension_source: int
    pbx: Uuid
    source_representation_name: str
    time_received: Zulu
    voicemail_email: str
    voicemail_file: VoicemailFile


class WebhookUrl(msgspec.Struct):
    id: str  # empty while none is set
    company_id: Id
    url: str


class WebhookEvent(msgspec.Struct):
    id: Id
    company_id: Id
    type: str


class UserStatus(msgspec.Struct):
    """What user_status_updated carries."""

    company_id: Id
    user_id: Id
    user_email: str
    status: dict[str, str]
    id: Id
    created_at: Zulu
    updated_at: Zulu
    deleted_at: Zulu | None


class Problem(msgspec.Struct, forbid_unknown_fields=True):
    """The format of all errors."""

    detail: Annotated[str, Meta(min_length=1)]
    status: int
    title: Annotated[str, Meta(min_length=1)]
    type: str
