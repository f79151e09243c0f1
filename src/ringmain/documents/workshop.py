"""Runs jobs on documents in limited child processes, one process a document, a few at a time."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import structlog

from ringmain.core.errors import Invalid, Unavailable

WALL_S: Final = 30.0
AT_ONCE: Final = 2
MAX_RESULT: Final = 64 * 1024**2
# A library that calculates in threads takes memory for each.
ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "OPENBLAS_NUM_THREADS": "1"}

log = structlog.get_logger()
places = asyncio.Semaphore(AT_ONCE)


async def work(job: str, content: bytes, *, options: Sequence[str] = (), wall_s: float = WALL_S) -> tuple[str, bytes]:
    """Do a job of `child.JOBS` with its options; returns the media type and the result.

    Waits for a free place first; `wall_s` counts from the start of the process. Raises Invalid("content") when the
    document is refused, breaks its reader, or takes too long; Unavailable when no process can be started.
    """
    command = (sys.executable, "-I", "-m", "ringmain.documents.child", str(os.getpid()), job, *options)
    async with places:
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd="/", env=ENVIRONMENT, start_new_session=True
            )
        except OSError as error:
            raise Unavailable("no process for the document could be started") from error
        try:
            async with asyncio.timeout(wall_s):
                _, result = await asyncio.gather(_feed(process, content), _collect(process))
                code = await process.wait()
        except TimeoutError as error:
            log.warning("document took too long", job=job, size=len(content))
            raise Invalid("content", "takes too long to read") from error
        finally:
            await _end(process)
    return _outcome(job, code, result)


def _outcome(job: str, code: int, result: bytes) -> tuple[str, bytes]:
    head, feed, rest = result.partition(b"\n")
    verdict, _, text = head.decode("utf-8", "replace").partition(" ")
    if code == 0 and feed and verdict == "ok" and len(result) <= MAX_RESULT:
        return text, rest
    if code == 0 and feed and verdict == "no":
        raise Invalid("content", text)
    if code == -signal.SIGXCPU:
        raise Invalid("content", "takes too long to read")
    log.warning("document broke its reader", job=job, code=code, result_size=len(result))
    raise Invalid("content", "cannot be read")


async def _feed(process: Process, content: bytes) -> None:
    assert process.stdin is not None  # noqa: S101
    try:
        process.stdin.write(content)
        await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it ended early; its exit code tells


async def _collect(process: Process) -> bytes:
    assert process.stdout is not None  # noqa: S101
    pieces: list[bytes] = []
    size = 0
    while size <= MAX_RESULT and (piece := await process.stdout.read(65536)):
        pieces.append(piece)
        size += len(piece)
    if size > MAX_RESULT:
        _kill(process)
    return b"".join(pieces)


async def _end(process: Process) -> None:
    if process.returncode is None:
        _kill(process)
        assert process.stdout is not None  # noqa: S101
        while await process.stdout.read(65536):
            pass
        await process.wait()


def _kill(process: Process) -> None:
    """End the process and what it started: it leads a group of its own, and is not reaped yet."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
