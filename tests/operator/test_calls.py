"""Calls and statuses by the operator: acted out, listed, refused."""

import base64
import io
from typing import Any

import pytest

from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.ids import MAX_ID
from ringmain.core.instances.pbx import Forwarding
from tests.operator.conftest import V1, Operator, World
from tests.recordings import wav

CONTACT = "+13105550100"


@pytest.fixture
async def calls(world: World) -> str:
    """The path of a company's calls; it has the extensions 101 and 102."""
    instance = await world.core.instances.create(world.acme.company_id, name="pbx", domain="pbx.example.com")
    for number in (101, 102):
        await world.core.extensions.create(world.acme.company_id, instance.id, ExtensionChange(number=number))
    return f"{world.company}/calls"


async def events(world: World) -> list[str]:
    found = (await world.operator("GET", f"{world.company}/events", 200))["items"]
    return [one["type"] for one in reversed(found) if one["type"].startswith("call.")]


async def test_a_call_is_acted_out_whole(world: World, operator: Operator, calls: str) -> None:
    body = {"from": "(310) 555-0100", "to": "101", "ring_seconds": 3.5, "talk_seconds": 20, "from_name": "J. Doe"}
    made = await operator("POST", calls, 201, json=body)
    assert (made["duration"], made["talk"], made["ring"]) == (23.5, 20, 3.5)
    call = made["call"]
    assert (call["source"], call["source_name"], call["destination"]) == (CONTACT, "J. Doe", "101")
    assert (call["direction"], call["network"], call["outcome"]) == ("inbound", "off_net", "completed")
    assert call["extension_number"] == 101
    assert await events(world) == ["call.ringing", "call.dial_ended", "call.ended"]
    found = (await operator("GET", f"{world.company}/events", 200))["items"]
    assert {one["origin"] for one in found if one["type"].startswith("call.")} == {"operator"}
    assert await operator("GET", calls, 200) == {"items": [made], "total": 1}


@pytest.mark.parametrize(
    ("outcome", "code"), [("answered", 16), ("busy", 17), ("no_answer", 19), ("cancelled", 16), ("failed", 38)]
)
async def test_outcomes(world: World, operator: Operator, calls: str, outcome: str, code: int) -> None:
    body = {"from": "101", "to": "102", "outcome": outcome, "started_at": "2026-03-04T12:00:00+02:00"}
    made = await operator("POST", calls, 201, json=body)
    expected = "completed" if outcome == "answered" else outcome
    assert (made["call"]["outcome"], made["call"]["release_code"]) == (expected, code)
    assert made["call"]["started_at"] == "2026-03-04T10:00:00Z"
    assert made["talk"] == (60 if outcome == "answered" else 0)
    assert len(await events(world)) == 3


async def test_recordings_as_json_and_as_a_form(world: World, operator: Operator, calls: str) -> None:
    content = wav(0.2)
    body = {"from": "101", "to": "102", "recording": base64.b64encode(content).decode(), "transcription_id": "t1"}
    form = {"from": "101", "to": "102", "talk_seconds": "7.5", "recording": io.BytesIO(content)}
    for options in ({"json": body}, {"data": form}):
        made = (await operator("POST", calls, 201, **options))["call"]
        assert await world.core.files.read(world.acme.company_id, made["recording_file_id"]) == content
    found = (await operator("GET", calls, 200))["items"]
    assert sorted(one["talk"] for one in found) == [7.5, 60]


async def test_filters(operator: Operator, calls: str) -> None:
    for body in (
        {"from": "101", "to": "102", "outcome": "busy", "started_at": "2026-03-04T12:00:00Z"},
        {"from": CONTACT, "to": "102", "started_at": "2026-03-05T12:00:00Z"},
    ):
        await operator("POST", calls, 201, json=body)
    for query, total in (
        ("extension=101", 1),
        ("extension=102", 2),
        ("direction=inbound", 1),
        ("network=private&outcome=busy", 1),
        ("network=private&outcome=completed", 0),
        ("since=2026-03-05T00:00:00Z", 1),
        ("until=2026-03-05T00:00:00Z", 1),
        ("page=2&per_page=1", 2),
    ):
        assert (await operator("GET", f"{calls}?{query}", 200))["total"] == total, query
    for query in ("outcome=lost", "direction=IN", "since=2026-03-05", "extension=0", "surprise=1"):
        await operator("GET", f"{calls}?{query}", 400)


async def test_a_call_to_a_group(world: World, operator: Operator, calls: str) -> None:
    given = {"number": 800, "strategy": "sequential", "ring_s": 15, "members": [101, 102]}
    await operator("POST", f"{world.company}/groups", 201, json=given)
    made = await operator("POST", calls, 201, json={"from": CONTACT, "to": "800", "answered_by": 102})
    assert (made["call"]["extension_number"], made["call"]["outcome"], made["ring"]) == (102, "completed", 20)
    leg = ["call.offered", "call.ringing", "call.dial_ended"]
    assert await events(world) == [*leg, *leg, "call.ended"]
    await operator("POST", calls, 400, json={"from": CONTACT, "to": "800", "answered_by": 0})


