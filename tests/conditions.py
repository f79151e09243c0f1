"""Waiting for a condition instead of sleeping."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

Found = TypeVar("Found")
PATIENCE: Final = 30.0
"""Seconds. Only a broken test waits that long; a machine with more to do may take its time."""


async def eventually(
    look: Callable[[], Awaitable[Found | None]], *, timeout: float = PATIENCE, every: float = 0.02
) -> Found:
    """What `look` finds once it is truthy; fails with its last answer."""
    found = await look()
    try:
        async with asyncio.timeout(timeout):
            while not found:
                await asyncio.sleep(every)
                found = await look()
    except TimeoutError:
        raise AssertionError(f"did not happen within {timeout} s; last seen: {found!r}") from None
    assert found
    return found
