"""Every operation against a running server; the client checks each answer against the OpenAPI document."""

import base64
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import openapi_spec_validator

from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.ids import MAX_ID
from ringmain.core.meetings.model import NewMeeting
from tests.faxes import DOCUMENT, FAX_NUMBER, fax_number
from tests.operator.conftest import V1, Operator, World
from tests.recordings import wav


async def inbound(world: World, text: str = "Hi", status: int = 201, **fields: Any) -> Any:
    body = {"to": world.acme.number, "from": world.acme.contact.number, "text": text, **fields}
    return await world.operator("POST", f"{V1}/inbound-texts", status, json=body)


async def test_the_document_is_valid_openapi(operator: Operator) -> None:
    assert operator.document["openapi"].startswith("3.1")
    openapi_spec_validator.validate(operator.document)
    ids = [operation["operationId"] for path in operator.document["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))
    assert all(operation["summary"] for path in operator.document["paths"].values() for operation in path.values())


async def test_every_operation_answers_as_described(world: World) -> None:
    operator, company, acme = world.operator, world.company, world.acme
    names = [one["name"] for one in (await operator("GET", f"{V1}/companies", 200))["items"]]
    assert names == ["Acme", "Globex"]
    assert (await operator("GET", company, 200))["id"] == acme.company_id
    assert (await operator("GET", f"{company}/people", 200))["total"] == 1
    assert [one["number"] for one in (await operator("GET", f"{company}/numbers", 200))["items"]] == [acme.number]

    made = await operator("POST", f"{company}/api-keys", 201, json={"dialect": "ringplan", "name": "test"})
    caller = await world.core.credentials.caller_by_api_key("ringplan", made["secret"], "primary")
    assert caller.company_id == acme.company_id
    keys = await operator("GET", f"{company}/api-keys", 200)
    assert keys["items"] == [made["key"]]
    assert made["secret"] not in str(keys)
    await operator("DELETE", f"{company}/api-keys/{made['key']['id']}", 204)
    assert (await operator("GET", f"{company}/api-keys", 200))["items"] == []

    token = await operator("POST", f"{company}/people/{acme.owner_id}/tokens", 201, json={"lifetime_seconds": 60})
    assert (await world.core.credentials.caller_by_user_token(token["token"])).person_id == acme.owner_id
    assert timedelta(0) < datetime.fromisoformat(token["expires_at"]) - datetime.now(UTC) <= timedelta(seconds=60)

    codes = world.core.credentials.one_time_codes
    await codes.begin(acme.company_id, acme.owner_id, account="owner", issuer="Acme")
    second_factor = f"{company}/people/{acme.owner_id}/second-factor"
    await operator("DELETE", second_factor, 204)
    await operator("DELETE", second_factor, 404)

    text = await inbound(world)
    assert (text["direction"], text["sender"], text["text"]) == ("inbound", acme.contact.number, "Hi")
    assert (await operator("GET", f"{company}/messages", 200))["items"] == [text]
    assert (await operator("GET", f"{company}/conversations", 200))["items"][0]["last_message"] == text
    await inbound(world, "STOP")
    opted_out = await operator("GET", f"{company}/opt-outs", 200)
    assert [one["contact_number"] for one in opted_out["items"]] == [acme.contact.number]
    events = (await operator("GET", f"{company}/events", 200))["items"]
    assert {"message.created", "conversation.created", "opt_out.created"} <= {one["type"] for one in events}

    instance = await world.core.instances.create(acme.company_id, name="pbx", domain="pbx.example.com")
    assert [one["uuid"] for one in (await operator("GET", f"{company}/instances", 200))["items"]] == [
        str(instance.uuid)
    ]
    made = await world.core.extensions.create(acme.company_id, instance.id, ExtensionChange(number=1001))
    listed = await operator("GET", f"{company}/extensions", 200)
    assert (listed["total"], [one["number"] for one in listed["items"]]) == (1, [1001])
    assert made.secret not in str(listed)
    state = {"state": "REGISTERED", "call_status": "on_call"}
    shown = await operator("PUT", f"{company}/extensions/{made.id}/subscriber", 200, json=state)
    assert (shown["subscriber_state"], shown["call_status"]) == ("REGISTERED", "on_call")
    assert (await operator("GET", f"{company}/extensions?instance_id={instance.id}", 200))["items"] == [shown]
    (event,) = (await operator("GET", f"{company}/events?type=extension.updated", 200))["items"]
    assert event["payload"]["extension"]["subscriber_state"] == "REGISTERED"
    unregistered = "UPDATE extensions SET subscriber_state = 'UNREGISTERED'"
    await world.core.database.execute(unregistered)
    refresh = f"{company}/instances/{instance.id}/refresh"
    assert await operator("POST", refresh, 200) == {"changed": 1}
    assert await operator("POST", refresh, 200) == {"changed": 0}
    assert (await operator("GET", f"{company}/extensions", 200))["items"] == [shown]
    await operator("POST", f"{company}/instances/1/refresh", 404)
    await operator("POST", f"{V1}/companies/{world.globex.company_id}/instances/{instance.id}/refresh", 404)
    queues = f"{company}/instances/{instance.id}/queues"
    queue = await operator("PUT", f"{queues}/700", 200, json={"name": "Sales", "waiting": 2})
    assert (await operator("GET", queues, 200))["items"] == [queue]

    new = await operator("POST", f"{company}/endpoints", 201, json={"url": "https://example.com/hook"})
    assert new["secret"].startswith("whsec_")
    endpoint = f"{company}/endpoints/{new['endpoint']['id']}"
    assert (await operator("GET", endpoint, 200)) == new["endpoint"]
    assert (await operator("GET", f"{company}/endpoints", 200))["items"] == [new["endpoint"]]
    assert (await operator("GET", f"{V1}/endpoints", 200))["items"] == [new["endpoint"]]
    assert (await operator("POST", f"{endpoint}/pause", 200))["state"] == "paused"
    assert (await operator("POST", f"{endpoint}/resume", 200))["state"] == "active"
    wanted = {"event_types": ["message.created"], "filter": {"message": {"direction": "inbound"}}}
    subscription = await operator("POST", f"{endpoint}/subscriptions", 201, json=wanted)
    assert (await operator("GET", f"{company}/subscriptions", 200))["items"] == [subscription]

    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert await operator("POST", f"{company}/deliveries/replay-missing", 200, json={"since": since}) == {"count": 2}
    tested = await operator("POST", f"{endpoint}/test", 202)
    deliveries = (await operator("GET", f"{company}/deliveries", 200))["items"]
    assert len(deliveries) == 3
    assert deliveries[0] == tested
    delivery = f"{company}/deliveries/{tested['event_id']}/0"
    assert await operator("GET", delivery, 200) == {"delivery": tested, "attempts": []}
    assert (await operator("POST", f"{delivery}/resend", 202))["state"] == "pending"
    await operator("DELETE", f"{company}/subscriptions/{subscription['id']}", 204)
    cancelled = (await operator("GET", f"{company}/deliveries?state=cancelled", 200))["items"]
    assert {one["subscription_id"] for one in cancelled} == {subscription["id"]}
    assert await operator("POST", f"{company}/deliveries/recover", 200, json={"since": since}) == {"count": 0}
    await operator("DELETE", endpoint, 204)

    assert await operator("GET", f"{company}/voicemails", 200) == {"items": [], "total": 0}
    assert await operator("GET", f"{company}/mails", 200) == {"items": [], "next": None}
    voice = await world.core.instances.create(acme.company_id, name="voice", domain="voice.acme.example")
    await world.core.extensions.create(acme.company_id, voice.id, ExtensionChange(number=1009))
    left = {"extension": 1009, "audio": base64.b64encode(wav()).decode()}
    assert (await operator("POST", f"{company}/voicemails", 201, json=left))["extension_number"] == 1009

    await fax_number(world.core, acme.company_id)
    page = {"to": FAX_NUMBER, "document": base64.b64encode(DOCUMENT).decode()}
    came = await operator("POST", f"{company}/faxes", 201, json=page)
    assert await operator("GET", f"{company}/faxes", 200) == {"items": [came], "total": 1}

    told = await operator("POST", f"{company}/calls", 201, json={"from": "1009", "to": "+13105550100"})
    assert await operator("GET", f"{company}/calls", 200) == {"items": [told], "total": 1}
    status = {"status": "away", "additional": "lunch"}
    present = await operator("PUT", f"{company}/people/{acme.owner_id}/presence", 200, json=status)
    assert (await operator("GET", f"{company}/presence", 200))["items"] == [present]

    (meeting,) = await world.core.meetings.create(acme.company_id, acme.owner_id, NewMeeting())
    film = {"recording": base64.b64encode(b"film").decode()}
    kept = await operator("POST", f"{company}/meetings/{meeting.id}/recordings", 201, json=film)
    assert (await operator("GET", f"{company}/meetings", 200))["items"][0]["recordings"] == [kept]

    carriers = (await operator("GET", f"{V1}/carriers", 200))["items"]
    assert [(one["name"], one["state"]) for one in carriers] == [("relayed", "ready"), ("sandbox", "ready")]

    for path in (f"{V1}/openapi.json", "/health", "/ready"):
        await operator("GET", path, 200)
    await _reminds(world)
    await _has_account_keys(world)
    await _rings_groups(world)
    described = {
        (method.upper(), path) for path, item in operator.document["paths"].items() for method in item if method
    }
    assert described - operator.seen == {("GET", "/metrics")}


async def _has_account_keys(world: World) -> None:
    operator = world.operator
    account = (await world.core.companies.get(world.acme.company_id)).account_id
    path = f"{V1}/accounts/{account}"
    assert len((await operator("GET", f"{V1}/accounts", 200))["items"]) == 2
    assert len((await operator("GET", f"{path}/companies", 200))["items"]) == 1
    made = await operator("POST", f"{path}/keys", 201, json={"name": "main"})
    assert (await operator("GET", f"{path}/keys", 200))["items"] == [made["key"]]
    key = f"{path}/keys/{made['key']['id']}"
    assert (await operator("PATCH", key, 200, json={"active": False}))["active"] is False
    assert (await operator("POST", f"{key}/rotate", 200))["secret"] != made["secret"]
    await operator("DELETE", key, 204)


async def _rings_groups(world: World) -> None:
    operator, groups = world.operator, f"{world.company}/groups"
    instances = (await operator("GET", f"{world.company}/instances", 200))["items"]
    await operator("POST", groups, 422, json={"number": 800})  # there are several instances
    home = instances[0]["id"]
    made = await operator("POST", groups, 201, json={"number": 800, "instance_id": home, "members": [1001]})
    assert (await operator("GET", groups, 200))["items"] == [made]
    group = f"{groups}/{made['id']}"
    assert await operator("GET", group, 200) == made
    change = {"name": "Desk", "strategy": "sequential", "ring_s": 10, "tags": ["desk"]}
    changed = await operator("PATCH", group, 200, json=change)
    assert changed == {**made, **change, "updated_at": changed["updated_at"]}
    await operator("PATCH", group, 422, json={})
    await operator("PATCH", group, 422, json={"members": [1009]})  # another instance's
    await operator("PATCH", group, 400, json={"ring_s": 0})
    await operator("PATCH", group, 400, json={"instance_id": home})
    await operator("POST", groups, 409, json={"number": 1001, "instance_id": home})
    await operator("POST", groups, 404, json={"number": 801, "instance_id": MAX_ID})
    theirs = f"{V1}/companies/{world.globex.company_id}/groups"
    await operator("POST", theirs, 404, json={"number": 801, "instance_id": home})
    for method, body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
        await operator(method, f"{theirs}/{made['id']}", 404, json=body)
    await operator("DELETE", group, 204)
    await operator("GET", group, 404)


async def _reminds(world: World) -> None:
    operator, profiles = world.operator, f"{world.company}/outreach/profiles"
    settings = {"sender": world.acme.number, "attempts": 2}
    profile = await operator("POST", profiles, 201, json={"name": "Visits", "settings": settings})
    assert (await operator("GET", profiles, 200))["items"] == [profile]
    assert await operator("GET", f"{profiles}/{profile['id']}", 200) == profile
    changed = await operator("PATCH", f"{profiles}/{profile['id']}", 200, json={"settings": {"attempts": 3}})
    assert changed["settings"] == profile["settings"] | {"attempts": 3}
    reminders = f"{world.company}/outreach/reminders"
    given = {"profile_id": profile["id"], "name": "Jane", "phone_number": "3105550177"}
    made = [
        await operator("POST", reminders, 201, json={**given, "reminder_date": f"2099-03-{day:02d}T12:00:00Z"})
        for day in (3, 2, 1)
    ]
    page = await operator("GET", f"{reminders}?limit=2&state=scheduled&profile_id={profile['id']}", 200)
    assert page["items"] == [made[2], made[1]]
    rest = await operator("GET", f"{reminders}?after={page['next']}", 200)
    assert (rest["items"], rest["next"]) == ([made[0]], None)
    one = f"{reminders}/{made[0]['id']}"
    assert await operator("GET", one, 200) == made[0]
    assert (await operator("PATCH", one, 200, json={"name": "Jim"}))["name"] == "Jim"
    assert (await operator("PATCH", one, 422, json={}))["code"] == "invalid"
    assert (await operator("POST", f"{one}/confirm", 200))["confirmed"]
    assert (await operator("POST", f"{one}/cancel", 200))["cancelled"]
    assert (await operator("POST", f"{one}/confirm", 409))["code"] == "wrong_state"
    assert (await operator("DELETE", f"{profiles}/{profile['id']}", 409))["code"] == "wrong_state"
    for known in made:
        await operator("DELETE", f"{reminders}/{known['id']}", 204)
    await operator("DELETE", f"{profiles}/{profile['id']}", 204)
    await operator("POST", reminders, 404, json={**given, "reminder_date": "2099-03-01T12:00:00Z"})
    await operator("POST", profiles, 400, json={"name": "x", "settings": {"attempts": "3"}})
    refused = await operator("POST", profiles, 422, json={"name": "x", "settings": {"sender": world.globex.number}})
    assert (refused["code"], refused["field"]) == ("invalid", "sender")


async def test_lists_are_paged_by_key(world: World) -> None:
    operator, company = world.operator, world.company
    ids = [(await inbound(world, f"text {n}"))["id"] for n in range(5)]
    first = await operator("GET", f"{company}/messages?limit=2", 200)
    assert [one["id"] for one in first["items"]] == [ids[4], ids[3]]
    second = await operator("GET", f"{company}/messages?limit=3&before={first['next']}", 200)
    assert [one["id"] for one in second["items"]] == [ids[2], ids[1], ids[0]]
    last = await operator("GET", f"{company}/messages?limit=3&before={second['next']}", 200)
    assert last == {"items": [], "next": None}

    created = await operator("GET", f"{company}/events?type=message.created&limit=4", 200)
    assert [one["subject_id"] for one in created["items"]] == ids[:0:-1]
    rest = await operator("GET", f"{company}/events?type=message.created&limit=4&before={created['next']}", 200)
    assert ([one["subject_id"] for one in rest["items"]], rest["next"]) == ([ids[0]], None)

    conversation_id = world.acme.conversation.id
    of_one = await operator("GET", f"{company}/messages?conversation_id={conversation_id}", 200)
    assert len(of_one["items"]) == 5
    await operator("GET", f"{company}/messages?conversation_id={world.globex.conversation.id}", 404)
    page = await operator("GET", f"{company}/conversations?limit=1", 200)
    assert page["next"] == conversation_id
    assert (await operator("GET", f"{company}/conversations?before={page['next']}", 200))["items"] == []


async def test_one_company_never_shows_through_another(world: World) -> None:
    operator = world.operator
    key = await operator("POST", f"{world.company}/api-keys", 201, json={"dialect": "ringplan", "name": "k"})
    made = await operator("POST", f"{world.company}/endpoints", 201, json={"url": "https://example.com/"})
    tested = await operator("POST", f"{world.company}/endpoints/{made['endpoint']['id']}/test", 202)
    codes = world.core.credentials.one_time_codes
    await codes.begin(world.acme.company_id, world.acme.owner_id, account="owner", issuer="Acme")
    await inbound(world)
    other = f"{V1}/companies/{world.globex.company_id}"
    for method, path in (
        ("DELETE", f"api-keys/{key['key']['id']}"),
        ("DELETE", f"people/{world.acme.owner_id}/second-factor"),
        ("GET", f"endpoints/{made['endpoint']['id']}"),
        ("DELETE", f"endpoints/{made['endpoint']['id']}"),
        ("POST", f"endpoints/{made['endpoint']['id']}/pause"),
        ("POST", f"endpoints/{made['endpoint']['id']}/test"),
        ("GET", f"deliveries/{tested['event_id']}/0"),
        ("POST", f"deliveries/{tested['event_id']}/0/resend"),
        ("DELETE", f"subscriptions/{made['endpoint']['id']}"),
    ):
        assert (await operator(method, f"{other}/{path}", 404))["code"] == "not_found"
    foreign = await operator("POST", f"{other}/people/{world.acme.owner_id}/tokens", 404, json={})
    unknown = await operator("POST", f"{other}/people/{MAX_ID}/tokens", 404, json={})
    assert foreign == unknown
    for path in ("messages", "deliveries", "endpoints", "api-keys", "opt-outs"):
        assert (await operator("GET", f"{other}/{path}", 200))["items"] == []
    assert (await operator("GET", f"{world.company}/endpoints", 200))["items"] == [made["endpoint"]]


async def test_an_unknown_company_has_nothing_at_all(operator: Operator) -> None:
    paths = [path for path, item in operator.document["paths"].items() if "{company_id}" in path and "get" in item]
    assert len(paths) > 10
    for path in paths:
        address = path.replace("{company_id}", "1").replace("{event_id}", "2")
        address = address.replace("{subscription_id}", "3").replace("{endpoint_id}", "4")
        assert (await operator("GET", address, 404))["code"] == "not_found"


async def test_inbound_texts_are_received_once_with_their_files(world: World) -> None:
    core, company_id = world.core, world.acme.company_id
    file = await core.files.create(company_id, name="photo.png")
    assert (await inbound(world, status=422, files=[file.id]))["field"] == "files"
    await core.files.upload(company_id, file.id, content=b"hello", uploaded_name=None, mimetype=None)
    text = await inbound(world, reference="r1", files=[file.id])
    assert [one["id"] for one in text["files"]] == [file.id]
    assert (await inbound(world, reference="r1"))["id"] == text["id"]
    foreign = await core.files.create(world.globex.company_id, name="secret")
    assert (await inbound(world, status=404, files=[foreign.id]))["detail"] == "file not found"


BAD_TEXTS: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"to": "+19995550100"}, 404, "not_found"),
    ({"to": "Robert'); DROP TABLE messages;--"}, 404, "not_found"),
    ({"from": "x" * 65}, 422, "invalid"),
    ({"text": "a\x00b"}, 400, "bad_request"),
    ({"text": None}, 400, "bad_request"),
    ({"text": "x" * 40_000}, 400, "bad_request"),
    ({"reference": ""}, 400, "bad_request"),
    ({"files": [0]}, 400, "bad_request"),
    ({"files": [2**60]}, 400, "bad_request"),
    ({"surprise": 1}, 400, "bad_request"),
)


