"""What a claim that takes long asks for: its lease renewed meanwhile, and what came of it written down for certain."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final, TypeVar

import structlog

from ringmain.database.pool import DatabaseUnavailable

log = structlog.get_logger()

Result = TypeVar("Result")

AGAIN_SECONDS: Final = 0.25


class TakenOver(Exception):
    """The claim is not ours any more: another has it since, or there is nothing left to do."""


async def hold(
    work: Awaitable[Result], renew: Callable[[], Awaitable[bool]], *, lease: timedelta, **claim: object
) -> Result:
    """Do what was claimed, renewing its lease three times before it would run out; returns what the work returns.

    `renew` says whether the claim is still ours; while the database is away nobody knows, and the work goes on. `claim`
    is what the log calls it. Raises TakenOver, or what the work raises. When this ends, the work has.
    """
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=lease.total_seconds() / 3))[0]:
            try:
                ours = await renew()
            except Exception as error:
                log.warning("a lease was not renewed", error=repr(error), **claim)
                continue
            if not ours:
                raise TakenOver
        return task.result()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task


async def write_down(write: Callable[[], Awaitable[Result]], *, seconds: float) -> Result:
    """Write down what came of a claim, again and again while the database is away; returns what `write` returns.

    `write` changes nothing when it has been done before: whether it was is not known when the connection is lost in the
    middle, and what is not written down would be done again. Raises DatabaseUnavailable after so many seconds.
    """
    give_up = time.monotonic() + seconds
    while True:
        try:
            return await write()
        except DatabaseUnavailable:
            if time.monotonic() > give_up:
                raise
            await asyncio.sleep(AGAIN_SECONDS)
