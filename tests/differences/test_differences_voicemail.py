"""KNOWN_DIFFERENCES.md 64 to 69: voicemail, and a database that is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.voicemail.model import NewVoicemail
from ringmain.dialects.ringplan import ids
from tests.conditions import eventually
from tests.dialects.ringplan.conftest import Caller
from tests.differences.conftest import Place
from tests.documents.recordings import recorded, tone
from tests.recordings import wav

MESSAGES = "/voicemail/messages"
NOBODY: dict[str, str | None] = {"Authorization": None, "X-User-Id": None}
BLOCKED = "SELECT pid FROM pg_locks WHERE NOT granted AND $1 = ANY (pg_blocking_pids(pid))"
Leave = Callable[..., Awaitable[str]]


@pytest.fixture
async def leave(place: Place) -> Leave:
    """Leave a voicemail for extension 1001; answers its RingPlan id."""
    core, company_id = place.core, place.acme.office.company_id
    instance = await core.instances.create(company_id, name="pbx", domain="pbx.acme.example")
    extension = await core.extensions.create(company_id, instance.id, ExtensionChange(number=1001))

    async def receive(source: str = "", audio: bytes = wav(0.1)) -> str:
        given = NewVoicemail(audio=audio, source_number=source)
        return ids.encode((await core.voicemails.receive(company_id, extension.id, given)).id)

    return receive


async def listed(acme: Caller, query: str = "") -> list[Any]:
    reply = await acme("GET", f"{MESSAGES}{query}")
    assert reply.status == 200, reply.body
    found: list[Any] = reply.json()
    return found


async def test_64_callers_from_outside(acme: Caller, leave: Leave) -> None:
    for source in ("1002", "+13105550100", ""):
        await leave(source)
    shown = await listed(acme, "?sort=_id")
    assert [one["extension_source"] for one in shown] == [1002, 13105550100, None]
    (found,) = await listed(acme, "?extension_source=13105550100")
    assert found["_id"] == shown[1]["_id"]


async def test_65_fields_to_sort_by(acme: Caller, leave: Leave) -> None:
    first, second = await leave("1002"), await leave("1003", wav(0.3))
    for field in (
        "_id", "id", "time_received", "extension_source", "source_representation_name", "duration",
        "voicemail_file.duration",
    ):  # fmt: skip
        assert [one["_id"] for one in await listed(acme, f"?sort={field}")] == [first, second], field
        assert [one["_id"] for one in await listed(acme, f"?sort=-{field}")] == [second, first], field
    assert len(await listed(acme, "?sort=extension_destination,voicemail_email&sort=listened")) == 2
    (await acme("GET", f"{MESSAGES}?sort=pbx")).problem(400)


async def test_66_bulk_calls(acme: Caller, leave: Leave) -> None:
    first, second = await leave(), await leave()
    mark: dict[str, object] = {"message_ids": [first, second], "listened": True}
    marked = await acme("PATCH", "/voicemail/messages/bulk-update", json=mark)
    assert (marked.status, [one["_id"] for one in marked.json()]) == (200, [first, second])
    assert all(one["listened"] for one in marked.json())
    for message_ids, status in (([first, "0" * 24], 404), ([first] * 1001, 400)):
        body = {"message_ids": message_ids, "listened": False}
        (await acme("PATCH", "/voicemail/messages/bulk-update", json=body)).problem(status)
        (await acme("POST", "/voicemail/messages/bulk-delete", json=body)).problem(status)
    assert [one["listened"] for one in await listed(acme)] == [True, True]
    assert (await acme("DELETE", f"{MESSAGES}/{first}")).status == 204
    assert (await acme("POST", "/voicemail/messages/bulk-delete", json={"message_ids": [second]})).status == 204
    assert await listed(acme) == []


async def test_67_kinds_of_recordings(acme: Caller, leave: Leave) -> None:
    await leave(audio=recorded(tone(440, 0.2, 8000), 8000, "FLAC"))
    (shown,) = await listed(acme)
    file = shown["voicemail_file"]
    assert file["name"].endswith(".wav")
    assert file["duration"] == pytest.approx(0.2, abs=0.01)


async def test_68_links_to_recordings(acme: Caller, leave: Leave) -> None:
    await leave()
    (shown,) = await listed(acme)
    link = f"/{shown['voicemail_file']['link'].removeprefix('http://').partition('/')[2]}"
    assert (await acme("GET", link, headers=NOBODY)).body == wav(0.1)
    part = await acme("GET", link, headers={**NOBODY, "Range": "bytes=0-3"})
    assert (part.status, part.body) == (206, b"RIFF")
    assert (await acme("GET", f"{link}&format=mp3", headers=NOBODY)).headers["Content-Type"] == "audio/mpeg"
    (await acme("GET", link.partition("?")[0], headers=NOBODY)).problem(403)


async def test_69_a_database_that_is_away(place: Place) -> None:
    company_id, change = place.acme.office.company_id, {"website": "acme.example"}
    other = await asyncpg.connect(place.core.database.dsn)
    try:
        async with other.transaction():
            await other.execute("SELECT FROM companies WHERE id = $1 FOR UPDATE", company_id)
            asked = asyncio.create_task(place.acme("PATCH", "/company", json=change))
            pid = await eventually(lambda: other.fetchval(BLOCKED, other.get_server_pid()))
            await other.execute("SELECT pg_terminate_backend($1)", pid)
            (await asked).problem(503)
    finally:
        await other.close()
    assert (await place.acme("PATCH", "/company", json=change)).status == 200
