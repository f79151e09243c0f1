"""What was looked up, for as long as this process would hear of a change."""

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

from ringmain.database.wakeup import CREDENTIALS, Wakeups

Found = TypeVar("Found")

LARGEST: Final = 20_000
OLDEST: Final = 15.0
"""Seconds after which everything is forgotten: a wake-up can be lost with the process that was to send it."""


class CredentialCache(Generic[Found]):
    """Forgets everything when credentials change anywhere; is not used while this process could not hear of it.

    Only what was found is kept: a wrong key is looked up each time.
    """

    def __init__(self, wakeups: Wakeups) -> None:
        self._wakeups = wakeups
        self._entries: dict[Hashable, Found] = {}
        self._generation = 0
        self._begun = time.monotonic()
        wakeups.listen(CREDENTIALS, self.clear)

    def clear(self) -> None:
        """Forget everything, and what is being looked up at this moment too."""
        self._entries.clear()
        self._generation += 1
        self._begun = time.monotonic()

    async def get(self, name: Hashable, look_up: Callable[[], Awaitable[Found]]) -> Found:
        """The entry, or what `look_up` finds. What it raises is raised and not kept."""
        if not self._wakeups.connected:
            return await look_up()
        if time.monotonic() - self._begun > OLDEST:
            self.clear()
        found = self._entries.get(name)
        if found is not None:
            return found
        generation = self._generation
        found = await look_up()
        if generation == self._generation:
            if len(self._entries) >= LARGEST:
                self._entries.clear()
            self._entries[name] = found
        return found
