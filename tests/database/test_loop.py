import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from structlog.testing import capture_logs

from ringmain.database.loop import Loop
from ringmain.database.wakeup import FAXES, Wakeups
from tests.conditions import eventually

HOUR = 3600.0


class Steps:
    """Steps that say how they went. By the clock none comes before an hour."""

    def __init__(self, wakeups: Wakeups, *, again: float = HOUR) -> None:
        self.begun = 0
        self.over = 0
        self.cancelled = 0
        self.pauses: list[float] = []
        self.errors: list[Exception | None] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.loop = Loop("steps", self.step, again=again, woken_by=(wakeups, FAXES))

    async def step(self) -> float:
        self.begun += 1
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        self.over += 1
        return self.pauses.pop(0) if self.pauses else HOUR

    async def until(self, look: Callable[[], bool]) -> None:
        async def found() -> bool:
            return look()

        await eventually(found)


@pytest.fixture
async def make_steps(wakeups: Wakeups) -> AsyncIterator[Callable[..., Steps]]:
    made: list[Steps] = []

    async def listening() -> bool:
        return wakeups.connected

    await eventually(listening)  # which wakes too

    def make(**options: float) -> Steps:
        made.append(Steps(wakeups, **options))
        return made[-1]

    yield make
    for steps in made:
        await steps.loop.stop()


async def test_the_first_step_is_at_once_and_the_next_after_a_pause(make_steps: Callable[..., Steps]) -> None:
    steps = make_steps()
    steps.pauses = [0.01, 0, HOUR]
    assert not steps.loop.alive
    steps.loop.start()
    await steps.until(lambda: steps.over >= 3)
    assert steps.loop.alive


async def test_a_wake_up_ends_a_pause(wakeups: Wakeups, make_steps: Callable[..., Steps]) -> None:
    steps = make_steps()
    steps.loop.start()
    await steps.until(lambda: steps.over >= 1)
    wakeups.wake(FAXES)
    await steps.until(lambda: steps.over >= 2)


async def test_a_wake_up_in_the_middle_of_a_step_is_not_lost(
    wakeups: Wakeups, make_steps: Callable[..., Steps]
) -> None:
    steps = make_steps()
    steps.go_on.clear()
    steps.loop.start()
    await steps.until(lambda: steps.begun == 1)
    wakeups.wake(FAXES)
    steps.go_on.set()
    await steps.until(lambda: steps.over >= 2)


@pytest.mark.parametrize("error", [OSError("the database is away"), ZeroDivisionError("a fault of ours")])
async def test_no_failure_ends_it(make_steps: Callable[..., Steps], error: Exception) -> None:
    steps = make_steps(again=0.01)
    steps.errors = [error]
    with capture_logs() as lines:
        steps.loop.start()
        await steps.until(lambda: steps.over >= 1)
    # Where a fault of ours is shows in the log.
    (line,) = lines
    assert (line["event"], line["loop"], line["error"]) == ("a step failed", "steps", repr(error))
    assert line["exc_info"] is (None if isinstance(error, OSError) else error)


@pytest.mark.parametrize(
    ("error", "alive"), [(OSError("the database is away"), True), (ZeroDivisionError("a fault of ours"), False)]
)
async def test_it_is_not_alive_while_a_fault_of_ours_lasts(
    make_steps: Callable[..., Steps], error: Exception, alive: bool
) -> None:
    steps = make_steps()
    steps.errors = [error]
    with capture_logs():
        steps.loop.start()
        await steps.until(lambda: not steps.errors)
        await steps.until(lambda: steps.loop.alive is alive)
        await steps.loop.stop()
        steps.loop.start()
        await steps.until(lambda: steps.over >= 1 and steps.loop.alive)


async def test_a_failure_that_lasts_is_told_once_until_a_step_succeeds(make_steps: Callable[..., Steps]) -> None:
    steps = make_steps(again=0.01)
    steps.errors = [OSError("1"), OSError("2"), OSError("3"), None, OSError("4")]
    steps.pauses = [0]
    with capture_logs() as lines:
        steps.loop.start()
        await steps.until(lambda: steps.over >= 2)
    assert [line["error"] for line in lines] == ["OSError('1')", "OSError('4')"]


async def test_a_stop_cancels_a_step_or_waits_for_it(make_steps: Callable[..., Steps]) -> None:
    hasty, patient = make_steps(), make_steps()
    for steps in (hasty, patient):
        steps.go_on.clear()
        steps.loop.start()
    await hasty.until(lambda: hasty.begun == patient.begun == 1)
    await hasty.loop.stop()
    assert (hasty.cancelled, hasty.over, hasty.loop.alive) == (1, 0, False)
    stopping = asyncio.create_task(patient.loop.stop(patience=HOUR))
    await asyncio.sleep(0)
    patient.go_on.set()
    await stopping
    assert (patient.cancelled, patient.over, patient.begun, patient.loop.alive) == (0, 1, 1, False)


async def test_a_stop_does_not_wait_for_the_next_try(make_steps: Callable[..., Steps]) -> None:
    steps = make_steps()
    steps.errors = [OSError("the database is away")]
    steps.loop.start()
    await steps.until(lambda: not steps.errors)
    async with asyncio.timeout(60):
        await steps.loop.stop(patience=HOUR)
    assert (steps.begun, steps.cancelled) == (1, 0)


async def test_what_has_ended_is_woken_no_more_and_may_begin_again(
    wakeups: Wakeups, make_steps: Callable[..., Steps]
) -> None:
    steps = make_steps()
    await steps.loop.stop()
    steps.loop.start()
    await steps.until(lambda: steps.over >= 1)
    await steps.loop.stop()
    assert steps.loop.wake not in wakeups._callbacks[FAXES]
    steps.loop.start()
    await steps.until(lambda: steps.over >= 2)
