"""The sending side of fax: claims under a lease, signs of life, outcomes. Any number of nodes take from it.

A fax takes minutes, so its lease is renewed while it is on the line. A lease that ran out means that the process died:
the fax is sent again, whole, as some of its pages may be missing there. It may arrive twice; each such try counts.
"""

from datetime import timedelta
from typing import Final

import msgspec

from ringmain.core.faxes import notices, queue_store
from ringmain.core.faxes.model import Fax
from ringmain.core.faxes.transport import Failed, FaxJob, Outcome
from ringmain.core.mail.service import Mails
from ringmain.database.pool import Database
from ringmain.database.wakeup import EVENTS, FAXES, Wakeups

LEASE: Final = timedelta(seconds=30)
INTERRUPTED: Final = Failed(code="interrupted", text="the servers that were sending it stopped")

_fax: Final = msgspec.json.Decoder(Fax)


class FaxQueue:
    """What is to be sent, of all companies."""

    def __init__(self, database: Database, wakeups: Wakeups, mails: Mails, *, lease: timedelta = LEASE) -> None:
        self._database = database
        self._wakeups = wakeups
        self._mails = mails
        self.lease = lease

    async def claim(self, limit: int) -> list[FaxJob]:
        """Lease up to `limit` faxes that are due. Those whose last try was interrupted are failed instead."""
        rows = await self._database.fetch(queue_store.CLAIM, limit, self.lease)
        jobs = [FaxJob(**row) for row in rows]
        for job in jobs:
            if job.exhausted:
                await self.record(job, INTERRUPTED)
        if jobs:
            self._wakeups.wake(EVENTS)
        return [job for job in jobs if not job.exhausted]

    async def attend(self, job: FaxJob, pages_done: int) -> bool:
        """Renew the lease and say how far it is; False when another has taken the fax over."""
        arguments = (job.company_id, job.id, job.attempts, self.lease, pages_done)
        return await self._database.fetchval(queue_store.ATTEND, *arguments) is not None

    async def release(self, job: FaxJob) -> None:
        """Give back what a process that stops could not finish. The try does not count."""
        await self._database.fetchval(queue_store.RELEASE, job.company_id, job.id, job.attempts)
        self._wakeups.wake(EVENTS)
        self._wakeups.wake(FAXES)

    async def record(self, job: FaxJob, outcome: Outcome, *, origin: str = "") -> Fax | None:
        """Write down what became of a claim, and tell by mail when that is the end; None when it was not ours any more.

        A failure that may pass leads to another try, if one is left.
        """
        failed = outcome if isinstance(outcome, Failed) else None
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                *(queue_store.RECORD, job.company_id, job.id, job.attempts),
                *((failed.pages_done, failed.code, failed.text, failed.retry_seconds) if failed else (job.pages,)),
                *(() if failed else (None, None, None)),
                origin,
            )
            if row is None:
                return None
            fax = _fax.decode(row["fax"])
            for mail in notices.finished(fax, row["timezone"]):
                await self._mails.queue(connection, job.company_id, mail)
        self._wakeups.wake(EVENTS)
        self._mails.wake()
        return fax
