"""The fax dispatcher: claims what is due, has it sent, renews its lease meanwhile, writes down what came of it.

Every node with the carrier role runs one; a fax is claimed by one of them.
"""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from ringmain.core.errors import CoreError
from ringmain.core.faxes.queue import FaxQueue
from ringmain.core.faxes.transport import Failed, FaxJob, FaxTransport, Outcome
from ringmain.core.files.service import Files
from ringmain.database.lease import TakenOver, hold, write_down
from ringmain.database.wakeup import FAXES, Wakeups
from ringmain.database.work_list import STOP_SECONDS, WorkList

log = structlog.get_logger()

POLL_SECONDS: Final = 0.5
RECORD_SECONDS: Final = 60.0
UNREADABLE_SECONDS: Final = 60.0
"""Until a fax is tried again whose pages could not be read from the file store."""


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
        self._files = files
        self._transport = transport
        self._work: WorkList[FaxJob] = WorkList(
            *(wakeups, FAXES),
            claim=queue.claim,
            carry=self._carry,
            capacity=transport.capacity,
            poll=POLL_SECONDS,
            stop_seconds=stop_seconds,
        )

    async def start(self) -> None:
        """Connect the transport and begin."""
        await self._transport.start()
        await self._work.start()

    async def stop(self) -> None:
        """Claim no more, let what is on the line end for a while, give back the rest, disconnect."""
        await self._work.stop()
        await self._transport.stop()

    @property
    def alive(self) -> bool:
        """Whether it is still looking for work."""
        return self._work.alive

    async def _carry(self, job: FaxJob) -> None:
        try:
            outcome = await self._try(job)
        except TakenOver:
            log.warning("a fax was taken over by another node", fax=job.id)
            return
        except asyncio.CancelledError:
            if self._work.stopping:
                # What cannot be given back now is claimed when its lease runs out.
                with suppress(Exception):
                    await asyncio.shield(self._queue.release(job))
            raise
        try:
            await write_down(
                lambda: self._queue.record(job, outcome, origin=self._transport.name), seconds=RECORD_SECONDS
            )
        except Exception as error:
            # The lease runs out and it is sent again under the same reference.
            log.warning("what became of a fax is not known", fax=job.id, error=repr(error))

    async def _try(self, job: FaxJob) -> Outcome:
        try:
            tiff = await self._files.read(job.company_id, job.tiff_id)
        except CoreError as error:
            return Failed(code="no_pages", text=str(error), retry_seconds=UNREADABLE_SECONDS)
        done = Done()
        try:
            return await hold(
                self._transport.send(job, tiff, done.set),
                lambda: self._queue.attend(job, done.pages),
                lease=self._queue.lease,
                fax=job.id,
            )
        except TakenOver:
            raise
        except Exception as error:
            log.exception("fax transport failed", transport=self._transport.name, fax=job.id)
            text = f"the transport failed: {type(error).__name__}"
            return Failed(code="transport", text=text, pages_done=done.pages, retry_seconds=UNREADABLE_SECONDS)


class Done:
    """How many pages are over."""

    def __init__(self) -> None:
        self.pages = 0

    def set(self, pages: int) -> None:
        """The transport says so."""
        self.pages = pages