async def test_bad_inbound_texts_are_refused(world: World) -> None:
    for fields, status, code in BAD_TEXTS:
        assert (await inbound(world, status=status, **fields))["code"] == code, fields
    assert (await world.operator("GET", f"{world.company}/messages", 200))["items"] == []


async def test_bad_queries_are_refused(world: World) -> None:
    for query in (
        "limit=0",
        "limit=1001",
        "limit=x",
        "before=0",
        "before=-1",
        f"before={2**53}",
        "befor=1",
        "type=%00",
    ):
        assert (await world.operator("GET", f"{world.company}/events?{query}", 400))["code"] == "bad_request", query


async def test_what_is_no_id_is_not_found(operator: Operator) -> None:
    for written in ("0", "-1", "x", "1e3", str(2**53), "9" * 40, "%00", "1%2F2"):
        assert (await operator("GET", f"{V1}/companies/{written}", 404))["code"] == "not_found", written


async def test_bad_bodies_are_refused(world: World) -> None:
    for body in (b"", b"{", b"[]", b"null", b"\xff", b'{"since": "2026-01-01T00:00:00"}', b"[" * 9999):
        answer = await world.operator("POST", f"{world.company}/deliveries/recover", 400, data=body)
        assert answer["code"] == "bad_request", body


async def test_a_huge_body_is_refused_before_it_is_read(world: World) -> None:
    body = io.BytesIO(bytes(2_000_000))
    answer = await world.operator("POST", f"{world.company}/deliveries/recover", 413, data=body)
    assert answer["code"] == "too_large"


