"""`ringmain listen`: prints the webhooks that come in at a port, and what a Socket.IO client of RingPlan is told.

For trying things out; nothing is stored.
"""

import argparse
import asyncio
import os
from typing import Any

import msgspec
import socketio
from aiohttp import web

from ringmain.commands.options import command
from ringmain.settings import SettingError, Settings

PORT = 9099


def add(commands: Any) -> None:
    """Join the command line."""
    parser = command(commands, "listen", _run, "Print webhooks that come in, and realtime events.")
    parser.add_argument(
        "--port", type=int, default=PORT, help=f"where webhooks come in (default {PORT}, host 127.0.0.1)"
    )
    parser.add_argument("--url", help="a server to follow over Socket.IO")
    parser.add_argument("--key", help="the RingPlan API key or user token for it")


def _run(arguments: argparse.Namespace, _: Settings) -> None:
    asyncio.run(_listen(arguments.port, arguments.url, arguments.key))


async def _listen(port: int, url: str | None, key: str | None) -> None:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", _print_webhook)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
    except OSError as error:
        await runner.cleanup()
        raise SettingError(
            f"--port: cannot listen on 127.0.0.1 port {port}: {os.strerror(error.errno or 0)}"
        ) from error
    _print("listening", {"webhooks": f"http://127.0.0.1:{port}/"})
    client = socketio.AsyncClient()
    try:
        if url:
            await _follow(client, url, key or "")
        await asyncio.Event().wait()
    finally:
        await client.disconnect()
        await runner.cleanup()


async def _follow(client: socketio.AsyncClient, url: str, key: str) -> None:
    async def told(event: str, *values: Any) -> None:
        _print(f"socket {event}", values[0] if values else None)

    async def connected() -> None:
        await client.emit("authenticate", {"token": key})

    client.on("connect", connected)
    client.on("*", told)
    await client.connect(url, socketio_path="/ws", retry=True)


async def _print_webhook(request: web.Request) -> web.Response:
    body = await request.read()
    try:
        content: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        content = f"{len(body)} octets of {request.content_type}"
    _print(f"webhook {request.method} {request.path_qs}", content)
    return web.Response(status=204)


def _print(what: str, content: Any) -> None:
    print(f"{what}\n{msgspec.json.format(msgspec.json.encode(content), indent=2).decode()}", flush=True)
