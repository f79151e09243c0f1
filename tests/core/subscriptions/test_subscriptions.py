from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.core.ids import moment_of
from ringmain.core.system import Core

URL = "https://hooks.example/x"
ADD_EVENT = """
INSERT INTO events (company_id, type, subject_id, order_key, payload)
VALUES ($1, 'message.created', 1, 1, '{}') RETURNING id
"""
ADD_DELIVERY = """
INSERT INTO deliveries (event_id, subscription_id, company_id, endpoint_id, state, due_at)
VALUES ($1, $2, $3, $4, $5, CASE WHEN $5 = 'pending' THEN now() END)
"""


@pytest.fixture
async def company(core: Core) -> int:
    return (await core.companies.create(name="Acme")).id


@pytest.fixture
async def stranger(core: Core) -> int:
    return (await core.companies.create(name="Other")).id


async def subscribed(core: Core, company: int, **options: Any) -> tuple[int, int]:
    endpoint, _ = await core.subscriptions.create_endpoint(company, face="ringmain", url=URL)
    options = {"name": "texts", "event_types": ["message.created"], **options}
    return endpoint.id, (await core.subscriptions.subscribe(company, endpoint.id, **options)).id


async def delivery(core: Core, company: int, endpoint: int, subscription: int, state: str = "pending") -> int:
    event_id: int = await core.database.fetchval(ADD_EVENT, company)
    await core.database.execute(ADD_DELIVERY, event_id, subscription, company, endpoint, state)
    return event_id


async def test_an_endpoint_comes_with_a_secret_of_its_own(core: Core, company: int) -> None:
    one, first = await core.subscriptions.create_endpoint(company, face="ringmain", url=URL)
    two, second = await core.subscriptions.create_endpoint(company, face="ringmain", url=URL)
    assert first.startswith("whsec_")
    assert first != second
    assert (one.state, one.failures, one.url) == ("active", 0, URL)
    assert await core.subscriptions.list_endpoints(company) == [one, two]
    assert await core.subscriptions.get_endpoint(company, two.id) == two


async def test_a_given_secret_is_kept(core: Core, company: int) -> None:
    given = "whsec_" + "QUJD" * 8
    _, secret = await core.subscriptions.create_endpoint(company, face="ringmain", url=URL, secret=given)
    assert secret == given


@pytest.mark.parametrize("secret", ["", "whsec_", "QUJD" * 8, "whsec_QUJD", "whsec_!!!!" + "QUJD" * 8])
async def test_a_bad_secret_is_refused_and_not_repeated(core: Core, company: int, secret: str) -> None:
    with pytest.raises(Invalid) as caught:
        await core.subscriptions.create_endpoint(company, face="ringmain", url=URL, secret=secret)
    assert caught.value.field == "secret"
    assert not secret or secret == "whsec_" or secret not in str(caught.value)


@pytest.mark.parametrize("url", ["", "https://a b", "https://a\n", "https://a\0", "https://" + "a" * 2048])
async def test_a_url_that_cannot_be_is_refused(core: Core, company: int, url: str) -> None:
    with pytest.raises(Invalid, match="url"):
        await core.subscriptions.create_endpoint(company, face="ringmain", url=url)
    with pytest.raises(Invalid, match="url"):
        await core.subscriptions.set_endpoint(company, face="ringmain", url=url)


async def test_a_face_with_one_endpoint_a_company(core: Core, company: int, stranger: int) -> None:
    assert await core.subscriptions.get_endpoint_of_face(company, "ringplan") is None
    first, secret = await core.subscriptions.set_endpoint(company, face="ringplan", url="hooks.example")
    with pytest.raises(AlreadyExists):
        await core.subscriptions.create_endpoint(company, face="ringplan", url=URL)
    await core.subscriptions.update_endpoint(company, first.id, state="gone")
    again, same = await core.subscriptions.set_endpoint(company, face="ringplan", url=URL)
    assert (again.id, again.url, again.state, same) == (first.id, URL, "active", secret)
    assert await core.subscriptions.get_endpoint_of_face(company, "ringplan") == again
    other, _ = await core.subscriptions.set_endpoint(stranger, face="ringplan", url=URL)
    assert await core.subscriptions.list_endpoints(None) == [again, other]


async def test_no_company_no_endpoint(core: Core) -> None:
    for make in (core.subscriptions.create_endpoint, core.subscriptions.set_endpoint):
        with pytest.raises(NotFound, match="company"):
            await make(12345, face="ringmain", url=URL)


