"""The seam below Engine.IO: one WebSocket connection, and a way to write a ready-made frame to it.

A broadcast is the same bytes for everybody, so it is encoded once and written to each transport. That needs
three things that ASGI does not give, and this module is the only place that knows where they are:

- the transport: under uvicorn's `websockets-sansio` the ASGI `send` is a bound method of the protocol object that
  owns it. Under another server, or behind middleware that wraps `send`, there is no such object and `write` says
  False: the caller then sends the ordinary way.
- whether older packets are still on their way: Engine.IO's writer takes packets off its queue before it sends them,
  so an empty queue is not enough. `Outbox` counts packets until they are taken care of, `Wire` those being sent.
- which connection is the current one of an Engine.IO session: during an upgrade the WebSocket is open but not yet in
  use. A wire introduces itself with the first packet that is not part of the upgrade's probe.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

PROBE_ANSWER = "3probe"
BATCH = 16  # packets in one polling answer; python-engineio's client drops the connection when there are more


def text_frame(payload: bytes) -> bytes:
    """The WebSocket frame, as a server sends it, of one text message in UTF-8."""
    return Frame(Opcode.TEXT, payload).serialize(mask=False)


class Wire:
    """One WebSocket connection of an Engine.IO session; give `send` to Engine.IO in place of the server's own.

    `introduce` is called with the wire and the text of the first packet once the session sends through it.
    """

    def __init__(self, send: Send, introduce: Callable[["Wire", str], None]) -> None:
        self._send = send
        self._introduce: Callable[[Wire, str], None] | None = introduce
        self._sending = 0
        owner = getattr(send, "__self__", None)
        self._protocol = owner if isinstance(owner, WebSocketsSansIOProtocol) else None
        self._direct: WebSocketsSansIOProtocol | None = None

    async def send(self, message: Message) -> None:
        """The ASGI send of this connection."""
        text = message.get("text")
        if self._introduce is not None and text is not None and text != PROBE_ANSWER:
            self._introduce(self, text)
            self._introduce = None
            if self._protocol is not None and not self._protocol.conn.extensions:
                self._direct = self._protocol
        self._sending += 1
        try:
            await self._send(message)
        finally:
            self._sending -= 1

    def write(self, frame: bytes) -> bool:
        """Writes a frame at once, or says False: no seam here, compressed, closing, full, or packets on their way."""
        protocol = self._direct
        if (
            protocol is None
            or self._sending
            or protocol.close_sent
            or not protocol.writable.is_set()
            or protocol.transport.is_closing()
        ):
            return False
        protocol.transport.write(frame)
        return True

    def abort(self) -> bool:
        """Drops the connection and all that waits to be sent. False where there is no seam."""
        if self._protocol is None:
            return False
        self._protocol.transport.abort()
        return True


class Outbox(asyncio.Queue[Any]):
    """The queue of an Engine.IO session, which also knows how much it holds and hands out at most BATCH at once.

    Packets count, the None that ends the reader does not: engineio puts it back, so `join` would wait for ever.
    """

    def __init__(self, maxsize: int = 0) -> None:
        self.unsent = 0  # packets put in and not yet reported done
        self.size = 0  # characters waiting in the queue
        self._taken = 0
        self._ends_taken = 0
        self._all_sent = asyncio.Event()
        self._all_sent.set()
        super().__init__(maxsize)

    async def get(self) -> Any:
        """Waits for the first packet of a batch."""
        self._taken = 0
        return await super().get()

    def get_nowait(self) -> Any:
        """The next packet of the batch; raises asyncio.QueueEmpty when there is none or the batch is full."""
        if self._taken == BATCH:
            raise asyncio.QueueEmpty
        self._taken += 1
        return super().get_nowait()

    def clear(self) -> None:
        """Forgets what waits."""
        while not self.empty():
            super().get_nowait()
            self.task_done()

    def put_nowait(self, item: Any) -> None:
        """Adds a packet, or None to end the reader."""
        super().put_nowait(item)
        if item is not None:
            self.unsent += 1
            self._all_sent.clear()

    def task_done(self) -> None:
        """The reader has taken care of one packet."""
        super().task_done()
        if self._ends_taken:
            self._ends_taken -= 1
            return
        self.unsent -= 1
        if not self.unsent:
            self._all_sent.set()

    async def join(self) -> None:
        """Waits until every packet has been taken care of."""
        await self._all_sent.wait()

    def _put(self, item: Any) -> None:
        super()._put(item)
        self.size += _length(item)

    def _get(self) -> Any:
        item = super()._get()
        self.size -= _length(item)
        if item is None:
            self._ends_taken += 1
        return item


def _length(packet: Any) -> int:
    data = getattr(packet, "data", None)
    return len(data) if isinstance(data, str | bytes) else 0
