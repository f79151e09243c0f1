"""Runs the programs of the embedded PostgreSQL as tethered children (tether.py), as the right user."""

import asyncio
import fcntl
import os
import signal
import subprocess
from pathlib import Path

import structlog

from ringmain.database.placement import Placement
from ringmain.database.tether import tethered

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_SHUTDOWN_S = 60.0

log = structlog.get_logger()


def spawn(place: Placement, output: Path, lock: int, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
    """Start one of PostgreSQL's programs; what it prints is appended to the file `output`.

    The program and all its children inherit the locked descriptor `lock`, so it stays locked until the last of
    them has ended. Call it on the main thread (tether.py says why).
    """
    account = place.account
    uid, gid = (account.uid, account.gid) if account is not None else (None, None)
    command = tethered(place.bin_dir / program, *arguments, uid=uid, gid=gid)
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        # A session of its own: Ctrl-C in the terminal is for Ringmain, which then shuts the server down.
        return subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            cwd="/",
            env=_ENVIRONMENT,
            pass_fds=(lock,),
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


async def ended(process: "subprocess.Popen[bytes]") -> int:
    """Wait for the end of the process and give its exit code.

    By looking again and again, so that the server belongs to no event loop: one may start it, another stop it.
    """
    while (code := process.poll()) is None:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return code


async def shut_down(process: "subprocess.Popen[bytes]") -> None:
    """End the process and wait: politely (for a server: its fast shutdown), after 60 s by force."""
    process.send_signal(signal.SIGINT)
    try:
        await asyncio.wait_for(ended(process), _SHUTDOWN_S)
    except TimeoutError:
        log.error("postgresql_shutdown_slow", seconds=_SHUTDOWN_S)
        process.send_signal(signal.SIGQUIT)
        await ended(process)


def last_printed(output: Path) -> str:
    """Give the end of what the programs printed, for an error's text."""
    with output.open("rb") as printed:
        printed.seek(max(0, printed.seek(0, os.SEEK_END) - 2000))
        return printed.read().decode(errors="replace").strip()


def try_lock(path: Path) -> int | None:
    """Lock the file at `path`, creating it when missing. None: another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
