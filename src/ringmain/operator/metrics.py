"""Metrics for Prometheus: what is counted as it happens, and what is read when asked (docs/metrics.md).

No label holds an id. Counts are of this process; backlogs are of the whole system, the same on every node.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.texting.carrier import CarrierStatus
from ringmain.database.pool import FAILURES, Database, Record

log = structlog.get_logger()

# When a series began is of no use to anybody and would double the answer.
disable_created_metrics()  # type: ignore[no-untyped-call]

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
FRESH_S: Final = 2.0
PATIENCE_S: Final = 2.0

# Partial indexes hold only what waits, so this reads no more than that. A fax that is scheduled for later waits for
# nobody; one that was asked for again is as old as its last try.
BACKLOG: Final = """
SELECT 'submissions' AS name, carrier AS label, count(*)::float8 AS waiting,
    extract(epoch FROM clock_timestamp() - min(created_at))::float8 AS oldest
FROM submissions WHERE due_at IS NOT NULL GROUP BY carrier
UNION ALL
SELECT 'deliveries', NULL, count(*), ((id_at(clock_timestamp()) - min(event_id)) >> 13)::float8 / 1000
FROM deliveries WHERE due_at IS NOT NULL
UNION ALL
SELECT 'mails', NULL, count(*), extract(epoch FROM clock_timestamp() - min(created_at))
FROM mails WHERE due_at IS NOT NULL
UNION ALL
SELECT 'faxes', NULL, count(*), extract(epoch FROM clock_timestamp() -
    min(CASE WHEN round = 0 THEN coalesce(send_at, created_at) ELSE updated_at END))
FROM faxes WHERE due_at IS NOT NULL AND (state <> 'scheduled' OR due_at <= now())
UNION ALL
SELECT 'reminders', NULL, count(*), extract(epoch FROM clock_timestamp() - min(due_at))
FROM outreach_reminders WHERE due_at <= now()
UNION ALL
SELECT 'lag', NULL, NULL, (
    SELECT ((id_at(clock_timestamp()) - oldest.id) >> 13)::float8 / 1000
    FROM relay_position p, LATERAL (
        SELECT e.id FROM events e WHERE (e.transaction_id, e.id) > (p.transaction_id, p.event_id)
        ORDER BY e.transaction_id, e.id LIMIT 1
    ) AS oldest
    WHERE p.name = 'deliveries'
)
"""
LAG: Final = "Age of the oldest event that was not turned into deliveries yet."
# By name in BACKLOG: what waits, and the oldest of it.
WAITING: Final = {
    "submissions": "Texts that wait for a carrier or its answer",
    "deliveries": "Webhook deliveries that wait or run",
    "mails": "Mails that wait for a mail server or its answer",
    "faxes": "Faxes that wait for a line or are on it",
    "reminders": "Reminders that are due and that nobody makes yet",
}


class Backlog:
    """Shows the newest look at the database; nothing of it while there is none."""

    def __init__(self) -> None:
        self.rows: list[Record] | None = None

    def collect(self) -> Iterable[Metric]:
        """What prometheus_client calls."""
        up = GaugeMetricFamily("ringmain_database_up", "Whether the database answered this scrape.")
        up.add_metric([], float(self.rows is not None))
        yield up
        if self.rows is None:
            return
        families: dict[str, tuple[GaugeMetricFamily, GaugeMetricFamily]] = {}
        for name, meaning in WAITING.items():
            labels = ["carrier"] if name == "submissions" else []
            families[name] = (
                GaugeMetricFamily(f"ringmain_{name}_backlog", f"{meaning}.", labels=labels),
                GaugeMetricFamily(f"ringmain_{name}_oldest_seconds", f"{meaning}: age of the oldest.", labels=labels),
            )
        lag = GaugeMetricFamily("ringmain_event_log_lag_seconds", LAG)
        for row in self.rows:
            labels = [] if row["label"] is None else [row["label"]]
            # Clocks of two machines may differ by a little.
            oldest = max(0.0, row["oldest"] or 0.0)
            if row["name"] == "lag":
                lag.add_metric(labels, oldest)
                continue
            waiting, age = families[row["name"]]
            waiting.add_metric(labels, row["waiting"])
            age.add_metric(labels, oldest)
        for pair in families.values():
            yield from pair
        yield lag


class Carriers:
    """Shows how this node's carriers stand."""

    def __init__(self, statuses: Callable[[], Sequence[CarrierStatus]]) -> None:
        self._statuses = statuses

    def collect(self) -> Iterable[Metric]:
        """What prometheus_client calls."""
        state = GaugeMetricFamily(
            "ringmain_carrier_state", "1 for the state that the carrier is in.", labels=["carrier", "kind", "state"]
        )
        for status in self._statuses():
            state.add_metric([status.name, status.kind, status.state], 1)
        yield state


class Metrics:
    """One a process. The `count_` methods are light enough for every request and text."""

    def __init__(
        self,
        database: Database,
        *,
        carriers: Callable[[], Sequence[CarrierStatus]],
        sockets: Callable[[], int],
    ) -> None:
        self._database = database
        self._backlog = Backlog()
        self._looked_at = 0.0
        self._look: asyncio.Task[list[Record] | None] | None = None
        registry = self._registry = CollectorRegistry()
        self._requests = Histogram(
            "ringmain_request_seconds",
            "HTTP requests by their duration.",
            ["dialect", "method", "route", "status"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._request_series: dict[tuple[str, str, str, int], Histogram] = {}
        self._texts = Counter(
            "ringmain_texts", "What became of texts, by carrier.", ["carrier", "outcome"], registry=registry
        )
        self._deliveries = Counter(
            "ringmain_delivery_attempts", "Tries of webhook deliveries.", ["outcome"], registry=registry
        )
        connected = Gauge("ringmain_sockets_connected", "Realtime clients of this node.", registry=registry)
        connected.set_function(lambda: float(sockets()))
        used = Gauge("ringmain_database_connections_used", "Pool connections at work.", registry=registry)
        used.set_function(lambda: float(database.in_use))
        size = Gauge("ringmain_database_connections_limit", "The pool's size.", registry=registry)
        size.set_function(lambda: float(database.size))
        registry.register(self._backlog)
        registry.register(Carriers(carriers))

    def count_request(self, dialect: str, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request. `route` is the template, `/conversations/{id}`, never the path."""
        key = (dialect, method if method in METHODS else "other", route, status)
        series = self._request_series.get(key)
        if series is None:
            series = self._request_series[key] = self._requests.labels(*map(str, key))
        series.observe(seconds)

    def count_text(self, carrier: str, outcome: str) -> None:
        """Count a text's step: accepted, sent, delivered, failed, postponed, unknown."""
        self._texts.labels(carrier, outcome).inc()

    def count_delivery(self, outcome: str) -> None:
        """Count one try of a webhook by the state it left its delivery in (DeliveryState)."""
        self._deliveries.labels(outcome).inc()

    async def answer(self, request: Request) -> Response:
        """The endpoint."""
        self._backlog.rows = await self._rows()
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

    async def _rows(self) -> list[Record] | None:
        # Whoever asks often gets the same look again: it costs the database nothing more.
        if self._look is None or (self._look.done() and time.monotonic() - self._looked_at > FRESH_S):
            self._look = asyncio.create_task(self._read())
            self._looked_at = time.monotonic()
        return await asyncio.shield(self._look)

    async def _read(self) -> list[Record] | None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._database.fetch(BACKLOG)
        except FAILURES as error:
            log.warning("backlogs cannot be read", error=repr(error))
            return None
