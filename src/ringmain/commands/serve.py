"""`ringmain serve`: the parts behind uvicorn, and an orderly end.

SIGTERM or SIGINT: stop accepting, let requests finish for `shutdown_seconds`, stop the workers, then the database.
A second signal ends the process at once: nothing that was acknowledged is lost by that.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

import msgspec
import structlog
import uvicorn
import uvloop

from ringmain.app import Ringmain
from ringmain.commands import demo
from ringmain.commands.options import command
from ringmain.commands.protocol import PatientHttp
from ringmain.settings import SettingError, Settings, override, unknown_variables

log = structlog.get_logger()

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
Ready = Callable[[Ringmain], Awaitable[None]]


def add(commands: Any) -> None:
    """Join the command line."""
    parser = command(commands, "serve", _run, "Run the server.", quiet=False)
    parser.add_argument("--host", help="address to listen on")
    parser.add_argument("--port", help="port to listen on; 0 takes a free one")
    parser.add_argument("--roles", help="what this process does: api,relay,carrier,mail")
    parser.add_argument("--demo", action="store_true", help="create the example company and show how to try it")


def _run(arguments: argparse.Namespace, settings: Settings) -> None:
    given = {name: value for name in ("host", "port", "roles") if (value := getattr(arguments, name)) is not None}
    settings = override(settings, given)
    if arguments.demo:
        serve(demo.allow_listener(settings), demo.present)
    else:
        serve(settings)


def serve(settings: Settings, when_ready: Ready | None = None) -> None:
    """Run until a signal comes. `when_ready` is called once requests are answered.

    Raises SettingError when the address cannot be listened on, and what `Ringmain.start` raises.
    """
    listener = _listener(settings)
    settings = _with_port(settings, listener.getsockname()[1])
    with contextlib.closing(listener):
        uvloop.run(_serve(settings, listener, when_ready))


def _listener(settings: Settings) -> socket.socket:
    """A bound socket that does not listen yet: until the parts are up, clients are refused and try again."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
    except OSError as error:
        raise SettingError(
            f"RINGMAIN_HOST, RINGMAIN_PORT: cannot listen on {settings.host} port {settings.port}: {error.strerror}"
        ) from error
    return listener


def _with_port(settings: Settings, port: int) -> Settings:
    return msgspec.structs.replace(settings, port=port)


async def _serve(settings: Settings, listener: socket.socket, when_ready: Ready | None) -> None:
    for name in unknown_variables():
        log.warning("no such setting", variable=name)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, _stop_or_die, stopping, number)
    ringmain = Ringmain(settings)
    starting = asyncio.create_task(ringmain.start())
    interrupted = asyncio.create_task(stopping.wait())
    await asyncio.wait({starting, interrupted}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
    try:
        await starting
    except asyncio.CancelledError:
        return
    try:
        await _answer(ringmain, listener, stopping, when_ready)
    finally:
        await ringmain.stop()
        interrupted.cancel()
    log.info("stopped")


async def _answer(
    ringmain: Ringmain, listener: socket.socket, stopping: asyncio.Event, when_ready: Ready | None
) -> None:
    server = _Server(
        uvicorn.Config(
            ringmain.app,
            http=PatientHttp,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=bool(ringmain.settings.trusted_proxies),
            forwarded_allow_ips=ringmain.settings.proxies,
            server_header=False,
            timeout_graceful_shutdown=ringmain.settings.shutdown_seconds,
        ),
        ringmain.hang_up,
    )
    serving = asyncio.create_task(server.serve([listener]))
    listening, interrupted = asyncio.create_task(server.listening.wait()), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({serving, listening}, return_when=asyncio.FIRST_COMPLETED)
        log.info("ready", url=ringmain.settings.base_url, roles=ringmain.settings.roles)
        if when_ready is not None:
            await when_ready(ringmain)
        await asyncio.wait({serving, interrupted}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        log.info("stopping")
        listening.cancel()
        interrupted.cancel()
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: it is one part of several here."""

    def __init__(self, config: uvicorn.Config, hang_up: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self._hang_up = hang_up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Accept no more first: who is hung up on tries again at once.
        for server in self.servers:
            server.close()
        await self._hang_up()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _stop_or_die(stopping: asyncio.Event, number: int) -> None:
    if not stopping.is_set():
        stopping.set()
        return
    sys.stderr.write("ringmain: second signal, ending at once\n")
    sys.stderr.flush()
    os._exit(128 + number)
