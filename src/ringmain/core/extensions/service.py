"""Verbs on extensions.

A write asks the PBX inside its transaction, before the commit: what the PBX refuses leaves no trace here, not even
for a moment, and no crash can leave an extension that its PBX never had. The price is that writes to one instance wait
for each other, and that a commit which fails leaves the PBX ahead: put it again, or let the adapter compare.
"""

import re
import secrets
from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import msgspec
from msgspec import UNSET

from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.core.extensions import store
from ringmain.core.extensions.model import (
    ANONYMOUS,
    PURPOSES,
    CallerId,
    Extension,
    ExtensionChange,
    ExtensionPage,
    ExtensionSummary,
)
from ringmain.core.extensions.template import caller_id_of, check_data, integer, laid_over, template
from ringmain.core.instances.model import Instance
from ringmain.core.instances.pbx import Line, Subscriber
from ringmain.core.instances.service import MAX_NUMBER, Instances
from ringmain.database.pool import Connection, Database, Record
from ringmain.database.wakeup import EVENTS, Wakeups

MAX_NAME: Final = 200
MAX_WORDS: Final = 20
SECRET_BYTES: Final = 18
CALLER_NUMBER: Final = re.compile(r"\+?[0-9]{3,15}")


class Extensions:
    """The extensions of companies' PBX instances."""

    def __init__(self, database: Database, wakeups: Wakeups, instances: Instances) -> None:
        self._database = database
        self._wakeups = wakeups
        self._instances = instances

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
        words = _prefix_query(search) if search else ""
        filters = {"purpose": purpose is not None, "with_user": with_user, "by_user": by_user, "search": bool(words)}
        arguments: tuple[object, ...] = (purpose, with_user, per_page, (page - 1) * per_page)
        if words:
            arguments = (*arguments, words, f"'instance:{instance_id}'")
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
        async with self._database.transaction() as connection:
            values = await _values(connection, company_id, change, None)
            extension = await _write(connection, store.CREATE, company_id, instance_id, *values, secret, origin)
            await self._instances.put_extension(instance, line_of(extension))
        self._wakeups.wake(EVENTS)
        return extension

    async def update(
        self, company_id: int, instance_id: int, extension_id: int, change: ExtensionChange, *, origin: str = ""
    ) -> Extension:
        """Change what is given. Raises NotFound, Invalid, AlreadyExists (the number), Unavailable (its PBX failed)."""
        instance = await self._instances.get(company_id, instance_id)
        async with self._database.transaction() as connection:
            old = await _lock(connection, company_id, instance_id, extension_id)
            values = await _values(connection, company_id, change, old)
            extension = await _write(connection, store.UPDATE, company_id, extension_id, *values, origin)
            await self._instances.put_extension(instance, line_of(extension))
            if extension.number != old.number:
                await self._instances.delete_extension(instance, old.number)
        self._wakeups.wake(EVENTS)
        return extension

    async def delete(self, company_id: int, instance_id: int, extension_id: int, *, origin: str = "") -> Extension:
        """Delete it; returns what it was. Raises NotFound, Unavailable (its PBX failed)."""
        instance = await self._instances.get(company_id, instance_id)
        async with self._database.transaction() as connection:
            extension = await _lock(connection, company_id, instance_id, extension_id)
            await connection.execute(store.DELETE, company_id, extension_id, origin)
            await self._instances.delete_extension(instance, extension.number)
        self._wakeups.wake(EVENTS)
        return extension

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


def line_of(extension: Extension) -> Line:
    """What the PBX must know."""
    return Line(number=extension.number, name=extension.name, secret=password_of(extension), data=data_of(extension))


async def _lock(connection: Connection, company_id: int, instance_id: int, extension_id: int) -> Extension:
    row = await connection.fetchrow(store.LOCK, company_id, instance_id, extension_id)
    if row is None:
        raise NotFound("extension")
    return store.extension_of(row)


