"""Verbs on people."""

import re
from typing import Any

import asyncpg
import msgspec

from ringmain.core.companies.service import check_timezone
from ringmain.core.credentials.passwords import hash_password
from ringmain.core.errors import AlreadyExists, Forbidden, Invalid, NotFound
from ringmain.core.people import store
from ringmain.core.people.model import Person
from ringmain.database.pool import Database
from ringmain.database.wakeup import CREDENTIALS, Wakeups

EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>]{1,190}")


class People:
    """Who logs in, owns numbers, is rung. Exactly one of a company is its owner."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def get(self, company_id: int, person_id: int) -> Person:
        """Raises NotFound."""
        return _found(await self._database.fetchrow(store.GET, company_id, person_id))

    async def find_by_email(self, company_id: int, email: str) -> Person | None:
        """By e-mail, without regard to case."""
        row = await self._database.fetchrow(store.FIND_BY_EMAIL, company_id, email)
        return store.person_of(row) if row else None

    async def owner(self, company_id: int) -> Person:
        """The company's owner. Raises NotFound while it has none."""
        return _found(await self._database.fetchrow(store.OWNER, company_id))

    async def page(
        self, company_id: int, *, first_name: str | None = None, email: str | None = None, page: int, per_page: int
    ) -> tuple[list[Person], int]:
        """A page (from 1) of the people that match, oldest first, and how many match in all.

        Both filters compare whole values without regard to case.
        """
        offset = (page - 1) * per_page
        rows = await self._database.fetch(store.PAGE, company_id, first_name, email, per_page, offset)
        return [store.person_of(row) for row in rows if row["id"] is not None], rows[0]["total"]

    async def create(
        self,
        company_id: int,
        *,
        email: str,
        first_name: str = "",
        last_name: str = "",
        owner: bool = False,
        active: bool = True,
        timezone: str | None = None,
        password: str | None = None,
        profile: dict[str, Any] | None = None,
    ) -> Person:
        """Raises Invalid, AlreadyExists (the e-mail, or a second owner), NotFound("company")."""
        check_email(email)
        if timezone:
            check_timezone(timezone)
        if owner and not active:
            raise Invalid("active", "the owner must be active")
        hashed = await hash_password(password) if password is not None else None
        encoded = msgspec.json.encode(profile or {}).decode()
        try:
            row = await self._database.fetchrow(
                store.CREATE, company_id, email, first_name, last_name, owner, active, timezone, hashed, encoded
            )
        except asyncpg.UniqueViolationError as error:
            raise _taken(error) from error
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound("company") from error
        return _found(row)

    async def update(
        self,
        company_id: int,
        person_id: int,
        *,
        email: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        active: bool | None = None,
        timezone: str | None = None,
        profile: dict[str, Any] | None = None,
    ) -> Person:
        """Change what is given. `timezone=""` means the company's again; `profile` is merged key by key, not deeply.

        Numbers follow a change of e-mail. Raises NotFound, Invalid, AlreadyExists, Forbidden (an inactive owner).
        """
        if email is not None:
            check_email(email)
        if timezone:
            check_timezone(timezone)
        if active is False and (await self.get(company_id, person_id)).owner:
            raise Forbidden("the owner cannot be deactivated")
        encoded = msgspec.json.encode(profile).decode() if profile else None
        try:
            row = await self._database.fetchrow(
                store.UPDATE, company_id, person_id, email, first_name, last_name, active, timezone, encoded
            )
        except asyncpg.UniqueViolationError as error:
            raise _taken(error) from error
        person = _found(row)
        self._wakeups.wake(CREDENTIALS)
        return person

    async def make_owner(self, company_id: int, person_id: int) -> Person:
        """Hand the company over; the owner so far stays as a person. Raises NotFound for an inactive person too."""
        async with self._database.transaction() as connection:
            await connection.execute(store.RESIGN_OWNER, company_id)
            person = _found(await connection.fetchrow(store.MAKE_OWNER, company_id, person_id))
        self._wakeups.wake(CREDENTIALS)
        return person

    async def delete(self, company_id: int, person_id: int) -> Person:
        """Delete a person, also as owner of numbers; returns what they were. Raises NotFound, Forbidden (the owner)."""
        row = await self._database.fetchrow(store.DELETE, company_id, person_id)
        if row is None:
            await self.get(company_id, person_id)
            raise Forbidden("the owner cannot be deleted")
        self._wakeups.wake(CREDENTIALS)
        return store.person_of(row)


def check_email(email: str) -> None:
    """Raises Invalid for what no mailbox is named."""
    if not EMAIL.fullmatch(email):
        raise Invalid("email", "is not an e-mail address")


def _found(row: asyncpg.Record | None) -> Person:
    if row is None:
        raise NotFound("person")
    return store.person_of(row)


def _taken(error: asyncpg.UniqueViolationError) -> AlreadyExists:
    if error.as_dict().get("constraint_name") == "people_one_owner":
        return AlreadyExists("the company has an owner")
    return AlreadyExists("a person with this e-mail exists")
