"""Verbs on companies."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import phonenumbers

from ringmain.core.companies import store
from ringmain.core.companies.model import Company, CompanyNotes, LoggedEvent
from ringmain.core.credentials.passwords import hash_password
from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.core.ids import MAX_ID, first_id_at
from ringmain.database.pool import Database
from ringmain.database.wakeup import CREDENTIALS, Wakeups

DOMAIN: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
EVENT_LIMIT: Final = 10_000
DELETE_SECONDS: Final = 600


class Companies:
    """The tenants."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def create(
        self,
        *,
        name: str,
        key: str | None = None,
        country: str = "US",
        timezone: str = "UTC",
        profile: dict[str, Any] | None = None,
        account_id: int | None = None,
        domain: str | None = None,
        notes: CompanyNotes | None = None,
    ) -> Company:
        """Make a company. `key` is the name that `ringmain apply` knows it by.

        It gets an account of its own unless one is given, and a domain from its key. Raises Invalid, AlreadyExists
        (the key, the domain), NotFound("account").
        """
        _check(name=name, country=country, timezone=timezone, domain=domain)
        encoded = msgspec.json.encode(profile or {}).decode()
        notes = notes or CompanyNotes()
        hashed = await hash_password(notes.admin_password) if notes.admin_password else None
        noted = (notes.region, notes.package_id, notes.admin_login, hashed, msgspec.json.encode(notes.params).decode())
        try:
            row = await self._database.fetchrow(
                store.CREATE, name, key, country, timezone, encoded, account_id, domain, *noted
            )
        except asyncpg.UniqueViolationError as error:
            if error.as_dict().get("constraint_name") == "companies_domain":
                raise AlreadyExists(f"domain {domain} already exists") from error
            raise AlreadyExists(f"a company with key {key!r} exists") from error
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound("account") from error
        assert row is not None  # noqa: S101  (INSERT .. RETURNING)
        return store.company_of(row)

    async def get(self, company_id: int) -> Company:
        """Raises NotFound."""
        return _found(await self._database.fetchrow(store.GET, company_id))

    async def find_by_key(self, key: str) -> Company | None:
        """The company that `ringmain apply` made under this key."""
        row = await self._database.fetchrow(store.GET_BY_KEY, key)
        return store.company_of(row) if row else None

    async def list_all(self) -> list[Company]:
        """All companies, oldest first; for operators."""
        return [store.company_of(row) for row in await self._database.fetch(store.LIST_ALL)]

    async def update(
        self,
        company_id: int,
        *,
        name: str | None = None,
        timezone: str | None = None,
        country: str | None = None,
        domain: str | None = None,
        profile: dict[str, Any] | None = None,
        deep: bool = False,
    ) -> Company:
        """Change what is given; `profile` is merged key by key, the objects in it too when `deep`.

        Raises NotFound, Invalid, AlreadyExists (the domain).
        """
        _check(name=name, country=country, timezone=timezone, domain=domain)
        encoded = msgspec.json.encode(profile).decode() if profile else None
        arguments = (name, timezone, country, encoded, deep, domain)
        try:
            row = await self._database.fetchrow(store.UPDATE, company_id, *arguments)
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists(f"domain {domain} already exists") from error
        company = _found(row)
        # Callers carry their company's time zone and country.
        self._wakeups.wake(CREDENTIALS)
        return company

    async def update_notes(
        self,
        company_id: int,
        *,
        name: str | None = None,
        package_id: int | None = None,
        admin_login: str | None = None,
        admin_password: str | None = None,
        params: dict[str, Any] | None = None,
    ) -> Company:
        """Change what is given of its name and its account's notes; `params` are merged key by key.

        Raises NotFound, Invalid.
        """
        _check(name=name)
        hashed = await hash_password(admin_password) if admin_password else None
        encoded = msgspec.json.encode(params).decode() if params else None
        arguments = (name, package_id, admin_login, hashed, encoded)
        company = _found(await self._database.fetchrow(store.UPDATE_NOTES, company_id, *arguments))
        self._wakeups.wake(CREDENTIALS)
        return company

    async def set_blocked(self, company_id: int, *, blocked: bool) -> Company:
        """Block it: nobody of it gets in from now on, by whatever credentials; or let them in again. Raises NotFound.

        Texts, calls and faxes that come to it are kept all the same.
        """
        company = _found(await self._database.fetchrow(store.SET_BLOCKED, company_id, blocked))
        self._wakeups.wake(CREDENTIALS)
        return company

    async def activity_subjects(self, company_id: int) -> list[str]:
        """What its calls can be filed under. Raises NotFound."""
        found = await self._database.fetchval(store.ACTIVITY_SUBJECTS, company_id)
        if found is None:
            raise NotFound("company")
        return list(found)

    async def set_activity_subjects(self, company_id: int, subjects: Sequence[str]) -> None:
        """Replace them all. Raises NotFound."""
        if await self._database.fetchval(store.SET_ACTIVITY_SUBJECTS, company_id, list(subjects)) is None:
            raise NotFound("company")

    async def events(self, company_id: int, *, since: datetime, until: datetime) -> list[LoggedEvent]:
        """What happened in it between these moments, oldest first, at most 10,000, as long as events are kept."""
        bounds = (max(0, first_id_at(since)), min(MAX_ID, max(0, first_id_at(until))))
        rows = await self._database.fetch(store.EVENTS, company_id, *bounds, EVENT_LIMIT)
        return [LoggedEvent(**dict(row.items())) for row in rows]

    async def delete(self, company_id: int) -> None:
        """Delete a company with everything it has, in one transaction; files' contents follow. Raises NotFound."""
        async with self._database.transaction() as connection:
            if not await connection.fetchval(store.DELETE, company_id, timeout=DELETE_SECONDS):
                raise NotFound("company")
        self._wakeups.wake(CREDENTIALS)


def _found(row: asyncpg.Record | None) -> Company:
    if row is None:
        raise NotFound("company")
    return store.company_of(row)


def _check(
    *, name: str | None, country: str | None = None, timezone: str | None = None, domain: str | None = None
) -> None:
    if name is not None and not name.strip():
        raise Invalid("name", "must not be empty")
    if country is not None and country not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid("country", "must be an ISO 3166 code of two capital letters, as in US")
    if domain is not None and not DOMAIN.fullmatch(domain):
        raise Invalid("domain", "must be 1 to 63 letters, digits and hyphens")
    if timezone is not None:
        check_timezone(timezone)


@lru_cache(maxsize=256)
def check_timezone(name: str) -> None:
    """Raises Invalid for what the tz database does not know."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown, malformed, or a directory of the tz database
        raise Invalid("timezone", f"{name!r} is not a time zone name, as in America/New_York") from error
