from ringmain.database.pool import Database
from ringmain.database.statistics import LOCK, Statistics
from tests.conditions import eventually


async def test_what_has_grown_is_analyzed_once(database: Database) -> None:
    await database.execute("INSERT INTO companies (name) SELECT 'Company ' || n FROM generate_series(1, 2000) AS n")
    statistics = Statistics(database)
    assert sorted(await eventually(statistics.refresh)) == ["accounts", "companies"]
    assert await database.fetchval("SELECT reltuples FROM pg_class WHERE relname = 'companies'") == 2000
    assert await statistics.refresh() == []


async def test_one_process_at_a_time(database: Database) -> None:
    await database.execute("INSERT INTO companies (name) SELECT 'Company ' || n FROM generate_series(1, 2000) AS n")
    statistics = Statistics(database)
    other = await database.connect()
    await other.fetchval("SELECT pg_advisory_lock($1)", LOCK)
    assert await statistics.refresh() == []
    await other.close()
    assert sorted(await eventually(statistics.refresh)) == ["accounts", "companies"]
