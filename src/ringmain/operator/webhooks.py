"""Operations on webhooks: endpoints and their health, subscriptions, deliveries and what can be done about them."""

from typing import Final

from ringmain.core.errors import NotFound
from ringmain.core.subscriptions.model import Delivery, Endpoint, Subscription
from ringmain.operator.companies import COMPANY
from ringmain.operator.routing import Call, Operation
from ringmain.operator.shapes import (
    Count,
    DeliveryQuery,
    DeliveryRecord,
    EndpointBody,
    Listed,
    NewEndpoint,
    Paged,
    RecoverBody,
    ReplayBody,
    SubscriptionBody,
)

FACE: Final = "ringmain"
"""Endpoints of the other faces are made through their dialects."""


async def list_all_endpoints(call: Call) -> Listed[Endpoint]:
    """The endpoints of all companies with their health."""
    return Listed(items=await call.core.subscriptions.list_endpoints(None))


async def list_endpoints(call: Call) -> Listed[Endpoint]:
    """A company's endpoints with their health."""
    return Listed(items=await call.core.subscriptions.list_endpoints(call.company_id))


async def get_endpoint(call: Call) -> Endpoint:
    """One endpoint with its health."""
    return await call.core.subscriptions.get_endpoint(call.company_id, call.ids["endpoint_id"])


async def create_endpoint(call: Call) -> NewEndpoint:
    """Make an endpoint for Ringmain's own notifications; its secret is shown this once."""
    body: EndpointBody = call.body
    endpoint, secret = await call.core.subscriptions.create_endpoint(
        call.company_id, face=FACE, url=body.url, secret=body.secret
    )
    return NewEndpoint(endpoint=endpoint, secret=secret)


async def delete_endpoint(call: Call) -> None:
    """Delete an endpoint with its subscriptions; what is pending is cancelled."""
    await call.core.subscriptions.delete_endpoint(call.company_id, call.ids["endpoint_id"])


async def pause_endpoint(call: Call) -> Endpoint:
    """Stop delivering to an endpoint; what is pending stays."""
    return await call.core.subscriptions.update_endpoint(call.company_id, call.ids["endpoint_id"], state="paused")


async def resume_endpoint(call: Call) -> Endpoint:
    """Deliver to an endpoint again."""
    return await call.core.subscriptions.update_endpoint(call.company_id, call.ids["endpoint_id"], state="active")


async def send_test_event(call: Call) -> Delivery:
    """Send an endpoint a webhook.test event."""
    return await call.core.subscriptions.test_event(call.company_id, call.ids["endpoint_id"])


async def list_subscriptions(call: Call) -> Listed[Subscription]:
    """A company's subscriptions."""
    return Listed(items=await call.core.subscriptions.list_subscriptions(call.company_id))


async def create_subscription(call: Call) -> Subscription:
    """Let an endpoint have events, from now on."""
    body: SubscriptionBody = call.body
    return await call.core.subscriptions.subscribe(
        call.company_id,
        call.ids["endpoint_id"],
        name=body.name,
        event_types=body.event_types,
        filter=body.filter,
        ordered=body.ordered,
        expires_at=body.expires_at,
    )


async def delete_subscription(call: Call) -> None:
    """End a subscription; what is pending is cancelled."""
    await call.core.subscriptions.unsubscribe(call.company_id, call.ids["subscription_id"])


async def list_deliveries(call: Call) -> Paged[Delivery]:
    """A company's deliveries, newest event first; an event's deliveries are never parted."""
    query: DeliveryQuery = call.query
    items = await call.core.subscriptions.deliveries(
        call.company_id,
        state=query.state,
        endpoint_id=query.endpoint_id,
        subscription_id=query.subscription_id,
        before=query.before,
        limit=query.limit,
    )
    return Paged(items=items, next=items[-1].event_id if len(items) >= query.limit else None)


