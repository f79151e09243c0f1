"""Verbs on what an account keeps of itself: who looks after it, what was done, how much is used."""

from datetime import datetime
from typing import Final

import asyncpg

from ringmain.core.accounts import record_store as store
from ringmain.core.accounts.model import AccountCaller, Admin, Change, CompanyStatistics, Transcriptions
from ringmain.core.credentials.passwords import hash_password, verify_password
from ringmain.core.errors import AlreadyExists, Invalid, NotFound, Unauthenticated
from ringmain.core.ids import MAX_ID, first_id_at
from ringmain.database.pool import Database

HISTORY_LIMIT: Final = 10_000


class AccountRecords:
    """The admins, the history and the statistics of accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Admins

    async def create_admin(self, account_id: int, *, name: str, login: str, password: str) -> Admin:
        """Raises Invalid, AlreadyExists (the login, in any account)."""
        _check(name, login)
        arguments = (account_id, name, login, await hash_password(password))
        return store.admin_of(await self._write(store.CREATE_ADMIN, *arguments))

    async def list_admins(self, account_id: int) -> list[Admin]:
        """Oldest first."""
        return [store.admin_of(row) for row in await self._database.fetch(store.LIST_ADMINS, account_id)]

    async def update_admin(
        self,
        account_id: int,
        admin_id: int,
        *,
        name: str | None = None,
        login: str | None = None,
        password: str | None = None,
        active: bool | None = None,
    ) -> Admin:
        """Change what is given. Raises NotFound("admin"), Invalid, AlreadyExists (the login)."""
        _check(name, login)
        hashed = None if password is None else await hash_password(password)
        return store.admin_of(await self._write(store.UPDATE_ADMIN, account_id, admin_id, name, login, hashed, active))

    async def delete_admin(self, account_id: int, admin_id: int) -> None:
        """Raises NotFound("admin")."""
        await self._write(store.DELETE_ADMIN, account_id, admin_id)

    async def admin_by_password(self, login: str, password: str) -> Admin:
        """Who logs in so. Raises Unauthenticated."""
        row = await self._database.fetchrow(store.PASSWORD, login)
        if not await verify_password(row["password_hash"] if row else None, password) or row is None:
            raise Unauthenticated("unknown login or wrong password")
        return store.admin_of(row)

    async def _write(self, statement: str, *arguments: object) -> asyncpg.Record:
        try:
            row = await self._database.fetchrow(statement, *arguments)
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists("this login is in use") from error
        if row is None:
            raise NotFound("admin")
        return row

    # History

    async def note(self, caller: AccountCaller, action: str, company_id: int | None, subject: str) -> None:
        """Keep that this was done. `subject` is an id in the caller's spelling, or empty."""
        arguments = (caller.account_id, caller.key_name, action, company_id, subject)
        await self._database.execute(store.NOTE, *arguments)

    async def history(self, account_id: int, *, since: datetime, until: datetime) -> list[Change]:
        """What was done between these moments, the latest first, at most 10,000 changes."""
        rows = await self._database.fetch(store.HISTORY, account_id, *_ids(since, until), HISTORY_LIMIT)
        return [store.change_of(row) for row in rows]

    # Statistics

    async def statistics(self, account_id: int, *, since: datetime, until: datetime) -> list[CompanyStatistics]:
        """What each company has now, and what passed through it between these moments."""
        rows = await self._database.fetch(store.STATISTICS, account_id, since, until, *_ids(since, until))
        return [store.statistics_of(row) for row in rows]

    async def transcriptions(self, company_id: int, *, since: datetime, until: datetime) -> Transcriptions:
        """How much of a company's calls and voicemail was put into words between these moments."""
        row = await self._database.fetchrow(store.TRANSCRIPTIONS, company_id, since, until)
        assert row is not None  # noqa: S101 - the statement always answers one row
        return Transcriptions(calls=row["calls"], voicemails=row["voicemails"])


def _ids(since: datetime, until: datetime) -> tuple[int, int]:
    first, last = (min(MAX_ID, max(0, first_id_at(moment))) for moment in (since, until))
    return first, last


def _check(name: str | None, login: str | None) -> None:
    for field, value in (("name", name), ("login", login)):
        if value is not None and not value.strip():
            raise Invalid(field, "must not be empty")
