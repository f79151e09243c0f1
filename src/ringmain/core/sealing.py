"""At the start: whether the key is the one that this database is sealed with; what is plain from before is sealed."""

from typing import Final

import structlog

from ringmain.core.seal import PREFIX, Seal, Unreadable
from ringmain.core.seal_key import read_key
from ringmain.database.pool import Database
from ringmain.settings import SettingError, Settings

log = structlog.get_logger()

CHECKED: Final = "ringmain"
WRONG: Final = (
    "this database is sealed with another key. It is RINGMAIN_SECRET_KEY of the process that came first, or the file "
    "secret.key in its data folder; all processes need the same"
)
# The first process's key is the one.
SEAL_CHECK: Final = "UPDATE installation SET seal_check = coalesce(seal_check, $1) RETURNING seal_check"

BATCH: Final = 500
TABLES: Final = {"one_time_codes": "secret", "account_keys": "webhook_secret"}
"""Where secrets are kept, and their columns."""
PLAIN: Final = "SELECT {column} FROM {table} WHERE NOT starts_with({column}, $1) LIMIT $2"
SEALED: Final = """
UPDATE {table} SET {column} = given.sealed FROM unnest($1::text[], $2::text[]) AS given (plain, sealed)
WHERE {table}.{column} = given.plain
"""
# Endpoints of keys had a copy of the key.
COPIES: Final = "UPDATE endpoints SET options = options - 'api_key' WHERE face = 'ringotel' AND options ? 'api_key'"


async def open_seal(database: Database, settings: Settings) -> Seal:
    """The seal of this database. Raises SettingError when there is no key, or the database is sealed with another."""
    try:
        seal = Seal(read_key(settings.secret_key, settings.data_dir))
        await check_and_seal(database, seal)
    except (ValueError, OSError, Unreadable) as error:
        raise SettingError(f"RINGMAIN_SECRET_KEY: {error}") from error
    return seal


async def check_and_seal(database: Database, seal: Seal) -> None:
    """Raises Unreadable when the database is sealed with another key; nothing is changed then."""
    check = await database.fetchval(SEAL_CHECK, seal.kept(CHECKED))
    try:
        seal.read(check)
    except Unreadable:
        raise Unreadable(WRONG) from None
    for table, column in TABLES.items():
        while rows := await database.fetch(PLAIN.format(table=table, column=column), PREFIX, BATCH):
            plain = [row[column] for row in rows]
            sealed = [seal.kept(secret) for secret in plain]
            await database.execute(SEALED.format(table=table, column=column), plain, sealed)
            log.info("secrets sealed", table=table, count=len(rows))
    await database.execute(COPIES)
