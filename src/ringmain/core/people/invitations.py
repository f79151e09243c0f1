"""Invitations: how a new person comes to a password of their own."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from ringmain.core.credentials.passwords import hash_password
from ringmain.core.credentials.store import SALT_OF_NAME
from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.core.mail.addresses import check_address
from ringmain.core.mail.model import Mail
from ringmain.core.mail.service import Mails
from ringmain.core.people import store
from ringmain.core.people.model import Person
from ringmain.core.people.service import NewInvitation, People, check_email, found
from ringmain.database.pool import Connection, Database

LIFETIME: Final = timedelta(days=7)
"""For how long an invitation is open."""
TEXT: Final = """\
Hello{name},

{company} has made a phone system account for you. To choose your password, open this address:

{link}

It works once, within {days} days.
"""

Link = Callable[[int, str], str]
"""Makes the address to open, of a person's id and the token."""


class Invitations:
    """Only a token's hash is stored; the token itself stands in the mail, and nowhere else."""

    def __init__(self, database: Database, people: People, mails: Mails) -> None:
        self._database = database
        self._people = people
        self._mails = mails

    async def create_person(
        self, company_id: int, *, email: str, link: Link, active: bool = False, origin: str = "", **fields: Any
    ) -> Person:
        """Make a person (`fields` are those of `People.create`) and mail them an invitation, both or neither.

        They are inactive until they accept it, unless `active`. Raises Invalid, AlreadyExists, NotFound("company").
        """
        check_email(email)
        check_address("email", email)
        token = secrets.token_urlsafe(32)
        async with self._database.transaction() as connection:
            person = await self._people.create(
                company_id,
                email=email,
                active=active,
                invitation=NewInvitation(_sha256(token), LIFETIME),
                connection=connection,
                origin=origin,
                **fields,
            )
            await self._mail(connection, person, link(person.id, token))
        self._announce()
        return person

    async def invite(self, company_id: int, person_id: int, *, link: Link, origin: str = "") -> Person:
        """Mail a person a new invitation; the one before it ends.

        Raises NotFound, AlreadyExists (they have a password).
        """
        token = secrets.token_urlsafe(32)
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(store.INVITE, company_id, person_id, _sha256(token), LIFETIME, origin)
            if row is not None:
                person = store.person_of(row)
                await self._mail(connection, person, link(person.id, token))
        if row is None:
            await self._people.get(company_id, person_id)
            raise AlreadyExists("the person has a password")
        self._announce()
        return person

    async def check(self, person_id: int, token: str) -> tuple[int, str]:
        """The company that invited this person, and their e-mail. Raises NotFound("invitation"), Invalid (expired)."""
        row = await self._database.fetchrow(store.INVITED, _sha256(token), person_id)
        if row is None:
            raise NotFound("invitation")
        if row["expired"]:
            raise Invalid("token", "the invitation has expired")
        return row["company_id"], row["email"]

    async def accept(self, person_id: int, token: str, password: str, *, origin: str = "") -> Person:
        """Set the password and activate the person; once. Raises as `check`, and Invalid (the password)."""
        company_id, email = await self.check(person_id, token)
        hashed = await hash_password(password, await self._database.fetchval(SALT_OF_NAME, email))
        row = await self._database.fetchrow(store.ACCEPT, company_id, person_id, _sha256(token), hashed, origin)
        if row is None:
            raise NotFound("invitation")
        self._people.announce()
        return found(row)

    async def _mail(self, connection: Connection, person: Person, link: str) -> None:
        company = await connection.fetchval(store.COMPANY_NAME, person.company_id)
        # Names are one line each in a mail, whatever they are in the database.
        company, name = (" ".join(text.split())[:200] for text in (company, person.first_name))
        text = TEXT.format(name=f" {name}" if name else "", company=company, link=link, days=LIFETIME.days)
        subject = "".join(letter for letter in f"Your phone system account at {company}" if letter.isprintable())
        await self._mails.queue(connection, person.company_id, Mail(to=[person.email], subject=subject, text=text))

    def _announce(self) -> None:
        self._people.announce()
        self._mails.wake()


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
