"""Claims and outcomes in the database: what is leased to this process, and what came of it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import asyncpg
import msgspec
import structlog

from ringmain.core.events import WEBHOOK_TEST, Event
from ringmain.core.subscriptions.model import Destination, Subscription
from ringmain.core.subscriptions.service import NO_SUBSCRIPTION
from ringmain.database.pool import LOST, Database, Record
from ringmain.database.write_group import WriteGroup
from ringmain.delivery.attempt import Claim, Outcome
from ringmain.delivery.session import OwnConnection
from ringmain.delivery.store import CANCEL_ALL, CLAIM, FOLLOW, RECORD

log = structlog.get_logger()

LOOKED_AT: Final = 64
"""Ordered deliveries of an endpoint that one claim looks through for some that may go."""
FIRST_BACK_OFF: Final = 1.0
LONGEST_BACK_OFF: Final = 60.0
AGAIN: Final = 0.25
CANCEL_SECONDS: Final = 600.0
_AWAY: Final = (*LOST, asyncpg.OperatorInterventionError)

Result = tuple[Claim, Outcome]


class Ledger:
    """`lease`: seconds after which somebody else may try what was claimed here."""

    def __init__(self, database: Database, *, lease: float, first_back_off: float = FIRST_BACK_OFF) -> None:
        self._claims = OwnConnection(database)
        self._records = OwnConnection(database)
        self._closed = False
        self._lease = lease
        self._first_back_off = first_back_off
        self._outcomes: WriteGroup[Result, None] = WriteGroup(self._write)

    async def claim(self, in_flight: Mapping[int, int], *, each: int, room: int) -> tuple[list[Claim], bool]:
        """Lease up to `room` due deliveries, up to `each` of an endpoint with what is in flight counted in.

        Their tries are in the log before this returns. Also says whether ordered ones were set back, which means
        that there may be more behind them. Raises pool.FAILURES.
        """
        rows = await self._claims.fetch(
            CLAIM, list(in_flight), list(in_flight.values()), each, room, self._lease, LOOKED_AT
        )
        return [_claim_of(row) for row in rows if row["event_id"] is not None], rows[0]["set_back"] > 0

    async def record(self, claim: Claim, outcome: Outcome) -> None:
        """Write down what came of a try; returns when it is durable.

        While the database is away it waits, but not longer than the lease: then others try anyway. Raises what the
        database raises.
        """
        await self._outcomes.submit((claim, outcome))

    def close(self) -> None:
        """Drop the connections; an outcome that could not be recorded yet is lost."""
        self._closed = True
        self._claims.close()
        self._records.close()

    async def _write(self, results: Sequence[Result]) -> Sequence[None]:
        give_up = time.monotonic() + self._lease
        while True:
            try:
                await self._record(results)
            except _AWAY as error:
                # A ValueError is asyncpg's word for a value that cannot be stored: waiting makes it no better.
                if self._closed or time.monotonic() > give_up or isinstance(error, ValueError):
                    raise
                await asyncio.sleep(AGAIN)
            else:
                return [None] * len(results)

    async def _record(self, results: Sequence[Result]) -> None:
        arguments = (*_outcome_columns(results), *health_columns(results), self._first_back_off, LONGEST_BACK_OFF)
        await self._records.fetch(RECORD, *arguments)
        over = [claim for claim, outcome in results if claim.order_key is not None and outcome.state != "pending"]
        if over:
            await self._records.fetch(
                FOLLOW,
                [claim.subscription_id for claim in over],
                [claim.order_key for claim in over],
                [claim.event_id for claim in over],
            )
        if gone := sorted({claim.endpoint.id for claim, outcome in results if outcome.gone}):
            await self._records.fetch(CANCEL_ALL, gone, timeout=CANCEL_SECONDS)


def _outcome_columns(results: Sequence[Result]) -> list[list[object]]:
    return [
        [claim.event_id for claim, _ in results],
        [claim.subscription_id for claim, _ in results],
        [claim.attempt for claim, _ in results],
        [outcome.state for _, outcome in results],
        [outcome.delay for _, outcome in results],
        [outcome.latency_ms for _, outcome in results],
        [outcome.status for _, outcome in results],
        [outcome.error for _, outcome in results],
        [outcome.response for _, outcome in results],
    ]


class _Health:
    """How one endpoint fared in a group of outcomes, in the order in which they came."""

    def __init__(self) -> None:
        self.succeeded = False
        self.failures = 0
        self.error: str | None = None
        self.unreachable = False
        self.hold = 0.0
        self.gone = False
        self.began = datetime.min.replace(tzinfo=UTC)

    def add(self, claim: Claim, outcome: Outcome) -> None:
        self.hold = max(self.hold, outcome.hold)
        self.gone = self.gone or outcome.gone
        if outcome.state == "delivered":
            self.succeeded, self.failures, self.unreachable = True, 0, False
            return
        self.failures += 1
        self.error = outcome.error
        self.unreachable = outcome.unreachable
        self.began = max(self.began, claim.started_at)


def health_columns(results: Sequence[Result]) -> list[list[object]]:
    """One row for each endpoint with a try that says something about it, as RECORD's $10 to $17."""
    found: dict[int, _Health] = {}
    for claim, outcome in results:
        if outcome.state != "cancelled":
            found.setdefault(claim.endpoint.id, _Health()).add(claim, outcome)
    every = list(found.values())
    return [
        list(found),
        [health.succeeded for health in every],
        [health.failures for health in every],
        [health.error for health in every],
        [health.unreachable for health in every],
        [health.hold for health in every],
        [health.gone for health in every],
        [health.began for health in every],
    ]


