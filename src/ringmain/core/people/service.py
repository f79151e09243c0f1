"""Verbs on people."""

import re
from contextlib import nullcontext
from datetime import timedelta
from typing import Any, Final

import asyncpg
import msgspec
from msgspec import UNSET, UnsetType

from ringmain.core.companies.service import check_timezone
from ringmain.core.credentials.passwords import hash_password
from ringmain.core.credentials.store import SALT_OF_NAME
from ringmain.core.errors import AlreadyExists, Forbidden, Invalid, NotFound
from ringmain.core.people import store
from ringmain.core.people.model import Person
from ringmain.database.pool import Connection, Database
from ringmain.database.wakeup import CREDENTIALS, EVENTS, Wakeups

EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>]{1,190}")
LOGIN: Final = re.compile(r"[^\s\0]{1,64}")
MAX_NAME: Final = 200


class NewInvitation(msgspec.Struct, frozen=True):
    """An invitation about to be issued: its token's sha256, and for how long it is open."""

    token_hash: bytes
    lifetime: timedelta


class People:
    """Who logs in, owns numbers, is rung. Exactly one of a company is its owner.

    `origin` is the dialect that a change came in through.
    """

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def get(self, company_id: int, person_id: int) -> Person:
        """Raises NotFound."""
        return found(await self._database.fetchrow(store.GET, company_id, person_id))

    async def find_by_email(self, company_id: int, email: str) -> Person | None:
        """By e-mail, without regard to case."""
        row = await self._database.fetchrow(store.FIND_BY_EMAIL, company_id, email)
        return store.person_of(row) if row else None

    async def owner(self, company_id: int) -> Person:
        """The company's owner. Raises NotFound while it has none."""
        return found(await self._database.fetchrow(store.OWNER, company_id))

    async def page(
        self, company_id: int, *, first_name: str | None = None, email: str | None = None, page: int, per_page: int
    ) -> tuple[list[Person], int]:
        """A page (from 1) of the people that match, oldest first, and how many match in all.

        Both filters compare whole values without regard to case.
        """
        offset = (page - 1) * per_page
        if email is not None:
            rows = await self._database.fetch(store.MATCH, company_id, email, first_name)
            return [store.person_of(row) for row in rows[offset : offset + per_page]], len(rows)
        if first_name is None:
            rows = await self._database.fetch(store.PAGE, company_id, per_page, offset)
        else:
            rows = await self._database.fetch(store.PAGE_BY_FIRST_NAME, company_id, per_page, offset, first_name)
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
        agent_id: int | None = None,
        invitation: NewInvitation | None = None,
        admin: bool = False,
        login: str | None = None,
        connection: Connection | None = None,
        origin: str = "",
    ) -> Person:
        """Make a person, in the transaction of `connection` where one is given (then call `announce` after it).

        Raises Invalid, AlreadyExists (the e-mail, the login name, or a second owner), NotFound("company").
        """
        check_email(email)
        if login is not None:
            check_login(login)
        _check_names(first_name, last_name)
        if timezone:
            check_timezone(timezone)
        if owner and not active:
            raise Invalid("active", "the owner must be active")
        hashed = None
        if password is not None:
            salt = await (connection or self._database).fetchval(SALT_OF_NAME, login or email)
            hashed = await hash_password(password, salt)
        encoded = msgspec.json.encode(profile or {}).decode()
        arguments = (
            *(company_id, email, first_name, last_name, owner, active, timezone, hashed, encoded),
            invitation.token_hash if invitation else None,
            invitation.lifetime if invitation else None,
            *(agent_id, origin, admin, login),
        )
        try:
            if connection is not None:
                return found(await connection.fetchrow(store.CREATE, *arguments))
            person = found(await self._database.fetchrow(store.CREATE, *arguments))
        except asyncpg.UniqueViolationError as error:
            raise _taken(error) from error
        except asyncpg.ForeignKeyViolationError as error:
            raise _unknown(error) from error
        self.announce()
        return person

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
        deep: bool = False,
        agent_id: int | UnsetType | None = UNSET,
        admin: bool | None = None,
        login: str | None = None,
        connection: Connection | None = None,
        origin: str = "",
    ) -> Person:
        """Change what is given. `timezone=""` means the company's again, `login=""` none.

        It happens in the transaction of `connection` where one is given (then call `announce` after it).

        `profile` is merged key by key, the objects in it too when `deep`. Numbers follow a change of e-mail, which
        ends an open invitation; so does deactivation. Raises NotFound, Invalid, AlreadyExists, Forbidden (an inactive
        owner).
        """
        if email is not None:
            check_email(email)
        if login:
            check_login(login)
        _check_names(first_name or "", last_name or "")
        if timezone:
            check_timezone(timezone)
        encoded = msgspec.json.encode(profile).decode() if profile else None
        agent = (False, None) if agent_id is UNSET else (True, agent_id)
        transaction = self._database.transaction() if connection is None else nullcontext(connection)
        try:
            async with transaction as within:
                owner = await within.fetchval(store.LOCK, company_id, person_id)
                if active is False and owner:
                    raise Forbidden("the owner cannot be deactivated")
                row = await within.fetchrow(
                    store.UPDATE,
                    *(company_id, person_id, email, first_name, last_name, active, timezone, encoded, deep),
                    *(*agent, origin, admin, login),
                )
        except asyncpg.UniqueViolationError as error:
            raise _taken(error) from error
        except asyncpg.ForeignKeyViolationError as error:
            raise _unknown(error) from error
        person = found(row)
        if connection is None:
            self.announce()
        return person

    async def make_owner(self, company_id: int, person_id: int, *, origin: str = "") -> Person:
        """Hand the company over; the owner so far stays as a person. Raises NotFound for an inactive person too."""
        async with self._database.transaction() as connection:
            await connection.execute(store.LOCK_COMPANY, company_id)
            await connection.execute(store.RESIGN_OWNER, company_id, origin)
            person = found(await connection.fetchrow(store.MAKE_OWNER, company_id, person_id, origin))
        self.announce()
        return person

    async def delete(self, company_id: int, person_id: int, *, origin: str = "") -> Person:
        """Delete a person, also as owner of numbers, with their sessions and keys; returns what they were.

        Raises NotFound, Forbidden (the owner).
        """
        async with self._database.transaction() as connection:
            await connection.execute(store.LOCK, company_id, person_id)
            row = await connection.fetchrow(store.DELETE, company_id, person_id, origin)
        if row is None:
            await self.get(company_id, person_id)
            raise Forbidden("the owner cannot be deleted")
        self.announce()
        return store.person_of(row)

    def announce(self) -> None:
        """Tell every process that people changed. Call it after the commit."""
        self._wakeups.wake(CREDENTIALS)
        self._wakeups.wake(EVENTS)


