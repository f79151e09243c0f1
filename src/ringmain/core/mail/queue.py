"""The sending side of mail: claims under a lease, outcomes, tries again. Any number of nodes take from it."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from ringmain.core.mail import store
from ringmain.core.mail.model import Method, State
from ringmain.core.mail.port import Outcome
from ringmain.database.pool import Database

LEASE: Final = timedelta(seconds=120)
RETRIES: Final = (60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 43200.0, 86400.0)
"""Seconds from a try that may be repeated to the next: eleven tries in two days and a bit, as mail servers do."""
JITTER: Final = 0.1


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that this process may send now. `recipients` stand in the header, `pending` have yet to get it."""

    company_id: int
    id: int
    recipients: list[str]
    pending: list[str]
    subject: str
    text: str
    reply_to: str | None
    calendar_method: Method | None
    calendar: str | None
    attempts: int
    created_at: datetime


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment of a claimed mail: `content`, or the file `file_id` of `size` bytes if it is still `readable`."""

    name: str
    mimetype: str
    file_id: int | None
    content: bytes | None
    size: int | None
    readable: bool


class MailQueue:
    """What is to be sent. `retries`: seconds before each further try; after the last one a mail is dead."""

    def __init__(self, database: Database, *, lease: timedelta = LEASE, retries: Sequence[float] = RETRIES) -> None:
        self._database = database
        self.lease = lease
        self._retries = retries

    async def claim(self, limit: int) -> list[Claim]:
        """Lease up to `limit` mails that are due."""
        rows = await self._database.fetch(store.CLAIM, limit, self.lease)
        return [msgspec.convert(dict(row), Claim) for row in rows]

    async def attachments(self, claim: Claim) -> list[Attached]:
        """A claimed mail's attachments, in order."""
        rows = await self._database.fetch(store.ATTACHMENTS, claim.company_id, claim.id)
        return [msgspec.convert(dict(row), Attached) for row in rows]

    async def record(self, claim: Claim, outcome: Outcome) -> State | None:
        """Write down what became of a claim; returns the state that this leaves.

        A claim whose lease was taken over by another changes nothing and returns None.
        """
        wait = self._wait(claim.attempts) if outcome.postponed else None
        state: State | None = await self._database.fetchval(
            *(store.RECORD, claim.company_id, claim.id, claim.attempts),
            *(outcome.postponed, outcome.refused, wait, outcome.text),
        )
        return state

    def _wait(self, attempts: int) -> float | None:
        if attempts > len(self._retries):
            return None
        return self._retries[attempts - 1] * (1 + JITTER * (2 * random.random() - 1))  # noqa: S311

    async def prune(self, age: timedelta) -> None:
        """Forget up to 1000 mails that are over since `age`."""
        await self._database.execute(store.PRUNE, age)
