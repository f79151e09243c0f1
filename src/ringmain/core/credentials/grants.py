"""Access tokens for dialects that mint them: from a password or an API key, and from refresh tokens."""

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Final

import asyncpg

from ringmain.core.credentials import grant_store as store
from ringmain.core.credentials.model import Grant, Tokens
from ringmain.core.credentials.service import Credentials
from ringmain.core.credentials.throttle import Throttle
from ringmain.core.errors import Unauthenticated
from ringmain.database.pool import Database, Record

TOKEN_SECONDS: Final = 3600
LIFETIME: Final = timedelta(days=30)
"""Of each refresh token."""


class Grants:
    """Each login is a grant. Its access and refresh tokens end with it, at once and on every node.

    A refresh token works until it expires, however often it is shown. Grants end with the key that they were minted
    from; those of a password end when it changes. All of a person end when they are deactivated. `audience` is the
    dialect: no token is good for another.
    """

    def __init__(self, database: Database, credentials: Credentials) -> None:
        self._database = database
        self._credentials = credentials
        self._throttle = Throttle(database)

    async def by_password(
        self, audience: str, name: str, password: str, *, code: str | None = None, address: str
    ) -> Tokens:
        """Log a person in by e-mail or login name; `code` is from their second factor, if that is on.

        `address` is the network address that asks. Raises Unauthenticated, Throttled.
        """
        await self._throttle.count(name, address)
        login = await self._credentials.log_in(name, password, code=code)
        await self._throttle.forget(name, address)
        token = secrets.token_urlsafe(32)
        who = (login.caller.company_id, login.caller.person_id)
        arguments = (*who, audience, _hash(token), LIFETIME, login.password_hash)
        return await self._tokens(audience, await self._granted(store.BY_PASSWORD, *arguments), token)

    async def by_key(self, audience: str, key_token: str, secret: str, *, address: str) -> Tokens:
        """Tokens for whom an API key of this dialect acts: the person it is bound to, or else the owner.

        Raises Unauthenticated, Throttled.
        """
        name = f"key {key_token}"
        # Programs log in side by side: what succeeds counts nothing, and costs no write here.
        await self._throttle.check(name, address)
        token = secrets.token_urlsafe(32)
        row = await self._granted(store.BY_KEY, key_token, _hash(secret), audience, _hash(token), LIFETIME)
        if row is None:
            await self._throttle.count(name, address)
        return await self._tokens(audience, row, token)

    async def refresh(self, audience: str, refresh_token: str) -> Tokens:
        """A new access token and a new refresh token; the one shown goes on working. Raises Unauthenticated."""
        token = secrets.token_urlsafe(32)
        row = await self._granted(store.REFRESH, _hash(refresh_token), audience, _hash(token), LIFETIME)
        return await self._tokens(audience, row, token)

    async def _granted(self, statement: str, *arguments: object) -> Record | None:
        try:
            return await self._database.fetchrow(statement, *arguments)
        except asyncpg.ForeignKeyViolationError:
            return None  # the key, the person or the grant went at this moment

    async def _tokens(self, audience: str, row: Record | None, refresh_token: str) -> Tokens:
        if row is None:
            raise Unauthenticated("unknown or expired credentials")
        grant = Grant(company_id=row["company_id"], id=row["id"], person_id=row["person_id"], key_id=row["key_id"])
        token = await self._credentials.issue_access_token(grant, audience, TOKEN_SECONDS)
        return Tokens(user_token=token, refresh_token=refresh_token, expires_in=TOKEN_SECONDS)


def _hash(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
