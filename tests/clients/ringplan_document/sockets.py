"""The document's Python for Socket.IO, corrected: `sio` is made, and trigger_event has no `sid` in a client.

Its client for blocking programs wants the `requests` library, so this is the same package's client for asyncio.
"""

import asyncio
from typing import Any

import socketio

EVENTS = (
    "texting.message.new",
    "texting.message.delete",
    "texting.message.markAsRead",
    "texting.chat.new",
    "texting.chat.delete",
    "user_status_updated",
)


class Heard:
    """What came in, in order."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    def put(self, event: str, data: Any = None) -> None:
        self._events.put_nowait((event, data))

    async def until(self, event: str) -> Any:
        """What came with the next event of this name; others are dropped."""
        async with asyncio.timeout(15):
            while True:
                name, data = await self._events.get()
                if name == event:
                    return data


def handlers(api_key: str, user_email: str, heard: Heard) -> socketio.AsyncClient:
    """Socket authentication and event handling in Python."""
    sio = socketio.AsyncClient()

    @sio.event  # type: ignore[untyped-decorator]
    async def connect() -> None:
        heard.put("connect")
        await sio.emit("authenticate", {"token": api_key, "user_email": user_email})

    @sio.event  # type: ignore[untyped-decorator]
    async def disconnect() -> None:
        heard.put("disconnect")

    @sio.on("authenticated")  # type: ignore[untyped-decorator]
    async def authenticated(data: Any) -> None:
        heard.put("authenticated", data)

    @sio.on("unauthorized")  # type: ignore[untyped-decorator]
    async def unauthorized(data: Any) -> None:
        heard.put("unauthorized", data)

    @sio.on("texting.message.new")  # type: ignore[untyped-decorator]
    async def msg_new(data: Any) -> None:
        heard.put("texting.message.new", data)

    @sio.on("texting.message.delete")  # type: ignore[untyped-decorator]
    async def msg_delete(data: Any) -> None:
        heard.put("texting.message.delete", data)

    return sio


class MyCustomNamespace(socketio.AsyncClientNamespace):  # type: ignore[misc]
    """Custom handler: it is possible to override `trigger_event()`."""

    def __init__(self, heard: Heard) -> None:
        super().__init__("/")
        self._heard = heard

    async def trigger_event(self, event_name: str, *args: Any) -> None:
        """To catch all events."""
        self._heard.put(event_name, args[0] if args else None)
