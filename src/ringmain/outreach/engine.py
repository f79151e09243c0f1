"""The outreach engine: claims reminders that are due, has people contacted, writes down what came of it.

Every node with the carrier role runs one; a reminder is worked on by one of them.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from ringmain.core.outreach.caller import Caller, CallOutcome
from ringmain.core.outreach.news import News
from ringmain.core.outreach.queue import Claim, OutreachQueue, Step, Try
from ringmain.core.outreach.words import pressed
from ringmain.database.lease import TakenOver, hold, write_down
from ringmain.database.pool import DatabaseUnavailable
from ringmain.database.wakeup import OUTREACH, Wakeups
from ringmain.database.work_list import WorkList
from ringmain.outreach.contact import Contact, Ending

log = structlog.get_logger()

AT_ONCE: Final = 32
POLL_SECONDS: Final = 0.5
CALL_SECONDS: Final = 600.0
"""How long a call may take before it is hung up."""
RECORD_SECONDS: Final = 60.0
NO_LINE: Final = timedelta(seconds=15)
"""Until a call is tried again for which there was no line."""
UNREADY: Final = timedelta(minutes=5)
"""Until a reminder is taken up again that could not be made for a fault of ours."""


class Engine:
    """Any number of nodes run one. `start` and `stop` let it work by the clock; `work` does what is due at a time."""

    def __init__(self, queue: OutreachQueue, news: News, wakeups: Wakeups, contact: Contact, caller: Caller) -> None:
        self._queue = queue
        self._news = news
        self._contact = contact
        self._caller = caller
        self._calls = 0
        self._list: WorkList[Claim] = WorkList(
            wakeups,
            OUTREACH,
            claim=self._claim,
            carry=self._carry,
            capacity=lambda: AT_ONCE,
            poll=POLL_SECONDS,
        )

    async def start(self) -> None:
        """Begin."""
        await self._list.start()

    async def stop(self) -> None:
        """Claim no more, let what is under way end for a while; calls are hung up then."""
        await self._list.stop()

    @property
    def alive(self) -> bool:
        """Whether it is still looking for work."""
        return self._list.alive

    async def work(self, now: datetime) -> int:
        """Do all that is due at this time, one after the other; returns how many claims that took."""
        done = 0
        while claims := await self._claim_at(AT_ONCE, now):
            for claim in claims:
                await self.make(claim, now)
            done += len(claims)
        return done

    async def make(self, claim: Claim, now: datetime) -> None:
        """Do what a claim is for, as at this time."""
        step = await self._queue.look(claim, now)
        if step is None:
            return
        if step.channel == "voice" and self._calls >= self._caller.capacity():
            await self._queue.postpone(claim, now + NO_LINE)
            return
        attempt = step.resume
        if attempt is None:
            attempt = await self._queue.begin(claim, step, await self._contact.words(claim, step), now)
        if attempt is None:
            return
        if attempt.channel == "voice":
            if await self._queue.opted_out(claim, attempt):
                await self._queue.end(claim, attempt, "opted_out", now)
            else:
                await self._call(claim, attempt, now)
            return
        ending = await self._send(claim, step, attempt)
        await self._queue.end(claim, attempt, ending.result, now, detail=ending.detail, mail=ending.mail)

    async def _claim(self, limit: int) -> Sequence[Claim]:
        return await self._claim_at(limit, datetime.now(UTC))

    async def _claim_at(self, limit: int, now: datetime) -> Sequence[Claim]:
        await self._news.read(now)
        return await self._queue.claim(limit, now)

    async def _carry(self, claim: Claim) -> None:
        now = datetime.now(UTC)
        try:
            await self.make(claim, now)
        except DatabaseUnavailable as error:
            # It may be back in a moment: the reminder is taken up when its lease ends.
            log.warning("a reminder could not be made", reminder=claim.id, error=repr(error))
        except Exception as error:
            # A text is sent again under the same reference; what was begun otherwise is known from its try.
            log.exception("a reminder could not be made", reminder=claim.id, error=type(error).__name__)
            with suppress(Exception):
                await self._queue.postpone(claim, now + UNREADY)

    async def _send(self, claim: Claim, step: Step, attempt: Try) -> Ending:
        if attempt.channel == "sms":
            return await self._contact.text(claim, attempt, step.reminder.name)
        return self._contact.mail(attempt)

    async def _call(self, claim: Claim, attempt: Try, now: datetime) -> None:
        self._calls += 1
        begun = datetime.now(UTC)
        try:
            outcome = await self._place(claim, attempt, now)
        except asyncio.CancelledError:
            # The process stops: whether somebody has heard anything is not known.
            with suppress(Exception):
                await asyncio.shield(self._queue.end(claim, attempt, "unknown", now, detail="the server stopped"))
            raise
        finally:
            self._calls -= 1
        over = now + (datetime.now(UTC) - begun)
        result, detail, answer = "unknown", "hung up", None
        if outcome is not None:
            result, detail = outcome.result, outcome.text
            answer = pressed(outcome.digits, claim.settings) if result == "answered" else None
        # Nobody is asked again for what they have said already.
        await write_down(
            lambda: self._queue.end(claim, attempt, result, over, detail=detail, answer=answer), seconds=RECORD_SECONDS
        )

    async def _place(self, claim: Claim, attempt: Try, now: datetime) -> CallOutcome | None:
        """None: it was hung up, as it took too long or was answered, changed or taken over otherwise."""
        begun = datetime.now(UTC)
        limit = asyncio.timeout(CALL_SECONDS)
        try:
            async with limit:
                return await hold(
                    self._caller.place(self._contact.call(claim, attempt)),
                    lambda: self._queue.attend(claim, now + (datetime.now(UTC) - begun)),
                    lease=self._queue.lease,
                    reminder=claim.id,
                )
        except TakenOver:
            return None
        except Exception as error:
            if limit.expired():
                return None
            log.exception("the caller failed", caller=self._caller.name, reminder=claim.id)
            return CallOutcome(result="failed", text=f"the caller failed: {type(error).__name__}")
