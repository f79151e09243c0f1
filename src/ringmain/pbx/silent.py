"""A PBX that is never asked, for dry runs: it agrees with everything and knows nothing."""

from collections.abc import Sequence

from ringmain.core.instances.model import Instance
from ringmain.core.instances.pbx import Line, Origination, QueueStatus, Subscriber


class SilentPbx:
    """PBX adapter (core/instances/pbx.py)."""

    async def put_extension(self, instance: Instance, line: Line) -> None:
        """Agreed."""

    async def delete_extension(self, instance: Instance, number: int) -> None:
        """Agreed."""

    async def drop_device(self, instance: Instance, number: int, reference: str) -> None:
        """Agreed."""

    async def resync_device(self, instance: Instance, number: int, reference: str) -> None:
        """Agreed."""

    async def originate(self, instance: Instance, call: Origination) -> None:
        """Agreed."""

    async def subscribers(self, instance: Instance) -> Sequence[Subscriber]:
        """None known."""
        return []

    async def queue_statuses(self, instance: Instance) -> Sequence[QueueStatus]:
        """None known."""
        return []
