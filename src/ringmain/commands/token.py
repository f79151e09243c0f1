"""`ringmain token NAME`: make a token for the operator API."""

import argparse
import asyncio
from typing import Any

from ringmain.commands.context import open_core
from ringmain.commands.options import command
from ringmain.settings import Settings


def add(commands: Any) -> None:
    """Join the command line."""
    parser = command(commands, "token", _run, "Make a token for the operator API and print it once.")
    parser.add_argument("name", help="whose it is; one of the same name is replaced")


def _run(arguments: argparse.Namespace, settings: Settings) -> None:
    print(asyncio.run(_make(settings, arguments.name)))


async def _make(settings: Settings, name: str) -> str:
    async with open_core(settings) as core:
        return await core.credentials.create_operator_token(name)
