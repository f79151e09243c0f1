"""Agents: machines that answer calls, each at an extension of its own."""

from datetime import datetime
from typing import Any

import msgspec

from ringmain.core.extensions.model import Extension


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """`behaviour`: greeting, language, prompt and whatever else was said of what it shall do; nothing here reads it."""

    id: int
    company_id: int
    extension: Extension
    behaviour: dict[str, Any]
    created_at: datetime
