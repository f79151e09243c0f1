"""What a set-up file says, beside what is there."""

from typing import Any

import msgspec
from msgspec import UNSET


def said(part: msgspec.Struct, *names: str) -> dict[str, Any]:
    """What the file says of these."""
    return {name: value for name in names if (value := getattr(part, name)) is not UNSET}


def differs(thing: object, given: dict[str, Any]) -> bool:
    """Whether any attribute is something else."""
    return any(getattr(thing, name) != value for name, value in given.items())


def differs_in(profile: dict[str, Any], given: dict[str, Any]) -> bool:
    """The same for JSON: TOML knows dates, which are kept as text."""
    return any(name not in profile or profile[name] != value for name, value in msgspec.to_builtins(given).items())