async def get_delivery(call: Call) -> DeliveryRecord:
    """One delivery with every try of it."""
    event_id, subscription_id = call.ids["event_id"], call.ids["subscription_id"]
    subscriptions = call.core.subscriptions
    found = await subscriptions.deliveries(
        call.company_id, subscription_id=subscription_id, before=event_id + 1, limit=1
    )
    for delivery in found:
        if delivery.event_id == event_id:
            attempts = await subscriptions.attempts(call.company_id, event_id, subscription_id)
            return DeliveryRecord(delivery=delivery, attempts=attempts)
    raise NotFound("delivery")


async def resend_delivery(call: Call) -> Delivery:
    """Try a delivery now, whatever became of it."""
    return await call.core.subscriptions.resend(call.company_id, call.ids["event_id"], call.ids["subscription_id"])


async def recover_deliveries(call: Call) -> Count:
    """Try again every dead or cancelled delivery of events since a moment."""
    body: RecoverBody = call.body
    count = await call.core.subscriptions.recover(call.company_id, since=body.since, endpoint_id=body.endpoint_id)
    return Count(count=count)


async def replay_missing_deliveries(call: Call) -> Count:
    """Deliver matching events since a moment that were never meant for their subscriptions."""
    body: ReplayBody = call.body
    count = await call.core.subscriptions.replay_missing(
        call.company_id, since=body.since, subscription_id=body.subscription_id
    )
    return Count(count=count)


ENDPOINT: Final = f"{COMPANY}/endpoints/{{endpoint_id}}"
DELIVERIES: Final = f"{COMPANY}/deliveries"
DELIVERY: Final = f"{DELIVERIES}/{{event_id}}/{{subscription_id}}"

OPERATIONS: Final = (
    Operation(method="GET", path="/ringmain/v1/endpoints", handler=list_all_endpoints, result=Listed[Endpoint]),
    Operation(method="GET", path=f"{COMPANY}/endpoints", handler=list_endpoints, result=Listed[Endpoint]),
    Operation(
        method="POST",
        path=f"{COMPANY}/endpoints",
        handler=create_endpoint,
        result=NewEndpoint,
        body=EndpointBody,
        status=201,
    ),
    Operation(method="GET", path=ENDPOINT, handler=get_endpoint, result=Endpoint),
    Operation(method="DELETE", path=ENDPOINT, handler=delete_endpoint, result=None, status=204),
    Operation(method="POST", path=f"{ENDPOINT}/pause", handler=pause_endpoint, result=Endpoint),
    Operation(method="POST", path=f"{ENDPOINT}/resume", handler=resume_endpoint, result=Endpoint),
    Operation(method="POST", path=f"{ENDPOINT}/test", handler=send_test_event, result=Delivery, status=202),
    Operation(
        method="POST",
        path=f"{ENDPOINT}/subscriptions",
        handler=create_subscription,
        result=Subscription,
        body=SubscriptionBody,
        status=201,
    ),
    Operation(method="GET", path=f"{COMPANY}/subscriptions", handler=list_subscriptions, result=Listed[Subscription]),
    Operation(
        method="DELETE",
        path=f"{COMPANY}/subscriptions/{{subscription_id}}",
        handler=delete_subscription,
        result=None,
        status=204,
    ),
    Operation(method="GET", path=DELIVERIES, handler=list_deliveries, result=Paged[Delivery], query=DeliveryQuery),
    Operation(method="POST", path=f"{DELIVERIES}/recover", handler=recover_deliveries, result=Count, body=RecoverBody),
    Operation(
        method="POST",
        path=f"{DELIVERIES}/replay-missing",
        handler=replay_missing_deliveries,
        result=Count,
        body=ReplayBody,
    ),
    Operation(method="GET", path=DELIVERY, handler=get_delivery, result=DeliveryRecord),
    Operation(method="POST", path=f"{DELIVERY}/resend", handler=resend_delivery, result=Delivery, status=202),
)
