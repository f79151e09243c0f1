"""Verbs on groups, and how their members stand when a call comes."""

import re
from collections.abc import Mapping, Sequence, Set
from typing import Final

import asyncpg
import msgspec
from msgspec import UNSET

from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.core.extensions.standing import standing_of
from ringmain.core.groups import store
from ringmain.core.groups.model import OTHERWISE, STRATEGIES, Group, GroupChange, OfferedUser
from ringmain.core.groups.offering import MemberState, member_state
from ringmain.core.instances.service import MAX_NUMBER
from ringmain.core.texting.checks import check_text
from ringmain.database.pool import Connection, Database, Record
from ringmain.database.wakeup import EVENTS, Wakeups

MAX_NAME: Final = 100
MAX_MEMBERS: Final = 200
MAX_RING: Final = 300  # seconds
MAX_TAGS: Final = 20
PARTY: Final = re.compile(r"\+?[0-9*#]{1,32}")
NEW: Final = GroupChange(
    name="", strategy="simultaneous", ring_s=20, members=[], otherwise="hang_up", otherwise_to="", tags=[]
)
"""What a new group is where it is not said."""

_group: Final = msgspec.json.Decoder(Group)


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a group at this moment."""

    user: OfferedUser
    state: MemberState


class Groups:
    """The groups of all companies' instances."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def list(self, company_id: int) -> list[Group]:
        """All of the company's, by instance and number."""
        return [_group_of(row) for row in await self._database.fetch(store.LIST, company_id)]

    async def get(self, company_id: int, group_id: int) -> Group:
        """Raises NotFound("group")."""
        return _found(await self._database.fetchrow(store.GET, company_id, group_id))

    async def find(self, company_id: int, number: int, *, instance_id: int | None = None) -> Group | None:
        """The group of this number. Raises Invalid when several instances have one."""
        rows = await self._database.fetch(store.FIND, company_id, number, instance_id)
        if len(rows) > 1:
            raise Invalid("instance_id", "is needed: several instances have this group number")
        return _group_of(rows[0]) if rows else None

    async def create(self, company_id: int, instance_id: int | None, change: GroupChange, *, origin: str = "") -> Group:
        """Make a group; `number` is needed, and what else is not said is as in `NEW`.

        Without `instance_id` it is one of the company's only instance.
        Raises NotFound("instance"), Invalid, AlreadyExists (an extension or a group has the number).
        """
        if change.number is UNSET:
            raise Invalid("number", "is needed")
        wanted = _checked(_laid_over(NEW, change))
        if instance_id is None:
            instance_id = await self._only_instance(company_id)
        async with self._database.transaction() as connection:
            await connection.execute(store.LOCK, instance_id)
            members = await _possible(connection, company_id, instance_id, wanted, None)
            group_id: int = await connection.fetchval(store.CREATE, company_id, instance_id, *_columns(wanted))
            await connection.execute(store.SET_MEMBERS, company_id, group_id, members)
            group = await _note(connection, company_id, group_id, "group.created", origin)
        self._wakeups.wake(EVENTS)
        return group

    async def update(self, company_id: int, group_id: int, change: GroupChange, *, origin: str = "") -> Group:
        """Change what is given. Raises NotFound("group"), Invalid, AlreadyExists."""
        before = await self.get(company_id, group_id)
        async with self._database.transaction() as connection:
            await connection.execute(store.LOCK, before.instance_id)
            before = _found(await connection.fetchrow(store.GET, company_id, group_id))
            wanted = _checked(_laid_over(_change_of(before), change))
            members = await _possible(connection, company_id, before.instance_id, wanted, group_id)
            await connection.execute(store.UPDATE, company_id, group_id, *_columns(wanted))
            await connection.execute(store.FORGET_MEMBERS, company_id, group_id)
            await connection.execute(store.SET_MEMBERS, company_id, group_id, members)
            group = await _note(connection, company_id, group_id, "group.updated", origin)
        self._wakeups.wake(EVENTS)
        return group

    async def delete(self, company_id: int, group_id: int, *, origin: str = "") -> Group:
        """Delete it; returns what it was. Raises NotFound("group")."""
        async with self._database.transaction() as connection:
            group = await _note(connection, company_id, group_id, "group.deleted", origin)
            await connection.execute(store.DELETE, company_id, group_id)
        self._wakeups.wake(EVENTS)
        return group

    async def members(self, group: Group, unregistered: Set[int]) -> Mapping[int, Member]:
        """How the members stand at this moment, by extension number, in their order.

        Whoever is in a call, or rung by one, is busy. `unregistered`: the extensions that have no phone, says the PBX.
        """
        rows = await self._database.fetch(store.STANDINGS, group.company_id, group.id)
        return {row["number"]: _member(row, unregistered) for row in rows}

    async def _only_instance(self, company_id: int) -> int:
        rows = await self._database.fetch(store.INSTANCES, company_id)
        if len(rows) > 1:
            raise Invalid("instance_id", "is needed: there are several instances")
        if not rows:
            raise NotFound("instance")
        only: int = rows[0]["id"]
        return only


