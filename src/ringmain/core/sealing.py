"""At the start: whether the key is the one that this database is sealed with."""

from typing import Final

from ringmain.core.seal import Seal, Unreadable
from ringmain.core.seal_key import read_key
from ringmain.database.pool import Database
from ringmain.settings import SettingError, Settings

CHECKED: Final = "ringmain"
WRONG: Final = (
    "this database is sealed with another key. It is RINGMAIN_SECRET_KEY of the process that came first, or the file "
    "secret.key in its data folder; all processes need the same"
)
# The first process's key is the one.
SEAL_CHECK: Final = "UPDATE installation SET seal_check = coalesce(seal_check, $1) RETURNING seal_check"


async def open_seal(database: Database, settings: Settings) -> Seal:
    """The seal of this database. Raises SettingError when there is no key, or the database is sealed with another."""
    try:
        seal = Seal(read_key(settings.secret_key, settings.data_dir))
        await check(database, seal)
    except (ValueError, OSError, Unreadable) as error:
        raise SettingError(f"RINGMAIN_SECRET_KEY: {error}") from error
    return seal


async def check(database: Database, seal: Seal) -> None:
    """Raises Unreadable when the database is sealed with another key."""
    sealed = await database.fetchval(SEAL_CHECK, seal.close(CHECKED))
    try:
        seal.open(sealed)
    except Unreadable:
        raise Unreadable(WRONG) from None
