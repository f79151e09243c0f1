"""Other systems that a company's account has switched on or off: whether, and with which settings.

The settings hold credentials there. They are never logged.
"""

from typing import Any, Final

import msgspec

from ringmain.database.pool import Database

SET: Final = """
INSERT INTO integrations (company_id, service, active, settings) VALUES ($1, $2, $3, $4::jsonb)
ON CONFLICT (company_id, service) DO UPDATE SET active = excluded.active,
    settings = integrations.settings || excluded.settings, updated_at = now()
"""
LIST: Final = "SELECT service, active, settings FROM integrations WHERE company_id = $1 ORDER BY service"


class Integration(msgspec.Struct, frozen=True, kw_only=True):
    """One system, by its name there."""

    service: str
    active: bool
    settings: dict[str, Any]


class Integrations:
    """The integrations of companies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set(self, company_id: int, service: str, *, active: bool, settings: dict[str, Any]) -> None:
        """Switch one; settings are added to those that there are, key by key."""
        encoded = msgspec.json.encode(settings).decode()
        await self._database.execute(SET, company_id, service, active, encoded)

    async def list(self, company_id: int) -> list[Integration]:
        """All that were ever switched, by name."""
        rows = await self._database.fetch(LIST, company_id)
        return [
            Integration(service=row["service"], active=row["active"], settings=msgspec.json.decode(row["settings"]))
            for row in rows
        ]
