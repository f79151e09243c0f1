"""The sandbox PBX: it takes every extension, fails on demand, and says of phones and queues what the operator says.

Extensions with the numbers of `Magic` act out a PBX that fails; all others work.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

import asyncpg
import msgspec

from ringmain.core.errors import NotFound, Unavailable
from ringmain.core.instances.model import Instance
from ringmain.core.instances.pbx import Device, Line, Origination, QueueStatus, Subscriber
from ringmain.database.pool import Database
from ringmain.pbx import store


class Magic(IntEnum):
    """Extension numbers at which the PBX fails; MEANING says how."""

    CANNOT_BE_PUT = 5020
    CANNOT_BE_DELETED = 5021
    GIVES_NO_ANSWER = 5022
    CANNOT_CALL = 5023


MEANING: Final = {
    Magic.CANNOT_BE_PUT: "creating it, or giving another extension this number, fails",
    Magic.CANNOT_BE_DELETED: "can be created and changed; deleting it, or giving it another number, fails",
    Magic.GIVES_NO_ANSWER: "as 5020, but as of a PBX that gives no answer",
    Magic.CANNOT_CALL: "can be created and changed; setting up a call from it fails",
}

UNREGISTERED: Final = "UNREGISTERED"
USUAL: Final = Device(reference="sandbox", user_agent="Sandbox phone", address="192.0.2.1")

_queue = msgspec.json.Decoder(QueueStatus)
_devices = msgspec.json.Decoder(list[Device])


class SandboxPbx:
    """PBX adapter (core/instances/pbx.py) that needs no outside world."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_extension(self, instance: Instance, line: Line) -> None:
        """Nothing to keep: it would be a copy of what the core keeps. One that may have no phones has none."""
        if not line.enabled:
            await self._database.execute(store.SILENCE, instance.company_id, instance.id, line.number)
        match line.number:
            case Magic.CANNOT_BE_PUT:
                raise Unavailable("the sandbox PBX refuses this extension")
            case Magic.GIVES_NO_ANSWER:
                raise TimeoutError

    async def delete_extension(self, instance: Instance, number: int) -> None:
        """Nothing to remove."""
        if number == Magic.CANNOT_BE_DELETED:
            raise Unavailable("the sandbox PBX does not let go of this extension")

    async def drop_device(self, instance: Instance, number: int, reference: str) -> None:
        """Gone."""
        await self._database.execute(store.DROP_DEVICE, instance.company_id, instance.id, number, reference)

    async def resync_device(self, instance: Instance, number: int, reference: str) -> None:
        """It has no settings to fetch."""

    async def originate(self, instance: Instance, call: Origination) -> None:
        """The core acts it out (core/calls/click_to_call.py), if there is a phone that could ring."""
        if call.extension == Magic.CANNOT_CALL:
            raise Unavailable("the sandbox PBX sets up no call from this extension")
        state = await self._database.fetchval(store.STATE, instance.company_id, instance.id, call.extension)
        if state == UNREGISTERED:
            raise Unavailable("no phone of this extension is registered")

    async def subscribers(self, instance: Instance) -> Sequence[Subscriber]:
        """What was set."""
        rows = await self._database.fetch(store.SUBSCRIBERS, instance.company_id, instance.id)
        return [
            Subscriber(
                number=row["number"],
                state=row["state"],
                call_status=row["call_status"],
                devices=_devices.decode(row["devices"]),
            )
            for row in rows
        ]

    async def queue_statuses(self, instance: Instance) -> Sequence[QueueStatus]:
        """What was set."""
        rows = await self._database.fetch(store.QUEUES, instance.company_id, instance.id)
        return [_queue.decode(row["status"]) for row in rows]

    async def set_subscriber(self, instance: Instance, subscriber: Subscriber) -> None:
        """Of an extension, from now on; one that is registered with nothing in particular has one device.

        Raises NotFound.
        """
        devices = subscriber.devices
        if devices is None:
            devices = [] if subscriber.state == UNREGISTERED else [USUAL]
        encoded = msgspec.json.encode(devices).decode()
        arguments = (subscriber.number, subscriber.state, subscriber.call_status, encoded)
        try:
            await self._database.execute(store.SET_SUBSCRIBER, instance.company_id, instance.id, *arguments)
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound("extension") from error

    async def set_queue(self, instance: Instance, status: QueueStatus) -> None:
        """Of a queue, from now on."""
        encoded = msgspec.json.encode(status).decode()
        await self._database.execute(store.SET_QUEUE, instance.company_id, instance.id, status.number, encoded)
