"""The carriers' side of texting: what is to be sent, what became of it, what came in.

A submission is one recipient's copy of a message. It is claimed under a lease, put on the wire, and its outcome
recorded; a lease that runs out is claimed again under the same id, so that a killed process loses nothing.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from ringmain.core.texting import submission_store as store
from ringmain.core.texting.carrier import Accepted, Outcome, Postponed, Receipt, Rejected, Submission, Unknown
from ringmain.database.pool import Connection, Database, Record
from ringmain.database.wakeup import EVENTS, Wakeups

LEASE: Final = timedelta(seconds=30)
VALIDITY: Final = timedelta(hours=24)  # a text that no carrier took by then has failed

Key = tuple[int, int, int]
"""A submission's: its company, its message, its own id."""


class CarrierConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the carriers table; `settings` is raw JSON that the adapter of this kind decodes."""

    name: str
    kind: str
    settings: msgspec.Raw


class PartKey(msgspec.Struct, frozen=True):
    """What the parts of one long inbound text have in common."""

    carrier: str
    source: str
    destination: str
    reference: int
    total: int


class InboundPart(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a long inbound text. `received_at` is None until it is kept."""

    key: PartKey
    part: int
    data_coding: int
    payload: bytes
    received_at: datetime | None = None


class Submissions:
    """Claims, outcomes and receipts."""

    def __init__(self, database: Database, wakeups: Wakeups, *, lease: timedelta = LEASE) -> None:
        self._database = database
        self._wakeups = wakeups
        self._lease = lease

    async def carriers(self) -> list[CarrierConfig]:
        """All configured carriers."""
        rows = await self._database.fetch(store.CARRIERS)
        return [
            CarrierConfig(name=row["name"], kind=row["kind"], settings=msgspec.Raw(row["settings"].encode()))
            for row in rows
        ]

    async def claim(self, carrier: str, limit: int) -> list[Submission]:
        """Lease up to `limit` due submissions of a carrier. One that waited over `VALIDITY` is failed instead."""
        rows = await self._database.fetch(store.CLAIM, carrier, limit, self._lease)
        submissions: list[Submission] = []
        expired: list[tuple[Submission, Outcome]] = []
        oldest = datetime.now(UTC) - VALIDITY
        for row in rows:
            values = dict(row)
            created_at = values.pop("created_at")
            submission = Submission(**values)
            if created_at < oldest:
                expired.append((submission, Rejected(code="expired", text="no carrier took it within a day")))
            else:
                submissions.append(submission)
        if expired:
            await self.record(expired)
        return submissions

    async def record(self, outcomes: Sequence[tuple[Submission, Outcome]]) -> None:
        """Record what became of claimed submissions, in one transaction; messages follow, with their events."""
        ordered = sorted(outcomes, key=lambda one: _key(one[0]))
        results = [(*_columns(submission, outcome), submission.attempts) for submission, outcome in ordered]
        parts = [
            (submission.carrier, reference, *_key(submission))
            for submission, outcome in ordered
            if isinstance(outcome, Accepted)
            for reference in outcome.references
        ]
        async with self._database.transaction() as connection:
            changed = await connection.fetch(store.RECORD, *_transpose(results, 9))
            messages = {(row["company_id"], row["message_id"]) for row in changed}
            if parts:
                rows = await connection.fetch(store.RECORD_PARTS, *_transpose(parts, 5))
                messages |= await _settle(connection, {_key_of(row) for row in rows if row["receipt"]})
            await _refresh(connection, messages)
        self._wakeups.wake(EVENTS)

    async def apply_receipts(self, receipts: Sequence[Receipt]) -> None:
        """Record delivery receipts; one that comes before its response waits for it."""
        ordered = sorted(receipts, key=lambda one: (one.carrier, one.reference))
        columns = _transpose([(one.carrier, one.reference, one.state, one.error_code) for one in ordered], 4)
        async with self._database.transaction() as connection:
            rows = await connection.fetch(store.RECORD_RECEIPTS, *columns)
            known = {_key_of(row) for row in rows if row["message_id"] is not None}
            await _refresh(connection, await _settle(connection, known))
        self._wakeups.wake(EVENTS)

    async def keep_part(self, part: InboundPart) -> list[InboundPart]:
        """Keep one part of a long text, where no other has its place; returns all that have come, in order.

        They stay until `drop_parts`, so that a crash before the whole text is kept loses nothing.
        """
        async with self._database.transaction() as connection:
            key = msgspec.structs.astuple(part.key)
            await connection.execute(store.LOCK_PARTS, *key)
            await connection.execute(store.KEEP_PART, *key, part.part, part.data_coding, part.payload)
            return _parts(part.key, await connection.fetch(store.PARTS, *key))

    async def parts(self, key: PartKey) -> list[InboundPart]:
        """What has come of a long text, in order."""
        return _parts(key, await self._database.fetch(store.PARTS, *msgspec.structs.astuple(key)))

    async def drop_parts(self, parts: Sequence[InboundPart]) -> None:
        """Forget these parts of one text, which is kept now; others that came meanwhile stay."""
        key = msgspec.structs.astuple(parts[0].key)
        await self._database.execute(store.DROP_PARTS, *key, [one.part for one in parts])

    async def came_before(self, parts: Sequence[InboundPart]) -> bool:
        """Whether a text that was whole, within an hour before, had each of these kept parts of one text."""
        key = msgspec.structs.astuple(parts[0].key)
        return bool(await self._database.fetchval(store.CAME_BEFORE, *key, [one.part for one in parts]))

    async def forget_joined(self) -> None:
        """Forget which texts were whole more than two days ago."""
        await self._database.execute(store.FORGET_JOINED)

    async def pending_parts(self, carrier: str) -> list[tuple[PartKey, datetime]]:
        """The long texts that are not whole yet, each with the time of its first part."""
        rows = await self._database.fetch(store.PENDING_PARTS, carrier)
        return [
            (PartKey(carrier, row["source"], row["destination"], row["reference"], row["total"]), row["first_at"])
            for row in rows
        ]


def _parts(key: PartKey, rows: Sequence[Record]) -> list[InboundPart]:
    return [InboundPart(key=key, **row) for row in rows]


async def _settle(connection: Connection, submissions: set[Key]) -> set[tuple[int, int]]:
    if not submissions:
        return set()
    rows = await connection.fetch(store.SETTLE, *_transpose(sorted(submissions), 3))
    return {(row["company_id"], row["message_id"]) for row in rows}


async def _refresh(connection: Connection, messages: set[tuple[int, int]]) -> None:
    if messages:
        which = _transpose(sorted(messages), 2)
        await connection.execute(store.LOCK_MESSAGES, *which)
        await connection.execute(store.REFRESH_MESSAGES, *which)


def _key(submission: Submission) -> Key:
    return submission.company_id, submission.message_id, submission.id


def _key_of(part: Record) -> Key:
    return part["company_id"], part["message_id"], part["submission_id"]


def _columns(submission: Submission, outcome: Outcome) -> tuple[Any, ...]:
    key = _key(submission)
    match outcome:
        case Accepted():
            state = "delivered" if outcome.delivered else "sent"
            return (*key, state, len(outcome.references), outcome.ask_again_seconds, None, None)
        case Rejected():
            return (*key, "failed", None, None, outcome.code, outcome.text)
        case Postponed():
            return (*key, "queued", None, outcome.seconds, outcome.code, outcome.text)
        case Unknown():
            return (*key, "unknown", None, outcome.resend_seconds, "unknown", outcome.text)


def _transpose(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
