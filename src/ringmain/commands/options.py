"""How commands join the command line."""

import argparse
from collections.abc import Callable
from typing import Any

Run = Callable[[argparse.Namespace, Any], None]


def command(commands: Any, name: str, run: Run, summary: str, *, quiet: bool = True) -> argparse.ArgumentParser:
    """Add a subcommand that calls `run(arguments, settings)`. Quiet ones log warnings only."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run, quiet=quiet)
    return parser
