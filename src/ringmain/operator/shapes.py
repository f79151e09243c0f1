"""What goes over the wire beside the core's own shapes. Ids are JSON numbers: all are below 2^53."""

from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from msgspec import Meta

from ringmain.core.faxes.model import Folder
from ringmain.core.files.service import MAX_SIZE
from ringmain.core.ids import MAX_ID
from ringmain.core.subscriptions.model import Attempt, Delivery, DeliveryState, Endpoint
from ringmain.core.texting.model import MAX_TEXT

Item = TypeVar("Item")

LARGEST: Final = MAX_SIZE * 4 // 3 + 65_536
"""Octets of a body with a file of `MAX_SIZE` in base64, and what is around it."""

Id = Annotated[int, Meta(ge=1, le=MAX_ID)]
Moment = Annotated[datetime, Meta(tz=True, description="ISO 8601 with its time zone")]
Limit = Annotated[int, Meta(ge=1, le=1000, description="how many items at most")]
Before = Annotated[int, Meta(ge=1, le=MAX_ID, description="only items with smaller ids: `next` of the page before")]
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Listed(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """A whole list."""

    items: list[Item]


class Paged(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """Newest first. `next`: give it as `before` for the next page; null on the last."""

    items: list[Item]
    next: int | None


class Numbered(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """A numbered page of a list of `total` items."""

    items: list[Item]
    total: int


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A query without parameters."""


class PageQuery(Query, frozen=True, kw_only=True):
    """A page by number."""

    page: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    per_page: Annotated[int, Meta(ge=1, le=1000)] = 100


class KeyQuery(Query, frozen=True, kw_only=True):
    """A page by key."""

    before: Before | None = None
    limit: Limit = 100

    @property
    def bound(self) -> int:
        """What ids must be below."""
        return self.before or MAX_ID + 1


class MessageQuery(KeyQuery, frozen=True, kw_only=True):
    """Messages of a company, or of one conversation."""

    conversation_id: Id | None = None


class EventQuery(KeyQuery, frozen=True, kw_only=True):
    """Events of a company, or those of one type."""

    type: Annotated[str, Meta(max_length=100)] | None = None


class DeliveryQuery(KeyQuery, frozen=True, kw_only=True):
    """Deliveries; `before` and `next` are event ids."""

    state: DeliveryState | None = None
    endpoint_id: Id | None = None
    subscription_id: Annotated[int, Meta(ge=0, le=MAX_ID, description="0: test events")] | None = None


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body: unknown fields are refused."""


class InboundTextBody(Body, frozen=True, kw_only=True):
    """A text for one of our numbers, as if the sandbox carrier had brought it.

    The same `reference` again gives the message kept before. `files`: uploaded files of the number's company.
    """

    to: Annotated[str, Meta(description="one of our numbers, E.164 with +")]
    sender: Annotated[str, Meta(description="E.164 with +, a short code, or a name")] = msgspec.field(name="from")
    text: Annotated[str, Meta(max_length=MAX_TEXT)]
    reference: Name | None = None
    files: Annotated[list[Id], Meta(max_length=10)] = []


class VoicemailQuery(PageQuery, frozen=True, kw_only=True):
    """Voicemails of a company, or those left for one extension number, between two moments."""

    extension: Annotated[int, Meta(ge=1, le=999_999_999)] | None = None
    since: Moment | None = None
    until: Moment | None = None


class VoicemailBody(Body, frozen=True, kw_only=True):
    """A voicemail, as if the PBX had recorded it, for an extension number or for a person's extension.

    The same `reference` again, in one instance, gives the voicemail kept before. Whom the extension's
    `voicemail_email` names is told by mail.
    """

    extension: Annotated[int, Meta(ge=1, le=999_999_999, description="the extension's number")] | None = None
    person_id: Id | None = None
    instance_id: Annotated[int, Meta(ge=1, le=MAX_ID, description="needed where several have the number")] | None = None
    sender: Annotated[str, Meta(max_length=40, description="an extension's or a telephone number; empty: withheld")] = (
        msgspec.field(name="from", default="")
    )
    from_name: Annotated[str, Meta(max_length=200, description="else as the company knows the number")] = ""
    received_at: Moment | None = None
    transcription: Annotated[str, Meta(max_length=100_000)] | None = None
    reference: Name | None = None
    audio: Annotated[bytes, Meta(description="the recording: WAV, MP3, FLAC, Ogg, AIFF or AU, at most an hour")]


class FaxQuery(PageQuery, frozen=True, kw_only=True):
    """Faxes of a company in one folder, between two moments."""

    folder: Folder = "inbound"
    since: Moment | None = None
    until: Moment | None = None


class InboundFaxBody(Body, frozen=True, kw_only=True):
    """A fax for one of the company's fax numbers, as if the sandbox had brought it.

    `document` is made into fax pages first. The same `reference` again gives the fax kept before. It goes by mail to
    the number's owners and to the company's fax destinations.
    """

    to: Annotated[str, Meta(max_length=40, description="one of the company's fax numbers")]
    sender: Annotated[str, Meta(max_length=40, description="a telephone number; empty: withheld")] = msgspec.field(
        name="from", default=""
    )
    from_name: Annotated[str, Meta(max_length=200, description="else as the company knows the number")] = ""
    subject: Annotated[str, Meta(max_length=500)] = ""
    received_at: Moment | None = None
    reference: Name | None = None
    document: Annotated[bytes, Meta(description="PDF, TIFF, PNG, JPEG or text; DOCX where LibreOffice is installed")]
    mimetype: Annotated[str, Meta(max_length=200, description="needed for DOCX; else what the document is counts")] = ""


class RecoverBody(Body, frozen=True, kw_only=True):
    """Which deliveries to try again: of events since then, of one endpoint where it is given."""

    since: Moment
    endpoint_id: Id | None = None


class ReplayBody(Body, frozen=True, kw_only=True):
    """Which events to deliver where they were not: since then, to one subscription where it is given."""

    since: Moment
    subscription_id: Id | None = None


class EndpointBody(Body, frozen=True, kw_only=True):
    """Where notifications of Ringmain's own kind go. A secret is made unless given."""

    url: str
    secret: str | None = None


class SubscriptionBody(Body, frozen=True, kw_only=True):
    """Which events the endpoint gets: of these types, whose payload contains `filter`."""

    event_types: list[str]
    name: Annotated[str, Meta(max_length=200)] = ""
    filter: dict[str, Any] = {}
    ordered: bool = False
    expires_at: Moment | None = None


class ApiKeyBody(Body, frozen=True, kw_only=True):
    """A key of a dialect; `person_id` where keys of the dialect are bound to people."""

    dialect: Annotated[str, Meta(pattern=r"\A[a-z]{1,40}\Z")]
    name: Name
    person_id: Id | None = None


class AccountKeyBody(Body, frozen=True, kw_only=True):
    """A key of an account; `webhook_url` is told everything that happens in the account's companies."""

    name: Name
    webhook_url: str = ""


class AccountKeyChange(Body, frozen=True, kw_only=True):
    """What is absent stays. An empty `webhook_url` ends it; the first one needs the key's own `secret`."""

    active: bool | None = None
    webhook_url: str | None = None
    secret: str | None = None


class UserTokenBody(Body, frozen=True, kw_only=True):
    """How long the token lasts, in seconds: from a minute to 30 days."""

    lifetime_seconds: Annotated[int, Meta(ge=60, le=30 * 86400)] = 3600


class UserToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token with which a person calls. It is shown once."""

    token: str
    expires_at: datetime


class EventRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the log; the payload is the core's shape of its type."""

    id: int
    company_id: int
    type: str
    subject_id: int
    order_key: int
    origin: str
    created_at: datetime
    payload: msgspec.Raw


class DeliveryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery with every try of it, oldest first."""

    delivery: Delivery
    attempts: list[Attempt]


class NewEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint just made, with the secret that its notifications are signed with."""

    endpoint: Endpoint
    secret: str


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries were put back to work."""

    count: int
