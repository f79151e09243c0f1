"""A Socket.IO client of RingPlan's that counts what it hears."""

import asyncio
from collections import Counter
from types import TracebackType
from typing import Any, Final, Self

import socketio

NEWS: Final = "texting.message.new"
PATIENCE: Final = 60.0


class Listener:
    """`async with Listener(node.base, key) as listener: listener.heard`: how often each message's id was told."""

    def __init__(self, base: str, key: str) -> None:
        self.heard: Counter[str] = Counter()
        self._base = base
        self._key = key
        self._client = socketio.AsyncClient(reconnection=False)
        self._authenticated = asyncio.Event()
        self._client.on(NEWS, self._news)
        self._client.on("authenticated", self._welcome)

    async def __aenter__(self) -> Self:
        await self._client.connect(self._base, socketio_path="/ws/", transports=["websocket"], wait_timeout=PATIENCE)
        await self._client.emit("authenticate", {"token": self._key})
        await asyncio.wait_for(self._authenticated.wait(), PATIENCE)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.disconnect()
        await self._client.eio.wait()

    async def _news(self, message: dict[str, Any]) -> None:
        self.heard[message["id"]] += 1

    async def _welcome(self, _nothing: object = None) -> None:
        self._authenticated.set()
