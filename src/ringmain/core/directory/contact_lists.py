"""Verbs on many contacts at once, and on those who are blocked."""

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg
import msgspec

from ringmain.core.directory import store
from ringmain.core.directory.model import DirectoryContact, NewContact
from ringmain.core.directory.service import check_contact, check_phone
from ringmain.core.errors import Invalid, NotFound
from ringmain.database.pool import Database

MOST: Final = 10_000
"""Contacts that can be written at once."""
MAX_PROFILE: Final = 65_536


class ContactLists:
    """The directory, by the list: all that is given is done, or nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, company_id: int, *, blocked: bool = False) -> list[DirectoryContact]:
        """All of a company, or only those who are blocked; oldest first."""
        return [store.contact_of(row) for row in await self._database.fetch(store.ALL, company_id, blocked)]

    async def create(self, company_id: int, contacts: Sequence[NewContact]) -> list[DirectoryContact]:
        """Make them; answers in the same order. Raises Invalid, NotFound("instance")."""
        given = _encoded({None: contacts})
        try:
            rows = await self._database.fetch(store.CREATE_ALL, company_id, given)
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound("instance") from error
        return [store.contact_of(row) for row in rows]

    async def replace(self, company_id: int, contacts: Mapping[int, NewContact]) -> None:
        """Write them anew, by their ids; of the profile the keys that are given. Raises Invalid, NotFound (any)."""
        given = _encoded({contact_id: [contact] for contact_id, contact in contacts.items()})
        async with self._database.transaction() as connection:
            if len(await connection.fetch(store.REPLACE_ALL, company_id, given)) < len(contacts):
                raise NotFound("contact")

    async def delete(self, company_id: int, contact_ids: Sequence[int]) -> None:
        """Raises NotFound if any is unknown: then all stay."""
        ids = sorted(set(contact_ids))
        async with self._database.transaction() as connection:
            if len(await connection.fetch(store.DELETE_ALL, company_id, ids)) < len(ids):
                raise NotFound("contact")

    # Who does not get through

    async def set_blocked(
        self, company_id: int, contact_id: int, *, blocked: bool, about: str | None = None
    ) -> DirectoryContact:
        """Block a contact with all of its numbers, or let it through again. Raises NotFound, Invalid."""
        if about is not None and len(about) > MAX_PROFILE:
            raise Invalid("about", f"must not be longer than {MAX_PROFILE} characters")
        row = await self._database.fetchrow(store.BLOCK, company_id, contact_id, blocked, about)
        if row is None:
            raise NotFound("contact")
        return store.contact_of(row)

    async def set_number_blocked(
        self, company_id: int, number: str, *, blocked: bool, about: str | None = None
    ) -> DirectoryContact:
        """The same of whoever has this number, E.164 or short. To be blocked they are made if need be.

        Raises Invalid, NotFound("contact") (nobody has it to let through).
        """
        check_phone(number)
        contact_id = await self._database.fetchval(store.BY_NUMBER, company_id, number)
        if contact_id is None:
            if not blocked:
                raise NotFound("contact")
            contact_id = await self._of_number(company_id, number)
        return await self.set_blocked(company_id, contact_id, blocked=blocked, about=about)

    async def _of_number(self, company_id: int, number: str) -> int:
        """Whoever has it, made if need be: once, however many ask."""
        async with self._database.transaction() as connection:
            await connection.execute(store.LOCK_COMPANY, company_id)
            found: int | None = await connection.fetchval(store.BY_NUMBER, company_id, number)
            if found is None:
                made = await connection.fetch(
                    store.CREATE_ALL, company_id, _encoded({None: [NewContact(phone=number)]})
                )
                found = made[0]["id"]
        return found

    async def blocks(self, company_id: int, number: str) -> bool:
        """Whether who calls from this number is refused."""
        return bool(await self._database.fetchval(store.BLOCKS, company_id, number))


def _encoded(contacts: Mapping[int | None, Sequence[NewContact]]) -> str:
    """Raises Invalid."""
    rows = []
    for contact_id, ones in contacts.items():
        for one in ones:
            check_contact(one)
            if len(msgspec.json.encode(one.profile)) > MAX_PROFILE:
                raise Invalid("profile", f"must not be longer than {MAX_PROFILE} octets of JSON")
            rows.append({"id": contact_id, **msgspec.structs.asdict(one)})
    if len(rows) > MOST:
        raise Invalid("list", f"must not have more than {MOST} contacts")
    return msgspec.json.encode(rows).decode()