def _claim_of(row: Record) -> Claim:
    endpoint = Destination(
        id=row["endpoint_id"],
        company_id=row["company_id"],
        face=row["face"],
        name=row["endpoint_name"],
        options=msgspec.json.decode(row["endpoint_options"]),
        url=row["url"],
        state=row["state"],
        failures=row["failures"],
        last_success_at=row["last_success_at"],
        last_failure_at=row["last_failure_at"],
        last_error=row["last_error"],
        blocked_until=row["blocked_until"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
    return Claim(
        event_id=row["event_id"],
        subscription_id=row["subscription_id"],
        endpoint=endpoint,
        secret=row["secret"],
        attempt=row["attempts"],
        order_key=row["order_key"],
        started_at=row["started_at"],
        event=_event_of(row),
        subscription=_subscription_of(row, endpoint),
    )


def _event_of(row: Record) -> Event | None:
    if row["type"] is None:
        return None
    return Event(
        id=row["event_id"],
        company_id=row["company_id"],
        type=row["type"],
        subject_id=row["subject_id"],
        order_key=row["event_order_key"],
        origin=row["origin"],
        payload=msgspec.Raw(row["payload"].encode()),
    )


def _subscription_of(row: Record, endpoint: Destination) -> Subscription | None:
    if row["subscription_id"] == NO_SUBSCRIPTION:
        return Subscription(
            id=NO_SUBSCRIPTION,
            company_id=endpoint.company_id,
            endpoint_id=endpoint.id,
            name="",
            event_types=[WEBHOOK_TEST],
            filter={},
            options={},
            ordered=False,
            expires_at=None,
            created_at=endpoint.created_at,
        )
    if row["known_subscription"] is None:
        return None
    return Subscription(
        id=row["subscription_id"],
        company_id=endpoint.company_id,
        endpoint_id=endpoint.id,
        name=row["name"],
        event_types=row["event_types"],
        filter=msgspec.json.decode(row["filter"]),
        options=msgspec.json.decode(row["options"]),
        ordered=row["ordered"],
        expires_at=row["expires_at"],
        created_at=row["subscribed_at"],
    )
