"""Law 3 inside bodies, queries and nested paths: ids and numbers of another company's things beside one's own."""

import re
from typing import Any, Final

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller, World, counts
from tests.dialects.ringplan.test_ringplan_everywhere import belongings, meeting_of, pbx_of, user_of

NOTHING: Final = ids.encode(8192)
NOT_OURS: Final = "+12025550199"
FAX: Final = "+12025550188"

Case = tuple[str, str, dict[str, Any]]
"""A method, a path with what is one's own in braces, and options with `?kind?` where the foreign id stands."""

CASES: Final[tuple[Case, ...]] = (
    ("POST", "/texting/conversations", {"json": {"contact_id": "?texting_contact_id?", "from_number": "{number}"}}),
    ("POST", "/texting/conversations", {"json": {"contact_id": "{texting_contact_id}", "from_number": "?number?"}}),
    ("GET", "/texting/conversations/?conversation_id?/messages", {}),
    ("PATCH", "/texting/conversations/{conversation_id}/messages/?message_id?", {"json": {"is_read": True}}),
    ("DELETE", "/texting/conversations/{conversation_id}/messages", {"params": {"ids": "{message_id},?message_id?"}}),
    (
        "POST",
        "/texting/conversations/{conversation_id}/messages/publish",
        {"json": {"text": "x", "files": ["?file_id?"]}},
    ),
    (
        "POST",
        "/texting/v2/conversations",
        {"json": {"recipients": [{"number": "2135550100"}], "from_number": "?number?"}},
    ),
    ("GET", "/texting/v2/conversations", {"params": {"contact_id": "?texting_contact_id?"}}),
    ("GET", "/texting/v2/conversations", {"params": {"from_numbers": "?number?"}}),
    (
        "POST",
        "/instances/{instance_uuid}/bulks/extensions",
        {"json": {"data": {"id": 901}, "user": {"id": "?contact_id?"}}},
    ),
    (
        "POST",
        "/instances/{instance_uuid}/bulks/extensions",
        {"json": {"data": {"id": 901}, "location_id": "?location_id?"}},
    ),
    ("PATCH", "/instances/{instance_uuid}/bulks/extensions/{extension_id}", {"json": {"user": {"id": "?contact_id?"}}}),
    ("PUT", "/instances/{instance_uuid}/bulks/extensions/{extension_id}", {"json": {"location_id": "?location_id?"}}),
    ("PATCH", "/instances/{instance_uuid}/bulks/extensions/?extension_id?", {"json": {"data": {"name": "Mallory"}}}),
    ("DELETE", "/instances/{instance_uuid}/bulks/extensions/?extension_id?", {}),
    ("PATCH", "/instances/?instance_uuid?/bulks/extensions/{extension_id}", {"json": {"data": {"name": "Mallory"}}}),
    (
        "GET",
        "/phones/qr-config/advanced",
        {"params": {"extension_id": "?extension_id?", "instance_uuid": "{instance_uuid}"}},
    ),
    (
        "GET",
        "/phones/qr-config/advanced",
        {"params": {"extension_id": "{extension_id}", "instance_uuid": "?instance_uuid?"}},
    ),
    ("GET", "/account/?contact_id?/extensions", {}),
    ("PATCH", "/company/contacts/{contact_id}", {"json": {"primary_agent": "?contact_id?"}}),
    (
        "POST",
        "/company/contacts",
        {"json": {"contacts": {"email": "new@example.com"}, "primary_agent": "?contact_id?"}},
    ),
    ("POST", "/company/locations", {"json": {"name": "Mallory", "company_id": "?company_id?"}}),
    ("PATCH", "/company/locations/{location_id}", {"json": {"company_id": "?company_id?"}}),
    ("PATCH", "/company/locations/{location_id}", {"json": {"pbx_id": "?instance_uuid?"}}),
    ("POST", "/files", {"json": {"name": "x", "company_id": "?company_id?"}}),
    ("POST", "/voicemail/messages/bulk-delete", {"json": {"message_ids": ["{voicemail_id}", "?voicemail_id?"]}}),
    (
        "PATCH",
        "/voicemail/messages/bulk-update",
        {"json": {"message_ids": ["{voicemail_id}", "?voicemail_id?"], "listened": True}},
    ),
    ("POST", "/fax/messages/outbound", {"json": {"file": {"id": "?file_id?"}, "from": "{fax}", "to": "8584375000"}}),
    (
        "POST",
        "/fax/messages/scheduled",
        {"json": {"file": {"id": "?file_id?"}, "from": "{fax}", "to": "8584375000", "send_at": "2100-01-01"}},
    ),
    ("GET", "/meet/app/calendar/events/get-link/?event_id?", {}),
    ("GET", "/meet/app/calendar/events/get-link/?room_id?", {}),
    ("GET", "/pbx/queues/?queue_id?/status", {}),
    ("GET", "/statuses/v2/users", {"params": {"user_id": "?contact_id?"}}),
)
QUIET: Final = frozenset({"/texting/v2/conversations", "/statuses/v2/users"})
"""Lists, which are empty."""


def filled(given: Any, mine: dict[str, str], other: dict[str, str]) -> Any:
    """What is one's own and what is not put into their places."""
    if isinstance(given, str):
        own = re.sub(r"{(\w+)}", lambda found: mine[found[1]], given)
        return re.sub(r"\?(\w+)\?", lambda found: other[found[1]], own)
    if isinstance(given, dict):
        return {key: filled(value, mine, other) for key, value in given.items()}
    return [filled(value, mine, other) for value in given] if isinstance(given, list) else given


async def own(world: World, caller: Caller) -> dict[str, str]:
    """Ids of what the caller's company has."""
    location = (await caller("POST", "/company/locations", json={"name": "Main"})).json()
    await world.core.numbers.create(caller.office.company_id, FAX, sms=False, fax=True)
    return {
        **await pbx_of(world, caller),
        **await meeting_of(caller),
        "contact_id": await user_of(caller),
        "location_id": location["id"],
        "conversation_id": caller.conversation,
        "message_id": (await caller.publish())["id"],
        "texting_contact_id": caller.contact,
        "number": caller.office.number,
        "fax": FAX,
    }


async def test_another_companys_ids_are_unknown_beside_ones_own(world: World) -> None:
    """The answer to another company's id is that to an id of nothing; nothing is written, also not of one's own."""
    theirs = await belongings(world) | {"queue_id": "701"}
    mine = await own(world, world.acme)
    nothing = dict.fromkeys(theirs, NOTHING) | {"number": NOT_OURS, "queue_id": "702", "room_id": "nothing"}
    nothing["instance_uuid"] = "79951a68-4f51-5019-a897-0e7624828abf"
    before = await counts(world.core.database)
    for method, path, options in CASES:
        answers = []
        for other in (theirs, nothing):
            sent = filled(options, mine, other)
            reply = await world.acme(method, filled(path, mine, other), **sent)
            if path in QUIET and method == "GET":
                assert reply.json() == []
            else:
                assert reply.status in (400, 404), (method, path, options, reply.body)
            answers.append((reply.status, reply.body))
        assert answers[0] == answers[1], (method, path, options)
    assert await counts(world.core.database) == before
