"""Who calls: an API key with X-User-Id, or a person's own token without it (specs/ringplan.md 1)."""

from typing import Final

from starlette.requests import Request

from ringmain.core.credentials.model import Caller
from ringmain.core.credentials.service import PRIMARY, Credentials
from ringmain.core.errors import NotFound, Unauthenticated
from ringmain.dialects.ringplan import ids

DIALECT: Final = "ringplan"
NOBODY: Final = "0"
"""An id that nobody has: a wrong X-User-Id is refused in the same words as a wrong key."""


def is_user_token(credential: str) -> bool:
    """Whether this is one of our JWTs, by its form."""
    return credential.startswith("eyJ") and credential.count(".") == 2


class Authentication:
    """Reads the headers of requests."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def __call__(self, request: Request) -> Caller:
        """The caller. Raises Unauthenticated.

        `Authorization` is `Bearer X`, `X` alone or `bearer: X`. X-User-Id, `primary` or a user's id, must come with
        an API key and is ignored with a user token.
        """
        parts = request.headers.get("authorization", "").split()
        if not parts:
            raise Unauthenticated("The Authorization header is missing")
        credential = parts[-1]
        if is_user_token(credential):
            return await self._credentials.caller_by_user_token(credential)
        user = request.headers.get("x-user-id", "").strip()
        if not user:
            raise Unauthenticated("The X-User-Id header is missing")
        return await self._credentials.caller_by_api_key(DIALECT, credential, _person(user))


def _person(user: str) -> str:
    if user == PRIMARY:
        return user
    try:
        return str(ids.decode(user, "user"))
    except NotFound:
        return NOBODY
