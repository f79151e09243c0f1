"""Operations on PBX instances and extensions: reading a company's, and playing the sandbox PBX."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from ringmain.core.extensions.model import ExtensionSummary
from ringmain.core.extensions.service import summary_of
from ringmain.core.instances.model import Instance
from ringmain.core.instances.pbx import Device, QueueMember, QueueStatus
from ringmain.operator.companies import COMPANY
from ringmain.operator.routing import Call, Operation
from ringmain.operator.shapes import Body, Id, Listed, Numbered, PageQuery

ORIGIN: Final = "operator"
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class InstanceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A PBX instance without the settings of its adapter, which may hold secrets."""

    id: int
    company_id: int
    uuid: UUID
    name: str
    adapter: str
    domain: str
    outbound_proxy: str
    profile: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class ExtensionQuery(PageQuery, frozen=True, kw_only=True):
    """Extensions of a company, or of one instance."""

    instance_id: Id | None = None


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """How many phones stand otherwise than was known."""

    changed: int


class SubscriberBody(Body, frozen=True, kw_only=True):
    """How the phone of an extension stands."""

    state: Annotated[str, Meta(pattern=r"\A[A-Z_]{1,40}\Z", description="REGISTERED, UNREGISTERED, SLEEPING, ...")]
    call_status: Annotated[str, Meta(pattern=r"\A[a-z_]{1,40}\Z", description="idle, ringing, on_call, ...")] = "idle"
    devices: Annotated[list[Device], Meta(max_length=100, description="without it, a usual one if any")] | None = None


class QueueBody(Body, frozen=True, kw_only=True):
    """How a queue stands; waits are in seconds."""

    name: Annotated[str, Meta(max_length=200)] = ""
    strategy: Annotated[str, Meta(max_length=40)] = "ringall"
    waiting: Count = 0
    longest_wait: Count = 0
    completed: Count = 0
    abandoned: Count = 0
    members: Annotated[list[QueueMember], Meta(max_length=1000)] = msgspec.field(default_factory=list)


async def list_instances(call: Call) -> Listed[InstanceRecord]:
    """The PBX instances of a company, oldest first."""
    return Listed(items=[_record(one) for one in await call.core.instances.list(call.company_id)])


async def list_extensions(call: Call) -> Numbered[ExtensionSummary]:
    """The extensions of a company, by instance and number."""
    query: ExtensionQuery = call.query
    items, total = await call.core.extensions.summaries(
        call.company_id, instance_id=query.instance_id, page=query.page, per_page=query.per_page
    )
    return Numbered(items=items, total=total)


async def set_subscriber(call: Call) -> ExtensionSummary:
    """Let the sandbox PBX say how the phone of an extension stands."""
    body: SubscriberBody = call.body
    extension = await call.core.extensions.act(
        call.company_id, call.ids["extension_id"], state=body.state, call_status=body.call_status, devices=body.devices
    )
    return summary_of(extension)


async def refresh_instance(call: Call) -> Refreshed:
    """Ask an instance's PBX how its phones stand now, and keep it."""
    instance = await call.core.instances.get(call.company_id, call.ids["instance_id"])
    return Refreshed(changed=await call.core.extensions.refresh(instance, origin=ORIGIN))


async def list_queues(call: Call) -> Listed[QueueStatus]:
    """The queues of an instance, as its PBX says they stand."""
    instance = await call.core.instances.get(call.company_id, call.ids["instance_id"])
    return Listed(items=list(await call.core.instances.queue_statuses(instance)))


async def set_queue(call: Call) -> QueueStatus:
    """Let the sandbox PBX say how a queue stands; a new number makes a queue."""
    status = QueueStatus(number=call.ids["queue_number"], **msgspec.structs.asdict(call.body))
    return await call.core.instances.act_queue(call.company_id, call.ids["instance_id"], status)


def _record(given: Instance) -> InstanceRecord:
    return InstanceRecord(**{name: getattr(given, name) for name in InstanceRecord.__struct_fields__})


QUEUES: Final = f"{COMPANY}/instances/{{instance_id}}/queues"

OPERATIONS: Final = (
    Operation(method="GET", path=f"{COMPANY}/instances", handler=list_instances, result=Listed[InstanceRecord]),
    Operation(
        method="GET",
        path=f"{COMPANY}/extensions",
        handler=list_extensions,
        result=Numbered[ExtensionSummary],
        query=ExtensionQuery,
    ),
    Operation(
        method="PUT",
        path=f"{COMPANY}/extensions/{{extension_id}}/subscriber",
        handler=set_subscriber,
        result=ExtensionSummary,
        body=SubscriberBody,
    ),
    Operation(
        method="POST", path=f"{COMPANY}/instances/{{instance_id}}/refresh", handler=refresh_instance, result=Refreshed
    ),
    Operation(method="GET", path=QUEUES, handler=list_queues, result=Listed[QueueStatus]),
    Operation(
        method="PUT",
        path=f"{QUEUES}/{{queue_number}}",
        handler=set_queue,
        result=QueueStatus,
        body=QueueBody,
    ),
)
