"""The mail dispatcher: claims what is due, has it carried away, writes down what came of it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog

from ringmain.core.errors import Unavailable
from ringmain.core.mail.port import Mailer, Outcome
from ringmain.core.mail.queue import Claim, MailQueue
from ringmain.database.wakeup import MAILS, Wakeups
from ringmain.mail.letter import Writer

log = structlog.get_logger()

AT_ONCE: Final = 4
"""Mails on the wire at the same time: each is held in memory whole."""
POLL_SECONDS: Final = 1.0
KEPT: Final = timedelta(days=90)
"""How long mails that are over are remembered."""
PRUNE_SECONDS: Final = 3600.0


class MailDispatcher:
    """Any number of nodes run one; a mail is claimed by one of them. `kept`: how long to remember what is over."""

    def __init__(
        self, queue: MailQueue, wakeups: Wakeups, writer: Writer, mailer: Mailer, *, kept: timedelta = KEPT
    ) -> None:
        self._queue = queue
        self._wakeups = wakeups
        self._writer = writer
        self._mailer = mailer
        self._kept = kept
        # A try must be over, and written down, before its lease is.
        self._timeout = queue.lease.total_seconds() * 0.75
        self._work = asyncio.Event()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._end: Callable[[], None] | None = None

    async def start(self) -> None:
        """Begin to send."""
        self._end = self._wakeups.listen(MAILS, self._work.set)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Claim no more and let what is on the wire end; the leases of what does not end run out."""
        if self._task is None:
            return
        self._stopping = True
        self._work.set()
        if self._end is not None:
            self._end()
        await self._task
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=10)
        left = list(self._in_flight)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    @property
    def alive(self) -> bool:
        """Whether it is still looking for work."""
        return self._task is not None and not self._task.done()

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        prune_at = clock()
        while not self._stopping:
            room = AT_ONCE - len(self._in_flight)
            self._work.clear()
            claims: list[Claim] = []
            try:
                claims = await self._queue.claim(room) if room else []
                if clock() >= prune_at:
                    await self._queue.prune(self._kept)
                    prune_at = clock() + PRUNE_SECONDS
            except Exception as error:
                log.warning("mail cannot be claimed", error=repr(error))
            for claim in claims:
                task = asyncio.create_task(self._carry(claim))
                self._in_flight.add(task)
                task.add_done_callback(self._landed)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._work.wait(), POLL_SECONDS)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._work.set()

    async def _carry(self, claim: Claim) -> None:
        try:
            outcome = await self._try(claim)
            state = await self._queue.record(claim, outcome)
        except Exception as error:
            # The lease runs out and it is sent again under the same Message-ID.
            log.warning("what became of a mail is not known", mail=claim.id, error=repr(error))
            return
        if outcome.text is not None:
            log.warning("mail not delivered", mail=claim.id, state=state, error=outcome.text)

    async def _try(self, claim: Claim) -> Outcome:
        try:
            async with asyncio.timeout(self._timeout):
                letter = await self._writer.write(claim, await self._queue.attachments(claim))
                return await self._mailer.send(letter)
        except TimeoutError:
            return Outcome(postponed=claim.pending, text="the mail server took too long")
        except Unavailable as error:
            return Outcome(postponed=claim.pending, text=str(error))
        except Exception as error:
            log.exception("a mail cannot be written or sent", mail=claim.id)
            return Outcome(postponed=claim.pending, text=type(error).__name__)
