import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import pytest
import uvicorn

Serve = Callable[..., AbstractAsyncContextManager[str]]

GRACE = 2.0
"""Seconds that requests may take to end."""


@contextlib.asynccontextmanager
async def serving(app: Any, **options: Any) -> AsyncIterator[str]:
    """The application under a real uvicorn on a free port; gives the base URL."""
    settings: dict[str, Any] = {
        "interface": "asgi3",
        "ws": "websockets-sansio",
        "ws_per_message_deflate": False,
        "timeout_keep_alive": 60,  # one that a busy test leaves alone for longer may be closed as it asks
    } | options
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=0, **settings)
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup([listener])
        ticking = asyncio.create_task(server.main_loop())
        await asyncio.sleep(0)  # its first tick
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ticking.cancel()
            await _end(server)


async def _end(server: uvicorn.Server) -> None:
    """As uvicorn does, which looks ten times a second whether it should end, and again whether the last has left."""
    for listening in server.servers:
        listening.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
    try:
        async with asyncio.timeout(GRACE):
            while server.server_state.connections or server.server_state.tasks:
                await asyncio.sleep(0.001)
    except TimeoutError:
        await server.shutdown()  # cancels what is left


async def read_whole(response: aiohttp.ClientResponse) -> None:
    """For `aiohttp.ClientSession(raise_for_status=...)`: Engine.IO's client leaves what its posts are answered unread.

    The connection of an answer that came in pieces would be lost, and Python complains of it in whichever test is next.
    """
    if response.status != 101:
        await response.read()


@pytest.fixture
def serve() -> Serve:
    return serving
