"""A site of a company."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """`profile`: street, city, E911 fields, ... as the seed names them. `instance_uuid`: the PBX of the place."""

    id: int
    company_id: int
    name: str
    profile: dict[str, Any]
    instance_uuid: UUID | None = None
    created_at: datetime
    updated_at: datetime
