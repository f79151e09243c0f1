"""Rooms on the video server (Jitsi Meet): whoever knows a room's name may enter it."""

import secrets
from typing import Final
from urllib.parse import quote

DEFAULT: Final = "https://meet.jit.si"
PLACE: Final = "{room}"


def new_room() -> str:
    """24 hex digits: a name that nobody guesses."""
    return secrets.token_hex(12)


def link_to(base: str, room: str) -> str:
    """Where people join. `{room}` in `base` stands for the room; without it the room is the path's next part."""
    name = quote(room, safe="")
    return base.replace(PLACE, name) if PLACE in base else f"{base.rstrip('/')}/{name}"
