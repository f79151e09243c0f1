"""KNOWN_DIFFERENCES.md 81 to 88: meetings and calendars."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ringmain.dialects.ringplan import ids
from tests.dialects.ringplan.conftest import Caller
from tests.differences.conftest import Place

EVENTS = "/meet/v2/events"
START = datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=30)
NOBODY: dict[str, str | None] = {"Authorization": None, "X-User-Id": None}
CONNECTED = """
INSERT INTO calendar_connections (company_id, person_id, provider, account, access_token, expires_at, updated_at)
VALUES ($1, $2, $3, $4, 'sealed', now() + interval '1 hour', '2026-03-04T23:30:00Z')
"""


async def arrange(acme: Caller, user: dict[str, str | None] | None = None, **fields: Any) -> list[Any]:
    reply = await acme("POST", EVENTS, json={"start": START.isoformat(), **fields}, headers=user)
    assert reply.status == 201, reply.body
    made: list[Any] = reply.json()
    return made


@pytest.fixture
async def sam(place: Place) -> dict[str, str | None]:
    """A user who is not the owner, as a header."""
    person = await place.core.people.create(place.acme.office.company_id, email="sam@acme.example")
    return {"X-User-Id": ids.encode(person.id)}


async def test_81_links_without_a_client(acme: Caller) -> None:
    for path in ("/meet/app/calendar/get-auth-url", "/meet/app/outlook/get-auth-url"):
        reply = await acme("GET", path)
        assert reply.status == 200
        url = "/" + reply.json()["auth_url"].removeprefix("http://").partition("/")[2]
        page = await acme("GET", url, headers=NOBODY)
        assert (page.status, b"set up no client" in page.body) == (503, True)


async def test_82_revoke_by_post_and_delete(place: Place) -> None:
    acme, office = place.acme, place.acme.office
    for name in ("google", "outlook"):
        for method, content in (("POST", {"json": {"calendar": "jane@gmail.example"}}), ("DELETE", {})):
            reply = await acme(method, f"/meet/{name}/revoke", **content)
            assert (reply.status, reply.json()) == (400, {"result": False})
    # What cannot be withdrawn at the provider stays, unless it was sealed under a key that is lost.
    await place.core.database.execute(CONNECTED, office.company_id, office.owner_id, "google", "jane@gmail.example")
    for body in ({"calendar": "kim@gmail.example"}, {"calendar": ""}, {}):
        reply = await acme("POST", "/meet/google/revoke", json=body)
        assert (reply.status, reply.json()) == (400, {"result": False})
    reply = await acme("DELETE", "/meet/google/revoke")
    assert (reply.status, reply.json()) == (200, {"result": True})


async def test_83_google_before_outlook(place: Place) -> None:
    acme, office = place.acme, place.acme.office
    (await acme("GET", "/meet/app/calendar")).problem(404)
    for name, account in (("outlook", "jane@outlook.example"), ("google", "jane@gmail.example")):
        await place.core.database.execute(CONNECTED, office.company_id, office.owner_id, name, account)
        assert (await acme("GET", "/meet/app/calendar")).json() == {
            "calendar": account,
            "update": "2026-03-04",
            "user_id": ids.encode(office.owner_id),
        }


async def test_84_meetings_are_an_array(acme: Caller) -> None:
    reply = await acme("POST", EVENTS, json={})
    (event,) = reply.json()
    assert reply.status == 201
    start, end = (datetime.fromisoformat(event[name]) for name in ("start", "end"))
    assert end - start == timedelta(hours=1)
    assert abs(datetime.now(UTC) - start) < timedelta(minutes=2)
    assert event["title"] == "Meeting"
    changed = await acme("PATCH", f"{EVENTS}/{event['id']}", json={"title": "Plan"})
    assert (changed.status, changed.json()["title"]) == (200, "Plan")
    too_long = {"end": (start + timedelta(days=32)).isoformat()}
    for body in (too_long, {"end": event["start"]}):
        (await acme("PATCH", f"{EVENTS}/{event['id']}", json=body)).problem(400)
    assert (await acme("DELETE", f"/meet/v2/bulk/events/{event['g_id']}")).status == 204
    assert (await acme("GET", EVENTS)).json() == []


async def test_85_rules_end(acme: Caller) -> None:
    assert len(await arrange(acme, recurrence={"frequency": "YEARLY"})) == 3
    assert len(await arrange(acme, recurrence={"frequency": "DAILY"})) == 366
    assert len(await arrange(acme, recurrence={"frequency": "DAILY", "count": 366})) == 366
    for rule in (
        {"frequency": "DAILY", "count": 367},
        {"frequency": "DAILY", "end": (START + timedelta(days=400)).isoformat()},
        {"frequency": "DAILY", "count": 2, "end": (START + timedelta(days=4)).isoformat()},
    ):
        (await acme("POST", EVENTS, json={"start": START.isoformat(), "recurrence": rule})).problem(400)


async def test_86_changes_concern_one_meeting(acme: Caller) -> None:
    rule = {"frequency": "WEEKLY", "count": 3}
    first, second, third = await arrange(acme, recurrence=rule)
    assert len({one["g_id"] for one in (first, second, third)}) == 1
    path = f"{EVENTS}/{second['id']}"
    (await acme("PATCH", path, json={"recurrence": {"frequency": "DAILY", "count": 3}})).problem(400)
    assert (await acme("PATCH", path, json={"title": "Moved", "recurrence": second["recurrence"]})).status == 200
    assert [one["title"] for one in (await acme("GET", EVENTS)).json()] == ["Meeting", "Moved", "Meeting"]
    since = f"/meet/v2/bulk/events/{first['g_id']}?date_from={second['start']}"
    assert (await acme("DELETE", since)).status == 204
    assert [one["id"] for one in (await acme("GET", EVENTS)).json()] == [first["id"]]


async def test_87_who_sees_meetings(acme: Caller, sam: dict[str, str | None]) -> None:
    (hidden,) = await arrange(acme)
    (invited,) = await arrange(acme, attendees=[{"email": "SAM@acme.example"}])
    (own,) = await arrange(acme, sam)
    seen = {one["id"] for one in (await acme("GET", EVENTS, headers=sam)).json()}
    assert seen == {invited["id"], own["id"]}
    assert len((await acme("GET", EVENTS)).json()) == 3
    link = "/meet/app/calendar/events/get-link"
    for event, status in ((hidden, 404), (invited, 403)):
        (await acme("PATCH", f"{EVENTS}/{event['id']}", json={"title": "x"}, headers=sam)).problem(status)
        (await acme("DELETE", f"{EVENTS}/{event['id']}", headers=sam)).problem(status)
    (await acme("GET", f"{link}/{hidden['id']}", headers=sam)).problem(404)
    assert (await acme("GET", f"{link}/{invited['id']}", headers=sam)).status == 200
    assert (await acme("PATCH", f"{EVENTS}/{own['id']}", json={"title": "x"})).status == 200


async def test_88_links_of_rooms_and_events(acme: Caller) -> None:
    (event,) = await arrange(acme)
    room = event["jitsi_meeting_room_id"]
    for meeting_id in (room, event["id"]):
        reply = await acme("GET", f"/meet/app/calendar/events/get-link/{meeting_id}")
        assert reply.json() == {"full_link": f"https://meet.jit.si/{room}"}
    assert event["jitsi_meeting_room"]["full_link"] == f"https://meet.jit.si/{room}"
    (await acme("GET", "/meet/app/calendar/events/get-link/214824405")).problem(404)
