"""A company: the tenant that every other row belongs to."""

from datetime import datetime
from typing import Any

import msgspec


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """`profile` holds what dialects show and no logic reads: address, e-mails, website, ... (seed names).

    It belongs to an account. `domain` is a label that is its alone, in whatever case. Of a blocked one nobody gets in,
    but texts that come to it are kept. `region`, `package_id`, `admin_login` and `params` are its account's notes.
    """

    id: int
    account_id: int
    domain: str
    blocked: bool
    region: str
    package_id: int
    admin_login: str
    params: dict[str, Any]
    name: str
    key: str | None
    country: str
    timezone: str
    profile: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class CompanyNotes(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner of an account says of a company. The password is stored as its hash, and only if there is one."""

    region: str = "1"
    package_id: int = 1
    admin_login: str = ""
    admin_password: str = ""
    params: dict[str, Any] = {}


class LoggedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event without what it says: its id tells when it was."""

    id: int
    type: str
    subject_id: int
    origin: str
