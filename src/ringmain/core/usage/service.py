"""Verbs on usage."""

from datetime import datetime

from ringmain.core.ids import first_id_at
from ringmain.core.usage import store
from ringmain.core.usage.model import Usage
from ringmain.database.pool import Database


class UsageService:
    """What companies used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def between(self, company_id: int, since: datetime, until: datetime) -> Usage:
        """From `since` until before `until`, what was deleted since then too."""
        first = max(0, first_id_at(since))  # an id is made after its row's time was taken
        row = await self._database.fetchrow(store.BETWEEN, company_id, since, until, first)
        assert row is not None  # noqa: S101  (a SELECT without FROM)
        return Usage(**row)
