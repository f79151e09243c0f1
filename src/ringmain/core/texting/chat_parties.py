"""Who is at the two ends of a chat: an extension with the number that it texts from, and somebody outside."""

from contextlib import suppress
from typing import Final

import asyncpg
import msgspec

from ringmain.core.errors import Invalid, NotFound
from ringmain.core.texting import chat_store as store
from ringmain.core.texting.checks import check_name, check_sender, check_text
from ringmain.core.texting.contact_store import CREATE_CONTACT
from ringmain.core.texting.model import Contact
from ringmain.database.pool import Database, Record

TRIES: Final = 5
RELAYED: Final = "relayed"
"""The carrier of lines (migration 0016)."""
MAX_HANDLE: Final = 64


class ChatUser(msgspec.Struct, frozen=True, kw_only=True):
    """An extension, as chats know it. `person_id` is its user's."""

    id: int
    number: int
    name: str
    person_id: int | None


class ChatParties:
    """Finds and makes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Ours

    async def user(self, company_id: int, extension_id: int) -> ChatUser:
        """Raises NotFound("user")."""
        return _found(await self._user(store.USER_BY_ID, company_id, extension_id))

    async def user_by_number(self, company_id: int, number: int) -> ChatUser | None:
        """The extension of this number; where several PBXs have it, the first one's."""
        return await self._user(store.USER_BY_NUMBER, company_id, number)

    async def user_of_person(self, company_id: int, person_id: int) -> ChatUser | None:
        """A person's extension, the first where there are several."""
        return await self._user(store.USER_OF_PERSON, company_id, person_id)

    async def user_of_number(self, company_id: int, number_id: int) -> ChatUser | None:
        """Whose number it is: of those who text from it, the first who has an extension."""
        return await self._user(store.USER_OF_NUMBER, company_id, number_id)

    async def number_for(self, company_id: int, user: ChatUser) -> str:
        """What the user texts from: their own number, else one that nobody owns, else a line of their extension.

        A line is made when it is first asked for. Its texts are relayed: no carrier could take them.
        Raises NotFound("user").
        """
        for _ in range(TRIES):
            number: str | None = await self._database.fetchval(store.NUMBER_FOR, company_id, user.id)
            if number is not None:
                return number
            try:
                await self._database.execute(store.OPEN_LINE, company_id, user.id, str(user.number), RELAYED)
            except asyncpg.ForeignKeyViolationError:
                break
        raise NotFound("user")

    async def _user(self, statement: str, company_id: int, which: int) -> ChatUser | None:
        row = await self._database.fetchrow(statement, company_id, which)
        return ChatUser(**dict(row.items())) if row else None

    # Theirs

    async def contact(
        self,
        company_id: int,
        *,
        number: str | None,
        handle: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        email: str | None = None,
    ) -> Contact:
        """Whoever has this handle, or else this number, made if need be; what else is given of them is kept.

        `number`: E.164 with +, or what else texts come from; somebody without one has the handle in its place.
        Raises Invalid.
        """
        if number is None and handle is None:
            raise Invalid("number", "or a handle is needed")
        if handle is not None and not 0 < len(check_text("handle", handle)) <= MAX_HANDLE:
            raise Invalid("handle", f"must have 1 to {MAX_HANDLE} characters")
        known = (
            None if first_name is None else check_name("first_name", first_name),
            None if last_name is None else check_name("last_name", last_name),
            None if email is None else check_name("email", email),
        )
        if number is not None:
            check_sender(number)
        for _ in range(TRIES):
            found = await self._contact(company_id, number, handle)
            if found is None:
                continue  # somebody else is making it in this moment
            wanted = (found.handle if handle is None else handle, *_laid_over(found, known))
            if wanted == (found.handle, found.first_name, found.last_name, found.email) and number in (
                None,
                found.number,
            ):
                return found
            try:
                return await self._know(company_id, found.id, number, handle, *known)
            except asyncpg.UniqueViolationError as error:
                if error.as_dict().get("constraint_name") == "contacts_handle":
                    continue
            with suppress(asyncpg.UniqueViolationError):
                # Somebody else has the number: this one is still who has the handle.
                return await self._know(company_id, found.id, None, handle, *known)
        raise Invalid("handle", "is being made somebody else's")

    async def _contact(self, company_id: int, number: str | None, handle: str | None) -> Contact | None:
        if handle is not None:
            row = await self._database.fetchrow(store.CONTACT_OF_HANDLE, company_id, handle)
            if row:
                return _contact_of(row)
        called = number or check_sender(handle or "")
        row = await self._database.fetchrow(CREATE_CONTACT, company_id, called, "", "")
        if row is None:
            return None
        made = await self._database.fetchrow(store.CONTACT, company_id, row["id"])
        return _contact_of(made) if made else None

    async def _know(self, company_id: int, contact_id: int, *known: str | None) -> Contact:
        row = await self._database.fetchrow(store.KNOW_CONTACT, company_id, contact_id, *known)
        if row is None:
            raise NotFound("contact")
        return _contact_of(row)


def _laid_over(contact: Contact, known: tuple[str | None, ...]) -> tuple[str | None, ...]:
    there = (contact.first_name, contact.last_name, contact.email)
    return tuple(old if new is None else new for old, new in zip(there, known, strict=True))


def _contact_of(row: Record) -> Contact:
    return Contact(**dict(row.items()))


def _found(user: ChatUser | None) -> ChatUser:
    if user is None:
        raise NotFound("user")
    return user
