"""The delivery worker: claims what is due, sends it, writes down what came of it. Any number of nodes run one."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from ringmain.database.pool import Database
from ringmain.database.wakeup import DELIVERIES, Wakeups
from ringmain.delivery.attempt import Claim, Sender
from ringmain.delivery.egress import EgressGuard, open_session
from ringmain.delivery.faces import Face
from ringmain.delivery.ledger import FIRST_BACK_OFF, Ledger
from ringmain.delivery.schedule import SCHEDULE
from ringmain.delivery.session import FAILURES

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
        self._wakeups = wakeups
        self._ledger = Ledger(database, lease=lease, first_back_off=first_back_off)
        self._faces = faces
        self._guard = guard
        self._schedule = schedule
        self._timeout = timeout
        self._each = each
        self._limit = in_flight
        self._poll = poll
        self._gap = gap
        self._ssl_context = ssl_context
        self._count = count
        self._in_flight: Counter[int] = Counter()
        self._deliveries: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._stop_listening: Callable[[], None] | None = None

    async def start(self) -> None:
        """Begin to deliver. While the database is away it is tried again and again."""
        self._stopping = False
        # Our own limits are by endpoint: many customers' endpoints may live on one host.
        self._session = open_session(
            self._guard,
            connections=self._limit,
            connections_per_host=0,
            timeout=self._timeout,
            ssl_context=self._ssl_context,
        )
        self._sender = Sender(self._session, self._faces, schedule=self._schedule, timeout=self._timeout)
        self._stop_listening = self._wakeups.listen(DELIVERIES, self._woken.set)
        self._task = asyncio.create_task(self._claim_all())

    async def stop(self) -> None:
        """Claim no more, let what is in flight end (at most `timeout`), and write that down.

        What does not end in time is tried again by others when its lease has passed.
        """
        if self._task is None:
            return
        self._stopping = True
        self._woken.set()
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        await asyncio.wait([self._task], timeout=self._timeout)
        if self._deliveries:
            await asyncio.wait(self._deliveries, timeout=self._timeout)
        left = [self._task, *self._deliveries]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self._task = None
        self._ledger.close()
        await self._session.close()

    @property
    def alive(self) -> bool:
        """Whether it still looks for work."""
        return self._task is not None and not self._task.done()

    async def _claim_all(self) -> None:
        lost = False
        while not self._stopping:
            room = min(self._limit - len(self._deliveries), BATCH)
            if room > 0:
                self._woken.clear()
                try:
                    claims, set_back = await self._ledger.claim(self._in_flight, each=self._each, room=room)
                    lost = False
                except FAILURES as error:
                    if not lost:
                        log.warning("deliveries cannot be claimed", error=repr(error))
                    lost = True
                    await asyncio.sleep(RECONNECT)
                    continue
                for claim in claims:
                    self._begin(claim)
                if claims or set_back:
                    self._woken.set()  # there may be more
                await asyncio.sleep(self._gap)
            else:
                self._woken.clear()
            await self._wait(self._poll)

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
            self._woken.set()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
