"""A person of a company: who logs in, owns numbers, is rung."""

from datetime import datetime
from typing import Any

import msgspec


class PersonExtension(msgspec.Struct, frozen=True, kw_only=True):
    """The first of a person's extensions."""

    id: int
    number: int
    name: str
    description: str | None = None


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """`owner`: exactly one a company, the vendor's "primary" user. `profile`: what dialects show, in the seed's names.

    `admin`: manages the company as its owner does. `login`: a name to log in by, beside the e-mail.

    Who was invited becomes active by accepting, until `invitation_expires_at`. `agent_id` is the person who answers
    for their group. Events and other packages' reads leave `extension` out.
    """

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
    agent_id: int | None = None
    invited_at: datetime | None = None
    invitation_expires_at: datetime | None = None
    invitation_accepted_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    login: str | None = None
    admin: bool = False
    extension: PersonExtension | None = None


class PersonEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of person.created, person.updated and person.deleted (then: who they were)."""

    person: Person
