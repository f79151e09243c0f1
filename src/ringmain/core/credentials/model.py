"""Credentials: API keys of each dialect, operator tokens, user tokens."""

from datetime import datetime

import msgspec


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """`token` is the public half. The secret is shown once, when made.

    `last_used_at`: when tokens were last minted from it, in dialects that mint.
    """

    id: int
    company_id: int
    dialect: str
    name: str
    person_id: int | None
    token: str
    created_at: datetime
    last_used_at: datetime | None = None


class NewApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key just made, with its secret."""

    key: ApiKey
    secret: str


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a request: a company and the person that acts.

    `key_id`: the key that is shown, or that the token was minted from; None for people's own logins.
    `timezone`: the person's, or else the company's.
    """

    company_id: int
    person_id: int
    email: str
    owner: bool
    timezone: str
    company_timezone: str
    country: str
    key_id: int | None
    admin: bool = False

    @property
    def manages(self) -> bool:
        """Whether the person may act on what belongs to others of the company."""
        return self.owner or self.admin


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """Who logged in, and the hash of the password that they did it with."""

    caller: Caller
    password_hash: str


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What access tokens live by: a login of a person, or (`key_id`) a use of an API key."""

    company_id: int
    id: int
    person_id: int
    key_id: int | None


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a login gives: a user token for `expires_in` seconds, and a refresh token, with which to get more."""

    user_token: str
    refresh_token: str
    expires_in: int
