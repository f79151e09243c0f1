"""Verbs on devices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from ringmain.core.devices import store
from ringmain.core.devices.model import KnownDevice, Registration
from ringmain.core.errors import NotFound
from ringmain.core.extensions.service import Extensions
from ringmain.core.instances.model import Instance
from ringmain.core.instances.service import Instances
from ringmain.core.listing import clamped
from ringmain.database.pool import Database, Record

MOST: Final = 10_000
"""Registrations that a history has."""


class Devices:
    """The devices of all companies' extensions. What a PBX says of them comes in by `Extensions.observe`."""

    def __init__(self, database: Database, instances: Instances, extensions: Extensions) -> None:
        self._database = database
        self._instances = instances
        self._extensions = extensions

    async def list(self, company_id: int, *, extension_id: int | None = None) -> list[KnownDevice]:
        """All of an extension, or of the company, by extension."""
        return [_device_of(row) for row in await self._database.fetch(store.DEVICES, company_id, extension_id)]

    async def history(
        self, company_id: int, extension_id: int, *, since: datetime, until: datetime
    ) -> Sequence[Registration]:
        """Registrations of a span of time, also those that began before it or have not ended; the latest first."""
        rows = await self._database.fetch(store.HISTORY, company_id, extension_id, clamped(since), clamped(until), MOST)
        return [Registration(**dict(row.items())) for row in rows]

    async def forget(self, company_id: int, extension_id: int, device_id: int, *, origin: str = "") -> None:
        """End its registration and take it off the list. Its history stays.

        Raises NotFound("extension"), NotFound("device"), Unavailable (its PBX failed).
        """
        instance, number, reference = await self._find(company_id, extension_id, device_id)
        await self._instances.drop_device(instance, number, reference)
        await self._database.execute(store.FORGET, company_id, extension_id, device_id)
        await self._extensions.refresh(instance, origin=origin)

    async def resync(self, company_id: int, extension_id: int, device_id: int) -> None:
        """Have it fetch its settings again. Raises as `forget`."""
        await self._instances.resync_device(*await self._find(company_id, extension_id, device_id))

    async def _find(self, company_id: int, extension_id: int, device_id: int) -> tuple[Instance, int, str]:
        extension = await self._extensions.get(company_id, extension_id)
        reference = await self._database.fetchval(store.DEVICE, company_id, extension_id, device_id)
        if reference is None:
            raise NotFound("device")
        return await self._instances.get(company_id, extension.instance_id), extension.number, str(reference)


def _device_of(row: Record) -> KnownDevice:
    values: dict[str, Any] = dict(row.items())
    return msgspec.convert(values, KnownDevice)
