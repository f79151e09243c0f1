"""Verbs on accounts, their keys and their companies."""

import hashlib
import secrets
from typing import Final

import asyncpg

from ringmain.core.accounts import store
from ringmain.core.accounts.model import Account, AccountCaller, AccountKey, NewAccountKey
from ringmain.core.companies import store as company_store
from ringmain.core.companies.model import Company
from ringmain.core.credentials.cache import CredentialCache
from ringmain.core.errors import AlreadyExists, Invalid, NotFound, Unauthenticated
from ringmain.database.pool import Database, Record
from ringmain.database.wakeup import Wakeups

SHORTEST_SECRET: Final = 24


class Accounts:
    """Who owns which companies, and who calls for them."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups
        self._callers: CredentialCache[AccountCaller] = CredentialCache(wakeups)
        self._companies: CredentialCache[Company] = CredentialCache(wakeups)

    async def create(self, *, name: str, key: str | None = None) -> Account:
        """Make an account without companies. Raises Invalid, AlreadyExists (the key)."""
        if not name.strip():
            raise Invalid("name", "must not be empty")
        try:
            row = await self._database.fetchrow(store.CREATE, name, key)
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists(f"an account with key {key!r} exists") from error
        return store.account_of(_found(row, "account"))

    async def get(self, account_id: int) -> Account:
        """Raises NotFound("account")."""
        return store.account_of(_found(await self._database.fetchrow(store.GET, account_id), "account"))

    async def find_by_key(self, key: str) -> Account | None:
        """The account that `ringmain apply` made under this key."""
        row = await self._database.fetchrow(store.GET_BY_KEY, key)
        return store.account_of(row) if row else None

    # Companies

    async def companies(self, account_id: int) -> list[Company]:
        """The account's companies, oldest first."""
        return [company_store.company_of(row) for row in await self._database.fetch(store.COMPANIES, account_id)]

    async def company(self, account_id: int, company_id: int) -> Company:
        """One of the account's companies; another account's is as unknown as none. Raises NotFound."""
        return await self._company(store.COMPANY, account_id, company_id)

    async def company_by_domain(self, account_id: int, domain: str) -> Company:
        """The same by its domain, in whatever case. Raises NotFound."""
        return await self._company(store.COMPANY_BY_DOMAIN, account_id, domain)

    async def _company(self, statement: str, account_id: int, which: int | str) -> Company:
        async def look_up() -> Company:
            row = await self._database.fetchrow(statement, account_id, which)
            return company_store.company_of(_found(row, "company"))

        return await self._companies.get((account_id, which), look_up)

    # Keys

    async def create_key(self, account_id: int, *, name: str, secret: str | None = None) -> NewAccountKey:
        """Make a key, with a secret of 256 random bits unless one is given.

        Raises Invalid, AlreadyExists (the name in this account, or the secret), NotFound("account").
        """
        if not name.strip():
            raise Invalid("name", "must not be empty")
        secret = _secret_or_new(secret)
        try:
            row = await self._database.fetchrow(store.CREATE_KEY, account_id, name, _sha256(secret))
        except asyncpg.UniqueViolationError as error:
            if error.as_dict().get("constraint_name") == "account_keys_secret":
                raise AlreadyExists("this secret is in use") from error
            raise AlreadyExists(f"a key named {name!r} exists") from error
        return NewAccountKey(key=store.key_of(_found(row, "account")), secret=secret)

    async def list_keys(self, account_id: int) -> list[AccountKey]:
        """All keys of an account, oldest first, without their secrets."""
        return [store.key_of(row) for row in await self._database.fetch(store.LIST_KEYS, account_id)]

    async def has_secret(self, account_id: int, key_id: int, secret: str) -> bool:
        """Whether this is the key's secret."""
        return bool(await self._database.fetchval(store.HAS_SECRET, account_id, key_id, _sha256(secret)))

    async def caller_by_key(self, secret: str) -> AccountCaller:
        """Who calls with this key. Raises Unauthenticated: there is none, or it is inactive."""
        hashed = _sha256(secret)

        async def look_up() -> AccountCaller:
            row = await self._database.fetchrow(store.CALLER, hashed)
            if row is None:
                raise Unauthenticated("unknown API key")
            return AccountCaller(**dict(row.items()))

        return await self._callers.get(hashed, look_up)

    async def note(self, caller: AccountCaller, action: str, company_id: int | None, subject: str) -> None:
        """Keep in the account's history that this was done. `subject` is an id in the caller's spelling, or empty."""
        arguments = (caller.account_id, caller.key_name, action, company_id, subject)
        await self._database.execute(store.NOTE, *arguments)


def _secret_or_new(secret: str | None) -> str:
    if secret is None:
        return secrets.token_urlsafe(32)
    if len(secret) < SHORTEST_SECRET:
        raise Invalid("secret", f"must have at least {SHORTEST_SECRET} characters, best 256 random bits")
    return secret


def _sha256(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _found(row: Record | None, kind: str) -> Record:
    if row is None:
        raise NotFound(kind)
    return row
