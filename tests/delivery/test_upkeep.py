from datetime import UTC, datetime, timedelta

import pytest

from ringmain.delivery.upkeep import Upkeep, outlived
from tests.delivery.receiver import Bench

TABLES = ("deliveries", "delivery_attempts", "events")
EXISTS = "SELECT to_regclass($1) IS NOT NULL"


@pytest.mark.parametrize(
    ("name", "bound", "over"),
    [
        ("events_2026_01", datetime(2026, 1, 31, 23, 59, tzinfo=UTC), False),
        ("events_2026_01", datetime(2026, 2, 1, tzinfo=UTC), True),
        ("delivery_attempts_2025_12", datetime(2025, 12, 31, tzinfo=UTC), False),
        ("delivery_attempts_2025_12", datetime(2026, 1, 1, tzinfo=UTC), True),
        ("events_default", datetime(2999, 1, 1, tzinfo=UTC), False),
        ("events; DROP TABLE x_2020_01", datetime(2999, 1, 1, tzinfo=UTC), False),
    ],
)
def test_a_month_is_over_when_the_next_one_is_old_enough(name: str, bound: datetime, over: bool) -> None:
    assert outlived(name, bound) is over


async def test_old_months_go_and_new_ones_come(bench: Bench) -> None:
    now = datetime.now(UTC)
    (event_id,) = await bench.happen()
    upkeep = Upkeep(bench.database, retention_days=40)
    assert await upkeep.step(now) == []
    for table in TABLES:
        await bench.database.execute(
            f"CREATE TABLE {table}_2024_02 PARTITION OF {table} FOR VALUES FROM"
            f" (id_at('2024-02-01T00:00Z')) TO (id_at('2024-03-01T00:00Z'))"
        )
    assert await upkeep.step(datetime(2024, 4, 9, tzinfo=UTC)) == []
    assert await upkeep.step(datetime(2024, 4, 11, tzinfo=UTC)) == [f"{table}_2024_02" for table in TABLES]
    newest = max(
        row[0]
        for row in await bench.database.fetch("SELECT tablename FROM pg_tables WHERE tablename LIKE 'events\\_%'")
    )
    await bench.database.execute(f"DROP TABLE {newest}")
    assert await upkeep.step(now) == []
    assert await bench.database.fetchval(EXISTS, newest)
    assert await bench.database.fetchval("SELECT id FROM events") == event_id


async def test_a_table_in_use_is_left_for_the_next_round(bench: Bench) -> None:
    reader = await bench.database.connect()
    async with reader.transaction():
        await reader.fetch("SELECT FROM delivery_attempts")
        dropped = await Upkeep(bench.database, patience=0.05).step(datetime.now(UTC) + timedelta(days=300))
        assert {name for name in dropped if name.startswith("delivery_attempts")} == set()
    await reader.close()


async def test_what_lost_its_endpoint_is_cancelled(bench: Bench) -> None:
    endpoint, _, _ = await bench.subscribe("https://hooks.example/")
    kept, _, _ = await bench.subscribe("https://hooks.example/")
    await bench.happen()
    await bench.relay_all()
    await bench.subscriptions.delete_endpoint(bench.company_id, endpoint.id)
    # As when the relay was at it in the same moment.
    await bench.database.execute("UPDATE deliveries SET state = 'pending', due_at = now()")
    await Upkeep(bench.database).step(datetime.now(UTC))
    found = {one.endpoint_id: one.state for one in await bench.subscriptions.deliveries(bench.company_id)}
    assert found == {endpoint.id: "cancelled", kept.id: "pending"}


async def test_what_a_long_stop_left_is_relayed_and_sent_before_it_is_dropped(bench: Bench) -> None:
    for table in TABLES:
        await bench.database.execute(
            f"CREATE TABLE {table}_2024_02 PARTITION OF {table} FOR VALUES FROM"
            f" (id_at('2024-02-01T00:00Z')) TO (id_at('2024-03-01T00:00Z'))"
        )
    _, subscription, _ = await bench.subscribe("https://hooks.example/")
    await bench.happen()
    await bench.database.execute("UPDATE events SET id = id_at('2024-02-02T00:00Z')")
    upkeep = Upkeep(bench.database)
    await upkeep._keep_up()
    await bench.relay_all()
    (delivery,) = await bench.subscriptions.deliveries(bench.company_id)
    assert (delivery.subscription_id, delivery.state) == (subscription.id, "pending")
    await upkeep._keep_up()
    assert not await bench.database.fetchval(EXISTS, "events_2024_02")