async def test_a_call_goes_where_it_is_forwarded(world: World, operator: Operator, calls: str) -> None:
    extensions = await world.core.extensions.all(world.acme.company_id)
    one = next(extension for extension in extensions if extension.number == 101)
    forwarding = Forwarding(unanswered=True, unanswered_to="+13105550199", ring_s=12)
    change = ExtensionChange(forwarding=forwarding)
    await world.core.extensions.update(world.acme.company_id, one.instance_id, one.id, change)
    body = {"from": CONTACT, "to": "101", "answered_by": "(310) 555-0199", "ring_seconds": 3}
    made = await operator("POST", calls, 201, json=body)
    assert (made["ring"], made["call"]["outcome"]) == (15, "completed")
    assert made["call"]["pbx"]["diversions"] == [{"from": "101", "reason": "no-answer", "to": "+13105550199"}]
    await operator("POST", calls, 422, json=body | {"answered_by": "nobody"})
    late = await operator("POST", calls, 201, json=body | {"answered_by": "101", "ring_seconds": 13})
    assert (late["ring"], late["call"]["outcome"]) == (25, "no_answer")


async def test_voicemail_takes_a_message(world: World, operator: Operator, calls: str) -> None:
    content = wav(0.2)
    body = {"from": CONTACT, "to": "101", "outcome": "no_answer", "message": base64.b64encode(content).decode()}
    form = {"from": CONTACT, "to": "102", "outcome": "no_answer", "message": io.BytesIO(content)}
    for number, options in ((101, {"json": body}), (102, {"data": form})):
        made = await operator("POST", calls, 201, **options)
        assert made["call"]["pbx"]["lastdata"] == f"{number}@default,u"
        left = (await operator("GET", f"{world.company}/voicemails?extension={number}", 200))["items"]
        assert [(one["source_number"], one["reference"]) for one in left] == [(CONTACT, made["call"]["reference"])]


BAD_CALLS: tuple[tuple[dict[str, Any], int], ...] = (
    ({"to": ""}, 400),
    ({"to": None}, 400),
    ({"to": "nonsense"}, 422),
    ({"from": "nonsense"}, 422),
    ({"to": "109"}, 404),
    ({"from": "109"}, 404),
    ({"to": "101"}, 422),
    ({"from": CONTACT, "to": "+13105550101"}, 422),
    ({"outcome": "lost"}, 400),
    ({"ring_seconds": -1}, 400),
    ({"talk_seconds": 1e9}, 400),
    ({"started_at": "2026-03-04T12:00:00"}, 400),
    ({"started_at": "0001-01-01T00:00:00Z"}, 422),
    ({"instance_id": 5}, 404),
    ({"extension": 101}, 422),
    ({"from_name": "x" * 201}, 400),
    ({"from_name": "a\x00b"}, 400),
    ({"recording": "no base64!"}, 400),
    ({"recording": base64.b64encode(b"no sound").decode()}, 422),
    ({"message": base64.b64encode(b"no sound").decode()}, 422),
    ({"answered_by": "x" * 41}, 400),
    ({"outcome": "busy", "recording": base64.b64encode(wav()).decode()}, 422),
    ({"surprise": 1}, 400),
)


async def test_calls_that_cannot_be(world: World, operator: Operator, calls: str) -> None:
    for wrong, status in BAD_CALLS:
        await operator("POST", calls, status, json={"from": "101", "to": "102"} | wrong)
    assert await events(world) == []
    assert (await operator("GET", calls, 200))["total"] == 0
    await world.core.database.execute("UPDATE instances SET adapter = 'asterisk'")
    await operator("POST", calls, 403, json={"from": "101", "to": "102"})
    assert await events(world) == []


async def test_another_companys_extensions_are_unknown(world: World, operator: Operator, calls: str) -> None:
    theirs = f"{V1}/companies/{world.globex.company_id}/calls"
    await operator("POST", theirs, 404, json={"from": "101", "to": CONTACT})
    await operator("POST", calls, 201, json={"from": "101", "to": "102"})
    assert (await operator("GET", theirs, 200))["total"] == 0


async def test_statuses(world: World, operator: Operator) -> None:
    path = f"{world.company}/people/{world.acme.owner_id}/presence"
    first = await operator("PUT", path, 200, json={"additional": "on_a_call", "set_by": "automatic"})
    assert (first["status"], first["additional"], first["additional_set_by"]) == ("available", "on_a_call", "automatic")
    second = await operator("PUT", path, 200, json={"status": "away"})
    assert (second["status"], second["additional"]) == ("away", "on_a_call")
    assert (await operator("PUT", path, 200, json={"additional": None}))["additional"] is None
    for wrong, status in (({}, 422), ({"status": "Not a word"}, 400), ({"status": None}, 400), ({"x": 1}, 400)):
        await operator("PUT", path, status, json=wrong)
    for person in (world.globex.owner_id, MAX_ID):
        await operator("PUT", f"{world.company}/people/{person}/presence", 404, json={"status": "away"})
    assert (await operator("GET", f"{V1}/companies/{world.globex.company_id}/presence", 200))["items"] == []
