"""People who text in through the SMSC; what the server acknowledged to it must not be lost either."""

import asyncio
import contextlib
import random
import uuid
from collections.abc import AsyncIterator
from typing import Final

from tests.clients.smsc import Smsc

FAILURES: Final = (RuntimeError, TimeoutError, ConnectionError)  # the SMSC was killed
LONG: Final = "and so on " * 20  # makes it two segments
LONG_ONES: Final = 0.3
PATIENCE: Final = 20.0


class Inbound:
    """`async with inbound.running(4): ...`; `acknowledged` holds the first word of each text that the server took.

    One may be kept twice: when the acknowledgement is lost, the SMSC sends it again and nothing tells them apart.
    """

    def __init__(self, smsc: Smsc, number: str, *, pause: float = 0.1, seed: int = 0) -> None:
        self.acknowledged: set[str] = set()
        self._smsc = smsc
        self._number = number
        self._pause = pause
        self._random = random.Random(seed)
        self._ending = asyncio.Event()
        self._reference = 0

    @contextlib.asynccontextmanager
    async def running(self, people: int = 4) -> AsyncIterator[None]:
        """Text from so many people at once until the block ends."""
        tasks = [asyncio.create_task(self._text_from(f"+1310555{number:04d}")) for number in range(1, people + 1)]
        try:
            yield
            self._ending.set()
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _text_from(self, sender: str) -> None:
        while not self._ending.is_set():
            stamp = str(uuid.UUID(int=self._random.getrandbits(128)))
            is_long = self._random.random() < LONG_ONES
            self._reference += 1
            with contextlib.suppress(*FAILURES):
                statuses = await self._smsc.deliver(
                    f"{stamp} {LONG if is_long else 'hello'}",
                    source=sender.removeprefix("+"),
                    destination=self._number.removeprefix("+"),
                    via="udh16" if is_long else "plain",
                    reference=self._reference,
                    timeout=PATIENCE,
                )
                if not any(statuses):
                    self.acknowledged.add(stamp)
            await asyncio.sleep(self._random.uniform(0, 2 * self._pause))
