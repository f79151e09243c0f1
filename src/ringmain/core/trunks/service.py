"""Verbs on SMS trunks."""

from typing import Any, Final

import asyncpg
import msgspec
import phonenumbers
from msgspec import UNSET

from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.core.texting.checks import check_name, check_text, measure
from ringmain.core.trunks import store
from ringmain.core.trunks.model import FORMATS, Reply, Spelling, Trunk, TrunkChange
from ringmain.database.pool import Connection, Database

MAX_REPLIES: Final = 100
MAX_KEYWORD: Final = 160
MAX_USERS: Final = 10_000
TEXTS: Final = ("name", "service")
PLAIN: Final = ("send_name", "group_mode", "session_timeout", "extension_ids", "status")


class Trunks:
    """The numbers of companies that text, and what is set of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, company_id: int) -> list[Trunk]:
        """Every number that texts, oldest first."""
        return [store.trunk_of(row) for row in await self._database.fetch(store.LIST, company_id)]

    async def get(self, company_id: int, trunk_id: int) -> Trunk:
        """Raises NotFound("trunk")."""
        row = await self._database.fetchrow(store.GET, company_id, trunk_id)
        if row is None:
            raise NotFound("trunk")
        return store.trunk_of(row)

    async def spelling(self, company_id: int, number: str) -> Spelling:
        """How numbers are spelled where texts of this number go. Raises NotFound("number")."""
        row = await self._database.fetchrow(store.SPELLING, company_id, number)
        if row is None:
            raise NotFound("number")
        return Spelling(**dict(row.items()))

    async def create(self, company_id: int, e164: str, change: TrunkChange) -> Trunk:
        """Make a number (E.164) a trunk: one that the company has, or a new one.

        Raises AlreadyExists (it is one, or somebody else's), Invalid, NotFound("extension").
        """
        columns = _columns(change)
        try:
            async with self._database.transaction() as connection:
                trunk_id = await connection.fetchval(store.TAKE_NUMBER, company_id, e164)
                if trunk_id is None:
                    raise AlreadyExists(f"There is an SMS trunk of {e164}")
                await self._set(connection, company_id, trunk_id, change, columns)
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists(f"{e164} is taken") from error
        return await self.get(company_id, trunk_id)

    async def update(self, company_id: int, trunk_id: int, change: TrunkChange) -> Trunk:
        """Change what is given. Raises NotFound("trunk", "extension"), Invalid."""
        columns = _columns(change)
        async with self._database.transaction() as connection:
            if await connection.fetchval(store.KNOWN, company_id, trunk_id) is None:
                raise NotFound("trunk")
            await self._set(connection, company_id, trunk_id, change, columns)
        return await self.get(company_id, trunk_id)

    async def delete(self, company_id: int, trunk_id: int) -> None:
        """The number texts no more. One that did nothing else and was never texted with is given up; one that was
        stays the company's, with its conversations. Raises NotFound("trunk").
        """
        async with self._database.transaction() as connection:
            if await connection.fetchval(store.KNOWN, company_id, trunk_id) is None:
                raise NotFound("trunk")
            await connection.execute(store.CLOSE, company_id, trunk_id)
            if not await _dropped(connection, company_id, trunk_id):
                await connection.execute(store.SILENCE, company_id, trunk_id)

    async def _set(
        self, connection: Connection, company_id: int, trunk_id: int, change: TrunkChange, columns: dict[str, Any]
    ) -> None:
        users = change.extension_ids
        if users is not UNSET:
            wanted = len(set(users))
            if await connection.fetchval(store.EXTENSIONS_KNOWN, company_id, users) != wanted:
                raise NotFound("extension")
            await connection.execute(store.SET_OWNERS, company_id, trunk_id, users)
        await connection.execute(store.OPEN, company_id, trunk_id)
        await connection.execute(store.SET, company_id, trunk_id, msgspec.json.encode(columns).decode())
        if change.service is not UNSET:
            await connection.execute(store.SET_CARRIER, company_id, trunk_id, change.service)


async def _dropped(connection: Connection, company_id: int, trunk_id: int) -> bool:
    try:
        async with connection.transaction():
            return await connection.fetchval(store.DROP_NUMBER, company_id, trunk_id) is not None
    except asyncpg.ForeignKeyViolationError:  # it has conversations
        return False


def _columns(change: TrunkChange) -> dict[str, Any]:
    """What changes, checked. Raises Invalid."""
    columns: dict[str, Any] = {name: getattr(change, name) for name in PLAIN}
    columns |= {name: _text(name, getattr(change, name)) for name in TEXTS}
    columns["country"] = _country(change.country)
    for name in ("inbound_format", "outbound_format"):
        columns[name] = getattr(change, name)
        if columns[name] is not UNSET and columns[name] not in FORMATS:
            raise Invalid(name, "must be national, international, e164 or empty")
    if change.extension_ids is not UNSET and len(change.extension_ids) > MAX_USERS:
        raise Invalid("extension_ids", f"must be at most {MAX_USERS}")
    columns["opt_out"] = change.opt_out
    if change.opt_out is not UNSET and change.opt_out is not None:
        _check_reply("opt_out", change.opt_out, answers=False)
    columns["auto_replies"] = change.auto_replies
    if change.auto_replies is not UNSET:
        if len(change.auto_replies) > MAX_REPLIES:
            raise Invalid("auto_replies", f"must be at most {MAX_REPLIES}")
        for reply in change.auto_replies:
            _check_reply("auto_replies", reply, answers=True)
    return {name: value for name, value in columns.items() if value is not UNSET}


def _text(field: str, value: Any) -> Any:
    return value if value is UNSET else check_name(field, value)


def _country(country: Any) -> Any:
    if country is UNSET or country == "":
        return country
    if country.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid("country", "must be a country's two letters, as in US")
    return country.upper()


def _check_reply(field: str, reply: Reply, *, answers: bool) -> None:
    """Without a text an opt-out is answered as STOP is; an automatic reply without one would be none."""
    keyword = check_text(field, reply.keyword).strip()
    if len(keyword) > MAX_KEYWORD or (answers and not keyword):
        raise Invalid(field, f"its keyword must have 1 to {MAX_KEYWORD} characters")
    if answers and not reply.text.strip():
        raise Invalid(field, "needs a text")
    measure(reply.text)
