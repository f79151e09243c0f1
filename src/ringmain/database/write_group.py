"""Group commit: what arrives while one transaction is being written goes into the next one together.

With one write the latency is that of a single statement; under load one transaction carries hundreds, which
triples the rate (specs/stack.md). For the two or three hottest verbs only.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from ringmain.database.pool import CONTENDED, DatabaseUnavailable

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

TRIES = 5


class WriteGroup(Generic[Item, Outcome]):
    """Collects items and writes them through `write`, which commits all of a batch or raises and writes nothing.

    `write` returns one outcome for each item, in order. An outcome that is an Exception is raised to its
    submitter. When a batch raises, its items are written one by one, so that one bad item fails alone; but when the
    database is lost in the middle nobody knows whether the batch was written, and every submitter is told so.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome | Exception]]],
        *,
        largest: int = 256,
        writers: int = 1,
        pause: float = 0.0,
    ) -> None:
        """`pause`: seconds after each batch, which makes the next one larger, for what nobody waits for."""
        self._write = write
        self._largest = largest
        self._free_writers = writers
        self._pause = pause
        self._waiting: list[tuple[Item, asyncio.Future[Outcome]]] = []
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, item: Item) -> Outcome:
        """Write this item; returns its outcome once it is committed."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._start()
        return await future

    def _start(self) -> None:
        if self._free_writers and self._waiting:
            self._free_writers -= 1
            task = asyncio.get_running_loop().create_task(self._drain())
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
                await self._write_batch(batch)
                if self._pause:
                    await asyncio.sleep(self._pause)
        finally:
            self._free_writers += 1

    async def _write_batch(self, batch: list[tuple[Item, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._try([item for item, _ in batch])
        except Exception as error:
            if len(batch) == 1 or isinstance(error, DatabaseUnavailable):
                for _, future in batch:
                    _settle(future, error)
                return
            for entry in batch:
                await self._write_batch([entry])
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            _settle(future, outcome)

    async def _try(self, items: Sequence[Item]) -> Sequence[Outcome | Exception]:
        for _ in range(TRIES - 1):
            try:
                return await self._write(items)
            except CONTENDED:
                continue
        return await self._write(items)


def _settle(future: "asyncio.Future[Outcome]", outcome: Outcome | Exception) -> None:
    if future.done():  # its submitter was cancelled; what was written stays written
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
