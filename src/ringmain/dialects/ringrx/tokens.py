"""POST /auth/token and /auth/refresh: access tokens from a password, an API key or a refresh token (specs/ringrx.md 1).

Clients put credentials into the query, into JSON or into a form, or into several of them at once.
"""

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Tokens
from ringmain.core.errors import Throttled, Unauthenticated
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, parameters
from ringmain.dialects.kit.parameters import Parameters
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringrx.auth import DIALECT
from ringmain.dialects.ringrx.errors import refusal

LIMIT: Final = 16_384
"""Octets of a body with credentials."""


class WireTokens(msgspec.Struct):
    """The token object. `expires_in`: seconds."""

    token_type: str
    access_token: str
    expires_in: int
    refresh_token: str


class TokenRoutes:
    """Rows 1 and 2."""

    def __init__(self, core: Core) -> None:
        self._grants = core.grants
        self.endpoints = [
            Endpoint("POST", "/auth/token", self.token, public=True),
            Endpoint("POST", "/auth/refresh", self.refresh, public=True),
        ]

    async def token(self, request: Request, _: None) -> Response:
        """Get tokens for a user name (or e-mail), password and, where it is on, one-time code; or for an API key."""
        given = await parameters.read(request, LIMIT)
        try:
            tokens = await self._granted(given, address_of(request))
        except Throttled as error:
            return later(error)
        return _answered(tokens)

    async def refresh(self, request: Request, _: None) -> Response:
        """Get new tokens for a refresh token, which itself stays good until it expires."""
        given = await parameters.read(request, LIMIT)
        return _answered(await self._grants.refresh(DIALECT, given.text("refresh_token") or ""))

    async def _granted(self, given: Parameters, address: str) -> Tokens:
        key, secret = given.text("token"), given.text("secret")
        if key and secret:
            return await self._grants.by_key(DIALECT, key, secret, address=address)
        name, password = given.text("username"), given.text("password")
        if name and password:
            return await self._grants.by_password(DIALECT, name, password, code=code_of(given), address=address)
        raise Unauthenticated("the credentials are missing")


def code_of(given: Parameters) -> str | None:
    """The one-time code. A JSON number has lost its leading zeros."""
    code = given.text("otp")
    return code.zfill(6) if code else None


def address_of(request: Request) -> str:
    """The network address that asks."""
    return request.client.host if request.client else ""


def later(error: Throttled) -> Response:
    """Refuse, and say when the next try may be made."""
    response = refusal(429, str(error))
    response.headers["Retry-After"] = str(error.retry_after)
    return response


def _answered(tokens: Tokens) -> Response:
    shown = WireTokens(
        token_type="Bearer",  # noqa: S106
        access_token=tokens.user_token,
        expires_in=tokens.expires_in,
        refresh_token=tokens.refresh_token,
    )
    return answer.json(shown, headers={"Cache-Control": "no-store"})
