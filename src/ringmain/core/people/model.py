"""A person of a company: who logs in, owns numbers, is rung."""

from datetime import datetime
from typing import Any

import msgspec


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """`owner`: exactly one a company, the vendor's "primary" user. `profile`: what dialects show."""

    id: int
    company_id: int
    email: str
    first_name: str
    last_name: str
    owner: bool
    active: bool
    timezone: str | None
    profile: dict[str, Any]
    last_login_at: datetime | None
    created_at: datetime
    updated_at: datetime
