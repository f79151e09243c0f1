"""Verbs on locations."""

from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import UNSET, UnsetType

from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.core.locations import store
from ringmain.core.locations.model import Location
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups


class Locations:
    """The sites of a company."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def list(self, company_id: int) -> list[Location]:
        """All of a company, oldest first."""
        return [store.location_of(row) for row in await self._database.fetch(store.LIST, company_id)]

    async def get(self, company_id: int, location_id: int) -> Location:
        """Raises NotFound."""
        return _found(await self._database.fetchrow(store.GET, company_id, location_id))

    async def create(
        self,
        company_id: int,
        *,
        name: str,
        profile: dict[str, Any] | None = None,
        instance_uuid: UUID | None = None,
    ) -> Location:
        """Raises Invalid, AlreadyExists (names are unique in a company), NotFound("company")."""
        _check_name(name)
        await self._check_instance(company_id, instance_uuid)
        try:
            row = await self._database.fetchrow(store.CREATE, company_id, name, _encoded(profile or {}), instance_uuid)
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists("a location of this name exists") from error
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound("company") from error
        return _found(row)

    async def update(
        self,
        company_id: int,
        location_id: int,
        *,
        name: str | None = None,
        profile: dict[str, Any] | None = None,
        deep: bool = False,
        instance_uuid: UUID | UnsetType | None = UNSET,
    ) -> Location:
        """Change what is given; `profile` is merged key by key, the objects in it too when `deep`.

        Raises NotFound, Invalid, AlreadyExists.
        """
        if name is not None:
            _check_name(name)
        instance = (False, None) if instance_uuid is UNSET else (True, instance_uuid)
        await self._check_instance(company_id, instance[1])
        try:
            row = await self._database.fetchrow(
                store.UPDATE, company_id, location_id, name, _encoded(profile), deep, *instance
            )
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists("a location of this name exists") from error
        return _found(row)

    async def delete(self, company_id: int, location_id: int) -> Location:
        """Delete it; returns what it was. Raises NotFound."""
        return _found(await self._database.fetchrow(store.DELETE, company_id, location_id))

    async def _check_instance(self, company_id: int, uuid: UUID | None) -> None:
        if uuid is not None and not await self._database.fetchval(store.HAS_INSTANCE, company_id, uuid):
            raise Invalid("instance_uuid", "is no PBX instance of this company")


def _encoded(profile: dict[str, Any] | None) -> str | None:
    return None if profile is None else msgspec.json.encode(profile).decode()


def _check_name(name: str) -> None:
    if not name.strip():
        raise Invalid("name", "must not be empty")


def _found(row: asyncpg.Record | None) -> Location:
    if row is None:
        raise NotFound("location")
    return store.location_of(row)
