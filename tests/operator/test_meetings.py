"""Meetings by the operator API: recordings as base64 in JSON, or as files of forms."""

import base64
import io

import aiohttp
import pytest

from ringmain.core.meetings.model import NewMeeting, Recurrence
from tests.operator.conftest import V1, Operator, World

FILM = b"\0\0\0\x18ftypmp42" + b"film" * 100


@pytest.fixture
async def meeting_id(world: World) -> int:
    new = NewMeeting(title="Plan", password="s3cret")
    (meeting,) = await world.core.meetings.create(world.acme.company_id, world.acme.owner_id, new)
    return meeting.id


async def test_recordings_are_shown_with_the_meeting(operator: Operator, world: World, meeting_id: int) -> None:
    path = f"{world.company}/meetings/{meeting_id}/recordings"
    body = {"recording": base64.b64encode(FILM).decode(), "name": "../plan.mp4"}
    first = await operator("POST", path, 201, json=body)
    assert (first["name"], first["mimetype"], first["size"]) == ("plan.mp4", "video/mp4", len(FILM))
    data = aiohttp.FormData()
    data.add_field("recording", io.BytesIO(b"words"), filename="ignored", content_type="text/plain")
    data.add_field("mimetype", "text/plain")
    data.add_field("name", "words.txt")
    second = await operator("POST", path, 201, data=data)
    assert (second["name"], second["mimetype"], second["size"]) == ("words.txt", "text/plain", 5)
    listed = await operator("GET", f"{world.company}/meetings", 200)
    assert listed["total"] == 1
    (shown,) = listed["items"]
    assert (shown["id"], shown["title"], shown["recordings"]) == (meeting_id, "Plan", [first, second])
    assert "s3cret" not in str(listed)
    assert await world.core.files.read(world.acme.company_id, first["file_id"]) == FILM


async def test_a_room_that_several_meetings_share(operator: Operator, world: World) -> None:
    new = NewMeeting(recurrence=Recurrence(frequency="DAILY", count=2))
    first, second = await world.core.meetings.create(world.acme.company_id, world.acme.owner_id, new)
    body = {"recording": base64.b64encode(FILM).decode()}
    made = await operator("POST", f"{world.company}/meetings/{second.id}/recordings", 201, json=body)
    assert made["name"] == "recording.mp4"
    shown = (await operator("GET", f"{world.company}/meetings?per_page=1", 200))["items"]
    assert [(one["id"], one["recordings"]) for one in shown] == [(first.id, [made])]


async def test_what_cannot_be_added_leaves_no_file(operator: Operator, world: World, meeting_id: int) -> None:
    good = {"recording": base64.b64encode(FILM).decode()}
    foreign = f"{V1}/companies/{world.globex.company_id}/meetings"
    await operator("POST", f"{foreign}/{meeting_id}/recordings", 404, json=good)
    await operator("POST", f"{world.company}/meetings/1/recordings", 404, json=good)
    path = f"{world.company}/meetings/{meeting_id}/recordings"
    for bad in ({}, {"recording": "?"}, {**good, "name": 5}, {**good, "other": 1}):
        await operator("POST", path, 400, json=bad)
    await operator("POST", path, 401, json=good, headers={})
    assert (await operator("GET", foreign, 200)) == {"items": [], "total": 0}
    assert await world.core.database.fetchval("SELECT count(*) FROM files") == 0
