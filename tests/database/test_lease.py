import asyncio
from datetime import timedelta

import pytest

from ringmain.database.lease import TakenOver, hold, write_down
from ringmain.database.pool import Database, DatabaseUnavailable

LEASE = timedelta(milliseconds=30)


class Work:
    """Work that is over when its lease was renewed so often. `answers`: what renewing says, then that it is ours."""

    def __init__(self, renewals: int = 3, answers: tuple[bool | Exception, ...] = ()) -> None:
        self.renewed = 0
        self.cancelled = False
        self.error: Exception | None = None
        self._renewals = renewals
        self._answers = list(answers)
        self._over = asyncio.Event()

    async def do(self) -> str:
        try:
            await self._over.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self.error is not None:
            raise self.error
        return "done"

    async def renew(self) -> bool:
        self.renewed += 1
        if self.renewed == self._renewals:
            self._over.set()
        answer = self._answers.pop(0) if self._answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def held(self) -> str:
        return await hold(self.do(), self.renew, lease=LEASE, fax=1)


async def test_a_lease_is_renewed_until_the_work_is_over() -> None:
    work = Work()
    assert await work.held() == "done"
    assert (work.renewed >= 3, work.cancelled) == (True, False)


async def test_work_that_is_quick_renews_nothing() -> None:
    work = Work()

    async def quick() -> int:
        return 7

    assert await hold(quick(), work.renew, lease=timedelta(hours=1)) == 7
    assert work.renewed == 0


async def test_work_is_left_to_who_has_taken_it_over() -> None:
    work = Work(renewals=100, answers=(True, False))
    with pytest.raises(TakenOver):
        await work.held()
    assert (work.renewed, work.cancelled) == (2, True)


async def test_work_goes_on_while_nobody_knows_whose_it_is() -> None:
    work = Work(answers=(OSError("the database is away"), DatabaseUnavailable("lost")))
    assert await work.held() == "done"
    assert not work.cancelled


async def test_what_the_work_raises_is_raised() -> None:
    work = Work()
    work.error = ValueError("no")
    with pytest.raises(ValueError, match="no"):
        await work.held()


async def test_work_ends_with_who_does_it() -> None:
    work = Work(renewals=100)
    holding = asyncio.create_task(work.held())
    while not work.renewed:
        await asyncio.sleep(0.01)
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    assert work.cancelled


async def test_what_came_of_it_is_written_down_when_the_database_is_back(database: Database) -> None:
    tries = 0

    async def write() -> int:
        nonlocal tries
        tries += 1
        if tries < 3:
            await database.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return tries

    assert await write_down(write, seconds=60) == 3


async def test_writing_down_is_given_up_in_time() -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/none", acquire_timeout=0.01)
    with pytest.raises(DatabaseUnavailable):
        await write_down(lambda: nowhere.execute("SELECT 1"), seconds=0.01)


async def test_what_the_database_refuses_is_not_asked_again() -> None:
    tries = 0

    async def write() -> None:
        nonlocal tries
        tries += 1
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await write_down(write, seconds=60)
    assert tries == 1
