"""What is wrapped around other parts so that they are counted: apps, carriers, receipts."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ringmain.core.texting.carrier import (
    Accepted,
    Carrier,
    CarrierStatus,
    Outcome,
    Postponed,
    Receipt,
    Rejected,
    Submission,
)
from ringmain.operator.metrics import Metrics

UNMATCHED: Final = "unmatched"


class MeteredApp:
    """Counts and times every HTTP request of an app under its route's template.

    The template is that of the Starlette route which took the request. A trailing slash is cut off here, so that
    nothing further in makes a scope of its own for that.
    """

    def __init__(self, app: ASGIApp, dialect: str, metrics: Metrics) -> None:
        self._app = app
        self._dialect = dialect
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if len(scope["path"]) > 1 and scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"][:-1]}
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        begun = time.perf_counter()
        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", UNMATCHED)
            seconds = time.perf_counter() - begun
            self._metrics.count_request(self._dialect, scope["method"], route, status, seconds)


def metered(apps: dict[str, ASGIApp], dialect: str, metrics: Metrics) -> dict[str, ASGIApp]:
    """A dialect's apps by first path segment, each counted."""
    return {segment: MeteredApp(app, dialect, metrics) for segment, app in apps.items()}


class MeteredCarrier:
    """A carrier whose texts are counted by what became of them.

    `accepted` counts a text once, when a carrier is first tried; the others count outcomes.
    """

    def __init__(self, carrier: Carrier, metrics: Metrics) -> None:
        self._carrier = carrier
        self._metrics = metrics
        self.name = carrier.name
        self.kind = carrier.kind

    async def start(self) -> None:
        """Connect."""
        await self._carrier.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._carrier.stop()

    def capacity(self) -> int:
        """How many submissions it takes now."""
        return self._carrier.capacity()

    def status(self) -> CarrierStatus:
        """For operators."""
        return self._carrier.status()

    async def send(self, submission: Submission) -> Outcome:
        """Put one submission on the wire."""
        if submission.attempts <= 1:
            self._metrics.count_text(self.name, "accepted")
        outcome = await self._carrier.send(submission)
        for step in _steps(outcome):
            self._metrics.count_text(self.name, step)
        return outcome


def _steps(outcome: Outcome) -> Sequence[str]:
    if isinstance(outcome, Accepted):
        return ("sent", "delivered") if outcome.delivered else ("sent",)
    if isinstance(outcome, Rejected):
        return ("failed",)
    return ("postponed",) if isinstance(outcome, Postponed) else ("unknown",)


def metered_receipts(
    apply: Callable[[Sequence[Receipt]], Awaitable[None]], metrics: Metrics
) -> Callable[[Sequence[Receipt]], Awaitable[None]]:
    """Receipts, counted once they are kept. A text of several parts has several."""

    async def counted(receipts: Sequence[Receipt]) -> None:
        await apply(receipts)
        for receipt in receipts:
            metrics.count_text(receipt.carrier, receipt.state)

    return counted
