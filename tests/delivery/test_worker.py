import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
from aiohttp import web

from ringmain.core.events import Event
from ringmain.core.ids import moment_of
from ringmain.core.subscriptions.model import Destination, Subscription
from ringmain.delivery.egress import EgressGuard
from ringmain.delivery.faces import JsonPost, StandardFace
from ringmain.delivery.signing import verify
from ringmain.delivery.worker import DeliveryWorker
from ringmain.dialects.kit.notification import PatientFace
from tests.delivery.receiver import FACES, LOCAL, QUICK, Bench, Receiver, receiving, running


@contextlib.asynccontextmanager
async def delivering(bench: Bench, **options: Any) -> AsyncIterator[DeliveryWorker]:
    worker = bench.worker(**options)
    async with running(bench.relay(), worker):
        yield worker


def unused_url() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}/"


async def test_an_event_arrives_signed_and_is_logged(bench: Bench, receiver: Receiver) -> None:
    endpoint, subscription, secret = await bench.subscribe(receiver.url)
    async with delivering(bench):
        (event_id,) = await bench.happen(payload={"text": "Grüße \u2028 \U0001f600"})
        (post,) = await receiver.wait_for(1)
        await bench.until_states("delivered")
    assert post.headers["content-type"] == "application/json"
    assert post.webhook_id == f"msg_{event_id}_{subscription.id}"
    verify([secret], post.headers, post.body, now=float(post.headers["webhook-timestamp"]))
    assert {**post.json, "created_at": None} == {
        "id": event_id,
        "type": "message.created",
        "company_id": bench.company_id,
        "created_at": None,
        "data": {"text": "Grüße \u2028 \U0001f600"},
    }
    (attempt,) = await bench.subscriptions.attempts(bench.company_id, event_id, subscription.id)
    assert (attempt.attempt, attempt.status, attempt.error, attempt.response) == (1, 200, None, "ok")
    assert attempt.latency_ms is not None
    found = await bench.subscriptions.get_endpoint(bench.company_id, endpoint.id)
    assert found.last_success_at is not None
    assert (found.failures, found.last_error, found.blocked_until) == (0, None, None)


async def test_two_workers_and_two_relays_send_everything_once(bench: Bench, receiver: Receiver) -> None:
    for _ in range(2):
        await bench.subscribe(receiver.url)
    async with running(bench.relay(batch=9), bench.relay(batch=9), bench.worker(each=3), bench.worker(each=3)):
        for _ in range(10):
            await bench.happen(10)
        await receiver.wait_for(200)
        await bench.until_states(*["delivered"] * 200)
    assert len({post.webhook_id for post in receiver.posts}) == len(receiver.posts) == 200
    assert await bench.database.fetchval("SELECT max(attempts) FROM deliveries") == 1


