"""Subscriptions: who wants to hear of which events, where. One concept; each dialect's webhooks are a face of it."""

from datetime import datetime
from typing import Any, Literal

import msgspec

EndpointState = Literal["active", "paused", "gone"]
DeliveryState = Literal["pending", "delivered", "dead", "cancelled"]


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where notifications go and how it fares. `face` names the renderer: ringmain, ringplan, ...

    `name`: what its owner calls it, or empty.
    """

    id: int
    company_id: int
    face: str
    name: str = ""
    url: str
    state: EndpointState
    failures: int
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_error: str | None
    blocked_until: datetime | None
    created_at: datetime
    updated_at: datetime


class Destination(Endpoint, frozen=True, kw_only=True):
    """An endpoint with what its face needs to address it: `options` may hold secrets, so operators never see them."""

    options: dict[str, Any]


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """Events of `event_types` whose payload contains `filter` go to the endpoint. `name` is the vendor's word."""

    id: int
    company_id: int
    endpoint_id: int
    name: str
    event_types: list[str]
    filter: dict[str, Any]
    options: dict[str, Any]
    ordered: bool
    expires_at: datetime | None
    created_at: datetime


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint shall be told of. Two that are equal are one."""

    name: str
    event_types: tuple[str, ...]
    filter: dict[str, Any] = {}
    options: dict[str, Any] = {}
    ordered: bool = False


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one subscription, exactly once a pair; tried until delivered or dead.

    `endpoint_name`: what the endpoint's owner calls it, or empty.
    """

    event_id: int
    subscription_id: int
    company_id: int
    endpoint_id: int
    endpoint_name: str = ""
    event_type: str
    state: DeliveryState
    due_at: datetime | None
    attempts: int
    updated_at: datetime


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try. `status` is None when there was no HTTP answer, `latency_ms` when its outcome was never recorded."""

    attempt: int
    started_at: datetime
    latency_ms: int | None
    status: int | None
    error: str | None
    response: str | None
