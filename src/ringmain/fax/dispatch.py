"""The fax dispatcher: claims what is due, has it sent, renews its lease meanwhile, writes down what came of it.

Every node with the carrier role runs one; a fax is claimed by one of them.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from ringmain.core.errors import CoreError
from ringmain.core.faxes.queue import FaxQueue
from ringmain.core.faxes.transport import Failed, FaxJob, FaxTransport, Outcome
from ringmain.core.files.service import Files
from ringmain.database.pool import DatabaseUnavailable
from ringmain.database.wakeup import FAXES, Wakeups

log = structlog.get_logger()

POLL_SECONDS: Final = 0.5
STOP_SECONDS: Final = 10.0
RECORD_SECONDS: Final = 60.0
AGAIN_SECONDS: Final = 0.25
UNREADABLE_SECONDS: Final = 60.0
"""Until a fax is tried again whose pages could not be read from the file store."""


class TakenOver(Exception):
    """Another node has claimed the fax since: this process was not heard of for too long."""


class FaxDispatcher:
    """Any number of nodes run one. `stop_seconds`: how long faxes on the line may take when the process stops."""

    def __init__(
        self,
        queue: FaxQueue,
        wakeups: Wakeups,
        files: Files,
        transport: FaxTransport,
        *,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self._queue = queue
        self._wakeups = wakeups
        self._files = files
        self._transport = transport
        self._stop_seconds = stop_seconds
        self._beat = queue.lease.total_seconds() / 3
        self._work = asyncio.Event()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._end: Callable[[], None] | None = None

    async def start(self) -> None:
        """Connect the transport and begin."""
        await self._transport.start()
        self._end = self._wakeups.listen(FAXES, self._work.set)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Claim no more, let what is on the line end for a while, give back the rest."""
        task, self._task = self._task, None
        if task is None:
            return
        self._stopping = True
        self._work.set()
        if self._end is not None:
            self._end()
        await task
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=self._stop_seconds)
        left = list(self._in_flight)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._transport.stop()

    @property
    def alive(self) -> bool:
        """Whether it is still looking for work."""
        return self._task is not None and not self._task.done()

    async def _run(self) -> None:
        while not self._stopping:
            room = self._transport.capacity() - len(self._in_flight)
            self._work.clear()
            jobs: list[FaxJob] = []
            try:
                jobs = await self._queue.claim(room) if room > 0 else []
            except Exception as error:
                log.warning("faxes cannot be claimed", error=repr(error))
            for job in jobs:
                task = asyncio.create_task(self._carry(job))
                self._in_flight.add(task)
                task.add_done_callback(self._landed)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._work.wait(), POLL_SECONDS)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._work.set()

    async def _carry(self, job: FaxJob) -> None:
        try:
            outcome = await self._try(job)
        except TakenOver:
            log.warning("a fax was taken over by another node", fax=job.id)
            return
        except asyncio.CancelledError:
            if self._stopping:
                # What cannot be given back now is claimed when its lease runs out.
                with suppress(Exception):
                    await asyncio.shield(self._queue.release(job))
            raise
        try:
            await self._record(job, outcome)
        except Exception as error:
            # The lease runs out and it is sent again under the same reference.
            log.warning("what became of a fax is not known", fax=job.id, error=repr(error))

    async def _try(self, job: FaxJob) -> Outcome:
        try:
            tiff = await self._files.read(job.company_id, job.tiff_id)
        except CoreError as error:
            return Failed(code="no_pages", text=str(error), retry_seconds=UNREADABLE_SECONDS)
        done = Done()
        sending = asyncio.create_task(self._transport.send(job, tiff, done.set))
        try:
            while not (await asyncio.wait({sending}, timeout=self._beat))[0]:
                await self._attend(job, done.pages)
            return sending.result()
        except TakenOver:
            raise
        except Exception as error:
            log.exception("fax transport failed", transport=self._transport.name, fax=job.id)
            text = f"the transport failed: {type(error).__name__}"
            return Failed(code="transport", text=text, pages_done=done.pages, retry_seconds=UNREADABLE_SECONDS)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await sending

    async def _attend(self, job: FaxJob, pages_done: int) -> None:
        try:
            ours = await self._queue.attend(job, pages_done)
        except Exception as error:  # while the database is away the line stays up
            log.warning("the lease of a fax was not renewed", fax=job.id, error=repr(error))
            return
        if not ours:
            raise TakenOver

    async def _record(self, job: FaxJob, outcome: Outcome) -> None:
        give_up = time.monotonic() + RECORD_SECONDS
        while True:
            try:
                await self._queue.record(job, outcome, origin=self._transport.name)
            except DatabaseUnavailable:
                # Recorded or not, it may be recorded again; unrecorded, it would be sent again.
                if time.monotonic() > give_up:
                    raise
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                return


class Done:
    """How many pages are over."""

    def __init__(self) -> None:
        self.pages = 0

    def set(self, pages: int) -> None:
        """The transport says so."""
        self.pages = pages
