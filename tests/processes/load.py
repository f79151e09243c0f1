"""Clients that publish texts through RingPlan's API and repeat what was not acknowledged, under the same stamp_id."""

import asyncio
import contextlib
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Final

import aiohttp
import msgspec

FAILURES: Final = (aiohttp.ClientError, ConnectionError, TimeoutError)
LONG: Final = "and so on " * 20  # makes it two segments
REPEATED: Final = 0.05  # the part of acknowledged messages that is published again
LONG_ONES: Final = 0.1
PATIENCE: Final = 90.0


class Published(msgspec.Struct):
    """Of the answer, what is looked at."""

    id: str


ANSWER: Final = msgspec.json.Decoder(Published)


class Load:
    """`async with load.running(16): ...`; on leaving, everything begun is repeated until it is acknowledged.

    `bases` are the nodes; each attempt goes to any of them. `acknowledged`: stamp_id -> message id, of answers 2xx;
    the text begins with the stamp. `parts`: segments of each text. `contradictions`: two answers to one stamp that
    differ. `failures`: what attempts ended with that were not acknowledged. An answer 4xx is an AssertionError.
    """

    def __init__(
        self, bases: Sequence[str], key: str, conversations: Sequence[str], *, pause: float = 0.1, seed: int = 0
    ) -> None:
        self.bases = list(bases)
        self.acknowledged: dict[str, str] = {}
        self.parts: dict[str, int] = {}
        self.contradictions: list[str] = []
        self.failures: Counter[str] = Counter()
        self._headers = {"Authorization": f"Bearer {key}", "X-User-Id": "primary"}
        self._conversations = conversations
        self._pause = pause
        self._random = random.Random(seed)
        self._ending = asyncio.Event()

    @contextlib.asynccontextmanager
    async def running(self, connections: int = 16) -> AsyncIterator[None]:
        """Publish from so many clients at once until the block ends."""
        async with self._session(connections) as http:
            clients = [asyncio.create_task(self._publish_on(http)) for _ in range(connections)]
            try:
                yield
                self._ending.set()
                await asyncio.wait_for(asyncio.gather(*clients), PATIENCE)
            finally:
                for client in clients:
                    client.cancel()
                await asyncio.gather(*clients, return_exceptions=True)

    async def publish(self, count: int, connections: int = 16) -> None:
        """Publish so many as fast as so many clients can."""
        left = iter(range(count))

        async def client(http: aiohttp.ClientSession) -> None:
            for _ in left:
                await self._publish(http)

        async with self._session(connections) as http:
            await asyncio.gather(*(client(http) for _ in range(connections)))

    def _session(self, connections: int) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers=self._headers,
            connector=aiohttp.TCPConnector(limit=connections),
            timeout=aiohttp.ClientTimeout(total=30),
        )

    async def _publish_on(self, http: aiohttp.ClientSession) -> None:
        while not self._ending.is_set():
            await self._publish(http)
            await asyncio.sleep(self._random.uniform(0, 2 * self._pause))

    async def _publish(self, http: aiohttp.ClientSession) -> None:
        stamp = str(uuid.UUID(int=self._random.getrandbits(128)))
        is_long = self._random.random() < LONG_ONES
        self.parts[stamp] = 2 if is_long else 1
        body = {"text": f"{stamp} {LONG if is_long else 'hello'}", "stamp_id": stamp}
        path = f"/texting/conversations/{self._random.choice(self._conversations)}/messages/publish"
        again = self._random.random() < REPEATED
        while True:
            message_id = await self._attempt(http, path, body)
            if message_id is None:
                await asyncio.sleep(self._random.uniform(0.02, 0.1))
                continue
            first = self.acknowledged.setdefault(stamp, message_id)
            if first != message_id:
                self.contradictions.append(f"answers {stamp}: {first} {message_id}")
            if not again:
                return
            again = False

    async def _attempt(self, http: aiohttp.ClientSession, path: str, body: dict[str, str]) -> str | None:
        """The message's id once it is acknowledged, None while it is not known whether it was taken."""
        try:
            async with http.post(f"{self._random.choice(self.bases)}{path}", json=body) as response:
                answer = await response.read()
        except FAILURES as error:
            self.failures[type(error).__name__] += 1
            return None
        if response.ok:
            return ANSWER.decode(answer).id
        assert response.status >= 500, f"{response.status} {answer[:200]!r}"
        self.failures[str(response.status)] += 1
        return None
