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
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final
from weakref import WeakValueDictionary

import asyncpg
import msgspec
from msgspec import UNSET

from ringmain.core.devices.store import LOCK as LOCK_DEVICES
from ringmain.core.devices.store import OBSERVE as OBSERVE_DEVICES
from ringmain.core.errors import AlreadyExists, Invalid, NotFound, Unavailable, WrongState
from ringmain.core.extensions import store
from ringmain.core.extensions.model import (
    ANONYMOUS,
    CallerId,
    Extension,
    ExtensionChange,
    ExtensionPage,
    ExtensionSummary,
)
from ringmain.core.extensions.newcomer import Beside, MakeUser, NewExtension
from ringmain.core.extensions.template import laid_over
from ringmain.core.extensions.wanted import Wanted, wanted
from ringmain.core.instances.model import Instance
from ringmain.core.instances.pbx import Device, Subscriber
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

    async def all(
        self, company_id: int, *, instance_id: int | None = None, attached_to: int | None = None
    ) -> list[Extension]:
        """All of a company, of an instance, or that are attached to an extension; oldest first."""
        rows = await self._database.fetch(store.ALL, company_id, instance_id, attached_to)
        return [store.extension_of(row) for row in rows]

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
        (extension,) = await self.create_all(company_id, instance_id, [NewExtension(change)], origin=origin)
        return extension

    async def create_all(
        self, company_id: int, instance_id: int, news: Sequence[NewExtension], *, origin: str = ""
    ) -> list[Extension]:
        """Make all of these extensions, or none. Raises as `create`."""
        numbers = [new.change.number for new in news]
        if UNSET in numbers:
            raise Invalid("number", "is needed")
        if len(set(numbers)) < len(numbers):
            raise AlreadyExists("two of them have the same number")
        instance = await self._instances.get(company_id, instance_id)
        async with self._writing(instance_id) as connection:
            wanteds = [
                await wanted(
                    *(connection, company_id, instance_id, new.change),
                    old=None,
                    secret=secrets.token_urlsafe(SECRET_BYTES),
                )
                for new in news
            ]
            async with self._putting(instance, wanteds):
                made = [
                    await self._create(connection, company_id, instance_id, one, new, origin)
                    for one, new in zip(wanteds, news, strict=True)
                ]
        self._wakeups.wake(EVENTS)
        return made

    @asynccontextmanager
    async def _putting(self, instance: Instance, wanteds: Sequence[Wanted]) -> AsyncIterator[None]:
        """Put them; take those back that were put when one of several cannot be."""
        put: list[int] = []
        try:
            for one in wanteds:
                await self._instances.put_extension(instance, one.line())
                put.append(one.number)
            yield
        except BaseException:
            if len(wanteds) > 1:
                for number in put:
                    with suppress(Unavailable):
                        await self._instances.delete_extension(instance, number)
            raise

    async def _create(
        self,
        connection: Connection,
        company_id: int,
        instance_id: int,
        one: Wanted,
        new: NewExtension,
        origin: str,
        *,
        old_id: int | None = None,
    ) -> Extension:
        if new.user is not None:
            one = msgspec.structs.replace(one, person_id=await new.user(connection))
        values = (*one.columns(), one.secret, origin, old_id)
        extension = await _write(connection, store.CREATE, company_id, instance_id, *values)
        if new.beside is not None:
            await new.beside(connection, extension)
        return extension

    async def recover(self, company_id: int, number: int, new: NewExtension, *, origin: str = "") -> Extension:
        """Have back the extension that had this number last and was deleted within a day, with the id that it had.

        Its voicemail and its line come back with it, its places in groups do not; it is changed as is given.
        Raises NotFound("extension"), Invalid, AlreadyExists (one has the number now), Unavailable (its PBX failed).
        """
        row = await self._database.fetchrow(store.DELETED, company_id, number)
        if row is None:
            if await self._database.fetchval(store.NUMBER_IN_USE, company_id, number):
                raise AlreadyExists("an extension has this number")
            raise NotFound("extension")
        gone = store.extension_of(row)
        instance = await self._instances.get(company_id, gone.instance_id)
        async with self._writing(instance.id) as connection:
            row = await connection.fetchrow(store.DELETED, company_id, number)
            if row is None or row["id"] != gone.id:
                raise NotFound("extension")
            old = store.extension_of(row)
            one = await wanted(connection, company_id, instance.id, new.change, old=old, secret=old.secret)
            await self._instances.put_extension(instance, one.line())
            await self._create(connection, company_id, instance.id, one, new, origin, old_id=old.id)
            await connection.execute(store.RESTORE, company_id, old.id)
            extension = await _read(connection, company_id, instance.id, old.id)
        self._wakeups.wake(EVENTS)
        return extension

    async def update(
        self,
        company_id: int,
        instance_id: int,
        extension_id: int,
        change: ExtensionChange,
        *,
        to_instance_id: int | None = None,
        user: MakeUser | None = None,
        beside: Beside | None = None,
        origin: str = "",
    ) -> Extension:
        """Change what is given; `to_instance_id` moves it to another instance, out of the groups that it is in.

        `user` and `beside`: as in NewExtension. Raises NotFound, Invalid, AlreadyExists (the number), WrongState (it
        cannot be attached), Unavailable (its PBX failed).
        """
        instance = await self._instances.get(company_id, instance_id)
        home = instance if to_instance_id is None else await self._instances.get(company_id, to_instance_id)
        async with self._writing(instance.id, home.id) as connection:
            old = await _read(connection, company_id, instance_id, extension_id)
            new = await wanted(connection, company_id, home.id, change, old=old, secret=old.secret)
            await self._instances.put_extension(home, new.line())
            if new.number != old.number or home.id != instance.id:
                await self._instances.delete_extension(instance, old.number)
            if user is not None:
                new = msgspec.structs.replace(new, person_id=await user(connection))
            values = (*new.columns(), origin, home.id)
            extension = await _write(connection, store.UPDATE, company_id, extension_id, *values)
            if beside is not None:
                await beside(connection, extension)
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
    async def _writing(self, *instance_ids: int) -> AsyncIterator[Connection]:
        # Whoever waits for a PBX holds a connection: one an instance, and never all of the pool.
        places = sorted(set(instance_ids))  # in one order, so that two writers cannot wait for each other
        async with AsyncExitStack() as locks:
            for instance_id in places:
                await locks.enter_async_context(self._locks.setdefault(instance_id, asyncio.Lock()))
            async with self._places, self._database.transaction() as connection:
                for instance_id in places:
                    await connection.execute(store.LOCK, instance_id)
                yield connection

    # What phones do

    async def observe(
        self, company_id: int, instance_id: int, subscribers: Sequence[Subscriber], *, origin: str = ""
    ) -> int:
        """Keep how phones stand, and which are registered; returns how many stand otherwise than before.

        Unknown numbers are left out.
        """
        if not subscribers:
            return 0
        columns = zip(*((one.number, one.state, one.call_status) for one in subscribers), strict=True)
        told = [{"number": one.number, "devices": one.devices} for one in subscribers if one.devices is not None]
        async with self._database.transaction() as connection:
            changed: int = await connection.fetchval(
                store.OBSERVE, company_id, instance_id, *(list(column) for column in columns), origin
            )
            if told:
                await connection.execute(LOCK_DEVICES, -instance_id)
                await connection.execute(OBSERVE_DEVICES, company_id, instance_id, msgspec.json.encode(told).decode())
        if changed:
            self._wakeups.wake(EVENTS)
        return changed

    async def refresh(self, instance: Instance, *, origin: str = "") -> int:
        """Ask the PBX how its phones stand, and keep it. Raises Unavailable."""
        subscribers = await self._instances.subscribers(instance)
        return await self.observe(instance.company_id, instance.id, subscribers, origin=origin)

    async def act(
        self,
        company_id: int,
        extension_id: int,
        *,
        state: str,
        call_status: str,
        devices: list[Device] | None = None,
    ) -> Extension:
        """Let the phone of a sandbox's extension stand so, with these devices or, for None, a usual one.

        Raises NotFound, Forbidden (a real PBX), WrongState (a blocked extension has no phones).
        """
        extension = await self.get(company_id, extension_id)
        instance = await self._instances.get(company_id, extension.instance_id)
        if extension.activation == "blocked":
            raise WrongState("a blocked extension has no phones")
        subscriber = Subscriber(number=extension.number, state=state, call_status=call_status, devices=devices)
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
