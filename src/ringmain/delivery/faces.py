"""Faces: how an event looks to those who get it. Each dialect has one; `ringmain` is our own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, Protocol

import msgspec

from ringmain.core.events import Event
from ringmain.core.subscriptions.model import Destination, Subscription

JSON_HEADERS: Final = MappingProxyType({"content-type": "application/json"})


class Request(Protocol):
    """What goes over the wire. The three Standard Webhooks headers are added to `headers` for each try.

    A Protocol, because dialects have faces and cannot import this module.
    """

    @property
    def method(self) -> Literal["POST"]: ...  # noqa: D102
    @property
    def url(self) -> str: ...  # noqa: D102
    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def body(self) -> bytes: ...  # noqa: D102


class Face(Protocol):
    """Renders events for endpoints whose `face` has this name."""

    @property
    def name(self) -> str: ...  # noqa: D102

    async def render(self, event: Event, subscription: Subscription, endpoint: Destination) -> Request | None:
        """The request for this event, the same on every try; None when the face has no words for it (the delivery
        is then cancelled).

        A test event (`webhook.test`) comes with a subscription of id 0 which has no name and no options.
        """

    def schedule(self, event_type: str) -> Sequence[float] | None:
        """Seconds before each try, counted from the end of the one before; None means our own (schedule.py)."""

    def is_final(self, status: int) -> bool:
        """Whether an answer of this status, which is no success, ends the tries. 410 always does."""


class JsonPost(msgspec.Struct, frozen=True, kw_only=True):
    """A Request with a JSON body."""

    url: str
    body: bytes
    headers: Mapping[str, str] = JSON_HEADERS
    method: Literal["POST"] = "POST"


class StandardPayload(msgspec.Struct, frozen=True, kw_only=True):
    """The body of our own notifications. Ids are JSON numbers: all are below 2^53, so every language reads them."""

    id: int
    type: str
    company_id: int
    created_at: datetime
    data: msgspec.Raw


class StandardFace:
    """Our own: a POST of JSON, `data` being the event's payload as the core has it."""

    name: Final = "ringmain"

    async def render(self, event: Event, subscription: Subscription, endpoint: Destination) -> JsonPost:
        """Every event can be said."""
        payload = StandardPayload(
            id=event.id,
            type=event.type,
            company_id=event.company_id,
            created_at=event.created_at,
            data=event.payload,
        )
        return JsonPost(url=endpoint.url, body=msgspec.json.encode(payload))

    def schedule(self, event_type: str) -> Sequence[float] | None:
        """Our own."""
        return None

    def is_final(self, status: int) -> bool:
        """Receivers that are being repaired may answer anything."""
        return False
