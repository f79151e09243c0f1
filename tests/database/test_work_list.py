import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from ringmain.database.wakeup import FAXES, Wakeups
from ringmain.database.work_list import WorkList
from tests.conditions import eventually


class Desk:
    """Work that takes until it is told to end. Nothing comes by polling, which is an hour apart."""

    def __init__(self, wakeups: Wakeups, *, poll: float = 3600.0, stop_seconds: float = 10.0) -> None:
        self.waiting: list[int] = []
        self.asked: list[int] = []
        self.under_way: set[int] = set()
        self.done: list[int] = []
        self.cancelled: list[int] = []
        self.over = asyncio.Event()
        self.error: Exception | None = None
        self.list: WorkList[int] = WorkList(
            *(wakeups, FAXES),
            claim=self.claim,
            carry=self.carry,
            capacity=lambda: 2,
            poll=poll,
            stop_seconds=stop_seconds,
        )

    async def claim(self, limit: int) -> list[int]:
        self.asked.append(limit)
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        claimed, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return claimed

    async def carry(self, one: int) -> None:
        self.under_way.add(one)
        try:
            await self.over.wait()
            self.done.append(one)
        except asyncio.CancelledError:
            self.cancelled.append(one)
            raise
        finally:
            self.under_way.discard(one)


@pytest.fixture
async def open_desk(wakeups: Wakeups) -> AsyncIterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def make(**options: float) -> Desk:
        desks.append(Desk(wakeups, **options))
        return desks[-1]

    yield make
    for desk in desks:
        desk.over.set()
        await desk.list.stop()


async def seen(look: Callable[[], bool]) -> None:
    async def found() -> bool:
        return look()

    await eventually(found)


async def test_no_more_is_claimed_than_there_is_room_for(wakeups: Wakeups, open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    desk.waiting = [1, 2, 3]
    await desk.list.start()
    assert desk.list.alive
    await seen(lambda: desk.under_way == {1, 2})
    wakeups.wake(FAXES)
    desk.over.set()  # the end of one is the beginning of the next
    await seen(lambda: sorted(desk.done) == [1, 2, 3])
    assert max(desk.asked) == 2
    assert 0 not in desk.asked


async def test_a_wake_up_brings_work_at_once(wakeups: Wakeups, open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    await desk.list.start()
    await seen(lambda: desk.asked != [])
    desk.waiting = [1]
    wakeups.wake(FAXES)
    await seen(lambda: desk.under_way == {1})


async def test_a_lost_wake_up_is_made_up_for_by_a_poll(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(poll=0.01)
    await desk.list.start()
    await seen(lambda: desk.asked != [])
    desk.waiting = [1]
    await seen(lambda: desk.under_way == {1})


async def test_a_claim_that_fails_is_made_again(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(poll=0.01)
    desk.error, desk.waiting = OSError("the database is away"), [1]
    await desk.list.start()
    await seen(lambda: desk.under_way == {1})


async def test_stopping_waits_for_what_is_under_way(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    desk.waiting = [1, 2, 3]
    await desk.list.start()
    await seen(lambda: desk.under_way == {1, 2})
    stopping = asyncio.create_task(desk.list.stop())
    await seen(lambda: desk.list.stopping and not desk.list.alive)
    desk.over.set()
    await stopping
    assert (sorted(desk.done), desk.cancelled, desk.waiting) == ([1, 2], [], [3])
    await desk.list.stop()


async def test_what_takes_too_long_is_cancelled(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(stop_seconds=0.01)
    desk.waiting = [1]
    await desk.list.start()
    await seen(lambda: desk.under_way == {1})
    await desk.list.stop()
    assert (desk.done, desk.cancelled) == ([], [1])


async def test_what_never_began_can_be_stopped(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    await desk.list.stop()
    assert not desk.list.alive
    assert desk.asked == []
