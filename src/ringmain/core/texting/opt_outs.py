"""Verbs on opt-outs, for those who keep lists of them. STOP and START are obeyed by Texting.receive."""

from collections.abc import Sequence
from typing import Final

from ringmain.core.errors import Invalid, NotFound
from ringmain.core.texting import opt_out_store as store
from ringmain.core.texting.checks import check_address
from ringmain.database.pool import Database
from ringmain.database.wakeup import EVENTS, Wakeups

MAX_NUMBERS: Final = 10_000
"""In one call."""


class OptOuts:
    """Whom a company must not text. `number`: from this number of ours (E.164) only, else from all that text."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def list(self, company_id: int, *, number: str | None = None) -> list[str]:
        """Their numbers, sorted. Raises NotFound("number") for one that is not ours."""
        row = await self._database.fetchrow(store.LIST, company_id, number)
        assert row is not None  # noqa: S101 - the statement always answers one row
        if number is not None and not row["numbers"]:
            raise NotFound("number")
        return sorted(row["found"])

    async def add(self, company_id: int, theirs: Sequence[str], *, number: str | None = None, origin: str = "") -> None:
        """They must not be texted any more: all of them, or none. Raises Invalid, NotFound("number")."""
        await self._write(store.ADD, company_id, theirs, number, origin)

    async def remove(
        self, company_id: int, theirs: Sequence[str], *, number: str | None = None, origin: str = ""
    ) -> None:
        """They may be texted again. Raises Invalid, NotFound("number")."""
        await self._write(store.REMOVE, company_id, theirs, number, origin)

    async def _write(
        self, statement: str, company_id: int, theirs: Sequence[str], number: str | None, origin: str
    ) -> None:
        wanted = sorted({check_address(one) for one in theirs})
        if len(wanted) > MAX_NUMBERS:
            raise Invalid("numbers", f"must be at most {MAX_NUMBERS}")
        if not await self._database.fetchval(statement, company_id, number, wanted, origin):
            raise NotFound("number")
        self._wakeups.wake(EVENTS)
