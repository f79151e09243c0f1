"""The company's directory: people outside it whom its users may call."""

from datetime import datetime
from typing import Any

import msgspec


class DirectoryContact(msgspec.Struct, frozen=True, kw_only=True):
    """`phone`: E.164 with +, a short number, or empty. `profile`: what dialects show and no logic reads."""

    id: int
    company_id: int
    first_name: str
    last_name: str
    phone: str
    email: str
    profile: dict[str, Any]
    created_at: datetime
    updated_at: datetime