async def _values(
    connection: Connection, company_id: int, change: ExtensionChange, old: Extension | None
) -> list[object]:
    """The columns from `number` to `reserved`, after the change. Raises Invalid."""
    given = check_data(change.data)
    number = old.number if old else 0
    if change.number is not UNSET:
        number = integer("number", change.number, lowest=1, highest=MAX_NUMBER)
    name = _name(change.name if change.name is not UNSET else old.name if old else "")
    caller_id = _caller_id(change, given, old)
    data = dict(old.data) if old else {}
    if change.caller_id is not UNSET:
        data.pop("outboundcid", None)
        given.pop("outboundcid", None)
    usual = template(number, name, caller_id)
    for key, value in given.items():
        # What is as usual is not kept, or it would not follow when the name or the number is changed.
        if value == usual[key]:
            data.pop(key, None)
        else:
            data[key] = value
    return [
        number,
        name,
        _purpose(change.purpose if change.purpose is not UNSET else old.purpose if old else "unassigned"),
        await _person_id(connection, company_id, change, given, old),
        change.location_id if change.location_id is not UNSET else _id_of(old and old.location),
        caller_id.name if caller_id else None,
        caller_id.number if caller_id else None,
        msgspec.json.encode(data).decode(),
        _encoded(change.reserved if change.reserved is not UNSET else old.reserved if old else None),
    ]


def _caller_id(change: ExtensionChange, given: dict[str, Any], old: Extension | None) -> CallerId | None:
    if change.caller_id is not UNSET:
        caller_id = change.caller_id
        if caller_id is None or not caller_id.number:
            return None
        if not _can_be_shown(caller_id.number):
            raise Invalid("outbound_callerid", "its number must have 3 to 15 digits, or be anonymous")
        if '"' in caller_id.name or len(caller_id.name) > MAX_NAME:
            raise Invalid("outbound_callerid", f"its name must have at most {MAX_NAME} characters and no quotes")
        return caller_id
    if "outboundcid" in given:
        caller_id = caller_id_of(given["outboundcid"])
        # Whatever else FreePBX is told to show is kept as it is in `data` alone.
        return caller_id if caller_id and _can_be_shown(caller_id.number) else None
    return old.caller_id if old else None


def _can_be_shown(number: str) -> bool:
    return number == ANONYMOUS or CALLER_NUMBER.fullmatch(number) is not None


async def _person_id(
    connection: Connection, company_id: int, change: ExtensionChange, given: dict[str, Any], old: Extension | None
) -> int | None:
    if change.person_id is not UNSET:
        return change.person_id
    email = given.get("voicemail_email")
    if email is None or (old and email.lower() == str(old.data.get("voicemail_email", "")).lower()):
        return _id_of(old and old.person)
    found: int | None = await connection.fetchval(store.PERSON_BY_EMAIL, company_id, email)
    return found


def _id_of(thing: Any) -> int | None:
    return None if thing is None else int(thing.id)


def _name(name: str) -> str:
    if len(name) > MAX_NAME:
        raise Invalid("name", f"must not be longer than {MAX_NAME} characters")
    return name


def _purpose(purpose: str) -> str:
    if purpose not in PURPOSES:
        raise Invalid("purpose", f"must be one of {', '.join(PURPOSES)}")
    return purpose


def _encoded(value: dict[str, Any] | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


async def _write(connection: Connection, statement: str, *arguments: object) -> Extension:
    try:
        row: Record | None = await connection.fetchrow(statement, *arguments)
    except asyncpg.UniqueViolationError as error:
        raise AlreadyExists("another extension of this instance has the number") from error
    except asyncpg.ForeignKeyViolationError as error:
        constraint = str(error.as_dict().get("constraint_name"))
        if "person" in constraint:
            raise Invalid("user", "is nobody of this company") from error
        if "location" in constraint:
            raise Invalid("location_id", "is no location of this company") from error
        raise NotFound("instance") from error
    assert row is not None  # noqa: S101 - it was locked, or has just been made
    return store.extension_of(row)


def _prefix_query(text: str) -> str:
    words = [word.replace("\\", r"\\").replace("'", "''") for word in text.split()[:MAX_WORDS]]
    return " & ".join(f"'{word[:100]}':*" for word in words)
