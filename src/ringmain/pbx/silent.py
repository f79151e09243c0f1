"""A PBX that is never asked, for dry runs: it agrees with everything and knows nothing."""

from collections.abc import Sequence

from ringmain.core.instances.model import Instance
from ringmain.core.instances.pbx import Line, QueueStatus, Subscriber


class SilentPbx:
    """PBX adapter (core/instances/pbx.py)."""

    async def put_extension(self, instance: Instance, line: Line) -> None:
        """Agreed."""

    async def delete_extension(self, instance: Instance, number: int) -> None:
        """Agreed."""

    async def subscribers(self, instance: Instance) -> Sequence[Subscriber]:
        """None known."""
        return []

    async def queue_statuses(self, instance: Instance) -> Sequence[QueueStatus]:
        """None known."""
        return []