async def test_refusals_of_the_core_keep_their_meaning(world: World) -> None:
    operator, company = world.operator, world.company
    key = {"dialect": "ringplan", "name": "twice"}
    await operator("POST", f"{company}/api-keys", 201, json=key)
    assert (await operator("POST", f"{company}/api-keys", 409, json=key))["code"] == "already_exists"
    await operator("POST", f"{company}/api-keys", 404, json={**key, "name": "x", "person_id": world.globex.owner_id})
    made = await operator("POST", f"{company}/endpoints", 201, json={"url": "https://example.com/"})
    path = f"{company}/endpoints/{made['endpoint']['id']}/subscriptions"
    refused = await operator("POST", path, 422, json={"event_types": ["no.such"]})
    assert (refused["code"], refused["field"]) == ("invalid", "event_types")


async def test_no_token_no_answer(world: World) -> None:
    for header in (None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic dGVzdDp0ZXN0", "Bearer \xff"):
        await refused(world, header)


async def refused(world: World, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for method, path in (("GET", f"{V1}/companies"), ("POST", f"{V1}/inbound-texts"), ("GET", f"{V1}/companies/1")):
        async with world.operator.http.request(method, f"{world.base}{path}", headers=headers) as response:
            assert response.status == 401
            assert response.headers["WWW-Authenticate"] == "Bearer"
            assert (await response.json(content_type="application/problem+json"))["code"] == "unauthenticated"


async def test_an_api_key_is_no_operator_token(world: World) -> None:
    made = await world.core.credentials.create_api_key(world.acme.company_id, "ringplan", "k")
    await world.operator("GET", f"{V1}/companies", 401, headers={"Authorization": f"Bearer {made.secret}"})


async def test_addresses_and_methods_that_are_not_there(world: World) -> None:
    operator = world.operator
    assert (await operator("GET", f"{V1}/nonsense", 404))["code"] == "not_found"
    assert (await operator("GET", "/ringmain", 404))["code"] == "not_found"
    assert (await operator("PUT", world.company, 405))["code"] == "method_not_allowed"
    assert (await operator("GET", f"{world.company}/", 200))["name"] == "Acme"
