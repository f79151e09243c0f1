"""The calendar port: a provider of calendars, as OAuth 2.0 has it. Adapters are in `ringmain/calendars/`."""

from datetime import datetime
from typing import Protocol

import msgspec

from ringmain.core.errors import CoreError


class Refused(CoreError):
    """The provider said no, and will say so again: an expired or used code, a grant that was withdrawn."""


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider gives. Without `refresh_token` the one from before stays good, if there is one."""

    access_token: str
    refresh_token: str | None
    expires_at: datetime


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a person granted: tokens for the calendar of `account`, an e-mail address."""

    account: str
    tokens: Tokens


class CalendarProvider(Protocol):
    """Google, Outlook, or what stands in for them. All raise Unavailable when it cannot be reached or fails."""

    async def authorization_url(self, *, redirect_url: str, state: str, verifier: str, nonce: str) -> str:
        """Where a person is asked for the grant (RFC 6749 4.1.1, RFC 7636)."""
        ...

    async def exchange(self, code: str, *, redirect_url: str, verifier: str, nonce: str) -> Grant:
        """The grant that a code stands for. Raises Refused."""
        ...

    async def refresh(self, refresh_token: str) -> Tokens:
        """New tokens. Raises Refused."""
        ...

    async def revoke(self, token: str) -> None:
        """Withdraw the grant that a refresh token (or, without one, an access token) belongs to (RFC 7009)."""
        ...
