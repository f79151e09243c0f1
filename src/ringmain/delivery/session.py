"""A database connection of one's own, for a loop that asks the same few things for ever.

It is not taken from the pool, so busy requests cannot hold deliveries up, and it has settings of its own: queues
are empty when their plans are made and full when these are used, so the planner is told to trust in indexes.
"""

from collections.abc import Mapping
from typing import Final

from ringmain.database.pool import Connection, Database, Record

SETTINGS: Final = {"enable_seqscan": "off", "enable_hashjoin": "off", "plan_cache_mode": "force_generic_plan"}

_SET: Final = "SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS setting (name, value)"


class OwnConnection:
    """Opened when first needed, and again after it broke. For one statement at a time."""

    def __init__(self, database: Database, settings: Mapping[str, str] = SETTINGS) -> None:
        self._database = database
        self._settings = settings
        self._connection: Connection | None = None

    async def fetch(self, query: str, *arguments: object, timeout: float | None = None) -> list[Record]:
        """All rows. After any error, and when cancelled, the connection is thrown away. Raises pool.FAILURES."""
        connection = await self._open()
        try:
            return await connection.fetch(query, *arguments, timeout=timeout)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Drop the connection; the next statement opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def _open(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            connection = await self._database.connect()
            try:
                await connection.execute(_SET, list(self._settings), list(self._settings.values()))
            except BaseException:
                connection.terminate()
                raise
            self._connection = connection
        return self._connection
