"""Verbs on PBX instances."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
import structlog

from ringmain.core.errors import AlreadyExists, Forbidden, Invalid, NotFound, Unavailable
from ringmain.core.instances import store
from ringmain.core.instances.model import Instance
from ringmain.core.instances.pbx import Line, Origination, PbxAdapter, QueueStatus, Stage, Subscriber
from ringmain.database.pool import Database, Record
from ringmain.database.wakeup import Wakeups

log = structlog.get_logger()

HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(:\d{1,5})?")
MAX_NUMBER: Final = 999_999_999
"""Of an extension or a queue."""
ANSWER_SECONDS: Final = 10.0
"""How long a PBX may take. Whoever waits holds a database connection."""


class Instances:
    """The PBXs of companies, each behind the adapter of its kind."""

    def __init__(self, database: Database, wakeups: Wakeups, adapters: Mapping[str, PbxAdapter]) -> None:
        self._database = database
        self._wakeups = wakeups
        self._adapters = adapters

    async def list(self, company_id: int) -> list[Instance]:
        """All of a company, oldest first."""
        return [store.instance_of(row) for row in await self._database.fetch(store.LIST, company_id)]

    async def get(self, company_id: int, instance_id: int) -> Instance:
        """Raises NotFound."""
        return _found(await self._database.fetchrow(store.GET, company_id, instance_id))

    async def get_by_uuid(self, company_id: int, uuid: UUID) -> Instance:
        """Raises NotFound."""
        return _found(await self._database.fetchrow(store.GET_BY_UUID, company_id, uuid))

    async def find_by_name(self, company_id: int, name: str) -> Instance | None:
        """By its host name."""
        row = await self._database.fetchrow(store.FIND_BY_NAME, company_id, name)
        return store.instance_of(row) if row else None

    async def create(
        self,
        company_id: int,
        *,
        name: str,
        domain: str,
        adapter: str = "sandbox",
        outbound_proxy: str = "",
        settings: dict[str, Any] | None = None,
        profile: dict[str, Any] | None = None,
        uuid: UUID | None = None,
    ) -> Instance:
        """Raises Invalid, AlreadyExists (the name in the company, the UUID anywhere), NotFound("company")."""
        _check_host("name", name)
        _check_host("domain", domain)
        if outbound_proxy:
            _check_host("outbound_proxy", outbound_proxy)
        if adapter not in self._adapters:
            raise Invalid("adapter", f"is none of {', '.join(sorted(self._adapters))}")
        arguments = (name, adapter, domain, outbound_proxy, _encoded(settings or {}), _encoded(profile or {}), uuid)
        try:
            row = await self._database.fetchrow(store.CREATE, company_id, *arguments)
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists("an instance of this name or UUID exists") from error
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound("company") from error
        return _found(row)

    async def update(
        self,
        company_id: int,
        instance_id: int,
        *,
        domain: str | None = None,
        outbound_proxy: str | None = None,
        settings: dict[str, Any] | None = None,
        profile: dict[str, Any] | None = None,
    ) -> Instance:
        """Change what is given; `profile` is merged key by key, not deeply. Raises NotFound, Invalid."""
        if domain is not None:
            _check_host("domain", domain)
        if outbound_proxy:
            _check_host("outbound_proxy", outbound_proxy)
        arguments = (domain, outbound_proxy, _encoded(settings), _encoded(profile))
        return _found(await self._database.fetchrow(store.UPDATE, company_id, instance_id, *arguments))

    # What its PBX does

    async def put_extension(self, instance: Instance, line: Line) -> None:
        """Raises Unavailable."""
        async with self._asking(instance) as pbx:
            await pbx.put_extension(instance, line)

    async def delete_extension(self, instance: Instance, number: int) -> None:
        """Raises Unavailable."""
        async with self._asking(instance) as pbx:
            await pbx.delete_extension(instance, number)

    async def drop_device(self, instance: Instance, number: int, reference: str) -> None:
        """Raises Unavailable."""
        async with self._asking(instance) as pbx:
            await pbx.drop_device(instance, number, reference)

    async def resync_device(self, instance: Instance, number: int, reference: str) -> None:
        """Raises Unavailable."""
        async with self._asking(instance) as pbx:
            await pbx.resync_device(instance, number, reference)

    async def subscribers(self, instance: Instance) -> Sequence[Subscriber]:
        """Raises Unavailable."""
        async with self._asking(instance) as pbx:
            return await pbx.subscribers(instance)

    async def originate(self, instance: Instance, call: Origination) -> None:
        """Raises Unavailable."""
        async with self._asking(instance) as pbx:
            await pbx.originate(instance, call)

    async def queue_statuses(self, instance: Instance) -> Sequence[QueueStatus]:
        """Raises Unavailable."""
        async with self._asking(instance) as pbx:
            return await pbx.queue_statuses(instance)

    async def act_subscriber(self, instance: Instance, subscriber: Subscriber) -> None:
        """Let a PBX that acts say this of a phone. Raises Forbidden for a real one."""
        await self._stage(instance).set_subscriber(instance, subscriber)

    async def act_queue(self, company_id: int, instance_id: int, status: QueueStatus) -> QueueStatus:
        """Let a PBX that acts say this of a queue. Raises NotFound, Invalid, Forbidden for a real one."""
        if not 0 < status.number <= MAX_NUMBER:
            raise Invalid("number", f"must be from 1 to {MAX_NUMBER}")
        instance = await self.get(company_id, instance_id)
        await self._stage(instance).set_queue(instance, status)
        return status

    def acts(self, instance: Instance) -> bool:
        """Whether its PBX is one that acts."""
        return isinstance(self._adapters.get(instance.adapter), Stage)

    def check_acts(self, instance: Instance) -> None:
        """Raises Forbidden for an instance whose PBX does not act."""
        self._stage(instance)

    def _stage(self, instance: Instance) -> Stage:
        adapter = self._adapters.get(instance.adapter)
        if not isinstance(adapter, Stage):
            raise Forbidden("only a sandbox says what it is told to")
        return adapter

    @asynccontextmanager
    async def _asking(self, instance: Instance) -> AsyncIterator[PbxAdapter]:
        adapter = self._adapters.get(instance.adapter)
        if adapter is None:
            raise Unavailable(f"this server has no PBX of kind {instance.adapter}")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                yield adapter
        except (OSError, TimeoutError) as error:
            log.warning("pbx failed", instance=instance.name, adapter=instance.adapter, error=type(error).__name__)
            raise Unavailable("the PBX does not answer") from error


def _encoded(value: dict[str, Any] | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _check_host(field: str, name: str) -> None:
    if not HOST.fullmatch(name):
        raise Invalid(field, "must be a host name")


def _found(row: Record | None) -> Instance:
    if row is None:
        raise NotFound("instance")
    return store.instance_of(row)
