"""Credentials: API keys of each dialect, operator tokens, user tokens."""

from datetime import datetime

import msgspec


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """`token` is the public half. The secret is shown once, when made."""

    id: int
    company_id: int
    dialect: str
    name: str
    person_id: int | None
    token: str
    created_at: datetime


class NewApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key just made, with its secret."""

    key: ApiKey
    secret: str


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a request: a company and the person that acts. `key_id` is None for user tokens."""

    company_id: int
    person_id: int
    email: str
    owner: bool
    timezone: str
    country: str
    key_id: int | None


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a login gives: a user token for `expires_in` seconds, and a refresh token, with which to get more."""

    user_token: str
    refresh_token: str
    expires_in: int
