import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from ringmain.core.events import Event
from ringmain.database.pool import Database
from ringmain.database.wakeup import EVENTS, Wakeups
from ringmain.realtime.follower import BATCH, Follower
from tests.conditions import eventually

WRITE = """
INSERT INTO events (company_id, type, subject_id, order_key, payload)
SELECT $1, 'test', n, n, jsonb_build_object('n', n) FROM unnest($2::bigint[]) AS n
"""


class Seen:
    """What a follower told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def __call__(self, events: Sequence[Event]) -> None:
        self.events += events

    @property
    def subjects(self) -> list[int]:
        return [event.subject_id for event in self.events]

    async def until(self, *subjects: int) -> None:
        """Wait until exactly these were told."""

        async def told() -> bool:
            return len(self.events) >= len(subjects)

        await eventually(told)
        assert sorted(self.subjects) == sorted(subjects)


@asynccontextmanager
async def following(database: Database, wakeups: Wakeups) -> AsyncIterator[Seen]:
    follower, seen = Follower(database, wakeups), Seen()
    follower.subscribe(seen)
    await follower.start()
    try:
        yield seen
    finally:
        await follower.stop()


async def write(database: Database, *subjects: int) -> None:
    await database.execute(WRITE, 1, list(subjects))


async def test_tells_what_commits_from_now_on(database: Database, wakeups: Wakeups) -> None:
    await write(database, 1)
    async with following(database, wakeups) as seen:
        await write(database, 2)
        wakeups.wake(EVENTS)
        await seen.until(2)
        event = seen.events[0]
        assert (event.company_id, event.type, event.order_key, event.decode()) == (1, "test", 2, {"n": 2})
        await write(database, 3)  # without a wake-up, as when its process died
        await seen.until(2, 3)


async def test_an_event_of_a_transaction_that_began_before_is_not_missed(database: Database, wakeups: Wakeups) -> None:
    async with database.transaction() as early:
        await early.execute(WRITE, 1, [1])
        async with following(database, wakeups) as seen:
            async with database.transaction() as late:
                await late.execute(WRITE, 1, [2])
            wakeups.wake(EVENTS)
            await write(database, 3)
            assert seen.events == []
            await early.execute("COMMIT")
            await seen.until(1, 2, 3)
            assert seen.subjects == [1, 2, 3]
            await early.execute("BEGIN")


async def test_late_commits_are_told_without_a_wake_up(database: Database, wakeups: Wakeups) -> None:
    """Something unrelated holds events back; its end wakes nobody."""
    async with following(database, wakeups) as seen:
        for number in range(5):
            async with database.transaction() as other:
                await other.execute("SELECT pg_current_xact_id()")
                await write(database, number)
                wakeups.wake(EVENTS)
            await seen.until(*range(number + 1))


async def test_what_is_rolled_back_is_never_told(database: Database, wakeups: Wakeups) -> None:
    async with following(database, wakeups) as seen:
        connection = await database.connect()
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(WRITE, 1, [1])
        await transaction.rollback()
        await connection.close()
        await write(database, 2)
        wakeups.wake(EVENTS)
        await seen.until(2)


async def test_more_than_a_batch_in_order(database: Database, wakeups: Wakeups) -> None:
    many = list(range(2 * BATCH + 10))
    async with following(database, wakeups) as seen:
        await write(database, *many)
        wakeups.wake(EVENTS)
        await seen.until(*many)
        assert [event.id for event in seen.events] == sorted(event.id for event in seen.events)


async def test_concurrent_writers_are_told_once_each(database: Database, wakeups: Wakeups) -> None:
    async def writer(start: int) -> None:
        for number in range(start, start + 25):
            await write(database, number)
            wakeups.wake(EVENTS)

    async with following(database, wakeups) as seen:
        await asyncio.gather(*(writer(start) for start in range(0, 150, 25)))
        await seen.until(*range(150))


async def test_goes_on_after_the_database_was_lost(server_dsn: str, database: Database, wakeups: Wakeups) -> None:
    async with following(database, wakeups) as seen:
        await write(database, 1)
        await seen.until(1)
        name = await database.fetchval("SELECT current_database()")
        operator = await asyncpg.connect(server_dsn)
        try:
            await operator.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            await operator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)

            async def gone() -> bool:
                return not wakeups.connected

            await eventually(gone)
            await operator.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        finally:
            await operator.close()
        await seen.until(1)
        connection = await database.connect()
        await connection.execute(WRITE, 1, [2])
        await connection.close()
        await seen.until(1, 2)
        await write(database, 3)
        wakeups.wake(EVENTS)
        await seen.until(1, 2, 3)


async def test_one_callback_that_fails_does_not_stop_the_others(database: Database, wakeups: Wakeups) -> None:
    follower, seen = Follower(database, wakeups), Seen()

    async def fail(_: Sequence[Event]) -> None:
        raise RuntimeError("no")

    follower.subscribe(fail)
    end = follower.subscribe(seen)
    await follower.start()
    await write(database, 1)
    await seen.until(1)
    end()
    other = Seen()
    follower.subscribe(other)
    await write(database, 2)
    await other.until(2)
    assert seen.subjects == [1]
    await follower.stop()


async def test_a_log_that_went_back_in_time_is_followed_again(database: Database, wakeups: Wakeups) -> None:
    """As after a restore from a backup: transactions count from an earlier number."""
    follower, seen = Follower(database, wakeups), Seen()
    follower.subscribe(seen)
    await follower.start()
    follower._cursor = (2**40, 0)
    await follower._check_history()
    await write(database, 1)
    wakeups.wake(EVENTS)
    await seen.until(1)
    await follower.stop()
