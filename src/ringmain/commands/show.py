"""`ringmain settings`: every setting with its value, default and meaning."""

import argparse
from typing import Any

from ringmain.commands.options import command
from ringmain.settings import Settings, describe, unknown_variables


def add(commands: Any) -> None:
    """Join the command line."""
    command(commands, "settings", _run, "Print every setting: value, default, meaning.")


def _run(_: argparse.Namespace, settings: Settings) -> None:
    for variable, value, default, meaning in describe(settings):
        print(f"{variable}={value}\n    {meaning} Default: {default or '(empty)'}\n")
    for variable in unknown_variables():
        print(f"{variable}: there is no such setting\n")
