"""Who calls: a key of an account (specs/ringotel.md 1)."""

from starlette.requests import Request

from ringmain.core.accounts.model import AccountCaller
from ringmain.core.accounts.service import Accounts
from ringmain.core.errors import Unauthenticated


class Authentication:
    """Reads the Authorization header."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def __call__(self, request: Request) -> AccountCaller:
        """The caller, by `Bearer <API key>` or the key alone. Raises Unauthenticated."""
        parts = request.headers.get("authorization", "").split()
        if not parts:
            raise Unauthenticated("The Authorization header is missing")
        return await self._accounts.caller_by_key(parts[-1])
