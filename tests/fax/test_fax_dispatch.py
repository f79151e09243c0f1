import asyncio
from datetime import UTC, datetime, timedelta

from ringmain.core.faxes.model import Fax, FaxChange
from ringmain.core.faxes.transport import FaxJob, Outcome, Progress, Sent
from ringmain.core.system import Core
from ringmain.fax import sandbox
from tests.conditions import eventually
from tests.core.faxes.conftest import Faxing
from tests.fax.conftest import Make, reaches
from tests.losses import lose_once, lost


class Line:
    """A transport of which a test decides when a fax is over."""

    name = "line"

    def __init__(self, capacity: int = 8) -> None:
        self.begun: list[FaxJob] = []
        self.pages: list[bytes] = []
        self.hung_up: list[int] = []
        self.over = asyncio.Event()
        self.progress: Progress | None = None
        self.faults = 0
        self._capacity = capacity

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def capacity(self) -> int:
        return self._capacity

    async def send(self, job: FaxJob, tiff: bytes, progress: Progress) -> Outcome:
        self.begun.append(job)
        self.pages.append(tiff)
        self.progress = progress
        if self.faults:
            self.faults -= 1
            raise RuntimeError("modem on fire")
        try:
            await self.over.wait()
        except asyncio.CancelledError:
            self.hung_up.append(job.id)
            raise
        return Sent()

    async def has_begun(self, count: int = 1) -> FaxJob:
        async def look() -> bool:
            return len(self.begun) >= count

        await eventually(look)
        return self.begun[-1]


async def test_a_scheduled_fax_is_sent_at_its_time_by_one_of_several_nodes(
    faxing: Faxing, core: Core, node: Make
) -> None:
    lines = [Line(), Line(), Line()]
    for line in lines:
        line.over.set()
        await node(line).start()
    made = [await faxing.send(send_at=datetime.now(UTC) + timedelta(days=1)) for _ in range(4)]
    send_at = {}
    for fax in made:
        send_at[fax.id] = datetime.now(UTC) + timedelta(seconds=2)
        change = FaxChange(send_at=send_at[fax.id])
        assert (await core.faxes.change_scheduled(faxing.company_id, fax.id, change)).state == "scheduled"
    for fax in made:
        assert (await reaches(faxing, fax, "sent")).updated_at >= send_at[fax.id]
    assert sorted(job.id for line in lines for job in line.begun) == sorted(fax.id for fax in made)


async def test_a_long_fax_keeps_its_lease(faxing: Faxing, core: Core, node: Make) -> None:
    line, other = Line(), Line()
    await node(line, lease=1).start()
    made = await faxing.send()
    await line.has_begun()
    await node(other, lease=1).start()
    assert line.progress is not None
    line.progress(1)

    async def seen() -> bool:
        return (await faxing.get(made)).pages_done == 1

    await eventually(seen)
    was = await core.database.fetchval("SELECT due_at FROM faxes")

    async def renewed() -> bool:
        moved: timedelta = await core.database.fetchval("SELECT due_at - $1::timestamptz FROM faxes", was)
        return moved > timedelta(seconds=2)

    await eventually(renewed)
    line.over.set()
    assert (await reaches(faxing, made, "sent")).attempts == 1
    assert (len(line.begun), other.begun) == (1, [])
    assert line.pages[0][:4] == b"II*\0"


async def test_a_dead_nodes_fax_is_sent_by_another(faxing: Faxing, core: Core, node: Make) -> None:
    dead = node(Line(), lease=1)
    await dead.start()
    made = await faxing.send()
    await dead._transport.has_begun()  # type: ignore[attr-defined]
    for task in (dead._work._loop._task, *dead._work._in_flight):  # as if it had been killed: nothing is given back
        assert task is not None
        task.cancel()
    line = Line()
    line.over.set()
    await node(line).start()
    done = await reaches(faxing, made, "sent")
    assert (done.attempts, done.error_code) == (2, None)
    assert line.begun[0].interrupted


