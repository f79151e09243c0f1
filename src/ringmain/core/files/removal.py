"""Removes the contents of files that were deleted, after the commit (migration 0009).

The list of them is written by the transaction that deletes the files. Whoever is killed between the two, or in the
middle, leaves the rest on the list: a row without its content is never there, a content without its row not for long.
"""

import asyncio
from datetime import timedelta
from typing import Final

from obstore.store import ObjectStore

from ringmain.core.errors import Unavailable
from ringmain.core.files.storage import key_of, remove
from ringmain.core.files.store import CLAIM_REMOVED, FORGET_REMOVED
from ringmain.database.loop import Loop
from ringmain.database.pool import Database, Record

EVERY: Final = 60.0
"""Seconds between two looks."""
BATCH: Final = 100
AT_ONCE: Final = 10
LEASE: Final = timedelta(minutes=10)


class Removal:
    """Any number of nodes run one; a content is removed by one of them."""

    def __init__(self, database: Database, store: ObjectStore, *, every: float = EVERY) -> None:
        self._database = database
        self._store = store
        self._every = every
        self._places = asyncio.Semaphore(AT_ONCE)
        self._loop = Loop("removal of files", self._look, again=every)

    async def start(self) -> None:
        """Begin, with a first look at once."""
        self._loop.start()

    async def stop(self) -> None:
        """End; what is not removed yet stays on the list."""
        await self._loop.stop()

    async def step(self) -> int:
        """Remove what is due; returns how many contents. What the store will not remove is tried again later."""
        removed = 0
        while rows := await self._database.fetch(CLAIM_REMOVED, BATCH, LEASE):
            over = [row for row in await asyncio.gather(*map(self._remove, rows)) if row is not None]
            columns = [row["company_id"] for row in over], [row["file_id"] for row in over]
            await self._database.execute(FORGET_REMOVED, *columns)
            removed += len(over)
        return removed

    async def _remove(self, row: Record) -> Record | None:
        async with self._places:
            try:
                await remove(self._store, key_of(row["company_id"], row["file_id"]))
            except Unavailable:
                return None
        return row

    async def _look(self) -> float:
        await self.step()
        return self._every
