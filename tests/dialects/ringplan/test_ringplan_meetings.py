"""Meetings: row 52 of specs/ringplan.md, readings 31 and 33, and the routes of web clients (section 5)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest

from ringmain.dialects.ringplan import ids
from tests.conditions import eventually
from tests.dialects.ringplan.conftest import PUBLIC_URL, Caller, World, counts

EVENTS = "/meet/v2/events"
DAY = (datetime.now(UTC) + timedelta(days=30)).date()
START = f"{DAY}T15:00:00Z"
FIELDS = {
    "id", "g_id", "company_id", "user_id", "title", "description", "start", "end", "timezone", "attendees", "password",
    "recurrence", "jitsi_meeting_room_id", "jitsi_meeting_room", "created_at", "updated_at",
}  # fmt: skip


async def arrange(caller: Caller, **fields: Any) -> list[Any]:
    reply = await caller("POST", "/meet/v2/events", json={"title": "Plan", "start": START, **fields})
    assert reply.status == 201, reply.body
    made: list[Any] = reply.json()
    return made


async def user(caller: Caller, email: str) -> dict[str, str]:
    """A user who is not the owner, as a header."""
    reply = await caller("POST", "/company/contacts", json={"contacts": {"email": email}, "activated": True})
    return {"X-User-Id": reply.json()["id"]}


async def test_reading_31_a_meeting_now_is_an_array(acme: Caller, world: World) -> None:
    reply = await acme("POST", "/meet/v2/events", json={})
    assert reply.status == 201
    (event,) = reply.json()
    assert set(event) == FIELDS
    assert re.fullmatch(r"[0-9a-f]{24}", event["jitsi_meeting_room_id"])
    assert event["g_id"] and event["id"] != event["g_id"]
    assert (event["company_id"], event["user_id"]) == (acme.company, ids.encode(acme.office.owner_id))
    assert event["attendees"] == [{"email": "owner@acme.example", "status": "accepted", "is_organizer": True}]
    assert event["jitsi_meeting_room"]["meeting_video_data"] == []
    start, end = (datetime.fromisoformat(event[name]) for name in ("start", "end"))
    assert end - start == timedelta(hours=1)
    assert abs(datetime.now(UTC) - start) < timedelta(minutes=2)
    assert (await acme("GET", "/meet/v2/events")).json() == [event]


async def test_what_a_web_client_sends(acme: Caller, world: World) -> None:
    (event,) = await arrange(
        acme,
        description="Bring numbers",
        end=f"{DAY}T16:30:00Z",
        attendees=[{"email": "jane@example.com"}],
        password="s3cret",
        recurrence=None,
        timezone="ignored",
    )
    assert (event["start"], event["end"]) == (f"{DAY}T15:00:00.000000Z", f"{DAY}T16:30:00.000000Z")
    assert (event["title"], event["description"], event["password"]) == ("Plan", "Bring numbers", "s3cret")
    assert event["attendees"][1] == {"email": "jane@example.com", "status": "pending", "is_organizer": False}
    (mail,) = await world.core.mails.page(acme.office.company_id)
    assert (mail.subject, mail.recipients) == ("Invitation: Plan", ["jane@example.com"])
    ics = await world.core.database.fetchval("SELECT calendar FROM mails")
    (entry,) = icalendar.Calendar.from_ical(ics).walk("VEVENT")
    assert str(entry["LOCATION"]) == event["jitsi_meeting_room"]["full_link"]


async def test_recurrence_makes_a_group(acme: Caller) -> None:
    rule = {"frequency": "WEEKLY", "interval": 1, "by_week_day": [1, 3, 5], "count": 6}
    group = await arrange(acme, recurrence=rule)
    assert len(group) == 6
    assert len({event["g_id"] for event in group}) == len({event["jitsi_meeting_room_id"] for event in group}) == 1
    assert {datetime.fromisoformat(event["start"]).isoweekday() for event in group} == {1, 3, 5}
    assert group[0]["recurrence"] == {**rule, "end": None}
    until = str(DAY + timedelta(days=2))
    assert len(await arrange(acme, recurrence={"frequency": "DAILY", "end": until})) == 3
    assert len(await arrange(acme, recurrence={"frequency": "MONTHLY", "count": 2, "by_week_day": None})) == 2
    assert len(await arrange(acme, recurrence={"frequency": "YEARLY"})) == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"start": "tomorrow"},
        {"start": 5},
        {"end": START},
        {"end": "0001-01-01"},
        {"start": "9999-12-31T23:59:59Z"},
        {"attendees": [{"email": "nobody"}]},
        {"attendees": ["jane@example.com"]},
        {"attendees": [{"email": "jane@example.com", "status": "maybe"}]},
        {"attendees": [{"email": f"a{n}@b.example"} for n in range(100)]},
        {"recurrence": {}},
        {"recurrence": {"frequency": "HOURLY"}},
        {"recurrence": {"frequency": "DAILY", "interval": 0}},
        {"recurrence": {"frequency": "DAILY", "by_week_day": [0]}},
        {"recurrence": {"frequency": "DAILY", "by_week_day": [8]}},
        {"recurrence": {"frequency": "DAILY", "count": 0}},
        {"recurrence": {"frequency": "DAILY", "count": 367}},
        {"recurrence": {"frequency": "DAILY", "end": "2020-01-01"}},
        {"recurrence": {"frequency": "DAILY", "count": 2, "end": "2040-01-01"}},
        {"title": "x" * 201},
        {"title": 5},
        {"title": "\ud800"},
        {"description": "x" * 10_001},
    ],
)
async def test_refused_and_nothing_written(acme: Caller, world: World, fields: dict[str, Any]) -> None:
    (event,) = await arrange(acme)
    before = await counts(world.core.database)
    content = {"json": {"start": START, **fields}}
    (await acme("POST", "/meet/v2/events", **content)).problem(400)
    (await acme("PATCH", f"/meet/v2/events/{event['id']}", **content)).problem(400)
    assert await counts(world.core.database) == before


async def test_lists_by_date_and_page(acme: Caller) -> None:
    group = await arrange(acme, recurrence={"frequency": "DAILY", "count": 5})
    found = await acme("GET", f"/meet/v2/events?date_from={DAY + timedelta(days=1)}&date_to={DAY + timedelta(days=3)}")
    assert found.json() == group[1:4]
    assert found.headers["X-Pagination-Total-Count"] == "3"
    reply = await acme("GET", f"{EVENTS}?per_page=2&page=2")
    assert reply.json() == group[2:4]
    assert (reply.headers["X-Pagination-Total-Count"], reply.headers["X-Pagination-Page-Count"]) == ("5", "3")
    assert (await acme("GET", f"{EVENTS}?page=9")).json() == []
    assert (await acme("GET", f"{EVENTS}?date_from=2031-01-01&date_to=2030-01-01")).json() == []
    assert len((await acme("GET", f"{EVENTS}?per_page=undefined&page=undefined")).json()) == 5
    for query in ("date_from=soon", "date_to=2021-13-01", "date_from=%00"):
        (await acme("GET", f"{EVENTS}?{query}")).problem(400)


async def test_patch(acme: Caller, world: World) -> None:
    group = await arrange(
        acme, attendees=[{"email": "jane@example.com"}], recurrence={"frequency": "DAILY", "count": 2}
    )
    body = {"title": "Later", "start": f"{DAY}T17:00:00Z", "recurrence": group[0]["recurrence"], "password": "x"}
    reply = await acme("PATCH", f"/meet/v2/events/{group[0]['id']}", json=body)
    assert reply.status == 200
    changed = reply.json()
    assert (changed["title"], changed["end"], changed["password"]) == ("Later", f"{DAY}T18:00:00.000000Z", "x")
    assert changed["attendees"] == group[0]["attendees"]
    assert (await acme("GET", EVENTS)).json() == [changed, group[1]]
    mails = await world.core.mails.page(acme.office.company_id)
    assert [mail.subject for mail in mails] == ["Updated: Later", "Invitation: Plan"]
    whole = {**changed, "attendees": [*changed["attendees"], {"email": "kim@example.com"}], "password": None}
    changed = (await acme("PATCH", f"/meet/v2/events/{group[0]['id']}", json=whole)).json()
    assert [one["email"] for one in changed["attendees"]] == [
        "owner@acme.example",
        "jane@example.com",
        "kim@example.com",
    ]
    assert changed["password"] is None
    reply = await acme("PATCH", f"{EVENTS}/{group[0]['id']}", json={"recurrence": {"frequency": "DAILY", "count": 3}})
    assert "recurrence" in reply.problem(400)


async def test_delete(acme: Caller, world: World) -> None:
    group = await arrange(
        acme, attendees=[{"email": "jane@example.com"}], recurrence={"frequency": "DAILY", "count": 2}
    )
    reply = await acme("DELETE", f"/meet/v2/events/{group[0]['id']}")
    assert (reply.status, reply.body) == (204, b"")
    (await acme("DELETE", f"/meet/v2/events/{group[0]['id']}")).problem(404)
    assert (await acme("GET", EVENTS)).json() == group[1:]
    mails = await world.core.mails.page(acme.office.company_id)
    assert [mail.subject for mail in mails] == ["Cancelled: Plan", "Invitation: Plan"]


async def test_bulk_delete(acme: Caller) -> None:
    group = await arrange(acme, recurrence={"frequency": "DAILY", "count": 4})
    other = await arrange(acme)
    g_id = group[0]["g_id"]
    (await acme("DELETE", f"/meet/v2/bulk/events/{g_id}?date_from=soon")).problem(400)
    reply = await acme("DELETE", f"/meet/v2/bulk/events/{g_id}?date_from={DAY + timedelta(days=2)}")
    assert (reply.status, reply.body) == (204, b"")
    assert len((await acme("GET", EVENTS)).json()) == 3
    assert (await acme("DELETE", f"/meet/v2/bulk/events/{g_id}")).status == 204
    assert (await acme("GET", EVENTS)).json() == other
    (await acme("DELETE", f"/meet/v2/bulk/events/{g_id}")).problem(404)


async def test_row_52_reading_33_meeting_link(acme: Caller, globex: Caller) -> None:
    """The id is any text: a room's, or an event's."""
    path = "/meet/app/calendar/events/get-link"
    (event,) = await arrange(acme)
    room = event["jitsi_meeting_room_id"]
    for known in (room, event["id"]):
        reply = await acme("GET", f"{path}/{known}")
        assert (reply.status, reply.json()) == (200, {"full_link": f"https://meet.jit.si/{room}"})
        (await globex("GET", f"{path}/{known}")).problem(404)
        (await acme("GET", f"{path}/{known}", headers=await user(acme, f"{known}@example.com"))).problem(404)
    for unknown in ("214824405", "79951a6-4f51-5019-a897-0e7624828abf", "%00", "x" * 3000, "é"):
        (await acme("GET", f"{path}/{unknown}")).problem(404)


async def test_users_see_what_they_organize_or_are_invited_to(acme: Caller) -> None:
    jane = await user(acme, "jane@example.com")
    (hidden,) = await arrange(acme)
    (invited,) = await arrange(acme, attendees=[{"email": "Jane@Example.com"}])
    reply = await acme("POST", EVENTS, json={"start": START}, headers=jane)
    (own,) = reply.json()
    assert own["user_id"] == jane["X-User-Id"]
    assert {one["id"] for one in (await acme("GET", EVENTS, headers=jane)).json()} == {invited["id"], own["id"]}
    assert len((await acme("GET", EVENTS)).json()) == 3
    for event, status in ((hidden, 404), (invited, 403)):
        (await acme("PATCH", f"{EVENTS}/{event['id']}", json={"title": "x"}, headers=jane)).problem(status)
        (await acme("DELETE", f"{EVENTS}/{event['id']}", headers=jane)).problem(status)
        (await acme("DELETE", f"/meet/v2/bulk/events/{event['g_id']}", headers=jane)).problem(status)
    assert (await acme("PATCH", f"{EVENTS}/{own['id']}", json={"title": "x"}, headers=jane)).status == 200
    assert (await acme("PATCH", f"{EVENTS}/{own['id']}", json={"title": "y"})).status == 200


async def test_recordings(acme: Caller, globex: Caller, world: World) -> None:
    (event,) = await arrange(acme)
    room = event["jitsi_meeting_room_id"]
    (await acme("GET", f"/meet/v2/meeting/files/{room}")).problem(404)
    core, company_id = world.core, acme.office.company_id
    file = await core.files.create(company_id, name="meeting")
    await core.files.upload(company_id, file.id, content=b"film", uploaded_name="m.mp4", mimetype="video/mp4")
    await core.meetings.add_recording(company_id, ids.decode(event["id"], "meeting"), file.id)
    reply = await acme("GET", f"/meet/v2/meeting/files/{room}")
    assert reply.status == 200
    (recording,) = reply.json()
    assert (recording["id"], recording["name"], recording["size"]) == (ids.encode(file.id), "m.mp4", 4)
    link = recording.pop("link").removeprefix(PUBLIC_URL)
    played = await acme("GET", link, headers={"Authorization": None, "X-User-Id": None})
    assert (played.status, played.body) == (200, b"film")
    (shown,) = (await acme("GET", EVENTS)).json()
    assert shown["jitsi_meeting_room"]["meeting_video_data"] == [recording]
    for unknown in ("x", "%00", "f" * 24):
        (await acme("GET", f"/meet/v2/meeting/files/{unknown}")).problem(404)
    (await globex("GET", f"/meet/v2/meeting/files/{room}")).problem(404)


async def test_without_a_client_the_links_lead_to_a_page_that_says_so(acme: Caller) -> None:
    for path, name in (("/meet/app/calendar/get-auth-url", "google"), ("/meet/app/outlook/get-auth-url", "outlook")):
        reply = await acme("GET", path)
        assert reply.status == 200
        url = reply.json()["auth_url"].removeprefix(PUBLIC_URL)
        page = await acme("GET", url, headers={"Authorization": None, "X-User-Id": None})
        assert page.status == 503
        assert b"has set up no client" in page.body
        (await acme("GET", f"/meet/{name}/callback", headers={"Authorization": None})).problem(400)


async def test_events_reach_subscribers(acme: Caller, world: World) -> None:
    (event,) = await arrange(acme)
    await acme("DELETE", f"{EVENTS}/{event['id']}")

    async def kinds() -> list[str]:
        rows = await world.core.database.fetch("SELECT type FROM events WHERE type LIKE 'meeting.%' ORDER BY id")
        return [row["type"] for row in rows]

    assert await eventually(kinds) == ["meeting.created", "meeting.deleted"]
