"""The port to a PBX: what an instance's PBX must do. Adapters are in ringmain/pbx.

Adapters raise `errors.Unavailable` when the PBX does not do it; the core then keeps nothing either. Putting and
deleting may come again for what is there, or gone, already: that is no error.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from ringmain.core.instances.model import Instance


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An extension as the PBX must have it. `data` holds all of FreePBX's keys; `secret` is the SIP password."""

    number: int
    name: str
    secret: str
    data: Mapping[str, Any]


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """How the phone of an extension stands: REGISTERED, UNREGISTERED, SLEEPING, ...; idle, ringing, on_hold, ..."""

    number: int
    state: str
    call_status: str


class QueueMember(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers a queue's calls. `status`: available, on_call, unavailable, ..."""

    extension: int
    name: str = ""
    status: str = "available"
    paused: bool = False
    calls_taken: int = 0


class QueueStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A queue now; counts since the PBX began to count, waits in seconds."""

    number: int
    name: str = ""
    strategy: str = "ringall"
    waiting: int = 0
    longest_wait: int = 0
    completed: int = 0
    abandoned: int = 0
    members: list[QueueMember] = []


class PbxAdapter(Protocol):
    """One kind of PBX, for all instances of that kind."""

    async def put_extension(self, instance: Instance, line: Line) -> None:
        """Make it, or make it as it is given now."""
        ...

    async def delete_extension(self, instance: Instance, number: int) -> None:
        """Let it be gone."""
        ...

    async def subscribers(self, instance: Instance) -> Sequence[Subscriber]:
        """How the phones of its extensions stand; those that are left out have not changed."""
        ...

    async def queue_statuses(self, instance: Instance) -> Sequence[QueueStatus]:
        """All of its queues, by number."""
        ...


@runtime_checkable
class Stage(PbxAdapter, Protocol):
    """An adapter that acts: it says of phones and queues what it was told to."""

    async def set_subscriber(self, instance: Instance, subscriber: Subscriber) -> None:
        """What `subscribers` shall say from now on."""
        ...

    async def set_queue(self, instance: Instance, status: QueueStatus) -> None:
        """What `queue_statuses` shall say from now on."""
        ...
