"""A database connection that is lost in the middle of a statement."""

from typing import Final

from ringmain.database.pool import Database

# A sequence keeps its number when the transaction is undone.
LOSE_ONCE: Final = """
CREATE SEQUENCE losses;
CREATE FUNCTION lose_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('losses') = 1 THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
        PERFORM pg_sleep(60);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER lose_once BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION lose_once();
"""


async def lose_once(database: Database, table: str, when: str) -> None:
    """Whoever first updates a row in such a way loses its connection, and the update is undone."""
    await database.execute(LOSE_ONCE.format(table=table, when=when))


async def lost(database: Database) -> bool:
    """Whether that has happened."""
    return await database.fetchval("SELECT is_called FROM losses") is True