def _member(row: Record, unregistered: Set[int]) -> Member:
    user = OfferedUser(extension_number=row["number"], name=row["name"], email=row["email"])
    return Member(user=user, state=member_state(standing_of(row, unregistered)))


def _laid_over(before: GroupChange, change: GroupChange) -> GroupChange:
    given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
    return msgspec.structs.replace(before, **given)


def _change_of(group: Group) -> GroupChange:
    return GroupChange(**{name: getattr(group, name) for name in GroupChange.__struct_fields__})


def _checked(wanted: GroupChange) -> GroupChange:
    """Raises Invalid."""
    number, name, ring_s, members, tags = wanted.number, wanted.name, wanted.ring_s, wanted.members, wanted.tags
    if number is UNSET or not 1 <= number <= MAX_NUMBER:
        raise Invalid("number", f"must be from 1 to {MAX_NUMBER}")
    if wanted.strategy not in STRATEGIES:
        raise Invalid("strategy", f"must be one of {', '.join(STRATEGIES)}")
    if wanted.otherwise not in OTHERWISE:
        raise Invalid("otherwise", f"must be one of {', '.join(OTHERWISE)}")
    if ring_s is UNSET or not 1 <= ring_s <= MAX_RING:
        raise Invalid("ring_s", f"must be from 1 to {MAX_RING} seconds")
    if members is UNSET or len(members) > MAX_MEMBERS or len(set(members)) != len(members):
        raise Invalid("members", f"must be at most {MAX_MEMBERS} extensions, each once")
    if tags is UNSET or len(tags) > MAX_TAGS or any(not tag or "," in tag or len(tag) > MAX_NAME for tag in tags):
        raise Invalid("tags", f"must be at most {MAX_TAGS} words without commas")
    assert name is not UNSET and wanted.otherwise_to is not UNSET  # noqa: S101, PT018
    if len(check_text("name", name)) > MAX_NAME:
        raise Invalid("name", f"may have at most {MAX_NAME} characters")
    for text in (*tags, wanted.otherwise_to):
        check_text("tags", text)
    if wanted.otherwise == "forward" and not PARTY.fullmatch(wanted.otherwise_to):
        raise Invalid("otherwise_to", "must be an extension's or a telephone number")
    if (wanted.otherwise == "hang_up") != (wanted.otherwise_to == ""):
        raise Invalid("otherwise_to", "must say where to forward, or whose voicemail it is, and be empty to hang up")
    return wanted


def _columns(wanted: GroupChange) -> Sequence[object]:
    return (
        *(wanted.number, wanted.name, wanted.strategy, wanted.ring_s),
        *(wanted.otherwise, wanted.otherwise_to, wanted.tags),
    )


async def _possible(
    connection: Connection, company_id: int, instance_id: int, wanted: GroupChange, group_id: int | None
) -> list[int]:
    """The members' ids. Raises NotFound, Invalid, AlreadyExists."""
    assert wanted.members is not UNSET  # noqa: S101
    row = await connection.fetchrow(store.POSSIBLE, company_id, instance_id, wanted.number, group_id, wanted.members)
    if row is None or not row["instance_there"]:
        raise NotFound("instance")
    if row["number_taken"]:
        raise AlreadyExists("an extension or a group of this instance has the number")
    found: list[int] = row["members"] or []
    if len(found) != len(wanted.members):
        raise Invalid("members", "must be extensions of the group's instance")
    if wanted.otherwise == "voicemail" and not await connection.fetchval(
        store.IS_EXTENSION, company_id, instance_id, wanted.otherwise_to
    ):
        raise Invalid("otherwise_to", "must be an extension of the group's instance")
    return found


async def _note(connection: Connection, company_id: int, group_id: int, kind: str, origin: str) -> Group:
    found = await connection.fetchval(store.NOTED, company_id, group_id, kind, origin)
    if found is None:
        raise NotFound("group")
    return _group.decode(found)


def _group_of(row: asyncpg.Record) -> Group:
    return _group.decode(row[0])


def _found(row: asyncpg.Record | None) -> Group:
    if row is None:
        raise NotFound("group")
    return _group_of(row)
