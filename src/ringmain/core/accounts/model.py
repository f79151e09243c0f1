"""An account: who owns companies, and calls for all of them with one key."""

from datetime import datetime
from typing import Final

import msgspec

from ringmain.core import events

FACE: Final = "ringotel"
"""The face of the endpoints that keys' webhook addresses make in each company."""
TOLD: Final = (
    events.MESSAGE_CREATED,
    events.MESSAGE_UPDATED,
    events.MESSAGE_DELETED,
    events.MESSAGES_READ,
    events.CONVERSATION_TYPING,
)
"""What they are told."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is the name that `ringmain apply` knows it by."""

    id: int
    name: str
    key: str | None
    created_at: datetime


class AccountKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of an account; the secret is shown once, when made. An inactive one opens nothing and is told nothing."""

    id: int
    account_id: int
    name: str
    active: bool
    webhook_url: str | None
    created_at: datetime
    updated_at: datetime


class NewAccountKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key just made, with its secret."""

    key: AccountKey
    secret: str


class AccountCaller(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a request: a key of an account."""

    account_id: int
    key_id: int
    key_name: str


class Admin(msgspec.Struct, frozen=True, kw_only=True):
    """A person who looks after the account's companies. The login is unique among all accounts."""

    id: int
    account_id: int
    name: str
    login: str
    active: bool
    created_at: datetime
    updated_at: datetime


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an account's history: the key `key_name` called `action`.

    `company_id` may be of a company that is gone since; `subject` is an id in the caller's spelling, or empty.
    """

    id: int
    key_name: str
    action: str
    company_id: int | None
    subject: str


class CompanyStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """What a company has now, and what passed through it in a span of time."""

    company_id: int
    instances: int
    extensions: int
    people: int
    numbers: int
    messages_in: int
    messages_out: int
    calls: int
    call_seconds: int


class Transcriptions(msgspec.Struct, frozen=True, kw_only=True):
    """How many calls and voicemails were put into words."""

    calls: int
    voicemails: int
