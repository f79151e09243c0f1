"""Rows 57 to 61 of specs/ringplan.md, what section 6 says of them, and what is delivered."""

import asyncio
import re

import msgspec

from ringmain.core.events import MESSAGE_CREATED, Event
from ringmain.core.subscriptions.model import Destination, Subscription
from ringmain.dialects.kit.notification import Notification
from ringmain.dialects.ringplan import ids
from ringmain.dialects.ringplan.events import RingPlanFace
from tests.dialects.ringplan.conftest import Caller, World, counts

URL = "/webhooks/callbacks/url"
TYPES = ("dial.action.started", "dial.action.completed", "call.action.hangup", "texting.message.inbound")
ABSENT = ids.encode(8192)


async def test_row_57_no_url_is_an_empty_one(acme: Caller) -> None:
    reply = await acme("GET", URL)
    assert (reply.status, reply.json()) == (200, {"id": "", "company_id": acme.company, "url": ""})


async def test_row_58_put_makes_and_changes_it_as_given(acme: Caller) -> None:
    first = (await acme("PUT", URL, json={"url": "webhook.example.com"})).json()
    assert (first["url"], first["company_id"]) == ("webhook.example.com", acme.company)
    for url in ("https://www.example.com", "http://example.com:8080/a?b=c", "example.com:8443/x"):
        reply = await acme("PUT", URL, json={"url": url, "id": ABSENT, "company_id": ABSENT})
        assert (reply.status, reply.json()) == (200, {**first, "url": url})
        assert (await acme("GET", URL)).json() == reply.json()


async def test_row_58_refusals(acme: Caller, world: World) -> None:
    before = await counts(world.core.database)
    body: object
    for body in (
        {},
        {"url": None},
        {"url": 1},
        {"url": ""},
        {"url": " "},
        {"url": "ftp://example.com"},
        {"url": "javascript:alert(1)"},
        {"url": "https://"},
        {"url": "https://example.com:99999"},
        {"url": "https://[::1"},
        {"url": "https://exa mple.com"},
        {"url": "https://example.com/\r\nX: y"},
        {"url": "https://example.com/" + "x" * 3000},
        ["https://example.com"],
    ):
        (await acme("PUT", URL, json=body)).problem(400)
    assert await counts(world.core.database) == before


async def test_row_59_and_60_every_type_once(acme: Caller, globex: Caller) -> None:
    await acme("PUT", URL, json={"url": "example.com"})
    made = {}
    for kind in TYPES:
        reply = await acme("POST", "/webhooks/callbacks", json={"type": kind})
        assert reply.status == 201
        assert reply.json() == {"id": reply.json()["id"], "company_id": acme.company, "type": kind}
        made[kind] = reply.json()
        again = await acme("POST", "/webhooks/callbacks", json={"type": kind})
        assert (again.status, again.json()) == (201, made[kind])
    listed = await acme("GET", "/webhooks/callbacks")
    assert (listed.status, listed.json()) == (200, list(made.values()))
    assert listed.headers["X-Pagination-Total-Count"] == "4"
    assert (await globex("GET", "/webhooks/callbacks")).json() == []


async def test_row_60_at_once_makes_one(acme: Caller) -> None:
    body = {"type": "texting.message.inbound"}
    replies = await asyncio.gather(*(acme("POST", "/webhooks/callbacks", json=body) for _ in range(8)))
    assert {reply.status for reply in replies} == {201}
    assert len((await acme("GET", "/webhooks/callbacks")).json()) == 1


async def test_row_60_before_there_is_a_url(acme: Caller, world: World) -> None:
    assert (await acme("POST", "/webhooks/callbacks", json={"type": TYPES[3]})).status == 201
    assert (await acme("GET", URL)).json()["url"] == ""
    (endpoint,) = await world.core.subscriptions.list_endpoints(acme.office.company_id)
    assert endpoint.state == "paused"
    assert (await acme("PUT", URL, json={"url": "example.com"})).json()["url"] == "example.com"
    (endpoint,) = await world.core.subscriptions.list_endpoints(acme.office.company_id)
    assert endpoint.state == "active"


