"""The company's directory: people outside it whom its users may call."""

from datetime import datetime
from typing import Any

import msgspec


class DirectoryContact(msgspec.Struct, frozen=True, kw_only=True):
    """`phone`: E.164 with +, a short number, or empty. `profile`: what dialects show and no logic reads.

    `other_numbers` reach them too. `instance_id`: whose users it is for, None for everybody's. Who is blocked does not
    get through: their calls are refused, and their texts are kept without anybody being told.
    """

    id: int
    company_id: int
    first_name: str
    last_name: str
    phone: str
    email: str
    profile: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    other_numbers: list[str] = []
    instance_id: int | None = None
    blocked_at: datetime | None = None


class NewContact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact about to be written, as the fields of DirectoryContact."""

    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    email: str = ""
    profile: dict[str, Any] = {}
    other_numbers: list[str] = []
    instance_id: int | None = None
