"""Verbs on extensions.

A write asks the PBX inside its transaction, before it writes: what the PBX refuses leaves no trace here, not even for
a moment, and no crash can leave an extension that its PBX never had. The other way round, a commit that fails leaves
the PBX ahead: put it again, or let the adapter compare. While the PBX is asked, nothing is written yet and so no
transaction id is taken, for which followers of the event log would have to wait; an advisory lock keeps writers of
one instance apart.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from weakref import WeakValueDictionary

import asyncpg
from msgspec import UNSET

from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.core.extensions import store
from ringmain.core.extensions.model import (
    ANONYMOUS,
    CallerId,
    Extension,
    ExtensionChange,
    ExtensionPage,
    ExtensionSummary,
)
from ringmain.core.extensions.template import laid_over
from ringmain.core.extensions.wanted import wanted
from ringmain.core.instances.model import Instance
from ringmain.core.instances.pbx import Subscriber
from ringmain.core.instances.service import Instances
from ringmain.core.word_search import prefix_queries
from ringmain.database.pool import Connection, Database, Record
from ringmain.database.wakeup import EVENTS, Wakeups

SECRET_BYTES: Final = 18


class Extensions:
    """The extensions of companies' PBX instances."""

    def __init__(self, database: Database, wakeups: Wakeups, instances: Instances) -> None:
        self._database = database
        self._wakeups = wakeups
        self._instances = instances
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._places = asyncio.Semaphore(max(1, database.size // 2))

    # Reading

    async def get(self, company_id: int, extension_id: int, *, instance_id: int | None = None) -> Extension:
        """Of any instance, or of this. Raises NotFound."""
        row = await self._database.fetchrow(store.GET, company_id, extension_id, instance_id)
        if row is None:
            raise NotFound("extension")
        return store.extension_of(row)

    async def find_by_number(self, company_id: int, instance_id: int, number: int) -> Extension | None:
        """The instance's extension of this number."""
        row = await self._database.fetchrow(store.FIND_BY_NUMBER, company_id, instance_id, number)
        return store.extension_of(row) if row else None

    async def page(
        self,
        company_id: int,
        instance_id: int,
        *,
        page: int,
        per_page: int,
        purpose: str | None = None,
        search: str | None = None,
        by_user: bool = False,
        with_user: bool = False,
    ) -> ExtensionPage:
        """A page (from 1) of an instance's extensions that match.

        By number, or by their user's name and then number, those without a user last. `with_user`: only those with
        one. `search`: those in whose number, name, description, user's name or e-mail all its words begin words.
        """
        words = prefix_queries(search) if search else []
        filters = {"purpose": purpose is not None, "with_user": with_user, "by_user": by_user, "search": bool(words)}
        arguments: tuple[object, ...] = (purpose, with_user, per_page, (page - 1) * per_page)
        if words:
            arguments = (*arguments, words)
        rows = await self._database.fetch(store.page(**filters), company_id, instance_id, *arguments)
        return ExtensionPage(
            items=[store.extension_of(row) for row in rows if row["id"] is not None],
            total=rows[0]["total"],
            in_instance=rows[0]["in_instance"],
        )

    async def of_person(self, company_id: int, person_id: int, *, purpose: str | None = None) -> list[Extension]:
        """A person's extensions, of all instances, by instance and number. Raises NotFound("person")."""
        rows = await self._database.fetch(store.OF_PERSON, company_id, person_id, purpose)
        if not rows:
            raise NotFound("person")
        return [store.extension_of(row) for row in rows if row["id"] is not None]

    async def summaries(
        self, company_id: int, *, instance_id: int | None = None, page: int, per_page: int
    ) -> tuple[list[ExtensionSummary], int]:
        """A page (from 1) of a company's or an instance's extensions by instance and number, and how many there are."""
        offset = (page - 1) * per_page
        rows = await self._database.fetch(store.SUMMARIES, company_id, instance_id, per_page, offset)
        return [store.summary_of(row) for row in rows if row["id"] is not None], rows[0]["total"]

    async def check(self, company_id: int, instance_id: int, *, email: str, number: int) -> None:
        """Whether this number can be given to whoever has this e-mail.

        Raises AlreadyExists when the number is taken or the e-mail has an extension on this instance.
        """
        row = await self._database.fetchrow(store.CHECK, company_id, instance_id, number, email)
        assert row is not None  # noqa: S101 - the statement always answers one row
        if row["number_taken"]:
            raise AlreadyExists(f"extension {number} exists")
        if row["email_assigned"]:
            raise AlreadyExists("this e-mail has an extension on this instance")

    async def caller_ids(self, company_id: int) -> list[CallerId]:
        """What extensions may show to called parties: nothing, or the company's numbers that can call."""
        rows = await self._database.fetch(store.CALLER_IDS, company_id)
        own = [CallerId(name=row["name"], number=row["number"]) for row in rows]
        return [CallerId(name="Anonymous", number=ANONYMOUS), *own]

    # Writing

    async def create(
        self, company_id: int, instance_id: int, change: ExtensionChange, *, origin: str = ""
    ) -> Extension:
        """Make an extension, with a SIP password of its own. `change.number` is needed.

        Raises NotFound("instance"), Invalid, AlreadyExists (the number), Unavailable (its PBX failed).
        """
        if change.number is UNSET:
            raise Invalid("number", "is needed")
        instance = await self._instances.get(company_id, instance_id)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        async with self._writing(instance_id) as connection:
            new = await wanted(connection, company_id, instance_id, change, old=None, secret=secret)
            await self._instances.put_extension(instance, new.line())
            extension = await _write(connection, store.CREATE, company_id, instance_id, *new.columns(), secret, origin)
        self._wakeups.wake(EVENTS)
        return extension

    async def update(
        self, company_id: int, instance_id: int, extension_id: int, change: ExtensionChange, *, origin: str = ""
    ) -> Extension:
        """Change what is given. Raises NotFound, Invalid, AlreadyExists (the number), Unavailable (its PBX failed)."""
        instance = await self._instances.get(company_id, instance_id)
        async with self._writing(instance_id) as connection:
            old = await _read(connection, company_id, instance_id, extension_id)
            new = await wanted(connection, company_id, instance_id, change, old=old, secret=old.secret)
            await self._instances.put_extension(instance, new.line())
            if new.number != old.number:
                await self._instances.delete_extension(instance, old.number)
            extension = await _write(connection, store.UPDATE, company_id, extension_id, *new.columns(), origin)
        self._wakeups.wake(EVENTS)
        return extension

    async def delete(self, company_id: int, instance_id: int, extension_id: int, *, origin: str = "") -> Extension:
        """Delete it; returns what it was. Raises NotFound, Unavailable (its PBX failed)."""
        instance = await self._instances.get(company_id, instance_id)
        async with self._writing(instance_id) as connection:
            extension = await _read(connection, company_id, instance_id, extension_id)
            await self._instances.delete_extension(instance, extension.number)
            await connection.execute(store.DELETE, company_id, extension_id, origin)
        self._wakeups.wake(EVENTS)
        return extension

    async def delete_instance(self, company_id: int, instance_id: int, *, origin: str = "") -> list[int]:
        """Delete an instance with all of its extensions; returns their ids, by number. Its calls and voicemail stay.

        Raises NotFound("instance"), Unavailable (its PBX failed: some may be gone there, none is here; do it again).
        """
        instance = await self._instances.get(company_id, instance_id)
        async with self._writing(instance_id) as connection:
            for row in await connection.fetch(store.NUMBERS, company_id, instance_id):
                await self._instances.delete_extension(instance, row["number"])
            rows = await connection.fetch(store.DELETE_INSTANCE, company_id, instance_id, origin)
            if not rows:
                raise NotFound("instance")
        self._wakeups.wake(EVENTS)
        return [row["id"] for row in rows if row["id"] is not None]

    @asynccontextmanager
    async def _writing(self, instance_id: int) -> AsyncIterator[Connection]:
        # Whoever waits for a PBX holds a connection: one an instance, and never all of the pool.
        lock = self._locks.setdefault(instance_id, asyncio.Lock())
        async with lock, self._places, self._database.transaction() as connection:
            await connection.execute(store.LOCK, instance_id)
            yield connection

    # What phones do

    async def observe(
        self, company_id: int, instance_id: int, subscribers: Sequence[Subscriber], *, origin: str = ""
    ) -> int:
        """Keep how phones stand; returns how many stand otherwise than before. Unknown numbers are left out."""
        if not subscribers:
            return 0
        columns = zip(*((one.number, one.state, one.call_status) for one in subscribers), strict=True)
        changed: int = await self._database.fetchval(
            store.OBSERVE, company_id, instance_id, *(list(column) for column in columns), origin
        )
        if changed:
            self._wakeups.wake(EVENTS)
        return changed

    async def refresh(self, instance: Instance, *, origin: str = "") -> int:
        """Ask the PBX how its phones stand, and keep it. Raises Unavailable."""
        subscribers = await self._instances.subscribers(instance)
        return await self.observe(instance.company_id, instance.id, subscribers, origin=origin)

    async def act(self, company_id: int, extension_id: int, *, state: str, call_status: str) -> Extension:
        """Let the phone of a sandbox's extension stand so. Raises NotFound, Forbidden (a real PBX)."""
        extension = await self.get(company_id, extension_id)
        instance = await self._instances.get(company_id, extension.instance_id)
        subscriber = Subscriber(number=extension.number, state=state, call_status=call_status)
        await self._instances.act_subscriber(instance, subscriber)
        await self.refresh(instance, origin="sandbox")
        return await self.get(company_id, extension_id)


def summary_of(extension: Extension) -> ExtensionSummary:
    """The extension without its secrets."""
    given: dict[str, Any] = {name: getattr(extension, name, None) for name in ExtensionSummary.__struct_fields__}
    given["person_id"], given["location_id"] = _id_of(extension.person), _id_of(extension.location)
    if extension.caller_id:
        given["caller_name"], given["caller_number"] = extension.caller_id.name, extension.caller_id.number
    return ExtensionSummary(**given)


def password_of(extension: Extension) -> str:
    """The SIP password: what was set as `secret`, else what we made."""
    return str(extension.data.get("secret") or extension.secret)


def data_of(extension: Extension) -> dict[str, Any]:
    """All of FreePBX's keys."""
    return laid_over(extension.number, extension.name, extension.caller_id, extension.data)


async def _read(connection: Connection, company_id: int, instance_id: int, extension_id: int) -> Extension:
    row = await connection.fetchrow(store.GET, company_id, extension_id, instance_id)
    if row is None:
        raise NotFound("extension")
    return store.extension_of(row)


def _id_of(thing: Any) -> int | None:
    return None if thing is None else int(thing.id)


async def _write(connection: Connection, statement: str, *arguments: object) -> Extension:
    try:
        row: Record | None = await connection.fetchrow(statement, *arguments)
    except asyncpg.ForeignKeyViolationError as error:
        raise NotFound("instance, user or location") from error  # gone since it was looked up
    if row is None:
        raise NotFound("extension")
    return store.extension_of(row)
