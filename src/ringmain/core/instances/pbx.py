"""The port to a PBX: what an instance's PBX must do. Adapters are in ringmain/pbx.

Adapters raise `errors.Unavailable` when the PBX does not do it; the core then keeps nothing either. Putting and
deleting may come again for what is there, or gone, already: that is no error.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from ringmain.core.instances.model import Instance


class Forwarding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where calls go instead: always, while it is busy, not registered, or does not answer within `ring_s` seconds.

    The numbers are kept while the forwarding is off.
    """

    always: bool = False
    always_to: str = ""
    busy: bool = False
    busy_to: str = ""
    unregistered: bool = False
    unregistered_to: str = ""
    unanswered: bool = False
    unanswered_to: str = ""
    ring_s: int = 20


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An extension as the PBX must have it. `data` holds all of FreePBX's keys; `secret` is the SIP password.

    One that is not `enabled` has no phones and no calls.
    """

    number: int
    name: str
    secret: str
    data: Mapping[str, Any]
    enabled: bool = True
    forwarding: Forwarding = Forwarding()


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A phone that is registered. `reference`: the PBX's own id of it. `push`: it sleeps, and is woken for calls."""

    reference: str
    user_agent: str = ""
    address: str = ""
    push: bool = False


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """How the phone of an extension stands: REGISTERED, UNREGISTERED, SLEEPING, ...; idle, ringing, on_hold, ...

    `devices`: all that are registered; None when the PBX does not tell.
    """

    number: int
    state: str
    call_status: str
    devices: list[Device] | None = None


class Origination(msgspec.Struct, frozen=True, kw_only=True):
    """A call to be set up: the phones of `extension` ring, and who takes it is put through to `destination`.

    `destination`: an extension's number, E.164 with +, or another number as it is dialled; `name`: whose it is.
    """

    extension: int
    destination: str
    name: str = ""


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

    async def drop_device(self, instance: Instance, number: int, reference: str) -> None:
        """End the registration of an extension's device."""
        ...

    async def resync_device(self, instance: Instance, number: int, reference: str) -> None:
        """Have a device fetch its settings again."""
        ...

    async def subscribers(self, instance: Instance) -> Sequence[Subscriber]:
        """How the phones of its extensions stand; those that are left out have not changed."""
        ...

    async def originate(self, instance: Instance, call: Origination) -> None:
        """Begin to set it up; what becomes of it is told as of any call."""
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
