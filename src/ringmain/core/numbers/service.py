"""Verbs on numbers."""

from collections.abc import Sequence

import asyncpg

from ringmain.core.errors import AlreadyExists, NotFound
from ringmain.core.numbers import store
from ringmain.core.numbers.model import Number
from ringmain.core.people.service import check_email
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups


class Numbers:
    """The telephone numbers (DIDs) of a company. Numbers are given in E.164: see normalise.py."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def list(self, company_id: int, *, owner_email: str | None = None, sms_only: bool = True) -> list[Number]:
        """Oldest first, without extensions' lines; of one owner if asked."""
        rows = await self._database.fetch(store.LIST, company_id, owner_email, sms_only)
        return [store.number_of(row) for row in rows]

    async def get_by_number(self, company_id: int, e164: str) -> Number:
        """Raises NotFound."""
        return _found(await self._database.fetchrow(store.GET_BY_NUMBER, company_id, e164))

    async def default(self, company_id: int, email: str, *, fax: bool = False) -> Number:
        """What this person texts, or faxes, from: the first number that they own, or else the company's first.

        Raises NotFound("number") when the company has none that can.
        """
        return _found(await self._database.fetchrow(store.DEFAULT, company_id, email, fax))

    async def create(
        self,
        company_id: int,
        e164: str,
        *,
        sms: bool = True,
        mms: bool = False,
        fax: bool = False,
        voice: bool = True,
        owner_emails: Sequence[str] = (),
    ) -> Number:
        """Raises AlreadyExists (a number belongs to one company), Invalid (an owner's e-mail), NotFound("company")."""
        try:
            row = await self._database.fetchrow(
                store.CREATE, company_id, e164, sms, mms, fax, voice, _owners(owner_emails)
            )
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists(f"{e164} is taken") from error
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound("company") from error
        return _found(row)

    async def update(
        self,
        company_id: int,
        e164: str,
        *,
        sms: bool | None = None,
        mms: bool | None = None,
        fax: bool | None = None,
        voice: bool | None = None,
    ) -> Number:
        """Change what the number is good for. Raises NotFound."""
        return _found(await self._database.fetchrow(store.UPDATE, company_id, e164, sms, mms, fax, voice))

    async def set_owners(self, company_id: int, e164: str, emails: Sequence[str]) -> Number:
        """Say who texts from this number. Raises NotFound, Invalid."""
        return _found(await self._database.fetchrow(store.SET_OWNERS, company_id, e164, _owners(emails)))

    async def set_carrier(self, company_id: int, e164: str, carrier: str | None) -> Number:
        """Say by which carrier texts from this number go, or None. Raises NotFound("number", "carrier")."""
        try:
            return _found(await self._database.fetchrow(store.SET_CARRIER, company_id, e164, carrier))
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound("carrier") from error


def _owners(emails: Sequence[str]) -> list[str]:
    for email in emails:
        check_email(email)
    return list(dict.fromkeys(email.lower() for email in emails))


def _found(row: asyncpg.Record | None) -> Number:
    if row is None:
        raise NotFound("number")
    return store.number_of(row)
