"""`ringmain apply FILE.toml` and `ringmain demo`: declarative set-up. Prints JSON."""

import argparse
import asyncio
from importlib import resources
from pathlib import Path
from typing import Any

from ringmain.commands.context import open_database
from ringmain.commands.options import command
from ringmain.core.sealing import open_seal
from ringmain.database.wakeup import NOTIFY
from ringmain.settings import Settings
from ringmain.setup.apply import apply
from ringmain.setup.document import Document, SetupError
from ringmain.setup.report import Report


def add(commands: Any) -> None:
    """Join the command line."""
    parser = command(commands, "apply", _run, "Create and update what a TOML file describes.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser = command(commands, "demo", _run, "Create the built-in example company.")
    parser.set_defaults(file=None)
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def _run(arguments: argparse.Namespace, settings: Settings) -> None:
    document = demo_document() if arguments.file is None else _read(arguments.file)
    report = asyncio.run(_apply(settings, document, dry_run=arguments.dry_run))
    print(report.as_json().decode())


def demo_document() -> Document:
    """The built-in example company."""
    text = (resources.files("ringmain.setup") / "demo.toml").read_text(encoding="utf-8")
    return Document("demo.toml", text)


def _read(file: Path) -> Document:
    try:
        return Document(str(file), file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise SetupError(f"{file}: {reason}") from error


async def _apply(settings: Settings, document: Document, *, dry_run: bool) -> Report:
    async with open_database(settings) as database:
        seal = await open_seal(database, settings)
        report, channels = await apply(database, document, seal=seal, dry_run=dry_run)
        await database.execute(NOTIFY, sorted(channels))
    return report
