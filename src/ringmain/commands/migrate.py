"""`ringmain migrate`: bring the schema up to date and end. `serve` does it too."""

import argparse
import asyncio
from contextlib import AsyncExitStack
from typing import Any

from ringmain.commands.context import PATIENCE_S, reach
from ringmain.commands.options import command
from ringmain.database.reach import prepare
from ringmain.settings import Settings


def add(commands: Any) -> None:
    """Join the command line."""
    command(commands, "migrate", _run, "Bring the database's schema up to date.")


def _run(_: argparse.Namespace, settings: Settings) -> None:
    applied = asyncio.run(_migrate(settings))
    print("\n".join(applied) if applied else "nothing to do")


async def _migrate(settings: Settings) -> list[str]:
    async with AsyncExitStack() as parts:
        return await prepare(await reach(settings, parts), patience_s=PATIENCE_S)
