from datetime import UTC, datetime, timedelta

from ringmain.database.partitions import PartitionKeeper, outlived
from ringmain.database.pool import Database

NAMES = "SELECT relname FROM pg_class WHERE relname ~ '^(events|deliveries|delivery_attempts)_\\d{4}_\\d{2}$'"


async def names(database: Database) -> set[str]:
    return {row["relname"] for row in await database.fetch(NAMES)}


async def test_old_months_go_and_coming_ones_are_made(database: Database) -> None:
    keeper = PartitionKeeper(database, retention_days=30)
    now = datetime.now(UTC)
    before = await names(database)
    assert await keeper.keep(now) == []
    assert await names(database) == before
    newest = max(name for name in before if name.startswith("events"))
    await database.execute(f"DROP TABLE {newest}")
    await keeper.keep(now)
    assert await names(database) == before
    this_month = f"events_{now:%Y_%m}"
    dropped = await keeper.keep(now + timedelta(days=62))
    assert this_month in dropped
    assert newest not in dropped


async def test_one_at_a_time(database: Database) -> None:
    keeper = PartitionKeeper(database, retention_days=30)
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", 0x72696E68)
        assert await keeper.keep(datetime.now(UTC) + timedelta(days=62)) == []


def test_what_is_over() -> None:
    assert outlived("events_2026_11", datetime(2026, 12, 1, tzinfo=UTC))
    assert not outlived("events_2026_11", datetime(2026, 11, 30, 23, tzinfo=UTC))
    assert outlived("delivery_attempts_2026_12", datetime(2027, 1, 1, tzinfo=UTC))
    assert not outlived("events_default", datetime(2030, 1, 1, tzinfo=UTC))
