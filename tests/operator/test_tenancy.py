"""Law 3 for operators: who names a company gets nothing of another one, wherever its id stands."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.meetings.model import NewMeeting
from tests.operator.conftest import V1, World

BODIES: Final[Mapping[str, dict[str, Any]]] = {
    "recordings": {"recording": "AAAA"},
    "subscriptions": {"event_types": ["message.created"]},
    "subscriber": {"state": "REGISTERED"},
    "tokens": {"lifetime_seconds": 60},
    "presence": {"status": "away"},
    "queues/{queue_number}": {"name": "Mallory"},
    "groups/{group_id}": {"name": "Mallory"},
    "profiles/{profile_id}": {"name": "Mallory"},
    "reminders/{reminder_id}": {"name": "Mallory"},
}
"""What operations need besides, by the end of their path."""
WRITTEN: Final = ("endpoints", "subscriptions", "groups", "people", "extensions", "api_keys", "presence", "events")


async def belongings(world: World) -> dict[str, int]:
    """Ids of what Globex has, by the name of the path parameter."""
    core, globex, operator = world.core, world.globex, world.operator
    company = f"{V1}/companies/{globex.company_id}"
    instance = await core.instances.create(globex.company_id, name="pbx", domain="pbx.example.com")
    extension = await core.extensions.create(globex.company_id, instance.id, ExtensionChange(number=1001))
    endpoint = (await operator("POST", f"{company}/endpoints", 201, json={"url": "https://example.com/"}))["endpoint"]
    path = f"{company}/endpoints/{endpoint['id']}"
    wanted = {"event_types": ["message.created"]}
    subscription = await operator("POST", f"{path}/subscriptions", 201, json=wanted)
    tested = await operator("POST", f"{path}/test", 202)
    key = await operator("POST", f"{company}/api-keys", 201, json={"dialect": "ringplan", "name": "test"})
    group = await operator("POST", f"{company}/groups", 201, json={"number": 800})
    (meeting,) = await core.meetings.create(
        globex.company_id, globex.owner_id, NewMeeting(title="x", starts_at=datetime(2099, 1, 1, tzinfo=UTC))
    )
    profile = await operator(
        "POST", f"{company}/outreach/profiles", 201, json={"name": "Visits", "settings": {"sender": globex.number}}
    )
    given = {
        "profile_id": profile["id"],
        "name": "Jane",
        "phone_number": "+13105550177",
        "reminder_date": "2099-03-04T14:30:00Z",
    }
    reminder = await operator("POST", f"{company}/outreach/reminders", 201, json=given)
    return {
        "person_id": globex.owner_id,
        "instance_id": instance.id,
        "extension_id": extension.id,
        "endpoint_id": endpoint["id"],
        "subscription_id": subscription["id"],
        "event_id": tested["event_id"],
        "key_id": key["key"]["id"],
        "group_id": group["id"],
        "meeting_id": meeting.id,
        "profile_id": profile["id"],
        "reminder_id": reminder["id"],
        "queue_number": 700,
        "conversation_id": globex.conversation.id,
    }


async def written(world: World) -> list[tuple[int, int]]:
    rows = [
        await world.core.database.fetchrow(f"SELECT count(*), coalesce(max(xmin::text::bigint), 0) FROM {table}")
        for table in WRITTEN
    ]
    return [tuple(row) for row in rows if row is not None]


async def test_another_companys_ids_are_not_found(world: World) -> None:
    operator = world.operator
    theirs = await belongings(world)
    before = await written(world)
    tried = 0
    for template, operations in operator.document["paths"].items():
        names = re.findall(r"{(\w+)}", template)
        if "company_id" not in names or len(names) == 1:
            continue
        path = template.format(**theirs, company_id=world.acme.company_id)
        for method in operations:
            body = next((body for end, body in BODIES.items() if template.endswith(end)), {})
            options = {} if method in ("get", "delete") else {"json": body}
            assert (await operator(method.upper(), path, 404, **options))["code"] == "not_found", (method, template)
            tried += 1
    assert tried >= 25
    assert await written(world) == before


async def test_another_companys_ids_in_queries_and_bodies(world: World) -> None:
    operator, company = world.operator, world.company
    theirs = await belongings(world)
    before = await written(world)
    since = "2020-01-01T00:00:00Z"
    await operator("GET", f"{company}/messages?conversation_id={theirs['conversation_id']}", 404)
    for query in (f"endpoint_id={theirs['endpoint_id']}", f"subscription_id={theirs['subscription_id']}"):
        assert (await operator("GET", f"{company}/deliveries?{query}", 200))["items"] == []
    ask = {"since": since, "endpoint_id": theirs["endpoint_id"]}
    await operator("POST", f"{company}/deliveries/recover", 404, json=ask)
    ask = {"since": since, "subscription_id": theirs["subscription_id"]}
    await operator("POST", f"{company}/deliveries/replay-missing", 404, json=ask)
    key = {"dialect": "ringplan", "name": "x", "person_id": theirs["person_id"]}
    await operator("POST", f"{company}/api-keys", 404, json=key)
    assert await written(world) == before
