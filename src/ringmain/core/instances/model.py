"""A PBX instance of a company: where its extensions live and its phones register."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is its host name. `domain` is where phones register, by way of `outbound_proxy` unless that is empty.

    `adapter` names the kind of PBX, `settings` are that adapter's own, `profile` is what dialects show.
    """

    id: int
    company_id: int
    uuid: UUID
    name: str
    adapter: str
    domain: str
    outbound_proxy: str
    settings: dict[str, Any]
    profile: dict[str, Any]
    created_at: datetime
    updated_at: datetime
