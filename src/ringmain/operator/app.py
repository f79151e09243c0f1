"""The operator API: /ringmain/v1/..., /health, /ready, /metrics.

What the composition root does with this package:

- makes one `Metrics(core.database, carriers=dispatcher.statuses, sockets=lambda: connected clients)`;
- puts what `build` returns into the front's table, beside the dialects' tables, each of those wrapped by
  `metering.metered(table, "ringplan", metrics)`;
- wraps what makes carriers: `lambda config: MeteredCarrier(make(config), metrics)`, and where the carriers bring their
  receipts: `metered_receipts(...)`;
- lets the delivery worker call `metrics.count_delivery(outcome.state)` for each try that was recorded;
- gives `metrics_token`, if /metrics is to ask for one;
- gives `loops`: by name, whether each long-lived part of this node's roles runs (relay, deliveries, carriers, sockets).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from hmac import compare_digest
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from ringmain.core.errors import Unauthenticated
from ringmain.core.system import Core
from ringmain.core.texting.carrier import CarrierStatus
from ringmain.dialects.kit import answer
from ringmain.operator import (
    accounts,
    calls,
    companies,
    extensions,
    fax,
    groups,
    meetings,
    outreach,
    presence,
    texting,
    voicemail,
    webhooks,
)
from ringmain.operator.health import Liveness, Ready
from ringmain.operator.metering import metered
from ringmain.operator.metrics import Metrics
from ringmain.operator.openapi import document
from ringmain.operator.problems import response_to
from ringmain.operator.routing import Call, Operation, bearer, router, unknown
from ringmain.operator.shapes import Listed

NAME: Final = "operator"


def build(
    core: Core,
    *,
    metrics: Metrics,
    version: str,
    roles: Sequence[str],
    carriers: Callable[[], Sequence[CarrierStatus]],
    loops: Callable[[], Mapping[str, bool]],
    metrics_token: str = "",
) -> dict[str, ASGIApp]:
    """An ASGI app for each first path segment; each expects the whole path in its scope.

    `carriers`: how this node's carriers stand. `loops`: whether each long-lived part of its roles runs, by name.
    `metrics_token`: what /metrics asks for; empty: nothing.
    """

    async def list_carriers(call: Call) -> Listed[CarrierStatus]:
        """The carriers of this node and how they stand."""
        return Listed(items=list(carriers()))

    operations = [
        *accounts.OPERATIONS,
        *companies.OPERATIONS,
        *calls.OPERATIONS,
        *presence.OPERATIONS,
        *extensions.OPERATIONS,
        *fax.OPERATIONS,
        *groups.OPERATIONS,
        *meetings.OPERATIONS,
        *outreach.OPERATIONS,
        *texting.OPERATIONS,
        *voicemail.OPERATIONS,
        *webhooks.OPERATIONS,
        Operation(method="GET", path="/ringmain/v1/carriers", handler=list_carriers, result=Listed[CarrierStatus]),
    ]
    described = answer.encode(document(operations, version))

    async def openapi(request: Request) -> Response:
        return Response(described, media_type=answer.JSON)

    async def scrape(request: Request) -> Response:
        if metrics_token and not compare_digest(bearer(request).encode(), metrics_token.encode()):
            return response_to(Unauthenticated("A token is needed: Authorization: Bearer ..."))
        return await metrics.answer(request)

    def alone(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Router:
        return Router([Route(path, endpoint, methods=["GET"])], redirect_slashes=False, default=unknown)

    apps: dict[str, ASGIApp] = {
        "ringmain": router(core, operations, {"/ringmain/v1/openapi.json": openapi}),
        "health": alone("/health", Liveness(version=version, roles=roles).answer),
        "ready": alone("/ready", Ready(core, loops).answer),
        "metrics": alone("/metrics", scrape),
    }
    return metered(apps, NAME, metrics)
