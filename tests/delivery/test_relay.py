import asyncio

from tests.delivery.receiver import Bench, drained

PAIRS = "SELECT event_id, subscription_id FROM deliveries ORDER BY 1, 2"
URL = "https://hooks.example/x"


async def pairs(bench: Bench) -> list[tuple[int, int]]:
    return [(row[0], row[1]) for row in await bench.database.fetch(PAIRS)]


async def test_each_subscription_gets_each_matching_event_once(bench: Bench) -> None:
    _, one, _ = await bench.subscribe(URL)
    _, two, _ = await bench.subscribe(URL, event_types=["message.created", "message.deleted"])
    created = await bench.happen(3)
    deleted = await bench.happen(2, kind="message.deleted")
    await bench.happen(2, kind="presence.updated")
    assert await bench.relay_all() == 8
    assert await pairs(bench) == sorted(
        [*[(e, s.id) for e in created for s in (one, two)], *[(e, two.id) for e in deleted]]
    )
    assert await bench.relay_all() == 0


async def test_relays_racing_make_every_pair_once(bench: Bench) -> None:
    subscriptions = [(await bench.subscribe(URL))[1] for _ in range(3)]
    relays = [bench.relay(batch=7) for _ in range(3)]
    for relay in relays:
        await relay.start()
    events = []
    for _ in range(20):
        events += await bench.happen(10)
    wanted = sorted((event, one.id) for event in events for one in subscriptions)

    async def done() -> bool:
        return len(await pairs(bench)) == len(wanted)

    await bench.until(done)
    for relay in relays:
        await relay.stop()
    assert await pairs(bench) == wanted
    assert await bench.relay_all() == 0


async def test_a_batch_is_no_limit(bench: Bench) -> None:
    await bench.subscribe(URL)
    await bench.happen(50)
    relay = bench.relay(batch=20)
    while (first := await relay.step()).held and not first.events:
        pass
    assert [first.events, (await relay.step()).events, (await relay.step()).events] == [20, 20, 10]
    await relay.stop()


async def test_what_commits_late_is_not_passed_by(bench: Bench) -> None:
    await bench.subscribe(URL)
    relay = bench.relay()
    late = await bench.database.connect()
    transaction = late.transaction()
    await transaction.start()
    early_id = (await bench.happen(connection=late))[0]
    later_id = (await bench.happen())[0]
    assert early_id < later_id
    batch = await relay.step()
    assert (batch.events, batch.made, batch.held) == (0, 0, True)
    await transaction.commit()
    assert await drained(relay) == 2
    assert [event for event, _ in await pairs(bench)] == [early_id, later_id]
    await late.close()
    await relay.stop()


async def test_an_older_id_may_commit_in_a_younger_transaction(bench: Bench) -> None:
    await bench.subscribe(URL)
    reserved = await bench.database.fetchval("SELECT new_id()")
    later_id = (await bench.happen())[0]
    assert await bench.relay_all() == 1
    await bench.database.execute(
        "INSERT INTO events (id, company_id, type, subject_id, order_key, payload)"
        " VALUES ($1, $2, 'message.created', 1, 1, '{}')",
        reserved,
        bench.company_id,
    )
    assert await bench.relay_all() == 1
    assert [event for event, _ in await pairs(bench)] == [reserved, later_id]


async def test_a_running_relay_does_not_wait_for_the_poll_when_held_back(bench: Bench) -> None:
    await bench.subscribe(URL)
    late = await bench.database.connect()
    transaction = late.transaction()
    await transaction.start()
    await late.execute("SELECT pg_current_xact_id()")
    relay = bench.relay(poll=60)
    await relay.start()
    await bench.happen()
    await asyncio.sleep(0.05)
    await transaction.commit()

    async def done() -> bool:
        return len(await pairs(bench)) == 1

    await bench.until(done)
    await relay.stop()
    await late.close()


async def test_the_filter_is_contained_in_the_payload(bench: Bench) -> None:
    _, subscription, _ = await bench.subscribe(URL, filter={"message": {"direction": "inbound"}})
    wanted = await bench.happen(payload={"message": {"direction": "inbound", "text": "a"}})
    await bench.happen(payload={"message": {"direction": "outbound"}})
    await bench.happen(payload={"message": "inbound"})
    await bench.happen(payload={})
    await bench.relay_all()
    assert await pairs(bench) == [(wanted[0], subscription.id)]


async def test_others_events_expired_paused_and_gone_get_nothing(bench: Bench) -> None:
    stranger = (await bench.core.companies.create(name="Other")).id
    await bench.subscribe(URL)
    paused, _, _ = await bench.subscribe(URL)
    gone, _, _ = await bench.subscribe(URL)
    _, expired, _ = await bench.subscribe(URL)
    await bench.subscriptions.update_endpoint(bench.company_id, paused.id, state="paused")
    await bench.subscriptions.update_endpoint(bench.company_id, gone.id, state="gone")
    await bench.database.execute(
        "UPDATE subscriptions SET expires_at = now() - interval '1 second' WHERE id = $1", expired.id
    )
    await bench.happen(company_id=stranger)
    assert await bench.relay_all() == 0
    await bench.happen()
    assert await bench.relay_all() == 1


async def test_a_dump_in_a_younger_cluster_goes_on_where_it_stopped(bench: Bench) -> None:
    _, subscription, _ = await bench.subscribe(URL)
    relayed = await bench.happen(3)
    assert await bench.relay_all() == 3
    waiting = await bench.happen(2)
    # As in the old cluster, which had counted a million transactions more; one event has a low number by chance.
    await bench.database.execute("UPDATE events SET transaction_id = transaction_id + 1000000")
    await bench.database.execute("UPDATE events SET transaction_id = 900 WHERE id = $1", relayed[0])
    await bench.database.execute("UPDATE relay_position SET transaction_id = transaction_id + 1000000")
    # So that a pair made twice would show.
    await bench.database.execute("DELETE FROM deliveries")
    fresh = await bench.happen(2)
    relay = bench.relay()
    batch = await relay.step()
    assert batch.restored
    await relay.repair()
    await relay.repair()
    assert await drained(relay) == 4
    assert await pairs(bench) == [(event, subscription.id) for event in [*waiting, *fresh]]
    later = await bench.happen()
    assert not (await relay.step()).restored
    await drained(relay)
    assert (await pairs(bench))[-1][0] == later[0]
    await relay.stop()


async def test_a_running_relay_repairs_by_itself_and_survives_losing_its_connection(bench: Bench) -> None:
    await bench.subscribe(URL)
    await bench.database.execute("UPDATE relay_position SET transaction_id = 1000000000")
    relay = bench.relay()
    await relay.start()
    await bench.happen()

    async def reached(count: int) -> bool:
        return len(await pairs(bench)) == count

    await bench.until(lambda: reached(1))
    await bench.database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE '%relay_position%' AND pid <> pg_backend_pid()"
    )
    await bench.happen()
    await bench.until(lambda: reached(2))
    await relay.stop()
