"""Instances: row 11 of specs/ringplan.md; their caller ids and queues are not in the reference, but in section 5."""

import re
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import NotFound
from ringmain.core.instances.model import Instance
from ringmain.core.instances.pbx import QueueStatus
from ringmain.core.instances.service import Instances
from ringmain.core.system import Core
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import extensions_wire as wire
from ringmain.dialects.ringplan import lists

FORM: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


async def instance_of(instances: Instances, caller: Caller, uuid: str) -> Instance:
    """The instance of this UUID. Raises NotFound, also for what is no UUID: the reference's own samples hold one."""
    if not FORM.fullmatch(uuid):
        raise NotFound("instance")
    return await instances.get_by_uuid(caller.company_id, UUID(uuid))


class InstanceRoutes:
    """The company's PBXs."""

    def __init__(self, core: Core) -> None:
        self._companies = core.companies
        self._instances = core.instances
        self._extensions = core.extensions
        self.endpoints = [
            Endpoint("GET", "/instances", self.list),
            Endpoint("GET", "/system/instances", self.list),
            Endpoint("GET", "/instances/{instance_uuid}/dids/callerids", self.list_caller_ids),
            Endpoint("GET", "/pbx/queues/statuses", self.list_queues),
            Endpoint("GET", "/pbx/queues/{queue_id}/status", self.show_queue),
        ]

    async def list(self, request: Request, caller: Caller) -> Response:
        """Get instances."""
        company = await self._companies.get(caller.company_id)
        found = await self._instances.list(caller.company_id)
        return lists.whole(request, [wire.instance(instance, company) for instance in found])

    async def list_caller_ids(self, request: Request, caller: Caller) -> Response:
        """What an extension of this instance may show to called parties."""
        await instance_of(self._instances, caller, request.path_params["instance_uuid"])
        found = await self._extensions.caller_ids(caller.company_id)
        return lists.whole(request, [wire.caller_id_choice(caller_id) for caller_id in found])

    async def list_queues(self, request: Request, caller: Caller) -> Response:
        """The statuses of all queues of all instances."""
        found = [wire.queue(status, instance) async for instance, status in self._queues(caller)]
        return lists.whole(request, found)

    async def show_queue(self, request: Request, caller: Caller) -> Response:
        """The status of one queue, by its number; of the oldest instance that has it."""
        async for instance, status in self._queues(caller):
            if str(status.number) == request.path_params["queue_id"]:
                return answer.json(wire.queue(status, instance))
        raise NotFound("queue")

    async def _queues(self, caller: Caller) -> AsyncIterator[tuple[Instance, QueueStatus]]:
        for instance in await self._instances.list(caller.company_id):
            for status in await self._instances.queue_statuses(instance):
                yield instance, status
