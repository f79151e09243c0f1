import pytest

from ringmain.core.errors import Invalid, NotFound
from ringmain.core.subscriptions.model import Wanted
from ringmain.core.system import Core

URL = "http://127.0.0.1:9/"


async def endpoint_of(core: Core) -> tuple[int, int]:
    company_id = (await core.companies.create(name="Acme")).id
    endpoint, _ = await core.subscriptions.create_endpoint(company_id, face="ringmain", url=URL)
    return company_id, endpoint.id


def texts_to(number_id: int) -> Wanted:
    return Wanted(name="sms", event_types=("message.created",), filter={"conversation": {"number_id": number_id}})


async def test_what_stays_keeps_its_id_and_what_is_pending(core: Core) -> None:
    company_id, endpoint_id = await endpoint_of(core)
    one, two = await core.subscriptions.arrange(company_id, endpoint_id, [texts_to(1), texts_to(2)])
    pending = (
        "INSERT INTO deliveries (event_id, subscription_id, company_id, endpoint_id) VALUES (new_id(), $1, $2, $3)"
    )
    for subscription in (one, two):
        await core.database.execute(pending, subscription.id, company_id, endpoint_id)
    after = await core.subscriptions.arrange(company_id, endpoint_id, [texts_to(2), texts_to(3), texts_to(3)])
    assert [found.filter["conversation"]["number_id"] for found in after] == [2, 3]
    assert after[0].id == two.id
    assert await core.subscriptions.list_subscriptions(company_id) == after
    states = {found.subscription_id: found.state for found in await core.subscriptions.deliveries(company_id)}
    assert states == {one.id: "cancelled", two.id: "pending"}
    assert await core.subscriptions.arrange(company_id, endpoint_id, []) == []
    assert await core.subscriptions.list_subscriptions(company_id) == []


async def test_what_cannot_be_told_of_changes_nothing(core: Core) -> None:
    company_id, endpoint_id = await endpoint_of(core)
    before = await core.subscriptions.arrange(company_id, endpoint_id, [texts_to(1)])
    with pytest.raises(Invalid):
        await core.subscriptions.arrange(
            company_id, endpoint_id, [texts_to(2), Wanted(name="", event_types=("no.such",))]
        )
    assert await core.subscriptions.list_subscriptions(company_id) == before
    other = (await core.companies.create(name="Other")).id
    with pytest.raises(NotFound):
        await core.subscriptions.arrange(other, endpoint_id, [texts_to(2)])


async def test_an_endpoint_is_made_and_changed_with_its_subscriptions_or_not_at_all(core: Core) -> None:
    company_id = (await core.companies.create(name="Acme")).id
    verbs, wrong = core.subscriptions, Wanted(name="", event_types=("no.such",))
    with pytest.raises(Invalid):
        await verbs.create_endpoint(company_id, face="ringrx", url=URL, wanted=[texts_to(1), wrong])
    assert await verbs.list_endpoints(company_id) == []
    made, _ = await verbs.create_endpoint(company_id, face="ringrx", url=URL, options={"a": 1}, wanted=[texts_to(1)])
    (before,) = await verbs.list_subscriptions(company_id)
    with pytest.raises(Invalid):
        await verbs.update_endpoint(company_id, made.id, name="New", options={"b": 2}, wanted=[texts_to(2), wrong])
    (there,) = await verbs.list_destinations(company_id, face="ringrx")
    assert (there.name, there.options, await verbs.list_subscriptions(company_id)) == ("", {"a": 1}, [before])
    await verbs.update_endpoint(company_id, made.id, name="New", options={"b": 2}, wanted=[])
    (there,) = await verbs.list_destinations(company_id, face="ringrx")
    assert (there.name, there.options, await verbs.list_subscriptions(company_id)) == ("New", {"a": 1, "b": 2}, [])
