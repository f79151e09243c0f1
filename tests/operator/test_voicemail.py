"""Voicemail and mail by the operator API: recordings as base64 in JSON, or as files of forms."""

import base64
import io
from typing import Any

import aiohttp
import msgspec
import pytest

from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.voicemail.model import Voicemail, VoicemailEvent
from tests.documents.recordings import recorded, tone
from tests.operator.conftest import Operator, World
from tests.recordings import wav

WAV = wav(0.5)
BASE64 = base64.b64encode(WAV).decode()


@pytest.fixture
async def path(world: World) -> str:
    """Acme gets an instance with the extensions 1001 (the owner's) and 1002."""
    core, acme = world.core, world.acme
    instance = await core.instances.create(acme.company_id, name="pbx", domain="pbx.acme.example")
    for number, person_id in ((1001, acme.owner_id), (1002, None)):
        change = ExtensionChange(
            number=number,
            name=f"N{number}",
            purpose="softphone",
            person_id=person_id,
            data={"voicemail_email": "a@b.example"},
        )
        await core.extensions.create(acme.company_id, instance.id, change)
    return f"{world.company}/voicemails"


def form(audio: bytes = WAV, **fields: str) -> aiohttp.FormData:
    data = aiohttp.FormData()
    data.add_field("audio", io.BytesIO(audio), filename="hello.wav", content_type="audio/wav")
    for name, value in fields.items():
        data.add_field(name.rstrip("_"), value)
    return data


async def test_a_recording_as_base64(operator: Operator, path: str, world: World) -> None:
    body = {"extension": 1001, "from": "(310) 555-0100", "audio": BASE64, "transcription": "Hi", "reference": "r1"}
    made = await operator("POST", path, 201, json=body)
    assert (made["extension_number"], made["source_number"], made["source_name"]) == (1001, "+13105550100", "Jane Doe")
    assert (made["duration_s"], made["transcription"], made["file"]["size"]) == (0.5, "Hi", len(WAV))
    assert await operator("POST", path, 201, json=body) == made
    assert await operator("GET", path, 200) == {"items": [made], "total": 1}
    events = (await operator("GET", f"{world.company}/events?type=voicemail.created", 200))["items"]
    assert [event["origin"] for event in events] == ["operator"]
    assert msgspec.convert(events[0]["payload"], VoicemailEvent).voicemail == msgspec.convert(made, Voicemail)
    (mail,) = (await operator("GET", f"{world.company}/mails", 200))["items"]
    assert (mail["recipients"], mail["state"]) == (["a@b.example"], "queued")


async def test_a_recording_as_a_file(operator: Operator, path: str, world: World) -> None:
    flac = recorded(tone(440, 1.0, 16000), 16000, "FLAC")
    made = await operator("POST", path, 201, data=form(flac, person_id=str(world.acme.owner_id), from_="1002"))
    assert (made["extension_number"], made["source_number"], made["source_name"]) == (1001, "1002", "N1002")
    assert made["file"]["mimetype"] == "audio/wav"
    await operator("POST", path, 201, data=form(extension="1002", received_at="2026-01-02T03:04:05Z", from_name="Me"))
    newest = await operator("GET", f"{path}?per_page=1", 200)
    assert (newest["items"], newest["total"]) == ([made], 2)
    for query, total in {
        "extension=1002": 1, "extension=1003": 0, "until=2026-01-03T00:00:00Z": 1, "since=2026-01-03T00:00:00Z": 1,
    }.items():  # fmt: skip
        assert (await operator("GET", f"{path}?{query}", 200))["total"] == total
    await operator("GET", f"{path}?since=yesterday", 400)


async def test_a_recording_over_the_usual_size_of_a_body(operator: Operator, path: str) -> None:
    audio = wav(120)
    assert len(audio) > 1 << 20
    headers = {"Authorization": f"Bearer {operator.token}", "Content-Type": "application/json"}

    async def post(encoded: bytes, status: int) -> Any:
        body = io.BytesIO(b'{"extension": 1001, "audio": "' + encoded + b'"}')
        return await operator("POST", path, status, data=body, headers=headers)

    assert (await post(base64.b64encode(audio), 201))["duration_s"] == 120
    assert (await post(b"A" * 36_000_000, 413))["code"] == "too_large"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"extension": 1001}, 400),
        ({"audio": BASE64}, 422),
        ({"audio": BASE64, "extension": 1001, "person_id": 5}, 422),
        ({"audio": BASE64, "extension": 1003}, 404),
        ({"audio": BASE64, "extension": 1001, "instance_id": 5}, 404),
        ({"audio": BASE64, "person_id": 5}, 404),
        ({"audio": "not base64!", "extension": 1001}, 400),
        ({"audio": base64.b64encode(b"hello").decode(), "extension": 1001}, 422),
        ({"audio": "", "extension": 1001}, 422),
        ({"audio": BASE64, "extension": 1001, "from": "nonsense"}, 422),
        ({"audio": BASE64, "extension": 1001, "from": "+1"}, 422),
        ({"audio": BASE64, "extension": 1001, "received_at": "2026-01-02T03:04:05"}, 400),
        ({"audio": BASE64, "extension": 1001, "received_at": "0001-01-02T03:04:05Z"}, 422),
        ({"audio": BASE64, "extension": 0}, 400),
        ({"audio": BASE64, "extension": 1001, "unknown": 1}, 400),
    ],
)
async def test_what_is_refused_leaves_nothing(
    operator: Operator, path: str, world: World, body: dict[str, Any], status: int
) -> None:
    await operator("POST", path, status, json=body)
    assert (await operator("GET", path, 200))["total"] == 0
    assert (await operator("GET", f"{world.company}/mails", 200))["items"] == []


async def test_forms_that_are_refused(operator: Operator, path: str, world: World) -> None:
    await operator("POST", path, 400, data=form(extension="x"))
    await operator("POST", path, 400, data=form(extension="1001", unknown="1"))
    await operator("POST", path, 400, data=b"--x\r\nnonsense", headers=multipart(operator))
    refused = await operator("POST", path, 422, data=form(b"hello", extension="1001"))
    assert refused["field"] == "audio"
    company = {"name": "x", "dialect": "ringplan"}
    await operator("POST", f"{world.company}/api-keys", 400, data=company)
    assert (await operator("GET", path, 200))["total"] == 0


def multipart(operator: Operator) -> dict[str, str]:
    return {"Authorization": f"Bearer {operator.token}", "Content-Type": "multipart/form-data; boundary=x"}


async def test_the_document_describes_both_ways(operator: Operator) -> None:
    described = operator.document["paths"]["/ringmain/v1/companies/{company_id}/voicemails"]["post"]
    content = described["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}
    audio = content["multipart/form-data"]["schema"]["properties"]["audio"]
    assert audio == {"type": "string", "contentMediaType": "application/octet-stream"}
    body = operator.document["components"]["schemas"]["VoicemailBody"]
    assert body["properties"]["audio"]["contentEncoding"] == "base64"
