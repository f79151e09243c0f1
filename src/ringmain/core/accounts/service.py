"""Verbs on accounts, their keys and their companies."""

import hashlib
import secrets
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from ringmain.core.accounts import store
from ringmain.core.accounts.model import Account, AccountCaller, AccountKey, NewAccountKey
from ringmain.core.accounts.webhooks import cover
from ringmain.core.companies import store as company_store
from ringmain.core.companies.model import Company, CompanyNotes
from ringmain.core.companies.service import Companies
from ringmain.core.credentials.cache import CredentialCache
from ringmain.core.errors import AlreadyExists, Invalid, NotFound, Unauthenticated
from ringmain.core.seal import Seal
from ringmain.database.pool import Database, Record
from ringmain.database.single import joined_transaction
from ringmain.database.wakeup import CREDENTIALS, Wakeups

SHORTEST_SECRET: Final = 24


class Accounts:
    """Who owns which companies, and who calls for them. What webhooks say of keys is kept under `seal`."""

    def __init__(self, database: Database, wakeups: Wakeups, seal: Seal) -> None:
        self._database = database
        self._wakeups = wakeups
        self._seal = seal
        self._said: CredentialCache[str] = CredentialCache(wakeups)
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

    async def list_all(self) -> list[Account]:
        """All accounts, oldest first; for operators."""
        return [store.account_of(row) for row in await self._database.fetch(store.LIST_ALL)]

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

    async def create_company(
        self, account_id: int, *, name: str, domain: str | None = None, country: str = "US", notes: CompanyNotes
    ) -> Company:
        """Make a company of this account, which is told of by the account's webhooks from its first event on.

        Raises Invalid, AlreadyExists (the domain), NotFound("account").
        """
        async with joined_transaction(self._database, self._wakeups) as (database, wakeups):
            company = await Companies(database, wakeups).create(
                name=name, account_id=account_id, domain=domain, country=country, notes=notes
            )
            await cover(database, wakeups, account_id)
        return company

    async def adopt(self, account_id: int, company_id: int) -> None:
        """Let a company belong to this account, and be told of by its webhooks instead of the other's.

        Raises NotFound (the company, the account).
        """
        await self.get(account_id)
        async with joined_transaction(self._database, self._wakeups) as (database, wakeups):
            old = await database.fetchval(store.ADOPT, account_id, company_id)
            if old is None:
                raise NotFound("company")
            for one in sorted({old, account_id}):
                await cover(database, wakeups, one)
        self._wakeups.wake(CREDENTIALS)

    async def cover(self, account_id: int) -> None:
        """Let all companies of the account be told of by its keys' webhooks, those that joined it just now too."""
        async with joined_transaction(self._database, self._wakeups) as (database, wakeups):
            await cover(database, wakeups, account_id)

    async def _company(self, statement: str, account_id: int, which: int | str) -> Company:
        async def look_up() -> Company:
            row = await self._database.fetchrow(statement, account_id, which)
            return company_store.company_of(_found(row, "company"))

        return await self._companies.get((account_id, which), look_up)

    # Keys

    async def create_key(
        self, account_id: int, *, name: str, secret: str | None = None, webhook_url: str | None = None
    ) -> NewAccountKey:
        """Make a key, with a secret of 256 random bits unless one is given.

        `webhook_url`: where everything is told that happens in the account's companies. Raises Invalid, AlreadyExists
        (the name in this account, or the secret), NotFound("account").
        """
        if not name.strip():
            raise Invalid("name", "must not be empty")
        _check_webhook(webhook_url or "")
        secret = _secret_or_new(secret)
        told = self._seal.close(secret) if webhook_url else None
        arguments = (account_id, name, _sha256(secret), webhook_url or None, told)
        return NewAccountKey(key=await self._write_key(account_id, store.CREATE_KEY, *arguments), secret=secret)

    async def rotate_key(self, account_id: int, key_id: int, *, secret: str | None = None) -> NewAccountKey:
        """Give a key another secret; the old one ends at once, and webhooks say the new one. It is active from now on.

        Raises NotFound("key"), Invalid, AlreadyExists (the secret).
        """
        secret = _secret_or_new(secret)
        told = self._seal.close(secret)
        key = await self._write_key(account_id, store.ROTATE_KEY, account_id, key_id, _sha256(secret), told)
        return NewAccountKey(key=key, secret=secret)

    async def set_key_active(self, account_id: int, key_id: int, *, active: bool) -> AccountKey:
        """Let a key open nothing and be told nothing, or again what it did before. Raises NotFound("key")."""
        return await self._write_key(account_id, store.SET_ACTIVE, account_id, key_id, active)

    async def set_webhook(self, account_id: int, key_id: int, url: str, secret: str | None = None) -> AccountKey:
        """Give a key a webhook address, or none when it is empty.

        `secret` is the key's own: its webhooks say it. It is needed for the first address. Raises NotFound("key"),
        Invalid (the address, or not the key's secret).
        """
        _check_webhook(url)
        if secret is not None and not await self.has_secret(account_id, key_id, secret):
            await self.get_key(account_id, key_id)
            raise Invalid("secret", "is not that of the key")
        told = None if secret is None else self._seal.close(secret)
        return await self._write_key(account_id, store.SET_WEBHOOK, account_id, key_id, url or None, told)

    async def webhook_secret(self, company_id: int, key_id: int) -> str:
        """What the webhooks of a key say, in a company of its account. Raises NotFound("key"), Unavailable."""

        async def look_up() -> str:
            kept = await self._database.fetchval(store.WEBHOOK_SECRET, company_id, key_id)
            if kept is None:
                raise NotFound("key")
            return self._seal.open(kept)

        return await self._said.get((company_id, key_id), look_up)

    async def delete_key(self, account_id: int, key_id: int) -> AccountKey:
        """End a key at once, with its webhooks. Raises NotFound("key")."""
        return await self._write_key(account_id, store.DELETE_KEY, account_id, key_id)

    async def _write_key(self, account_id: int, statement: str, *arguments: object) -> AccountKey:
        try:
            async with joined_transaction(self._database, self._wakeups) as (database, wakeups):
                await database.fetchval(store.LOCK, account_id)
                key = store.key_of(_found(await database.fetchrow(statement, *arguments), "key"))
                await cover(database, wakeups, account_id)
        except asyncpg.UniqueViolationError as error:
            if error.as_dict().get("constraint_name") == "account_keys_secret":
                raise AlreadyExists("this secret is in use") from error
            raise AlreadyExists("a key of this name exists") from error
        except asyncpg.CheckViolationError as error:
            raise Invalid("secret", "is needed: webhooks say the key, and only its hash is kept") from error
        self._wakeups.wake(CREDENTIALS)
        return key

    async def list_keys(self, account_id: int) -> list[AccountKey]:
        """All keys of an account, oldest first, without their secrets."""
        return [store.key_of(row) for row in await self._database.fetch(store.LIST_KEYS, account_id)]

    async def get_key(self, account_id: int, key_id: int) -> AccountKey:
        """Raises NotFound("key")."""
        return store.key_of(_found(await self._database.fetchrow(store.GET_KEY, account_id, key_id), "key"))

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


def _secret_or_new(secret: str | None) -> str:
    if secret is None:
        return secrets.token_urlsafe(32)
    if len(secret) < SHORTEST_SECRET:
        raise Invalid("secret", f"must have at least {SHORTEST_SECRET} characters, best 256 random bits")
    return secret


def _check_webhook(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = not url or (parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        usable = False
    if not usable:
        raise Invalid("webhook_url", "must be an address that begins with http:// or https://")


def _sha256(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _found(row: Record | None, kind: str) -> Record:
    if row is None:
        raise NotFound(kind)
    return row
