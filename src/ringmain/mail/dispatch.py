"""The mail dispatcher: claims what is due, has it carried away, writes down what came of it."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from ringmain.core.errors import Unavailable
from ringmain.core.mail.port import Mailer, Outcome
from ringmain.core.mail.queue import Claim, MailQueue
from ringmain.database.lease import write_down
from ringmain.database.wakeup import MAILS, Wakeups
from ringmain.database.work_list import WorkList
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
        self._writer = writer
        self._mailer = mailer
        self._kept = kept
        # A try must be over, and written down, before its lease is.
        self._timeout = queue.lease.total_seconds() * 0.75
        self._record_seconds = queue.lease.total_seconds() * 0.1
        self._prune_at = 0.0
        self._work: WorkList[Claim] = WorkList(
            *(wakeups, MAILS),
            claim=self._claim,
            carry=self._carry,
            capacity=lambda: AT_ONCE,
            poll=POLL_SECONDS,
        )

    async def start(self) -> None:
        """Begin to send."""
        await self._work.start()

    async def stop(self) -> None:
        """Claim no more and let what is on the wire end; the leases of what does not end run out."""
        await self._work.stop()

    @property
    def alive(self) -> bool:
        """Whether it is still looking for work."""
        return self._work.alive

    async def _claim(self, limit: int) -> Sequence[Claim]:
        if time.monotonic() >= self._prune_at:
            # Also when it fails: mail does not wait for that.
            self._prune_at = time.monotonic() + PRUNE_SECONDS
            await self._queue.prune(self._kept)
        return await self._queue.claim(limit)

    async def _carry(self, claim: Claim) -> None:
        try:
            outcome = await self._try(claim)
            state = await write_down(lambda: self._queue.record(claim, outcome), seconds=self._record_seconds)
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
