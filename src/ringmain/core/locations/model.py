"""A site of a company."""

from datetime import datetime
from typing import Any

import msgspec


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """`profile`: street, city, E911 fields, ... as the seed names them."""

    id: int
    company_id: int
    name: str
    profile: dict[str, Any]
    created_at: datetime
    updated_at: datetime