async def test_a_failure_is_tried_again_under_the_same_id(bench: Bench, receiver: Receiver) -> None:
    endpoint, subscription, _ = await bench.subscribe(receiver.url)

    async def third_time_lucky(_: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        return web.Response(status=(500, 302, 204)[len(receiver.posts) - 1], headers={"location": "/elsewhere"})

    receiver.answer = third_time_lucky
    async with delivering(bench):
        (event_id,) = await bench.happen()
        await receiver.wait_for(3)
        await bench.until_states("delivered")
    assert {post.webhook_id for post in receiver.posts} == {f"msg_{event_id}_{subscription.id}"}
    assert len({post.body for post in receiver.posts}) == 1
    attempts = await bench.subscriptions.attempts(bench.company_id, event_id, subscription.id)
    assert [(one.attempt, one.status, one.error) for one in attempts] == [
        (1, 500, "HTTP 500"),
        (2, 302, "HTTP 302: redirects are not followed"),
        (3, 204, None),
    ]
    found = await bench.subscriptions.get_endpoint(bench.company_id, endpoint.id)
    assert (found.failures, found.last_error) == (0, "HTTP 302: redirects are not followed")
    assert found.last_failure_at is not None


async def test_it_waits_as_the_schedule_says(bench: Bench, receiver: Receiver) -> None:
    await bench.subscribe(receiver.url)
    receiver.status = 500
    async with delivering(bench, schedule=(0.0, 1000.0)):
        await bench.happen()
        await receiver.wait_for(1)

        async def recorded() -> bool:
            return bool(
                await bench.database.fetchval("SELECT EXISTS (SELECT FROM delivery_attempts WHERE status = 500)")
            )

        await bench.until(recorded)
    (delivery,) = await bench.subscriptions.deliveries(bench.company_id)
    assert delivery.state == "pending"
    assert delivery.due_at is not None
    assert 880 < (delivery.due_at - delivery.updated_at).total_seconds() < 1120


async def test_it_is_given_up_after_the_last_try_and_can_be_recovered(bench: Bench, receiver: Receiver) -> None:
    _, subscription, _ = await bench.subscribe(receiver.url)
    receiver.status = 503
    async with delivering(bench, schedule=QUICK[:3]):
        (event_id,) = await bench.happen()
        await bench.until_states("dead")
        assert len(receiver.posts) == 3
        receiver.status = 200
        assert await bench.subscriptions.recover(bench.company_id, since=moment_of(event_id)) == 1
        await bench.until_states("delivered")
    attempts = await bench.subscriptions.attempts(bench.company_id, event_id, subscription.id)
    assert [one.status for one in attempts] == [503, 503, 503, 200]


async def test_resending_sends_again_even_what_arrived(bench: Bench, receiver: Receiver) -> None:
    _, subscription, _ = await bench.subscribe(receiver.url)
    async with delivering(bench):
        (event_id,) = await bench.happen()
        await bench.until_states("delivered")
        delivery = await bench.subscriptions.resend(bench.company_id, event_id, subscription.id)
        assert delivery.state == "pending"
        await receiver.wait_for(2)
        await bench.until_states("delivered")
    assert len({post.webhook_id for post in receiver.posts}) == 1


async def test_resending_leaves_alone_what_is_being_tried(bench: Bench, receiver: Receiver) -> None:
    _, subscription, _ = await bench.subscribe(receiver.url)
    go_on = asyncio.Event()

    async def slow(_: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        await go_on.wait()
        return web.Response()

    receiver.answer = slow
    async with delivering(bench, timeout=10):
        (event_id,) = await bench.happen()
        await receiver.wait_for(1)
        before = (await bench.subscriptions.deliveries(bench.company_id))[0]
        assert await bench.subscriptions.resend(bench.company_id, event_id, subscription.id) == before
        go_on.set()
        await bench.until_states("delivered")
    assert len(receiver.posts) == 1


async def test_missing_deliveries_can_be_made(bench: Bench, receiver: Receiver) -> None:
    _, early, _ = await bench.subscribe(receiver.url)
    events = await bench.happen(3)
    await bench.relay_all()
    _, young, _ = await bench.subscribe(receiver.url)
    since = early.created_at
    assert await bench.subscriptions.replay_missing(bench.company_id, since=since, subscription_id=young.id) == 3
    assert await bench.subscriptions.replay_missing(bench.company_id, since=since) == 0
    async with delivering(bench):
        await receiver.wait_for(6)
    assert {post.webhook_id for post in receiver.posts} == {
        f"msg_{event}_{one.id}" for event in events for one in (early, young)
    }


async def test_a_test_event_needs_no_subscription(bench: Bench, receiver: Receiver) -> None:
    endpoint, _ = await bench.subscriptions.create_endpoint(
        bench.company_id, face="ringmain", url=receiver.url, name="till"
    )
    async with delivering(bench):
        delivery = await bench.subscriptions.test_event(bench.company_id, endpoint.id)
        (post,) = await receiver.wait_for(1)
        await bench.until_states("delivered")
    assert delivery.event_type == post.json["type"] == "webhook.test"
    assert delivery.endpoint_name == "till"
    assert post.json["data"] == {"endpoint_id": endpoint.id}
    assert len(await bench.subscriptions.attempts(bench.company_id, delivery.event_id, 0)) == 1


async def test_410_ends_the_endpoint(bench: Bench, receiver: Receiver) -> None:
    endpoint, _, _ = await bench.subscribe(receiver.url)
    await bench.happen(5)
    await bench.relay_all()
    receiver.status = 410
    async with delivering(bench, each=1):
        await bench.until_states("dead", *["cancelled"] * 4)
        await bench.happen()
        await bench.until_states("dead", *["cancelled"] * 4)
    assert len(receiver.posts) == 1
    found = await bench.subscriptions.get_endpoint(bench.company_id, endpoint.id)
    assert (found.state, found.last_error) == ("gone", "HTTP 410")


async def test_paused_waits_until_active(bench: Bench, receiver: Receiver) -> None:
    endpoint, _, _ = await bench.subscribe(receiver.url)
    await bench.happen(3)
    await bench.relay_all()
    await bench.subscriptions.update_endpoint(bench.company_id, endpoint.id, state="paused")
    async with receiving() as other, delivering(bench):
        await bench.subscribe(other.url)
        await bench.happen()
        await other.wait_for(1)
        assert receiver.posts == []
        await bench.subscriptions.update_endpoint(bench.company_id, endpoint.id, state="active")
        await receiver.wait_for(3)
        await bench.until_states(*["delivered"] * 4)


async def test_429_holds_everything_for_the_endpoint(bench: Bench, receiver: Receiver) -> None:
    endpoint, _, _ = await bench.subscribe(receiver.url)

    async def not_so_fast(_: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        return web.Response(status=429, headers={"retry-after": "700"})

    receiver.answer = not_so_fast
    async with delivering(bench, each=1):
        await bench.happen()

        async def held() -> bool:
            found = await bench.subscriptions.get_endpoint(bench.company_id, endpoint.id)
            return found.blocked_until is not None

        await bench.until(held)
        async with receiving() as other:
            await bench.subscribe(other.url)
            await bench.happen(2)
            await other.wait_for(2)
    assert len(receiver.posts) == 1
    found = await bench.subscriptions.get_endpoint(bench.company_id, endpoint.id)
    assert found.blocked_until is not None
    assert found.last_failure_at is not None
    assert 699 < (found.blocked_until - found.last_failure_at).total_seconds() < 701
    due_at = (await bench.subscriptions.deliveries(bench.company_id, endpoint_id=endpoint.id))[-1].due_at
    assert due_at is not None
    assert (due_at - found.blocked_until).total_seconds() >= 0


async def test_503_with_a_short_retry_after_is_probed_and_recovers(bench: Bench, receiver: Receiver) -> None:
    endpoint, _, _ = await bench.subscribe(receiver.url)
    receiver.answer = lambda request, body: busy_once()

    async def busy_once() -> web.Response:
        if len(receiver.posts) == 1:
            return web.Response(status=503, headers={"retry-after": "1"})
        return web.Response()

    async with delivering(bench):
        await bench.happen(3)
        await bench.until_states(*["delivered"] * 3)
    found = await bench.subscriptions.get_endpoint(bench.company_id, endpoint.id)
    assert (found.blocked_until, found.failures) == (None, 0)


async def test_order_is_kept_by_key_and_only_there(bench: Bench, receiver: Receiver) -> None:
    await bench.subscribe(receiver.url, ordered=True)
    running_now: dict[str, int] = {}
    overlaps = []

    async def check(_: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        key = body["data"]["key"]
        running_now[key] = running_now.get(key, 0) + 1
        overlaps.append(running_now[key])
        await asyncio.sleep(0.002)
        running_now[key] -= 1
        failing = key == "flaky" and sum(post.json["id"] == body["id"] for post in receiver.posts) < 3
        return web.Response(status=500 if failing else 200)

    receiver.answer = check
    events: dict[str, list[int]] = {"flaky": [], "one": [], "two": []}
    async with running(bench.relay(), bench.worker(), bench.worker()):
        for _ in range(8):
            for number, key in enumerate(events):
                events[key] += await bench.happen(key=number, payload={"key": key})
        await bench.until_states(*["delivered"] * 24)
    assert max(overlaps) == 1
    for key, wanted in events.items():
        got = [post.json["id"] for post in receiver.posts if post.json["data"]["key"] == key]
        assert got == sorted(got)
        assert sorted(set(got)) == wanted


async def test_in_order_nothing_is_stranded_and_nothing_comes_twice(bench: Bench, receiver: Receiver) -> None:
    """One that was set back just as the one before it ended would wait for the lease, which is longer than this."""
    await bench.subscribe(receiver.url, ordered=True)
    events: list[int] = []
    async with running(bench.relay(), bench.worker(), bench.worker()):
        for n in range(300):
            events += await bench.happen(key=n % 3)
        await receiver.wait_for(300)
        await bench.until_states(*["delivered"] * 300)
    assert sorted(receiver.events) == events
    for key in range(3):
        assert [event for event in receiver.events if event in events[key::3]] == events[key::3]


async def test_a_stuck_conversation_does_not_hold_the_others(bench: Bench, receiver: Receiver) -> None:
    await bench.subscribe(receiver.url, ordered=True)

    async def refuse_one(_: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        return web.Response(status=500 if body["data"]["key"] == "stuck" else 200)

    receiver.answer = refuse_one
    stuck = await bench.happen(500, key=1, payload={"key": "stuck"})
    await bench.relay_all()
    async with delivering(bench, schedule=(0.0, 1000.0)):
        await bench.happen(5, key=2, payload={"key": "free"})
        await receiver.wait_for(6)
    assert {post.json["data"]["key"] for post in receiver.posts[1:]} == {"free"}
    assert receiver.posts[0].json["id"] == stuck[0]


async def test_the_next_of_a_key_goes_when_the_first_is_given_up(bench: Bench, receiver: Receiver) -> None:
    await bench.subscribe(receiver.url, ordered=True)

    async def refuse_first(_: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        return web.Response(status=500 if body["data"]["nth"] == 0 else 200)

    receiver.answer = refuse_first
    async with delivering(bench, schedule=QUICK[:2]):
        for nth in range(4):
            await bench.happen(payload={"nth": nth})
        await bench.until_states("dead", "delivered", "delivered", "delivered")
    assert [post.json["data"]["nth"] for post in receiver.posts] == [0, 0, 1, 2, 3]


async def test_a_slow_endpoint_with_much_pending_delays_no_other(bench: Bench, receiver: Receiver) -> None:
    go_on = asyncio.Event()

    async def slow(_: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        await go_on.wait()
        return web.Response()

    async with receiving() as sluggish:
        sluggish.answer = slow
        await bench.subscribe(sluggish.url)
        await bench.happen(2000)
        await bench.relay_all()
        async with delivering(bench, each=4, in_flight=10, timeout=30):
            await sluggish.wait_for(4)
            await bench.subscribe(receiver.url, event_types=["message.deleted"])
            await bench.happen(100, kind="message.deleted")
            await receiver.wait_for(100)
            assert len(sluggish.posts) == 4
            go_on.set()


async def test_a_receiver_that_is_away_costs_little_and_recovers(bench: Bench) -> None:
    url = unused_url()
    endpoint, _, _ = await bench.subscribe(url)
    await bench.happen(300)
    await bench.relay_all()
    async with delivering(bench, first_back_off=0.2, schedule=(0.0, 0.01, 1000.0)):

        async def blocked() -> bool:
            return (await bench.subscriptions.get_endpoint(bench.company_id, endpoint.id)).blocked_until is not None

        await bench.until(blocked)
        await asyncio.sleep(0.5)
        # In one statement, because the worker goes on.
        (counted,) = await bench.database.fetch(
            "SELECT count(*) AS tried, count(error) AS failed, (SELECT failures FROM endpoints WHERE id = $1)"
            " FROM delivery_attempts",
            endpoint.id,
        )
        assert 1 <= counted["tried"] <= 30
        assert counted["failed"] == counted["failures"]
        found = await bench.subscriptions.get_endpoint(bench.company_id, endpoint.id)
        assert "Cannot connect to host" in (found.last_error or "")
        async with receiving() as back:
            await bench.subscriptions.update_endpoint(bench.company_id, endpoint.id, url=back.url)
            await back.wait_for(200)


async def test_a_refused_address_says_so_in_the_log(bench: Bench) -> None:
    _, subscription, _ = await bench.subscribe("http://127.0.0.1:1/")
    worker = DeliveryWorker(
        bench.database, bench.wakeups, FACES, EgressGuard(), schedule=QUICK[:1], poll=0.02, gap=0.001
    )
    async with running(bench.relay(), worker):
        (event_id,) = await bench.happen()
        await bench.until_states("dead")
    (attempt,) = await bench.subscriptions.attempts(bench.company_id, event_id, subscription.id)
    assert attempt.status is None
    assert (attempt.error or "").startswith("destination refused")


async def test_bad_addresses_fail_and_do_no_harm(bench: Bench, receiver: Receiver) -> None:
    for url in ("nonsense", "about:blank", "http://", "http://[::", "ftp://127.0.0.1/", "http://127.0.0.1:99999/"):
        await bench.subscribe(url)
    await bench.subscribe(receiver.url)
    async with delivering(bench, schedule=QUICK[:1]):
        await bench.happen()
        await bench.until_states(*["dead"] * 6, "delivered")


async def test_no_answer_in_time_is_a_failure(bench: Bench, receiver: Receiver) -> None:
    _, subscription, _ = await bench.subscribe(receiver.url)

    async def never(_: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    receiver.answer = never
    async with delivering(bench, schedule=QUICK[:1], timeout=0.1):
        (event_id,) = await bench.happen()
        await bench.until_states("dead")
    (attempt,) = await bench.subscriptions.attempts(bench.company_id, event_id, subscription.id)
    assert attempt.error == "no complete answer in time"


async def test_a_long_answer_is_kept_short_and_storable(bench: Bench, receiver: Receiver) -> None:
    _, subscription, _ = await bench.subscribe(receiver.url)

    async def chatter(_: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        return web.Response(body=b"\0\xff" + b"x" * 1_000_000)

    receiver.answer = chatter
    async with delivering(bench):
        (event_id,) = await bench.happen()
        await bench.until_states("delivered")
    (attempt,) = await bench.subscriptions.attempts(bench.company_id, event_id, subscription.id)
    assert attempt.response == ("\ufffd\ufffd" + "x" * 2046)


async def test_nonsense_instead_of_http_is_a_failure_that_can_be_stored(bench: Bench) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\xff\xfe\x00: \xed\xa0\x80\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    _, subscription, _ = await bench.subscribe(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    async with delivering(bench, schedule=QUICK[:2]):
        (event_id,) = await bench.happen()
        await bench.until_states("dead")
    server.close()
    attempts = await bench.subscriptions.attempts(bench.company_id, event_id, subscription.id)
    assert [one.status for one in attempts] == [None, None]
    assert all(one.error for one in attempts)


async def test_a_dead_workers_lease_passes_to_another(bench: Bench, receiver: Receiver) -> None:
    _, subscription, _ = await bench.subscribe(receiver.url)
    go_on = asyncio.Event()

    async def hang_first(_: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        if len(receiver.posts) == 1:
            await go_on.wait()
        return web.Response()

    receiver.answer = hang_first
    (event_id,) = await bench.happen()
    await bench.relay_all()
    doomed = DeliveryWorker(bench.database, bench.wakeups, FACES, LOCAL, lease=2, timeout=60)
    await doomed.start()
    await receiver.wait_for(1)
    for task in [doomed._loop._task, *doomed._deliveries]:  # as kill -9 would
        assert task is not None
        task.cancel()
    async with running(bench.worker()):
        await receiver.wait_for(2)
        await bench.until_states("delivered")
    go_on.set()
    await doomed.stop()
    attempts = await bench.subscriptions.attempts(bench.company_id, event_id, subscription.id)
    assert [(one.attempt, one.latency_ms is None, one.status) for one in attempts] == [(1, True, None), (2, False, 200)]
    assert len({post.webhook_id for post in receiver.posts}) == 1


async def test_a_late_outcome_of_a_passed_lease_does_not_undo(bench: Bench, receiver: Receiver) -> None:
    _, subscription, _ = await bench.subscribe(receiver.url)
    go_on = asyncio.Event()

    async def fail_first_late(_: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        if len(receiver.posts) == 1:
            await go_on.wait()
            return web.Response(status=500)
        return web.Response()

    receiver.answer = fail_first_late
    async with delivering(bench, lease=0.3, timeout=60):
        (event_id,) = await bench.happen()
        await receiver.wait_for(2)
        await bench.until_states("delivered")
        go_on.set()

        async def logged() -> bool:
            attempts = await bench.subscriptions.attempts(bench.company_id, event_id, subscription.id)
            return attempts[0].status == 500

        await bench.until(logged)
    assert await bench.states() == ["delivered"]


async def test_stopping_lets_what_is_in_flight_end(bench: Bench, receiver: Receiver) -> None:
    await bench.subscribe(receiver.url)
    go_on = asyncio.Event()

    async def slow(_: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        await go_on.wait()
        return web.Response()

    receiver.answer = slow
    await bench.happen(5)
    await bench.relay_all()
    worker = bench.worker(each=2, timeout=10)
    await worker.start()
    await receiver.wait_for(2)
    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0.05)
    assert not stopping.done()
    go_on.set()
    await stopping
    assert sorted(await bench.states()) == ["delivered", "delivered", "pending", "pending", "pending"]
    assert len(receiver.posts) == 2


async def test_unsubscribing_cancels_what_is_pending(bench: Bench, receiver: Receiver) -> None:
    _, subscription, _ = await bench.subscribe(receiver.url)
    await bench.happen(2)
    await bench.relay_all()
    await bench.subscriptions.unsubscribe(bench.company_id, subscription.id)
    assert await bench.states() == ["cancelled", "cancelled"]
    # As when the relay was at it in the same moment.
    await bench.database.execute("UPDATE deliveries SET state = 'pending', due_at = now()")
    async with delivering(bench):
        await bench.until_states("cancelled", "cancelled")
    assert receiver.posts == []


class Choosy(PatientFace):
    name = "choosy"

    async def render(self, event: Event, subscription: Subscription, endpoint: Destination) -> None:
        if event.type == "message.deleted":
            raise ValueError("no")


class Brisk(StandardFace):
    """Tries what is urgent once, takes a 404 for an answer, and tells its receivers what they are called."""

    async def render(self, event: Event, subscription: Subscription, endpoint: Destination) -> JsonPost:
        body = msgspec.json.encode({"name": endpoint.name, "options": endpoint.options})
        return JsonPost(url=endpoint.url, body=body)

    def schedule(self, event_type: str) -> Sequence[float] | None:
        return (0.0,) if event_type == "message.deleted" else None

    def is_final(self, status: int) -> bool:
        return status == 404


async def brisk(bench: Bench, receiver: Receiver, kind: str, *states: str) -> None:
    """Let one event of this kind come to these states."""
    endpoint, _ = await bench.subscriptions.create_endpoint(
        bench.company_id, face="ringmain", url=receiver.url, name="till", options={"password": "open sesame"}
    )
    await bench.subscriptions.subscribe(bench.company_id, endpoint.id, name="", event_types=[kind])
    worker = DeliveryWorker(
        bench.database, bench.wakeups, {"ringmain": Brisk()}, LOCAL, schedule=QUICK, poll=0.02, gap=0.001
    )
    async with running(bench.relay(), worker):
        await bench.happen(kind=kind)
        await bench.until_states(*states)


async def test_a_face_may_have_its_own_schedule(bench: Bench, receiver: Receiver) -> None:
    receiver.status = 500
    await brisk(bench, receiver, "message.deleted", "dead")
    assert len(receiver.posts) == 1


async def test_a_face_may_take_a_status_for_the_end(bench: Bench, receiver: Receiver) -> None:
    receiver.status = 404
    await brisk(bench, receiver, "message.created", "dead")
    assert len(receiver.posts) == 1


async def test_a_face_gets_its_options_and_nobody_else_does(bench: Bench, receiver: Receiver) -> None:
    await brisk(bench, receiver, "message.created", "delivered")
    assert msgspec.json.decode(receiver.posts[0].body) == {"name": "till", "options": {"password": "open sesame"}}
    (endpoint,) = await bench.subscriptions.list_endpoints(bench.company_id)
    assert endpoint.name == "till"
    assert b"sesame" not in msgspec.json.encode(endpoint)


async def test_what_a_face_has_no_words_for_is_cancelled(bench: Bench, receiver: Receiver) -> None:
    endpoint, _ = await bench.subscriptions.create_endpoint(bench.company_id, face="choosy", url=receiver.url)
    await bench.subscriptions.subscribe(
        bench.company_id, endpoint.id, name="", event_types=["message.created", "message.deleted"]
    )
    worker = DeliveryWorker(
        bench.database, bench.wakeups, {"choosy": Choosy()}, LOCAL, schedule=QUICK[:1], poll=0.02, gap=0.001
    )
    async with running(bench.relay(), worker):
        await bench.happen()
        (broken,) = await bench.happen(kind="message.deleted")
        await bench.until_states("cancelled", "dead")
    (delivery,) = await bench.subscriptions.deliveries(bench.company_id, state="dead")
    (attempt,) = await bench.subscriptions.attempts(bench.company_id, broken, delivery.subscription_id)
    assert attempt.error == "the notification could not be made: ValueError"


async def test_a_kept_connection_that_was_closed_is_no_failure(bench: Bench) -> None:
    """The receiver promises to keep the connection and closes it as the second request comes."""
    served = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        for first in (True, False):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            if first:
                served += 1
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            else:
                break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, subscription, _ = await bench.subscribe(f"http://127.0.0.1:{port}/")
    async with delivering(bench):
        await bench.happen()
        await bench.until_states("delivered")
        (event_id,) = await bench.happen()
        await bench.until_states("delivered", "delivered")
    server.close()
    assert served == 2
    assert len(await bench.subscriptions.attempts(bench.company_id, event_id, subscription.id)) == 1


async def test_it_goes_on_when_the_database_was_away(bench: Bench, receiver: Receiver) -> None:
    await bench.subscribe(receiver.url)
    go_on = asyncio.Event()

    async def slow(_: web.BaseRequest, body: dict[str, Any]) -> web.Response:
        await go_on.wait()
        return web.Response()

    receiver.answer = slow
    async with delivering(bench, timeout=10):
        await bench.happen()
        await receiver.wait_for(1)
        await bench.database.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        go_on.set()
        await bench.until_states("delivered")
        await bench.happen()
        await bench.until_states("delivered", "delivered")
    assert len(receiver.posts) == 2
