"""A company: the tenant that every other row belongs to."""

from datetime import datetime
from typing import Any

import msgspec


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """`profile` holds what dialects show and no logic reads: address, e-mails, website, ... (seed names)."""

    id: int
    name: str
    key: str | None
    country: str
    timezone: str
    profile: dict[str, Any]
    created_at: datetime
    updated_at: datetime
