"""The delivery worker: claims what is due, sends it, writes down what came of it. Any number of nodes run one."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import aiohttp
import structlog

from ringmain.database.loop import Loop
from ringmain.database.pool import FAILURES, Database
from ringmain.database.wakeup import DELIVERIES, Wakeups
from ringmain.delivery.attempt import Claim, Sender
from ringmain.delivery.egress import EgressGuard, open_session
from ringmain.delivery.faces import Face
from ringmain.delivery.ledger import FIRST_BACK_OFF, Ledger
from ringmain.delivery.schedule import SCHEDULE

log = structlog.get_logger()

TIMEOUT: Final = 10.0
LEASE: Final = 30.0
"""Long enough for a try that goes over two connections, and for its outcome."""
EACH: Final = 8
IN_FLIGHT: Final = 400
BATCH: Final = 128
POLL: Final = 0.5
GAP: Final = 0.005
RECONNECT: Final = 0.25


class DeliveryWorker:
    """Sends to every endpoint side by side, at most `each` at once to one, and in order where that was asked for.

    `schedule`: see schedule.py. `timeout`: seconds for a POST; `lease`: seconds after which others try what this
    process claimed; `in_flight`: most at once in all; `poll`: seconds after which to look without being woken;
    `gap`: seconds between two looks; `first_back_off`: seconds before an endpoint that cannot be reached is probed.
    """

    def __init__(
        self,
        database: Database,
        wakeups: Wakeups,
        faces: Mapping[str, Face],
        guard: EgressGuard,
        *,
        schedule: Sequence[float] = SCHEDULE,
        timeout: float = TIMEOUT,
        lease: float = LEASE,
        each: int = EACH,
        in_flight: int = IN_FLIGHT,
        poll: float = POLL,
        gap: float = GAP,
        first_back_off: float = FIRST_BACK_OFF,
        ssl_context: ssl.SSLContext | None = None,
        count: Callable[[str], None] = lambda state: None,
    ) -> None:
        """`count` hears of every try, by the state in which it left its delivery."""
        self._ledger = Ledger(database, lease=lease, first_back_off=first_back_off)
        self._faces = faces
        self._guard = guard
        self._schedule = schedule
        self._timeout = timeout
        self._each = each
        self._limit = in_flight
        self._poll = poll
        self._ssl_context = ssl_context
        self._count = count
        self._in_flight: Counter[int] = Counter()
        self._deliveries: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._loop = Loop("deliveries", self._claim, again=RECONNECT, gap=gap, woken_by=(wakeups, DELIVERIES))

    async def start(self) -> None:
        """Begin to deliver. While the database is away it is tried again and again."""
        # Our own limits are by endpoint: many customers' endpoints may live on one host.
        session = self._session = open_session(
            self._guard,
            connections=self._limit,
            connections_per_host=0,
            timeout=self._timeout,
            ssl_context=self._ssl_context,
        )
        self._sender = Sender(session, self._faces, schedule=self._schedule, timeout=self._timeout)
        self._loop.start()

    async def stop(self) -> None:
        """Claim no more, let what is in flight end (at most `timeout`), and write that down.

        What does not end in time is tried again by others when its lease has passed.
        """
        session, self._session = self._session, None
        if session is None:
            return
        await self._loop.stop(patience=self._timeout)
        if self._deliveries:
            await asyncio.wait(self._deliveries, timeout=self._timeout)
        left = list(self._deliveries)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self._ledger.close()
        await session.close()

    @property
    def alive(self) -> bool:
        """Whether it still looks for work."""
        return self._loop.alive

    async def _claim(self) -> float:
        room = min(self._limit - len(self._deliveries), BATCH)
        if room > 0:
            claims, set_back = await self._ledger.claim(self._in_flight, each=self._each, room=room)
            for claim in claims:
                self._begin(claim)
            if claims or set_back:
                self._loop.wake()  # there may be more
        return self._poll

    def _begin(self, claim: Claim) -> None:
        self._in_flight[claim.endpoint.id] += 1
        task = asyncio.create_task(self._deliver(claim))
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, claim: Claim) -> None:
        try:
            outcome = await self._sender.send(claim)
            await self._ledger.record(claim, outcome)
            self._count(outcome.state)
        except FAILURES as error:
            log.warning("an outcome is lost", event_id=claim.event_id, error=repr(error))
        finally:
            self._end(claim)

    def _end(self, claim: Claim) -> None:
        endpoint = claim.endpoint
        waited_for = (
            self._in_flight[endpoint.id] >= self._each
            or endpoint.blocked_until is not None
            or len(self._deliveries) >= self._limit
            or claim.order_key is not None
        )
        self._in_flight[endpoint.id] -= 1
        if not self._in_flight[endpoint.id]:
            del self._in_flight[endpoint.id]
        if waited_for:
            self._loop.wake()