async def test_a_new_address_starts_afresh(core: Core, company: int) -> None:
    endpoint, _ = await core.subscriptions.create_endpoint(company, face="ringmain", url=URL)
    await core.database.execute("UPDATE endpoints SET failures = 7, blocked_until = now() + interval '1 minute'")
    same = await core.subscriptions.update_endpoint(company, endpoint.id, url=URL)
    assert (same.failures, same.blocked_until is None) == (7, False)
    fresh = await core.subscriptions.update_endpoint(company, endpoint.id, url=URL + "y")
    assert (fresh.url, fresh.failures, fresh.blocked_until) == (URL + "y", 0, None)
    with pytest.raises(Invalid, match="state"):
        await core.subscriptions.update_endpoint(company, endpoint.id, state="odd")  # type: ignore[arg-type]


async def test_a_subscription_is_kept_as_given(core: Core, company: int) -> None:
    endpoint, _ = await core.subscriptions.create_endpoint(company, face="ringmain", url=URL)
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    made = await core.subscriptions.subscribe(
        company,
        endpoint.id,
        name="texting.message.inbound",
        event_types=["message.created", "message.created"],
        filter={"message": {"direction": "inbound"}},
        options={"template": "ä"},
        ordered=True,
        expires_at=expires_at,
    )
    assert made.event_types == ["message.created"]
    assert made.filter == {"message": {"direction": "inbound"}}
    assert (made.options, made.ordered, made.expires_at) == ({"template": "ä"}, True, expires_at)
    assert await core.subscriptions.get(company, made.id) == made
    assert await core.subscriptions.list_subscriptions(company) == [made]
    assert await core.subscriptions.list_subscriptions(company, face="ringmain") == [made]
    assert await core.subscriptions.list_subscriptions(company, face="ringplan") == []
    assert await core.subscriptions.unsubscribe(company, made.id) == made
    assert await core.subscriptions.list_subscriptions(company) == []


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("event_types", {"event_types": []}),
        ("event_types", {"event_types": ["message.created", "no.such"]}),
        ("event_types", {"event_types": ["webhook.test"]}),
        ("expires_at", {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}),
        ("expires_at", {"expires_at": datetime(2999, 1, 1)}),  # noqa: DTZ001
        ("filter", {"filter": {"text": "\0"}}),
    ],
)
async def test_what_cannot_be_subscribed_to(core: Core, company: int, field: str, options: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        await subscribed(core, company, **options)
    assert caught.value.field == field
    assert await core.subscriptions.list_subscriptions(company) == []


async def test_others_ids_are_as_unknown_as_none(core: Core, company: int, stranger: int) -> None:
    endpoint, subscription = await subscribed(core, company)
    event = await delivery(core, company, endpoint, subscription)
    since = datetime(2026, 1, 1, tzinfo=UTC)
    service = core.subscriptions
    for asked, endpoint_id, subscription_id, event_id in (
        (stranger, endpoint, subscription, event),
        (company, endpoint + 1, subscription + 1, event + 1),
    ):
        for kind, call in (
            ("endpoint", service.get_endpoint(asked, endpoint_id)),
            ("endpoint", service.update_endpoint(asked, endpoint_id, state="gone")),
            ("endpoint", service.delete_endpoint(asked, endpoint_id)),
            ("endpoint", service.test_event(asked, endpoint_id)),
            ("endpoint", service.subscribe(asked, endpoint_id, name="", event_types=["message.created"])),
            ("endpoint", service.recover(asked, since=since, endpoint_id=endpoint_id)),
            ("subscription", service.get(asked, subscription_id)),
            ("subscription", service.unsubscribe(asked, subscription_id)),
            ("subscription", service.replay_missing(asked, since=since, subscription_id=subscription_id)),
            ("delivery", service.attempts(asked, event_id, subscription_id)),
            ("delivery", service.resend(asked, event_id, subscription_id)),
        ):
            with pytest.raises(NotFound, match=kind):
                await call
    assert await service.deliveries(stranger) == []
    assert await service.list_endpoints(stranger) == []
    assert await service.list_subscriptions(stranger) == []
    (left,) = await service.deliveries(company)
    assert left.state == "pending"


async def test_deliveries_are_paged_by_events_and_filtered(core: Core, company: int) -> None:
    endpoint, first = await subscribed(core, company)
    other, second = await subscribed(core, company)
    events = [await delivery(core, company, endpoint, first) for _ in range(5)]
    await core.database.execute(ADD_DELIVERY, events[3], second, company, other, "dead")
    service = core.subscriptions
    page = await service.deliveries(company, limit=2)
    assert [one.event_id for one in page] == [events[4], events[3], events[3]]
    page = await service.deliveries(company, limit=2, before=page[-1].event_id)
    assert [one.event_id for one in page] == [events[2], events[1]]
    (dead,) = await service.deliveries(company, state="dead")
    assert (dead.subscription_id, dead.due_at, dead.event_type) == (second, None, "message.created")
    assert await service.deliveries(company, endpoint_id=other) == [dead]
    assert await service.deliveries(company, subscription_id=second) == [dead]
    for limit in (0, 1001):
        with pytest.raises(Invalid, match="limit"):
            await service.deliveries(company, limit=limit)


async def test_going_and_being_deleted_cancel_what_is_pending(core: Core, company: int) -> None:
    endpoint, subscription = await subscribed(core, company)
    event = await delivery(core, company, endpoint, subscription)
    await delivery(core, company, endpoint, subscription, "delivered")
    await core.subscriptions.update_endpoint(company, endpoint, state="paused")
    assert [one.state for one in await core.subscriptions.deliveries(company)] == ["delivered", "pending"]
    await core.subscriptions.update_endpoint(company, endpoint, state="gone")
    assert [one.state for one in await core.subscriptions.deliveries(company)] == ["delivered", "cancelled"]
    with pytest.raises(Invalid, match="gone"):
        await core.subscriptions.resend(company, event, subscription)
    await core.subscriptions.update_endpoint(company, endpoint, state="active")
    assert (await core.subscriptions.resend(company, event, subscription)).state == "pending"
    await core.subscriptions.delete_endpoint(company, endpoint)
    assert [one.state for one in await core.subscriptions.deliveries(company)] == ["delivered", "cancelled"]
    assert await core.subscriptions.list_subscriptions(company) == []


async def test_recovering_takes_what_failed_since_then(core: Core, company: int, stranger: int) -> None:
    endpoint, subscription = await subscribed(core, company)
    other, second = await subscribed(core, company)
    foreign, third = await subscribed(core, stranger)
    await delivery(core, company, endpoint, subscription, "dead")
    await core.database.execute("UPDATE deliveries SET event_id = event_id - 100000000000")
    dead = await delivery(core, company, endpoint, subscription, "dead")
    cancelled = await delivery(core, company, endpoint, subscription, "cancelled")
    done = await delivery(core, company, endpoint, subscription, "delivered")
    elsewhere = await delivery(core, company, other, second, "dead")
    await delivery(core, stranger, foreign, third, "dead")
    since = moment_of(dead)
    assert await core.subscriptions.recover(company, since=since, endpoint_id=endpoint) == 2
    states = {one.event_id: one.state for one in await core.subscriptions.deliveries(company)}
    assert {event: states[event] for event in (dead, cancelled, done, elsewhere)} == {
        dead: "pending",
        cancelled: "pending",
        done: "delivered",
        elsewhere: "dead",
    }
    assert await core.subscriptions.recover(company, since=since) == 1
    assert [one.state for one in await core.subscriptions.deliveries(stranger)] == ["dead"]


async def test_replaying_makes_what_matches_and_is_missing(core: Core, company: int, stranger: int) -> None:
    old = await core.database.fetchval(ADD_EVENT, company)
    await core.database.execute("UPDATE events SET id = id - 100000000000")
    event = await core.database.fetchval(ADD_EVENT, company)
    await core.database.fetchval(ADD_EVENT, stranger)
    _, subscription = await subscribed(core, company)
    await subscribed(core, company, event_types=["message.deleted"])
    await subscribed(core, company, filter={"text": "other"})
    assert await core.subscriptions.replay_missing(company, since=moment_of(event)) == 1
    (made,) = await core.subscriptions.deliveries(company)
    assert (made.event_id, made.subscription_id, made.state) == (event, subscription, "pending")
    assert old < event


async def test_a_test_event_is_one_pending_delivery(core: Core, company: int) -> None:
    endpoint, _ = await subscribed(core, company)
    made = await core.subscriptions.test_event(company, endpoint)
    assert (made.event_type, made.state, made.endpoint_id, made.attempts) == ("webhook.test", "pending", endpoint, 0)
    assert await core.subscriptions.deliveries(company) == [made]
