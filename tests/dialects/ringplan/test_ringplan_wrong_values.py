"""Values that no field of a body can have: RingPlan's own 4xx, or an answer where the field is ignored."""

import asyncio
import copy
from collections.abc import Iterator
from itertools import cycle
from typing import Any

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import World
from tests.dialects.ringplan.test_ringplan_everywhere import BODIES, BODILESS, belongings, name_of, table

ABSENT = ids.encode(8192)
WRONG: tuple[Any, ...] = ([None], 10**30)
"""A wrong type for nearly every field, and a number that no column holds: each field gets the one or the other."""
AT_ONCE = 6
ADDRESS = {"city": "Reno", "street": {"name": "Main", "number": 7, "type": "St"}, "zip": "89501", "number": "7"}
LOCATION = {
    **dict.fromkeys(("address2", "callerid", "city", "country", "fax", "phone", "state", "zip"), "x"),
    "building": {"type": "Suite", "value": "5"},
    "e911_provisioned": False,
    "email": "a@b.example",
    "latitude": 1.5,
    "longitude": 2.5,
    "name": "HQ",
    "pbx_id": "79951a6-4f51-5019-a897-0e7624828abf",
    "street": ADDRESS["street"],
    "company_id": ABSENT,
}
EXTENSION = {
    "data": {"id": 1002, "extension": 1002, "name": "Ann", "voicemail_email": "a@b.example", "outboundcid": "1"},
    "location_id": ABSENT,
    "outbound_callerid": {"name": "Ann", "number": "2025550123", "value": "x"},
    "purpose": "softphone",
    "reserved": {"config_id": "x", "to": "polycom"},
    "user": {"id": ABSENT},
}
USER = {
    "activated": True,
    "address": ADDRESS,
    "birthdate": "1990-12-31",
    "contacts": {"email": "new@b.example", "fax": "1", "phones": {"home": "1", "work": "2"}},
    "description": "x",
    "first_name": "Ann",
    "last_name": "Lee",
    "primary_agent": ABSENT,
    "timezone": "UTC",
    "title": "Ms",
}
COMPANY = {"address": ADDRESS, "billing_email": "a@b.example", "employees": 1, "name": "x", "onboarding": True}
FAX = {
    "emails": ["a@b.example"],
    "file": {"id": ABSENT},
    "from": "2052726012",
    "from_name": "x",
    "subject": "x",
    "to": "8584375000",
    "to_name": "x",
    "send_at": "2100-01-01",
    "is_read": True,
    "hidden": False,
}
MEETING = {
    "title": "x",
    "description": "x",
    "start": "2100-01-01T09:00:00Z",
    "end": "2100-01-01T10:00:00Z",
    "password": "x",
    "attendees": [{"email": "a@b.example", "status": "accepted"}],
    "recurrence": {"frequency": "DAILY", "interval": 1, "by_week_day": [1], "count": 2, "end": None},
}
DIRECTORY = {
    **dict.fromkeys(("first_name", "last_name", "salutation", "birthday", "fax", "mailing_address"), "x"),
    "phone": "3105550188",
    "email": "a@b.example",
    "address": {"country": "x", "street": "x", "zipcode": "x"},
    "job_details": {"position": "x", "reports_to": "x"},
    "organization_details": {"organization": "x"},
}
MESSAGE = {"text": "x", "files": [ABSENT], "stamp_id": "s", "created_at": "x", "with_warning": False}
STATUS = {
    "main_status": {"status": "away"},
    "additional_status": {"status": "lunch", "action": "set", "action_type": "manual"},
}
WHOLE: dict[str, object] = {
    "extensions": EXTENSION,
    "locations": LOCATION,
    "contacts": USER,
    "company": COMPANY,
    "inbound": FAX,
    "outbound": FAX,
    "scheduled": FAX,
    "events": MEETING,
    "publish": MESSAGE,
    "current-user": STATUS,
}
"""Bodies with every field, by the last word of their paths."""


def body_of(name: str) -> object:
    """The richest body that the route knows."""
    path = name.partition(" ")[2]
    if path.startswith("/company/directory"):
        return DIRECTORY
    if path.startswith("/texting/contacts"):
        return {"number": "2135550100", "first_name": "x", "last_name": "x"}
    words = [word for word in path.split("/") if not word.startswith("{")]
    return WHOLE.get(words[-1], BODIES[name])


def places(body: Any, *above: Any) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a body."""
    for key in body if isinstance(body, dict) else range(len(body)) if isinstance(body, list) else ():
        yield (*above, key)
        yield from places(body[key], *above, key)


def spoiled(body: Any, place: tuple[Any, ...], value: object) -> Any:
    """The body with another value there."""
    changed = copy.deepcopy(body)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return changed


async def test_every_field_of_every_body_with_what_it_cannot_be(world: World) -> None:
    """Of one's own things, so that the ids in the path are no reason to refuse; one after the other would take long."""
    caller, own = world.globex, await belongings(world)
    tries = [
        (endpoint.method, endpoint.path.format(**own), spoiled(body_of(name_of(endpoint)), place, value))
        for endpoint in table(world)
        if name_of(endpoint) in BODIES and name_of(endpoint) not in BODILESS and not endpoint.public
        for place, value in zip(places(body_of(name_of(endpoint))), cycle(WRONG), strict=False)
    ]
    assert len(tries) > 250
    refused = 0

    async def work() -> None:
        nonlocal refused
        while tries:
            method, path, body = tries.pop()
            reply = await caller(method, path, json=body)
            assert reply.status < 500, (method, path, body, reply.body)
            if reply.status >= 400:
                reply.problem(reply.status)
                refused += 1

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    assert refused > 200
