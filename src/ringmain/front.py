"""The front door: a dict from the first path segment to an ASGI app (specs/stack.md: flat routes cost too much).

Where two dialects want the same segment, one of them has its own second one: `cdrs` is RingRx's, `cdrs/v3` RingPlan's.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

GIVEN_ID: Final = re.compile(rb"[\w.:/+=-]{1,128}")
NOT_FOUND: Final = (
    b'{"type":"about:blank","title":"Not Found","status":404,"detail":"There is nothing at this address"}'
)
FAILED: Final = b'{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"It was logged"}'


def merge(parts: Iterable[Mapping[str, ASGIApp]]) -> dict[str, ASGIApp]:
    """One table of several, by first path segment or first two. Raises ValueError when two parts want the same."""
    table: dict[str, ASGIApp] = {}
    for part in parts:
        for segment, app in part.items():
            if segment in table:
                raise ValueError(f"two parts want the path segment {segment!r}")
            table[segment] = app
    return table


class Front:
    """Passes each request to its segment's app, under a request id that log lines and the answer carry.

    The id is the client's x-request-id where it sent a plain one. An app that raises answers 500.
    """

    def __init__(self, table: Mapping[str, ASGIApp]) -> None:
        self._table = table
        self._parted = {key.partition("/")[0] for key in table if "/" in key}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application, for http and websocket scopes."""
        path: str = scope["path"]
        app = self._app(path)
        request_id = _request_id(scope)
        structlog.contextvars.bind_contextvars(request_id=request_id.decode())
        if scope["type"] == "websocket":
            # Sockets get the server's own `send`: what wraps it costs on every broadcast (realtime/socketio.py).
            if app is None:
                await send({"type": "websocket.close", "code": 1000})
            else:
                await app(scope, receive, send)
            return
        await self._answer(app, scope, receive, send, request_id)

    def _app(self, path: str) -> ASGIApp | None:
        first, _, rest = path[1:].partition("/")
        if first in self._parted:
            own = self._table.get(f"{first}/{rest.partition('/')[0]}")
            if own is not None:
                return own
        return self._table.get(first)

    async def _answer(self, app: ASGIApp | None, scope: Scope, receive: Receive, send: Send, request_id: bytes) -> None:
        begun = False

        async def send_with_id(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id)]
            await send(message)

        if app is None:
            await _problem(404, NOT_FOUND, send_with_id)
            return
        try:
            await app(scope, receive, send_with_id)
        except Exception:
            log.exception("request failed", method=scope["method"], path=scope["path"])
            if begun:
                raise
            await _problem(500, FAILED, send_with_id)


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and GIVEN_ID.fullmatch(value):
            given: bytes = value
            return given
    return secrets.token_hex(8).encode()


async def _problem(status: int, body: bytes, send: Send) -> None:
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
