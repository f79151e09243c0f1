"""What is written together with an extension: its user before it, anything else after it, in its transaction."""

from collections.abc import Awaitable, Callable

import msgspec

from ringmain.core.extensions.model import Extension, ExtensionChange
from ringmain.database.pool import Connection

MakeUser = Callable[[Connection], Awaitable[int | None]]
"""Makes, or finds, the person who is its user; answers their id. Called once its PBX has agreed."""
Beside = Callable[[Connection, Extension], Awaitable[None]]
"""Writes what goes with it, such as a mail."""


class NewExtension(msgspec.Struct, frozen=True):
    """An extension about to be made."""

    change: ExtensionChange
    user: MakeUser | None = None
    beside: Beside | None = None
