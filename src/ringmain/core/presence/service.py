"""Verbs on presence."""

import re
from collections.abc import Sequence
from typing import Final

from msgspec import UNSET, UnsetType

from ringmain.core.errors import Invalid, NotFound
from ringmain.core.presence.model import Presence
from ringmain.core.presence.store import GET_MANY, OF_EACH, SET, presence_of
from ringmain.database.pool import Database
from ringmain.database.wakeup import EVENTS, Wakeups

STATUS: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


class PresenceService:
    """The statuses that people set. Vendors have words of their own, so any word will do: `lunch`, `on_a_call`."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def set(
        self,
        company_id: int,
        person_id: int,
        *,
        status: str | UnsetType = UNSET,
        additional: str | UnsetType | None = UNSET,
        set_by: str = "manual",
        origin: str = "",
    ) -> Presence:
        """Set a person's status, what they do beside it (None: nothing), or both; what is UNSET stays.

        Raises NotFound("person"), Invalid (neither is given, or something is no word).
        """
        if status is UNSET and additional is UNSET:
            raise Invalid("status", "or an additional status is needed")
        for field, word in (("status", status), ("additional", additional), ("set_by", set_by)):
            if isinstance(word, str) and not STATUS.fullmatch(word):
                raise Invalid(field, "must be a word of lower-case letters, digits and underscores")
        row = await self._database.fetchrow(
            *(SET, company_id, person_id, None if status is UNSET else status),
            *(additional is not UNSET, None if additional is UNSET else additional, set_by, origin),
        )
        if row is None:
            raise NotFound("person")
        self._wakeups.wake(EVENTS)
        return presence_of(row)

    async def get_many(self, company_id: int, person_ids: Sequence[int] | None = None) -> list[Presence]:
        """The statuses of these people, or of all. Who never set one, or is unknown, is left out."""
        rows = await self._database.fetch(GET_MANY, company_id, person_ids)
        return [presence_of(row) for row in rows]

    async def of_each(self, company_id: int, person_ids: Sequence[int]) -> list[Presence]:
        """The status of each of these people; who never set one is available. Unknown people are left out."""
        rows = await self._database.fetch(OF_EACH, company_id, person_ids)
        return [presence_of(row) for row in rows]
