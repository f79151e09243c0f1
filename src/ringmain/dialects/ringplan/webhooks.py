"""Webhooks: rows 57 to 61 of specs/ringplan.md. One address a company, a subscription for each type of event."""

from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import AlreadyExists, NotFound
from ringmain.core.subscriptions.model import Endpoint as Destination
from ringmain.core.subscriptions.model import Subscription
from ringmain.core.system import Core
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import events, ids, lists, wire
from ringmain.dialects.ringplan.auth import DIALECT
from ringmain.dialects.ringplan.events import NOWHERE


class NewUrl(msgspec.Struct):
    """Body of row 58."""

    url: str


class NewSubscription(msgspec.Struct):
    """Body of row 60."""

    type: str


NEW_URL = Decoder(msgspec.json.Decoder(NewUrl))
NEW_SUBSCRIPTION = Decoder(msgspec.json.Decoder(NewSubscription))


class WebhookRoutes:
    """The company's webhook address and what it is told."""

    def __init__(self, core: Core) -> None:
        self._subscriptions = core.subscriptions
        self.endpoints = [
            Endpoint("GET", "/webhooks/callbacks/url", self.show_url),
            Endpoint("PUT", "/webhooks/callbacks/url", self.update_url),
            Endpoint("GET", "/webhooks/callbacks", self.list),
            Endpoint("POST", "/webhooks/callbacks", self.subscribe),
            Endpoint("DELETE", "/webhooks/callbacks/{webhook_event_id}", self.unsubscribe),
        ]

    async def show_url(self, _: Request, caller: Caller) -> Response:
        """Get webhook callback URL; empty while none is set."""
        endpoint = await self._subscriptions.get_endpoint_of_face(caller.company_id, DIALECT)
        if endpoint is None or endpoint.url == NOWHERE:
            return answer.json(wire.WireWebhookUrl("", ids.encode(caller.company_id), ""))
        return answer.json(wire.webhook_url(endpoint))

    async def update_url(self, request: Request, caller: Caller) -> Response:
        """Update webhook callback URL, or set the first one. It is kept as given, with or without a scheme."""
        body: NewUrl = await NEW_URL(request)
        _check(body.url)
        endpoint, _ = await self._subscriptions.set_endpoint(caller.company_id, face=DIALECT, url=body.url)
        return answer.json(wire.webhook_url(endpoint))

    async def list(self, request: Request, caller: Caller) -> Response:
        """Get subscribed webhook events."""
        found = await self._subscriptions.list_subscriptions(caller.company_id, face=DIALECT)
        return lists.whole(request, [wire.webhook_event(subscription) for subscription in found])

    async def subscribe(self, request: Request, caller: Caller) -> Response:
        """Subscribe to webhook event: 201 with the subscription that there is, if there is one of this type."""
        body: NewSubscription = await NEW_SUBSCRIPTION(request)
        kind = events.WEBHOOK_TYPES.get(body.type)
        if kind is None:
            raise BadRequest(f"type must be one of {', '.join(events.WEBHOOK_TYPES)}")
        found = await self._of_type(caller.company_id, body.type)
        if not found:
            endpoint = await self._endpoint(caller.company_id)
            made = await self._subscriptions.subscribe(
                caller.company_id, endpoint.id, name=body.type, event_types=[kind.event_type], filter=kind.filter
            )
            found = await self._of_type(caller.company_id, body.type) or [made]
        # Two at once may both have made one; the oldest stays, so that nothing is told twice.
        oldest, *others = found
        for other in others:
            with suppress(NotFound):
                await self._subscriptions.unsubscribe(caller.company_id, other.id)
        return answer.json(wire.webhook_event(oldest), 201)

    async def unsubscribe(self, request: Request, caller: Caller) -> Response:
        """Unsubscribe from webhook event; answers what was deleted."""
        subscription_id = ids.decode(request.path_params["webhook_event_id"], "webhook event")
        found = await self._subscriptions.list_subscriptions(caller.company_id, face=DIALECT)
        if all(subscription.id != subscription_id for subscription in found):
            raise NotFound("webhook event")
        gone = await self._subscriptions.unsubscribe(caller.company_id, subscription_id)
        return answer.json(wire.webhook_event(gone))

    async def _of_type(self, company_id: int, kind: str) -> Sequence[Subscription]:
        found = await self._subscriptions.list_subscriptions(company_id, face=DIALECT)
        return [subscription for subscription in found if subscription.name == kind]

    async def _endpoint(self, company_id: int) -> Destination:
        """The company's endpoint. One may subscribe before there is an address: nothing is delivered until then."""
        endpoint = await self._subscriptions.get_endpoint_of_face(company_id, DIALECT)
        if endpoint is not None:
            return endpoint
        try:
            endpoint, _ = await self._subscriptions.create_endpoint(company_id, face=DIALECT, url=NOWHERE)
        except AlreadyExists:
            endpoint = await self._subscriptions.get_endpoint_of_face(company_id, DIALECT)
            if endpoint is None:
                raise
            return endpoint
        return await self._subscriptions.update_endpoint(company_id, endpoint.id, state="paused")


def _check(url: str) -> None:
    """Raises BadRequest for what can be no web address."""
    try:
        parts = urlsplit(events.with_scheme(url))
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadRequest("url is not a web address")