async def test_row_60_refusals(acme: Caller, world: World) -> None:
    before = await counts(world.core.database)
    body: object
    for body in ({}, {"type": "texting.message.outbound"}, {"type": ""}, {"type": None}, {"type": ["x"]}, []):
        (await acme("POST", "/webhooks/callbacks", json=body)).problem(400)
    assert await counts(world.core.database) == before


async def test_row_61_answers_what_was_deleted(acme: Caller, world: World) -> None:
    made = (await acme("POST", "/webhooks/callbacks", json={"type": TYPES[3]})).json()
    other, _ = await world.core.subscriptions.create_endpoint(
        acme.office.company_id, face="ringmain", url="https://example.com"
    )
    foreign = await world.core.subscriptions.subscribe(
        acme.office.company_id, other.id, name="", event_types=[MESSAGE_CREATED]
    )
    for unknown in (ABSENT, "x", ids.encode(foreign.id)):
        (await acme("DELETE", f"/webhooks/callbacks/{unknown}")).problem(404)
    reply = await acme("DELETE", f"/webhooks/callbacks/{made['id']}")
    assert (reply.status, reply.json()) == (200, made)
    assert (await acme("GET", "/webhooks/callbacks")).json() == []
    (await acme("DELETE", f"/webhooks/callbacks/{made['id']}")).problem(404)


async def rendered(world: World, text: str = "hi") -> tuple[Event, Subscription, Destination]:
    """An inbound text's event, as the log holds it, with the subscription that a client made."""
    acme = world.acme
    await acme("PUT", URL, json={"url": "example.com/hook"})
    await acme("POST", "/webhooks/callbacks", json={"type": "texting.message.inbound"})
    await world.receive(text)
    row = await world.core.database.fetchrow(
        "SELECT e.id, e.company_id, type, subject_id, order_key, origin, payload FROM events e JOIN subscriptions s"
        " ON type = ANY (s.event_types) AND payload @> s.filter"
    )
    assert row is not None
    event = Event(**{**dict(row.items()), "payload": msgspec.Raw(row["payload"].encode())})
    (subscription,) = await world.core.subscriptions.list_subscriptions(acme.office.company_id)
    endpoint = await world.core.subscriptions.get_destination(
        acme.office.company_id, subscription.endpoint_id, face="ringplan"
    )
    return event, subscription, endpoint


async def test_reading_39_what_is_delivered(acme: Caller, world: World) -> None:
    event, subscription, endpoint = await rendered(world)
    request = await RingPlanFace().render(event, subscription, endpoint)
    assert isinstance(request, Notification)
    assert (request.method, request.url) == ("POST", "https://example.com/hook")
    assert request.headers["content-type"] == "application/json"
    body = msgspec.json.decode(request.body)
    assert set(body) == {"id", "type", "company_id", "created_at", "data"}
    assert (body["type"], body["company_id"]) == ("texting.message.inbound", acme.company)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", body["created_at"])
    (message,) = (await acme("GET", acme.messages)).json()
    assert body["data"] == message
    assert (message["direction"], message["text"], message["is_read"]) == ("inbound", "hi", False)


async def test_reading_39_outbound_texts_and_addresses_not_set_are_not_delivered(acme: Caller, world: World) -> None:
    event, subscription, endpoint = await rendered(world)
    face = RingPlanFace()
    outbound = msgspec.structs.replace(
        event, payload=msgspec.Raw(bytes(event.payload).replace(b'"inbound"', b'"outbound"'))
    )
    assert await face.render(outbound, subscription, endpoint) is None
    assert await face.render(msgspec.structs.replace(event, type="voicemail.created"), subscription, endpoint) is None
    assert await face.render(event, subscription, msgspec.structs.replace(endpoint, url="about:blank")) is None
    test = await face.render(
        msgspec.structs.replace(event, type="webhook.test", payload=msgspec.Raw(b"{}")), subscription, endpoint
    )
    assert test is not None
    assert msgspec.json.decode(test.body)["type"] == "webhook.test"
