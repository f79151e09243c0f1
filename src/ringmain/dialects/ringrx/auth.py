"""Who calls: an access token in any of three spellings (specs/ringrx.md 1)."""

from typing import Final

from starlette.requests import Request

from ringmain.core.credentials.model import Caller
from ringmain.core.credentials.service import Credentials
from ringmain.core.errors import Unauthenticated

DIALECT: Final = "ringrx"


class Authentication:
    """Reads the header of requests."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def __call__(self, request: Request) -> Caller:
        """The caller. Raises Unauthenticated.

        `Authorization` is `Bearer X`, `X` alone or `bearer: X`: the last part is the token.
        """
        parts = request.headers.get("authorization", "").split()
        if not parts:
            raise Unauthenticated("the Authorization header is missing")
        return await self._credentials.caller_by_access_token(DIALECT, parts[-1])
