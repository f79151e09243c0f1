"""One try of one delivery: render, sign, send, and judge what came of it."""

import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import aiohttp
import msgspec
import structlog

from ringmain.core.events import Event
from ringmain.core.subscriptions.model import DeliveryState, Destination, Subscription
from ringmain.delivery.egress import EgressRefused, Response, post
from ringmain.delivery.faces import Face, Request
from ringmain.delivery.schedule import delay_after
from ringmain.delivery.signing import sign

log = structlog.get_logger()

KEPT_RESPONSE: Final = 2048  # characters
KEPT_ERROR: Final = 500  # characters
LONGEST_HOLD: Final = 3600.0  # seconds that a Retry-After may ask for
THROTTLED: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that this process leased for its try number `attempt`. `subscription` or `event` may be gone.

    `order_key`: None when no order was asked for.
    """

    event_id: int
    subscription_id: int
    endpoint: Destination
    secret: str
    attempt: int
    order_key: int | None
    started_at: datetime
    event: Event | None
    subscription: Subscription | None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a try. `pending`: to be tried again after `delay` seconds.

    `unreachable`: there was no HTTP answer. `hold`: the receiver asks everybody to wait so many seconds.
    """

    state: DeliveryState
    latency_ms: int
    delay: float | None = None
    status: int | None = None
    error: str | None = None
    response: str | None = None
    unreachable: bool = False
    hold: float = 0.0
    gone: bool = False


class Sender:
    """Sends deliveries over one HTTP session."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        faces: Mapping[str, Face],
        *,
        schedule: Sequence[float],
        timeout: float,
    ) -> None:
        self._session = session
        self._faces = faces
        self._schedule = schedule
        self._timeout = timeout

    async def send(self, claim: Claim) -> Outcome:
        """Try once. Everything that can go wrong is an outcome."""
        started = time.monotonic()
        try:
            request = await self._render(claim)
            if request is None:
                return Outcome(state="cancelled", latency_ms=0, error="nothing to say: no such subscription or event")
            headers = sign(
                [claim.secret], f"msg_{claim.event_id}_{claim.subscription_id}", int(time.time()), request.body
            )
        except Exception as error:
            log.exception("a notification cannot be made", event_id=claim.event_id, face=claim.endpoint.face)
            return self._failed(claim, 0, f"the notification could not be made: {type(error).__name__}")
        try:
            response = await self._post(request.url, request.body, {**request.headers, **headers})
        except Exception as error:
            return self._failed(claim, _since(started), _reason(error), unreachable=_is_unreachable(error))
        return self._judged(claim, response)

    async def _render(self, claim: Claim) -> Request | None:
        if claim.event is None or claim.subscription is None:
            return None
        return await self._faces[claim.endpoint.face].render(claim.event, claim.subscription, claim.endpoint)

    def _schedule_of(self, claim: Claim) -> Sequence[float]:
        face = self._faces.get(claim.endpoint.face)
        own = face.schedule(claim.event.type) if face and claim.event else None
        return self._schedule if own is None else own

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Response:
        try:
            return await post(self._session, url, body, headers, self._timeout)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if isinstance(error, aiohttp.ClientConnectorError):
                raise
            # Most likely a kept connection which the receiver closed in this moment: a new one is the same try.
            return await post(self._session, url, body, headers, self._timeout)

    def _judged(self, claim: Claim, response: Response) -> Outcome:
        status = response.status
        kept = _storable(response.body, KEPT_RESPONSE)
        if 200 <= status < 300:
            return Outcome(state="delivered", latency_ms=response.latency_ms, status=status, response=kept)
        error = f"HTTP {status}"
        if 300 <= status < 400:
            error += ": redirects are not followed"
        if status == HTTPStatus.GONE:
            return Outcome(
                state="dead", latency_ms=response.latency_ms, status=status, error=error, response=kept, gone=True
            )
        if self._faces[claim.endpoint.face].is_final(status):
            return Outcome(state="dead", latency_ms=response.latency_ms, status=status, error=error, response=kept)
        hold = retry_after(response.headers.get("retry-after"), datetime.now(UTC)) if status in THROTTLED else 0.0
        return self._failed(claim, response.latency_ms, error, status=status, response=kept, hold=hold)

    def _failed(
        self,
        claim: Claim,
        latency_ms: int,
        error: str,
        *,
        status: int | None = None,
        response: str | None = None,
        unreachable: bool = False,
        hold: float = 0.0,
    ) -> Outcome:
        delay = delay_after(claim.attempt, self._schedule_of(claim), random.random())  # noqa: S311 (jitter)
        return Outcome(
            state="dead" if delay is None else "pending",
            latency_ms=latency_ms,
            delay=None if delay is None else max(delay, hold),
            status=status,
            error=error,
            response=response,
            unreachable=unreachable,
            hold=hold,
        )


def retry_after(value: str | None, now: datetime) -> float:
    """Seconds that a Retry-After asks for (RFC 9110 10.2.3: seconds or a date), at most an hour; 0 when unreadable."""
    if value is None:
        return 0.0
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), LONGEST_HOLD)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_HOLD)


def _is_unreachable(error: Exception) -> bool:
    return isinstance(error, (OSError, aiohttp.ClientError)) and not isinstance(error, aiohttp.InvalidURL)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no complete answer in time"
    if isinstance(error, (EgressRefused, aiohttp.ClientError)):
        return _storable((str(error) or type(error).__name__).encode(errors="replace"), KEPT_ERROR)
    log.error("a notification cannot be sent", error=type(error).__name__, exc_info=error)
    return f"could not be sent: {type(error).__name__}"


def _storable(octets: bytes, limit: int) -> str:
    return octets.decode(errors="replace").replace("\0", "\ufffd")[:limit]


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
