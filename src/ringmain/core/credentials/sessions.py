"""Logging in and staying logged in: a short-lived user token (JWT), and a refresh token to get the next one with."""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from ringmain.core.credentials import session_store as store
from ringmain.core.credentials.model import Tokens
from ringmain.core.credentials.service import Credentials
from ringmain.core.credentials.throttle import Throttle
from ringmain.core.errors import Unauthenticated
from ringmain.database.pool import Database

TOKEN_SECONDS: Final = 3600
SESSION: Final = timedelta(days=30)
"""How long a session lasts after its last use."""
LATE: Final = timedelta(seconds=60)
"""How long a refresh token is good for after its successor was used: answers cross, and browsers have many tabs."""


class Sessions:
    """A refresh token is offered a successor each time it is shown. It works until the successor is used.

    So a client that loses the answer loses nothing, and one that never takes successors keeps working. Whoever shows
    a token after its successor was in use ends the session for both. User tokens end with their session.
    """

    def __init__(self, database: Database, credentials: Credentials) -> None:
        self._database = database
        self._credentials = credentials
        self._throttle = Throttle(database)

    async def log_in(self, email: str, password: str, *, address: str, code: str | None = None) -> Tokens:
        """Begin a session. `address` is the network address that asks, `code` from the second factor where it is on.

        Raises Unauthenticated, Throttled.
        """
        await self._throttle.count(email, address)
        login = await self._credentials.log_in(email, password, code=code)
        await self._throttle.forget(email, address)
        token = secrets.token_urlsafe(32)
        who = (login.caller.company_id, login.caller.person_id)
        session_id = await self._database.fetchval(store.BEGIN, *who, _sha256(token), SESSION, login.password_hash)
        if session_id is None:
            raise Unauthenticated("the password was changed, or the person deactivated, at this moment")
        return await self._tokens(*who, session_id, token)

    async def refresh(self, refresh_token: str) -> Tokens:
        """A new user token, and the refresh token's successor. Raises Unauthenticated."""
        successor = await self._credentials.successor_of(refresh_token)
        row = await self._database.fetchrow(store.REFRESH, _sha256(refresh_token), _sha256(successor), SESSION, LATE)
        if row is None:
            raise Unauthenticated("unknown or expired refresh token")
        if row["ended"]:
            self._credentials.announce()
            raise Unauthenticated("a replaced refresh token: the session has ended")
        return await self._tokens(row["company_id"], row["person_id"], row["id"], successor)

    async def log_out(self, refresh_token: str) -> None:
        """End the session of this token, if there is one, and with it its user tokens."""
        if await self._database.fetchval(store.END, _sha256(refresh_token)) is not None:
            self._credentials.announce()

    async def _tokens(self, company_id: int, person_id: int, session_id: int, refresh_token: str) -> Tokens:
        user_token = await self._credentials.issue_user_token(
            company_id, person_id, TOKEN_SECONDS, session_id=session_id
        )
        return Tokens(user_token=user_token, refresh_token=refresh_token, expires_in=TOKEN_SECONDS)


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
