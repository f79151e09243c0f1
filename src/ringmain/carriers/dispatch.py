"""The dispatcher: claims what is to be sent, hands it to the carriers, records what became of it.

Every node with the carrier role runs one; a submission is claimed by one of them. Outcomes and receipts are
recorded in groups.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import structlog

from ringmain.core.texting.carrier import Carrier, CarrierStatus, Outcome, Receipt, Submission, Unknown
from ringmain.core.texting.submissions import CarrierConfig, Submissions
from ringmain.database.pool import DatabaseUnavailable
from ringmain.database.wakeup import CARRIERS, SUBMISSIONS, Wakeups
from ringmain.database.write_group import WriteGroup

log = structlog.get_logger()

BATCH: Final = 256
POLL_SECONDS: Final = 0.5
GAP_SECONDS: Final = 0.01
STOP_SECONDS: Final = 15.0
RECORD_SECONDS: Final = 20.0
AGAIN_SECONDS: Final = 0.25

Recorded = tuple[Submission, Outcome]
Build = Callable[[CarrierConfig], Carrier]


class Dispatcher:
    """Runs one lane for each configured carrier; follows changes of the carriers table."""

    def __init__(self, submissions: Submissions, wakeups: Wakeups, build: Build) -> None:
        """`build` makes the adapter for a configuration; it raises ValueError for one that cannot work."""
        self._submissions = submissions
        self._wakeups = wakeups
        self._build = build
        self._lanes: dict[str, Lane] = {}
        self._changed = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None
        self._ends: list[Callable[[], None]] = []

    async def start(self) -> None:
        """Start the carriers; returns once every configured one was started."""
        self._ends = [
            self._wakeups.listen(SUBMISSIONS, self._wake),
            self._wakeups.listen(CARRIERS, self._changed.set),
        ]
        await self._configure()
        self._follower = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Finish what is on the wire, give back the rest, disconnect."""
        for end in self._ends:
            end()
        if self._follower:
            self._follower.cancel()
            with suppress(asyncio.CancelledError):
                await self._follower
        await asyncio.gather(*(lane.stop() for lane in self._lanes.values()))

    def statuses(self) -> list[CarrierStatus]:
        """How each carrier fares on this node."""
        return [lane.carrier.status() for lane in self._lanes.values()]

    @property
    def alive(self) -> bool:
        """Whether every lane and the follower of changes run."""
        follows = self._follower is not None and not self._follower.done()
        return follows and all(lane.alive for lane in self._lanes.values())

    def _wake(self) -> None:
        for lane in self._lanes.values():
            lane.wake()

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._configure()
            except Exception as error:
                log.warning("carriers could not be read", error=repr(error))
                await asyncio.sleep(1)
                self._changed.set()

    async def _configure(self) -> None:
        wanted = {config.name: config for config in await self._submissions.carriers()}
        for name in [name for name, lane in self._lanes.items() if wanted.get(name) != lane.config]:
            await self._lanes.pop(name).stop()
        for name, config in wanted.items():
            if name in self._lanes:
                continue
            try:
                carrier = self._build(config)
            except ValueError as error:
                log.error("carrier is not usable", carrier=name, error=str(error))
                continue
            lane = Lane(config, carrier, self._submissions)
            self._lanes[name] = lane
            await lane.start()


class Lane:
    """One carrier's way out: as many submissions in flight as it can take, no more."""

    def __init__(self, config: CarrierConfig, carrier: Carrier, submissions: Submissions) -> None:
        self.config = config
        self.carrier = carrier
        self._submissions = submissions
        self._outcomes: WriteGroup[Recorded, None] = WriteGroup(self._record, pause=GAP_SECONDS)
        self._work = asyncio.Event()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._carrying: set[int] = set()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def alive(self) -> bool:
        """Whether it is still looking for work."""
        return self._task is not None and not self._task.done()

    def wake(self) -> None:
        """There may be work."""
        self._work.set()

    async def start(self) -> None:
        """Connect the carrier and begin."""
        await self.carrier.start()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Let what is in flight end within `STOP_SECONDS`; leases of the rest run out."""
        self._stopping = True
        self._work.set()
        if self._task:
            await self._task
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=STOP_SECONDS)
        await self.carrier.stop()
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=1)
        for task in self._in_flight:
            task.cancel()

    async def _run(self) -> None:
        while not self._stopping:
            room = min(self.carrier.capacity() - len(self._in_flight), BATCH)
            claimed: list[Submission] = []
            if room > 0:
                self._work.clear()
                try:
                    claimed = await self._submissions.claim(self.carrier.name, room)
                except Exception as error:
                    log.warning("claim failed", carrier=self.carrier.name, error=repr(error))
            for submission in claimed:
                if submission.id in self._carrying:  # its lease ran out while it is still on the wire here
                    continue
                task = asyncio.create_task(self._carry(submission))
                self._in_flight.add(task)
                task.add_done_callback(self._landed)
            if len(claimed) < room or room <= 0:
                # Under load a claim a little later takes many at once, which costs far less for each.
                await asyncio.sleep(GAP_SECONDS)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._work.wait(), POLL_SECONDS)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        if len(self._in_flight) < self.carrier.capacity() // 2:
            self._work.set()

    async def _carry(self, submission: Submission) -> None:
        self._carrying.add(submission.id)
        try:
            await self._carry_once(submission)
        finally:
            self._carrying.discard(submission.id)

    async def _carry_once(self, submission: Submission) -> None:
        try:
            outcome = await self.carrier.send(submission)
        except Exception as error:
            log.exception("carrier adapter failed", carrier=self.carrier.name, submission=submission.id)
            outcome = Unknown(text=type(error).__name__, resend_seconds=60)
        try:
            await self._outcomes.submit((submission, outcome))
        except Exception as error:
            # The lease runs out and it is sent again under the same reference.
            log.warning("outcome not recorded", submission=submission.id, error=repr(error))

    async def _record(self, outcomes: Sequence[Recorded]) -> Sequence[None]:
        give_up = time.monotonic() + RECORD_SECONDS
        while True:
            try:
                await self._submissions.record(outcomes)
            except DatabaseUnavailable:
                # Recorded or not, it may be recorded again; unrecorded, it would be sent again.
                if time.monotonic() > give_up:
                    raise
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                return [None] * len(outcomes)


def grouped_receipts(submissions: Submissions) -> Callable[[Sequence[Receipt]], "asyncio.Future[None]"]:
    """A way to apply receipts one by one that writes those that come together in one transaction."""

    async def write(batches: Sequence[Sequence[Receipt]]) -> Sequence[None]:
        await submissions.apply_receipts([receipt for batch in batches for receipt in batch])
        return [None] * len(batches)

    group: WriteGroup[Sequence[Receipt], None] = WriteGroup(write)

    def apply(receipts: Sequence[Receipt]) -> "asyncio.Future[None]":
        return asyncio.ensure_future(group.submit(receipts))

    return apply
