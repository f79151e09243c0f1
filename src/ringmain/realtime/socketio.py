"""The Socket.IO server: python-socketio for the protocol, with a broadcast that is encoded once (specs/stack.md).

It knows rooms and connections, no vendor's events. Connections are accepted without credentials, which arrive as
an event (specs/ringplan.md 3).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import engineio
import engineio.packet
import msgspec
import socketio
import structlog

from ringmain.realtime.packets import Refused, TextPacket
from ringmain.realtime.wire import Message, Outbox, Send, Wire, text_frame

log = structlog.get_logger()

NAMESPACE = "/"
BUFFER_LIMIT = 4 * 1024 * 1024  # characters that may wait for one slow reader
CLOSE_TIMEOUT = 2.0  # seconds for a client to take what waits for it

Receive = Callable[[], Awaitable[Message]]
EventHandler = Callable[[str, Any], Awaitable[object]]
AnyHandler = Callable[[str, str, Any], Awaitable[object]]
LifeHandler = Callable[[str], Awaitable[object]]


class Opened(msgspec.Struct):
    """Of the Engine.IO open packet, what we need."""

    sid: str


class SocketServer:
    """Socket.IO at every path that is routed here: give it both `/ws` and `/ws/`.

    `asgi` must be reached with the server's own `send` (no middleware that wraps it), else broadcasts still arrive
    but cost what ordinary ones do. `written`, `queued` and `dropped` count frames written at once, packets sent the
    ordinary way and clients dropped because more than `buffer_limit` characters waited for them.
    """

    def __init__(self, *, buffer_limit: int = BUFFER_LIMIT, close_timeout: float = CLOSE_TIMEOUT) -> None:
        self.sio = socketio.AsyncServer(
            async_mode="asgi",
            cors_allowed_origins="*",
            serializer=TextPacket,
            # A client's events are handled in the order in which it sent them: authenticate, then the rest.
            async_handlers=False,
        )
        self.sio.eio.create_queue = Outbox
        self.written = self.queued = self.dropped = 0
        self._app = socketio.ASGIApp(self.sio, socketio_path=None)
        self._buffer_limit = buffer_limit
        self._close_timeout = close_timeout
        self._wires: dict[str, Wire] = {}
        self._sessions: dict[str, object] = {}
        self._farewells: list[LifeHandler] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._forward_closed = self.sio.eio.handlers["disconnect"]
        self.sio.eio.on("disconnect", self._closed)
        self._forward_message = self.sio.eio.handlers["message"]
        self.sio.eio.on("message", self._heard)
        self.sio.on("connect", self._connected)
        self.sio.on("disconnect", self._disconnected)

    async def asgi(self, scope: Message, receive: Receive, send: Send) -> None:
        """The ASGI application, for http and websocket scopes."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        upgraded: str | None = query.get("sid", [None])[0]
        known: list[str] = []

        def introduce(wire: Wire, first_packet: str) -> None:
            eio_sid = upgraded or msgspec.json.decode(first_packet[1:], type=Opened).sid
            known.append(eio_sid)
            self._wires[eio_sid] = wire

        wire = Wire(send, introduce)
        try:
            await self._app(scope, receive, wire.send)
        finally:
            for eio_sid in known:
                if self._wires.get(eio_sid) is wire:
                    del self._wires[eio_sid]
                    # The session ends with its WebSocket; engineio keeps it, and what waits in it, for a while.
                    connection = self.sio.eio.sockets.pop(eio_sid, None)
                    if connection is not None:
                        connection.queue.clear()

    def on(self, event: str, handler: EventHandler) -> None:
        """Calls `handler(sid, data)` for a client's event; data is its first argument or None.

        What the handler returns is the acknowledgement, if the client asked for one.
        """

        async def call(sid: str, *arguments: Any) -> object:
            return await handler(sid, arguments[0] if arguments else None)

        self.sio.on(event, call)

    def on_other(self, handler: AnyHandler) -> None:
        """Calls `handler(sid, event, data)` for the events that have no handler of their own."""

        async def call(event: str, sid: str, *arguments: Any) -> object:
            return await handler(sid, event, arguments[0] if arguments else None)

        self.sio.on("*", call)

    def on_disconnect(self, handler: LifeHandler) -> None:
        """Calls `handler(sid)` when a client has gone; its session can still be read then."""
        self._farewells.append(handler)

    def session(self, sid: str) -> object:
        """What was saved for this client, or None."""
        return self._sessions.get(sid)

    def save(self, sid: str, value: object) -> None:
        """Attaches an object to a client for as long as it is connected; nothing happens once it has gone."""
        if sid in self._sessions:
            self._sessions[sid] = value

    def count(self) -> int:
        """How many clients are connected here."""
        return len(self._sessions)

    async def join(self, sid: str, room: str) -> None:
        """Puts a client into a room; nothing happens once it has gone."""
        if sid in self._sessions:
            await self.sio.enter_room(sid, room)

    async def leave(self, sid: str, room: str) -> None:
        """Takes a client out of a room."""
        await self.sio.leave_room(sid, room)

    async def emit(self, sid: str, event: str, payload: bytes) -> bool:
        """Sends one client an event with one argument, already encoded as JSON. False if it has gone."""
        return await self.broadcast(sid, event, payload) == 1

    async def broadcast(self, room: str, event: str, payload: bytes, *, skip_sid: str | None = None) -> int:
        """Sends everybody in the room an event with one argument, already encoded as JSON; returns to how many.

        It never waits: what cannot be written at once is queued, and the order for each client is the order of calls.
        """
        text = b"2[%b,%b]" % (msgspec.json.encode(event), payload)
        frame = text_frame(b"4" + text)
        packet = None
        reached = 0
        connections = self.sio.eio.sockets
        for sid, eio_sid in self.sio.manager.get_participants(NAMESPACE, room):
            connection = connections.get(eio_sid)
            if sid == skip_sid or connection is None or connection.closing:
                continue
            reached += 1
            wire = self._wires.get(eio_sid)
            if wire is not None and not connection.queue.unsent and wire.write(frame):
                self.written += 1
                continue
            packet = packet or engineio.packet.Packet(engineio.packet.MESSAGE, text.decode())
            connection.queue.put_nowait(packet)
            self.queued += 1
            if connection.queue.size > self._buffer_limit:
                self._drop(connection)
        return reached

    async def disconnect(self, sid: str) -> None:
        """Says goodbye to a client and closes its connection, by force if it does not read."""
        eio_sid = self.sio.manager.eio_sid_from_sid(sid, NAMESPACE)
        await self.sio.disconnect(sid)
        connection = self.sio.eio.sockets.get(eio_sid)
        if connection is not None:
            await self._end(connection)

    async def close(self) -> None:
        """Disconnects everybody and ends the background work."""
        for sid in list(self._sessions):
            await self.sio.disconnect(sid)
        await asyncio.gather(*(self._end(connection) for connection in list(self.sio.eio.sockets.values())))
        await asyncio.gather(*self._closing)
        await self.sio.shutdown()

    async def _connected(self, sid: str, _environ: object, _auth: object = None) -> None:
        self._sessions[sid] = None

    async def _closed(self, eio_sid: str, reason: str) -> None:
        connection = self.sio.eio.sockets.get(eio_sid)
        if connection is not None and reason == self.sio.reason.CLIENT_DISCONNECT:
            # A poll may be waiting while the goodbye came by another request; engineio would let it hang.
            connection.queue.put_nowait(None)
        await self._forward_closed(eio_sid, reason)

    async def _heard(self, eio_sid: str, data: object) -> None:
        try:
            await self._forward_message(eio_sid, data)
        except Refused as error:
            log.info("socketio.packet_refused", reason=str(error))
            connection = self.sio.eio.sockets.get(eio_sid)
            if connection is not None:
                self._cut(connection)

    async def _disconnected(self, sid: str, _reason: object = None) -> None:
        try:
            for farewell in self._farewells:
                await farewell(sid)
        finally:
            self._sessions.pop(sid, None)

    async def _end(self, connection: Any) -> None:
        """Closes an Engine.IO connection; engineio itself would wait for ever for a reader that stands still."""
        try:
            async with asyncio.timeout(self._close_timeout):
                if not connection.closed:
                    await connection.close(wait=True)
                    connection.queue.put_nowait(None)
            self.sio.eio.sockets.pop(connection.sid, None)
        except TimeoutError:
            self._cut(connection)

    def _drop(self, connection: Any) -> None:
        self.dropped += 1
        log.info("socketio.slow_reader_dropped", waiting=connection.queue.size)
        self._cut(connection)

    def _cut(self, connection: Any) -> None:
        connection.queue.clear()
        wire = self._wires.get(connection.sid)
        if wire is not None and wire.abort():
            return
        # Without the seam the server keeps what it was already given until the connection itself breaks.
        connection.queue.put_nowait(None)
        task = asyncio.ensure_future(self._forget(connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _forget(self, connection: Any) -> None:
        await connection.close(wait=False, abort=True)
        self.sio.eio.sockets.pop(connection.sid, None)