async def test_a_fax_that_was_sent_is_not_sent_again_for_a_lost_connection(
    faxing: Faxing, core: Core, node: Make
) -> None:
    await lose_once(core.database, "faxes", "new.state = 'sent'")
    line = Line()
    line.over.set()
    await node(line).start()
    done = await reaches(faxing, await faxing.send(), "sent")
    assert await lost(core.database)
    assert (done.attempts, len(line.begun)) == (1, 1)


async def test_a_node_that_was_thought_dead_hangs_up(faxing: Faxing, core: Core, node: Make) -> None:
    slow = Line()
    await node(slow, lease=0.3).start()
    made = await faxing.send()
    await slow.has_begun()
    # Another has claimed it meanwhile.
    await core.database.execute("UPDATE faxes SET attempts = attempts + 1, due_at = now() + interval '1 hour'")

    async def hung_up() -> bool:
        return slow.hung_up == [made.id]

    await eventually(hung_up)
    assert (await faxing.get(made)).state == "sending"


async def test_a_stop_waits_for_the_line_then_gives_back(faxing: Faxing, node: Make) -> None:
    line = Line()
    stopping = node(line)
    await stopping.start()
    made = await faxing.send()
    await line.has_begun()
    asyncio.get_running_loop().call_later(0.1, line.over.set)
    await stopping.stop()
    assert (await faxing.get(made)).state == "sent"
    endless = Line()
    impatient = node(endless, stop_seconds=0.1)
    await impatient.start()
    second = await faxing.send()
    await endless.has_begun()
    await impatient.stop()
    assert endless.hung_up == [second.id]
    fax = await faxing.get(second)
    assert (fax.state, fax.error_code) == ("queued", "interrupted")
    assert not impatient.alive
    line = Line()
    line.over.set()
    await node(line).start()
    await reaches(faxing, second, "sent")
    assert not line.begun[0].interrupted


async def test_no_more_than_the_transport_can_send(faxing: Faxing, node: Make) -> None:
    line = Line(capacity=2)
    await node(line).start()
    made = [await faxing.send() for _ in range(4)]
    await line.has_begun(2)
    await asyncio.sleep(0.7)  # more than a poll
    assert len(line.begun) == 2
    line.over.set()
    for fax in made:
        await reaches(faxing, fax, "sent")


async def test_a_faulty_transport_does_not_end_the_dispatcher(faxing: Faxing, core: Core, node: Make) -> None:
    line = Line()
    line.over.set()
    line.faults = 1
    dispatcher = node(line)
    await dispatcher.start()
    made = await faxing.send()

    async def failed_once() -> Fax | None:
        fax = await faxing.get(made)
        return fax if fax.state == "queued" and fax.error_code else None

    fax = await eventually(failed_once)
    assert (fax.error_code, fax.error_text) == ("transport", "the transport failed: RuntimeError")
    assert dispatcher.alive
    await core.database.execute("UPDATE faxes SET due_at = now()")
    await reaches(faxing, made, "sent")


async def test_pages_that_cannot_be_read_are_tried_again(faxing: Faxing, core: Core, node: Make) -> None:
    made = await faxing.send()
    await core.database.execute("UPDATE faxes SET tiff_id = 5")
    await node().start()

    async def failed_once() -> Fax | None:
        fax = await faxing.get(made)
        return fax if fax.state == "queued" and fax.error_code else None

    assert (await eventually(failed_once)).error_code == "no_pages"


async def test_a_fax_deleted_on_the_line_is_not_recalled(faxing: Faxing, core: Core, node: Make) -> None:
    line = Line()
    dispatcher = node(line, lease=1)
    await dispatcher.start()
    made = await faxing.send()
    await line.has_begun()
    await core.faxes.delete(faxing.company_id, made.id, "outbound")

    async def known() -> bool:
        return await core.database.fetchval("SELECT due_at IS NULL FROM faxes") is True

    await eventually(known)
    assert line.hung_up == []
    line.over.set()
    await dispatcher.stop()
    assert (len(line.begun), line.hung_up) == (1, [])


def test_the_magic_numbers_are_telephone_numbers_of_nobody() -> None:
    assert all(number.startswith("+1500555") for number in sandbox.MEANING)
