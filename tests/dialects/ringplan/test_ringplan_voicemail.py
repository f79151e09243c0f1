"""Voicemail: row 35 of specs/ringplan.md, its ambiguities of section 6, and the routes of section 5."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.voicemail.model import NewVoicemail, Voicemail
from ringmain.dialects.ringplan import ids
from ringmain.dialects.ringplan import voicemail as routes
from tests.dialects.ringplan.conftest import PUBLIC_URL, Caller, World
from tests.documents.recordings import heard
from tests.recordings import wav

MESSAGES = "/voicemail/messages"
WAV = wav(0.5)
NOBODY: dict[str, str | None] = {"Authorization": None, "X-User-Id": None}
FIELDS = {
    "_id", "company_id", "extension_destination", "extension_destination_id", "extension_source", "listened", "pbx",
    "pbx_msg_id", "source_representation_name", "time_received", "transcription", "voicemail_email", "voicemail_file",
}  # fmt: skip
Leave = Callable[..., Awaitable[Voicemail]]


@pytest.fixture
async def leave(world: World) -> Leave:
    """Leave a voicemail for extension 1001 or 1002 of Acme."""
    voicemails, company_id = world.core.voicemails, world.acme.office.company_id
    instance = await world.core.instances.create(company_id, name="pbx", domain="pbx.acme.example")
    for number in (1001, 1002):
        change = ExtensionChange(number=number, name=f"N{number}", data={"voicemail_email": f"{number}@example.com"})
        await world.core.extensions.create(company_id, instance.id, change)

    async def receive(number: int = 1001, **fields: Any) -> Voicemail:
        extension_id = await voicemails.find_extension(company_id, number=number)
        given = NewVoicemail(**({"audio": WAV, "source_number": "1002"} | fields))
        return await voicemails.receive(company_id, extension_id, given)

    return receive


async def listed(caller: Caller, query: str = "") -> list[str]:
    reply = await caller("GET", f"{MESSAGES}{query}")
    assert reply.status == 200, reply.body
    assert reply.headers["X-Pagination-Total-Count"] == str(len(reply.json()))
    return [one["_id"] for one in reply.json()]


async def test_row_35_the_voicemail_object(acme: Caller, leave: Leave, world: World) -> None:
    made = await leave(received_at=datetime(2021, 7, 28, 16, 18, 17, 404000, UTC), reference="asterisk-7")
    (shown,) = (await acme("GET", f"{MESSAGES}/")).json()
    assert set(shown) == FIELDS
    instance = await world.core.instances.get(made.company_id, made.instance_id)
    assert (shown["_id"], shown["company_id"], shown["pbx"]) == (ids.encode(made.id), acme.company, str(instance.uuid))
    assert (shown["extension_destination"], shown["extension_source"]) == (1001, 1002)
    assert shown["extension_destination_id"] == ids.encode(made.extension_id or 0)
    assert (shown["source_representation_name"], shown["voicemail_email"]) == ("N1002", "1001@example.com")
    assert (shown["listened"], shown["transcription"], shown["pbx_msg_id"]) == (False, None, "asterisk-7")
    file = shown["voicemail_file"]
    assert set(file) == {"id", "duration", "link", "name", "size"}
    assert (file["duration"], file["size"]) == (pytest.approx(0.5), len(WAV))
    assert re.fullmatch(r"msg\d{6}\.wav", file["name"])


async def test_ambiguity_14_dates_are_shown_in_utc(acme: Caller, leave: Leave) -> None:
    await leave(received_at=datetime(2021, 7, 28, 16, 18, 17, 404000, UTC))
    (shown,) = (await acme("GET", MESSAGES)).json()
    assert shown["time_received"] == "2021-07-28T16:18:17.404000Z"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("from_date=2021-07-28", "bcd"),
        ("to_date=2021-07-28", "abc"),
        ("from_date=2021-07-28&to_date=2021-07-28", "bc"),
        ("from_date=2021-07-28T12:00:00Z", "cd"),
        ("from_date=2021-07-28T12:00:00", "cd"),
        ("from_date=2021-07-28T14:00:00%2B0200", "cd"),
        ("from_date=2021-07-28T14:00:00+0200", "cd"),
        ("from_date=2021-07-28T12:00:01.5%2B00:00&to_date=2021-07-29T00:00", "d"),
        ("from_date=20210728", "bcd"),
        ("from_date=2021-07-29&to_date=2021-07-27", ""),
        ("from_date=&to_date=", "abcd"),
        ("from_date=0001-01-01&to_date=9999-12-31", "abcd"),
    ],
)
async def test_ambiguities_14_and_15_any_iso_date_is_read(acme: Caller, leave: Leave, query: str, found: str) -> None:
    moments = {
        "a": datetime(2021, 7, 27, 23, 59, 59, 999999, UTC),
        "b": datetime(2021, 7, 28, tzinfo=UTC),
        "c": datetime(2021, 7, 28, 12, tzinfo=UTC),
        "d": datetime(2021, 7, 29, tzinfo=UTC),
    }
    names = {ids.encode((await leave(received_at=moment)).id): name for name, moment in moments.items()}
    assert sorted(names[one] for one in await listed(acme, f"?{query}")) == list(found)


async def test_row_35_filters_by_extension(acme: Caller, leave: Leave) -> None:
    first = ids.encode((await leave(1001, source_number="1002")).id)
    second = ids.encode((await leave(1002, source_number="1001")).id)
    outside = ids.encode((await leave(1002, source_number="+13105550100")).id)
    withheld = ids.encode((await leave(1002, source_number="")).id)
    assert await listed(acme, "?extension_destination=1001") == [first]
    assert await listed(acme, "?extension_source=1001") == [second]
    assert await listed(acme, "?extension_source=1001&extension_destination=1002") == [second]
    assert await listed(acme, "?extension_source=13105550100") == [outside]
    assert await listed(acme, "?extension_source=1001&extension_destination=1001") == []
    assert await listed(acme, "?extension_destination=0") == await listed(acme, "?extension_source=-5") == []
    assert await listed(acme, "?extension_source=&nonsense=1") == [withheld, outside, second, first]
    by_id = {one["_id"]: one["extension_source"] for one in (await acme("GET", MESSAGES)).json()}
    assert (by_id[outside], by_id[withheld]) == (13105550100, None)


async def test_ambiguity_51_unknown_parameters_are_ignored(acme: Caller, leave: Leave) -> None:
    made = ids.encode((await leave()).id)
    assert await listed(acme, "?nonsense=1&from=x&extension=5&listened=maybe") == [made]


async def test_row_35_pages(acme: Caller, leave: Leave) -> None:
    made = [ids.encode((await leave()).id) for _ in range(5)]
    reply = await acme("GET", f"{MESSAGES}?page=2&per_page=2")
    assert [one["_id"] for one in reply.json()] == [made[2], made[1]]
    names = ("Total-Count", "Page-Count", "Current-Page", "Per-Page")
    assert [reply.headers[f"X-Pagination-{name}"] for name in names] == ["5", "3", "2", "2"]
    beyond = await acme("GET", f"{MESSAGES}?page=9")
    assert (beyond.status, beyond.json(), beyond.headers["X-Pagination-Total-Count"]) == (200, [], "5")


async def test_ambiguity_16_sorting(acme: Caller, leave: Leave) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    one = ids.encode((await leave(1002, received_at=start + timedelta(hours=1))).id)
    two = ids.encode((await leave(1001, received_at=start + timedelta(hours=2), source_name="A")).id)
    three = ids.encode((await leave(1001, received_at=start, source_name="B", audio=wav(1))).id)
    for query, expected in {
        "": [two, one, three],
        "sort=time_received": [three, one, two],
        "sort=-time_received": [two, one, three],
        "sort=extension_destination,-time_received": [two, three, one],
        "sort=-extension_destination&sort=time_received": [one, three, two],
        "sort[]=extension_destination&sort[]=time_received": [three, two, one],
        "sort=source_representation_name": [two, three, one],
        "sort=-duration": [three, two, one],
        "sort=": [two, one, three],
    }.items():
        assert await listed(acme, f"?{query}") == expected, query
    for query in ("sort=nonsense", "sort=time_received,nonsense", "sort=--_id", "sort=file_id", "sort=;", "sort=%00"):
        (await acme("GET", f"{MESSAGES}?{query}")).problem(400)


@pytest.mark.parametrize(
    "query",
    [
        "extension_source=abc", "extension_destination=1.5", "extension_source=1e3", "extension_source=\u0661",
        f"extension_source={'9' * 30}", "page=x", "page=0", "from_date=yesterday", "to_date=2021-13-01",
        "from_date=2021-07-28T25:00", "to_date=2021-07-28%00", f"from_date={'1' * 1000}",
        "from_date=0001-01-01T00:00%2B14:00",
        "extension_source=%00",
    ],
)  # fmt: skip
async def test_ambiguity_49_what_cannot_be_read_is_400(acme: Caller, leave: Leave, query: str) -> None:
    (await acme("GET", f"{MESSAGES}?{query}")).problem(400)


async def test_ambiguity_50_the_link_is_absolute_signed_and_expires(
    acme: Caller, globex: Caller, leave: Leave, monkeypatch: pytest.MonkeyPatch
) -> None:
    await leave()
    link = (await acme("GET", MESSAGES)).json()[0]["voicemail_file"]["link"]
    assert link.startswith(f"{PUBLIC_URL}/voicemail/messages/")
    path = link.removeprefix(PUBLIC_URL)
    reply = await acme("GET", path, headers=NOBODY)
    assert (reply.status, reply.body, reply.headers["Content-Type"]) == (200, WAV, "audio/wav")
    assert reply.headers["Content-Disposition"].startswith("inline; filename*=UTF-8''msg")
    bare, _, query = path.partition("?")
    stolen = bare.replace(acme.company, globex.company)
    for wrong in (bare, f"{stolen}?{query}", f"{path[:-1]}", path.replace("expires=1", "expires=2", 1)):
        (await acme("GET", wrong, headers=NOBODY)).problem(403)
    monkeypatch.setattr(routes, "LINK_LIFETIME", -1)
    old = (await acme("GET", MESSAGES)).json()[0]["voicemail_file"]["link"]
    (await acme("GET", old.removeprefix(PUBLIC_URL), headers=NOBODY)).problem(403)


async def test_recordings_are_played_in_parts_and_as_mp3(acme: Caller, leave: Leave) -> None:
    await leave()
    path = (await acme("GET", MESSAGES)).json()[0]["voicemail_file"]["link"].removeprefix(PUBLIC_URL)
    part = await acme("GET", path, headers={**NOBODY, "Range": "bytes=0-3"})
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, b"RIFF", f"bytes 0-3/{len(WAV)}")
    assert (await acme("GET", path, headers={**NOBODY, "Range": "bytes=9999999-"})).status == 416
    for form, kind in (("mp3", "audio/mpeg"), ("wav", "audio/wav")):
        played = await acme("GET", f"{path}&format={form}", headers=NOBODY)
        assert (played.status, played.headers["Content-Type"]) == (200, kind)
        samples, rate = heard(played.body)
        assert len(samples) / rate == pytest.approx(0.5, abs=0.2)
    (await acme("GET", f"{path}&format=exe", headers=NOBODY)).problem(400)


async def test_delete_one(acme: Caller, globex: Caller, leave: Leave) -> None:
    made = ids.encode((await leave()).id)
    path = (await acme("GET", MESSAGES)).json()[0]["voicemail_file"]["link"].removeprefix(PUBLIC_URL)
    (await globex("DELETE", f"/voicemail/messages/{made}")).problem(404)
    reply = await acme("DELETE", f"/voicemail/messages/{made}/")
    assert (reply.status, reply.body) == (204, b"")
    assert await listed(acme) == []
    (await acme("GET", path, headers=NOBODY)).problem(404)
    for gone in (made, "79951a6-4f51", "0" * 24, quote("\0")):
        (await acme("DELETE", f"/voicemail/messages/{gone}")).problem(404)


async def test_bulk_delete_is_for_all_or_none(acme: Caller, globex: Caller, leave: Leave) -> None:
    first, second, third = [ids.encode((await leave()).id) for _ in range(3)]
    path = "/voicemail/messages/bulk-delete"
    for unknown in ("0" * 24, "x", first.replace(first[-1], "g")):
        (await acme("POST", path, json={"message_ids": [first, unknown]})).problem(404)
    (await globex("POST", path, json={"message_ids": [first]})).problem(404)
    assert await listed(acme) == [third, second, first]
    assert (await acme("POST", "/voicemail/messages/bulk-delete", json={"message_ids": [first, third]})).status == 204
    assert await listed(acme) == [second]
    assert (await acme("POST", path, json={"message_ids": []})).status == 204
    refused: list[object] = [{}, [], *({"message_ids": given} for given in ("x", [1], ["x"] * 1001, None))]
    for body in refused:
        (await acme("POST", path, json=body)).problem(400)
    assert await listed(acme) == [second]


async def test_bulk_update_marks_as_listened(acme: Caller, globex: Caller, leave: Leave) -> None:
    first, second = [ids.encode((await leave()).id) for _ in range(2)]
    path = "/voicemail/messages/bulk-update"
    reply = await acme(
        "PATCH", "/voicemail/messages/bulk-update", json={"listened": True, "message_ids": [second, first], "extra": 1}
    )
    assert reply.status == 200
    assert [(one["_id"], one["listened"]) for one in reply.json()] == [(second, True), (first, True)]
    assert all(one["listened"] for one in (await acme("GET", MESSAGES)).json())
    again = await acme("PATCH", path, json={"listened": False, "message_ids": [first]})
    assert [one["listened"] for one in again.json()] == [False]
    assert await listed(acme, "?sort=-listened") == [second, first]
    (await acme("PATCH", path, json={"listened": True, "message_ids": [first, "x"]})).problem(404)
    (await globex("PATCH", path, json={"listened": True, "message_ids": [first]})).problem(404)
    body: object
    for body in ({"message_ids": [first]}, {"listened": True}, {"listened": "yes", "message_ids": [first]}, 5):
        (await acme("PATCH", path, json=body)).problem(400)
    assert await listed(acme, "?sort=-listened") == [second, first]


async def test_who_may_call(acme: Caller, globex: Caller, leave: Leave) -> None:
    made = ids.encode((await leave()).id)
    assert await listed(globex) == []
    for method, path in (
        ("GET", MESSAGES),
        ("DELETE", f"/voicemail/messages/{made}"),
        ("POST", "/voicemail/messages/bulk-delete"),
        ("PATCH", "/voicemail/messages/bulk-update"),
    ):
        (await acme(method, path, headers=NOBODY, json={})).problem(401)
    for method, path in (
        ("PUT", MESSAGES),
        ("PATCH", f"/voicemail/messages/{made}"),
        ("POST", "/voicemail/messages/bulk-update"),
    ):
        (await acme(method, path)).problem(405)


async def test_many_voicemails_at_once_are_all_counted(acme: Caller, leave: Leave) -> None:
    await asyncio.gather(*(leave(1001 + n % 2) for n in range(6)))
    assert len(await listed(acme)) == 6
    assert len(await listed(acme, "?extension_destination=1002")) == 3
