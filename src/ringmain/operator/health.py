"""Whether the process is alive, and whether it can do its work."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import asyncpg
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.system import Core
from ringmain.database.migrate import APPLIED, available
from ringmain.database.pool import FAILURES
from ringmain.dialects.kit import answer

PATIENCE_S: Final = 2.0
FRESH: Final = {"Cache-Control": "no-store"}


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The process answers."""

    status: str
    version: str
    roles: list[str]
    uptime_seconds: float


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """`missing`: what this node cannot do without and has not got, by the names of `checks`."""

    ready: bool
    missing: list[str]
    checks: dict[str, bool]


class Liveness:
    """Answers /health: 200 for as long as the event loop turns."""

    def __init__(self, *, version: str, roles: Sequence[str]) -> None:
        self._version = version
        self._roles = list(roles)
        self._started = time.monotonic()

    async def answer(self, request: Request) -> Response:
        """The endpoint."""
        health = Health(
            status="ok",
            version=self._version,
            roles=self._roles,
            uptime_seconds=round(time.monotonic() - self._started, 3),
        )
        return answer.json(health, headers=FRESH)


class Ready:
    """Answers /ready: 200 when the database answers with this schema, wake-ups come, and all loops run; else 503.

    Callers at the same time share one look at the database.
    """

    def __init__(self, core: Core, loops: Callable[[], Mapping[str, bool]]) -> None:
        self._core = core
        self._loops = loops
        self._names = frozenset(name for name, _ in available())
        self._look: asyncio.Task[tuple[bool, bool]] | None = None

    async def answer(self, request: Request) -> Response:
        """The endpoint."""
        readiness = await self.check()
        return answer.json(readiness, 200 if readiness.ready else 503, FRESH)

    async def check(self) -> Readiness:
        """Look now, for at most two seconds."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._database())
        database, migrated = await asyncio.shield(self._look)
        checks = {"database": database, "migrations": migrated, "wakeups": self._core.wakeups.connected}
        checks.update(self._loops())
        missing = [name for name, fine in checks.items() if not fine]
        return Readiness(ready=not missing, missing=missing, checks=checks)

    async def _database(self) -> tuple[bool, bool]:
        """Whether it answers, and whether every migration of this version is applied."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                rows = await self._core.database.fetch(APPLIED)
        except asyncpg.UndefinedTableError:
            return True, False
        except FAILURES:
            return False, False
        # More is fine: a newer version migrates before the older ones are replaced.
        return True, self._names <= {row["name"] for row in rows}