def check_email(email: str) -> None:
    """Raises Invalid for what no mailbox is named."""
    if not EMAIL.fullmatch(email):
        raise Invalid("email", "is not an e-mail address")


def check_login(login: str) -> None:
    """Raises Invalid for what cannot be typed into one field."""
    if not LOGIN.fullmatch(login):
        raise Invalid("login", "must have 1 to 64 characters and no blanks")


def _check_names(*names: str) -> None:
    if any(len(name) > MAX_NAME for name in names):
        raise Invalid("name", f"must not be longer than {MAX_NAME} characters")


def found(row: asyncpg.Record | None) -> Person:
    """The person of a row that may not be there. Raises NotFound."""
    if row is None:
        raise NotFound("person")
    return store.person_of(row)


def _taken(error: asyncpg.UniqueViolationError) -> AlreadyExists:
    if error.as_dict().get("constraint_name") == "people_one_owner":
        return AlreadyExists("the company has an owner")
    if error.as_dict().get("constraint_name") == "people_login_name":
        return AlreadyExists("a person with this login name exists")
    return AlreadyExists("a person with this e-mail exists")


def _unknown(error: asyncpg.ForeignKeyViolationError) -> Invalid | NotFound:
    if "agent_id" in (error.as_dict().get("constraint_name") or ""):
        return Invalid("agent_id", "is nobody of this company")
    return NotFound("company")
