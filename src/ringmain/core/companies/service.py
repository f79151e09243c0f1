"""Verbs on companies."""

from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import phonenumbers

from ringmain.core.companies import store
from ringmain.core.companies.model import Company
from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.database.pool import Database
from ringmain.database.wakeup import CREDENTIALS, Wakeups


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
    ) -> Company:
        """Make a company. `key` is the name that `ringmain apply` knows it by.

        Raises Invalid, or AlreadyExists when the key is taken.
        """
        _check(name=name, country=country, timezone=timezone)
        encoded = msgspec.json.encode(profile or {}).decode()
        try:
            row = await self._database.fetchrow(store.CREATE, name, key, country, timezone, encoded)
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists(f"a company with key {key!r} exists") from error
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
        profile: dict[str, Any] | None = None,
        deep: bool = False,
    ) -> Company:
        """Change what is given; `profile` is merged key by key, the objects in it too when `deep`.

        Raises NotFound, Invalid.
        """
        _check(name=name, country=country, timezone=timezone)
        encoded = msgspec.json.encode(profile).decode() if profile else None
        row = await self._database.fetchrow(store.UPDATE, company_id, name, timezone, country, encoded, deep)
        company = _found(row)
        # Callers carry their company's time zone and country.
        self._wakeups.wake(CREDENTIALS)
        return company

    async def delete(self, company_id: int) -> None:
        """Delete a company with everything it has; for operators. Raises NotFound."""
        if await self._database.fetchval(store.DELETE, company_id) is None:
            raise NotFound("company")
        self._wakeups.wake(CREDENTIALS)


def _found(row: asyncpg.Record | None) -> Company:
    if row is None:
        raise NotFound("company")
    return store.company_of(row)


def _check(*, name: str | None, country: str | None, timezone: str | None) -> None:
    if name is not None and not name.strip():
        raise Invalid("name", "must not be empty")
    if country is not None and country not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid("country", "must be an ISO 3166 code of two capital letters, as in US")
    if timezone is not None:
        check_timezone(timezone)


@lru_cache(maxsize=256)
def check_timezone(name: str) -> None:
    """Raises Invalid for what the tz database does not know."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown, malformed, or a directory of the tz database
        raise Invalid("timezone", f"{name!r} is not a time zone name, as in America/New_York") from error
