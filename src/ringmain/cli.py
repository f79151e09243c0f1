"""The command line: `ringmain COMMAND`. Each command is a module of ringmain/commands."""

import argparse
import sys
from collections.abc import Sequence

from ringmain import logs, settings
from ringmain.commands import apply, listen, migrate, serve, show, token, webhooks
from ringmain.core.credentials import passwords
from ringmain.core.errors import CoreError
from ringmain.database.embedded import EmbeddedServerError
from ringmain.database.reach import DatabaseUnusable
from ringmain.settings import SettingError
from ringmain.setup.document import SetupError

COMMANDS = (serve, migrate, apply, show, token, webhooks, listen)
ERRORS = (SettingError, SetupError, DatabaseUnusable, EmbeddedServerError, CoreError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, 1 for what went wrong, 2 for a command that does not read."""
    parser = argparse.ArgumentParser(prog="ringmain", description="A self-hosted business phone system.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    given = parser.parse_args(arguments)
    try:
        loaded = settings.load()
        logs.configure("warning" if given.quiet else loaded.log_level, loaded.log_format)
        passwords.configure(loaded.password_memory_mib * 1024)
        given.run(given, loaded)
    except ERRORS as error:
        print(f"ringmain: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
