"""Verbs on the directory."""

import re
from typing import Any, Final

import asyncpg
import msgspec

from ringmain.core.directory import store
from ringmain.core.directory.model import DirectoryContact, NewContact
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.people.service import check_email
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups

PHONE: Final = re.compile(r"\+[1-9]\d{6,14}|\d{2,8}", re.ASCII)
MAX_NAME: Final = 200


class Directory:
    """People outside the company whom its users may call. They need not be the ones it texts with."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def page(self, company_id: int, *, page: int, per_page: int) -> tuple[list[DirectoryContact], int]:
        """A page (from 1), oldest first, and how many there are in all."""
        rows = await self._database.fetch(store.PAGE, company_id, per_page, (page - 1) * per_page)
        return [store.contact_of(row) for row in rows if row["id"] is not None], rows[0]["total"]

    async def get(self, company_id: int, contact_id: int) -> DirectoryContact:
        """Raises NotFound."""
        return _found(await self._database.fetchrow(store.GET, company_id, contact_id))

    async def create(
        self,
        company_id: int,
        *,
        first_name: str = "",
        last_name: str = "",
        phone: str = "",
        email: str = "",
        profile: dict[str, Any] | None = None,
    ) -> DirectoryContact:
        """Raises Invalid (also when there is neither name nor phone nor e-mail), NotFound("company")."""
        _check(first_name, last_name, phone, email)
        if not (first_name or last_name or phone or email):
            raise _nameless()
        encoded = msgspec.json.encode(profile or {}).decode()
        try:
            row = await self._database.fetchrow(store.CREATE, company_id, first_name, last_name, phone, email, encoded)
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound("company") from error
        return _found(row)

    async def update(
        self,
        company_id: int,
        contact_id: int,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        phone: str | None = None,
        email: str | None = None,
        profile: dict[str, Any] | None = None,
    ) -> DirectoryContact:
        """Change what is given; `profile` is merged at every depth. Raises NotFound, Invalid."""
        _check(first_name or "", last_name or "", phone or "", email or "")
        encoded = msgspec.json.encode(profile).decode() if profile else None
        row = await self._database.fetchrow(
            store.UPDATE, company_id, contact_id, first_name, last_name, phone, email, encoded
        )
        if row is None:
            await self.get(company_id, contact_id)
            raise _nameless()
        return _found(row)

    async def delete(self, company_id: int, contact_id: int) -> DirectoryContact:
        """Delete it; returns what it was. Raises NotFound."""
        return _found(await self._database.fetchrow(store.DELETE, company_id, contact_id))


def check_contact(contact: NewContact) -> None:
    """Raises Invalid for what no contact can be."""
    _check(contact.first_name, contact.last_name, contact.phone, contact.email)
    for number in contact.other_numbers:
        check_phone(number)
    if not (contact.first_name or contact.last_name or contact.phone or contact.email):
        raise _nameless()


def check_phone(phone: str) -> None:
    """Raises Invalid for what is neither E.164 nor a short number."""
    if not PHONE.fullmatch(phone):
        raise Invalid("phone", "must be E.164 with +, or a short number")


def _check(first_name: str, last_name: str, phone: str, email: str) -> None:
    for field, name in (("first_name", first_name), ("last_name", last_name)):
        if len(name) > MAX_NAME:
            raise Invalid(field, f"must not be longer than {MAX_NAME} characters")
    if phone:
        check_phone(phone)
    if email:
        check_email(email)


def _nameless() -> Invalid:
    return Invalid("first_name", "a contact needs a name, a phone or an e-mail")


def _found(row: asyncpg.Record | None) -> DirectoryContact:
    if row is None:
        raise NotFound("directory contact")
    return store.contact_of(row)
