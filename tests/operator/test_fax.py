"""Faxes by the operator API: documents as base64 in JSON, or as files of forms."""

import base64
import io
from typing import Any

import aiohttp
import msgspec
import pytest

from ringmain.core.faxes.model import Fax, FaxEvent, NewFax
from tests.documents.papers import paper, saying
from tests.faxes import DOCUMENT, FAX_NUMBER, document_file, fax_number
from tests.operator.conftest import Operator, World

BASE64 = base64.b64encode(DOCUMENT).decode()


@pytest.fixture
async def path(world: World) -> str:
    """Acme gets a fax number."""
    await fax_number(world.core, world.acme.company_id, FAX_NUMBER, "owner@acme.example")
    return f"{world.company}/faxes"


def form(document: bytes = DOCUMENT, **fields: str) -> aiohttp.FormData:
    data = aiohttp.FormData()
    data.add_field("document", io.BytesIO(document), filename="letter", content_type="application/octet-stream")
    for name, value in fields.items():
        data.add_field(name.rstrip("_"), value)
    return data


async def test_a_document_as_base64_comes_in(operator: Operator, path: str, world: World) -> None:
    body = {"to": "(205) 272-6012", "from": "(310) 555-0100", "document": BASE64, "subject": "Hi", "reference": "r1"}
    made = await operator("POST", path, 201, json=body)
    assert (made["recipient"], made["sender"], made["sender_name"]) == (FAX_NUMBER, "+13105550100", "Jane Doe")
    assert (made["state"], made["pages"], made["subject"]) == ("received", 2, "Hi")
    assert made["file"]["mimetype"] == "application/pdf"
    assert await operator("POST", path, 201, json=body) == made
    assert await operator("GET", path, 200) == {"items": [made], "total": 1}
    events = (await operator("GET", f"{world.company}/events?type=fax.received", 200))["items"]
    told = [(event["origin"], msgspec.convert(event["payload"], FaxEvent).fax) for event in events]
    assert told == [("operator", msgspec.convert(made, Fax))]
    (mail,) = (await operator("GET", f"{world.company}/mails", 200))["items"]
    assert mail["recipients"] == ["owner@acme.example"]


async def test_a_document_as_a_file_comes_in(operator: Operator, path: str) -> None:
    text = await operator("POST", path, 201, data=form(b"one\ftwo\fthree", to=FAX_NUMBER))
    assert (text["pages"], text["sender"], text["sender_name"]) == (3, "", "")
    fields = {"to": FAX_NUMBER, "from_": "+442079460000", "from_name": "Me", "received_at": "2026-01-02T03:04:05Z"}
    older = await operator("POST", path, 201, data=form(DOCUMENT, **fields))
    assert (older["sender"], older["sender_name"]) == ("+442079460000", "Me")
    newest = await operator("GET", f"{path}?per_page=1", 200)
    assert (newest["items"], newest["total"]) == ([text], 2)
    assert (await operator("GET", f"{path}?until=2026-01-03T00:00:00Z", 200))["items"] == [older]
    assert (await operator("GET", f"{path}?page=2&per_page=1", 200))["items"] == [older]


async def test_faxes_by_folder(operator: Operator, path: str, world: World) -> None:
    core, company_id = world.core, world.acme.company_id
    file_id = await document_file(core, company_id)
    given = NewFax(file_id=file_id, sender=FAX_NUMBER, recipient="+18584375000", emails=["a@b.example"])
    sent = await core.faxes.send(company_id, given)
    assert [one["id"] for one in (await operator("GET", f"{path}?folder=outbound", 200))["items"]] == [sent.id]
    for folder in ("inbound", "hidden", "scheduled"):
        assert (await operator("GET", f"{path}?folder={folder}", 200))["total"] == 0
    for query in ("folder=other", "since=yesterday", "page=0", "surprise=1"):
        await operator("GET", f"{path}?{query}", 400)


BAD: tuple[tuple[dict[str, Any], int, str | None], ...] = (
    ({"to": "+19995550100"}, 404, None),
    ({"to": "+12025550145"}, 404, None),  # another company's
    ({"to": "+12025550123"}, 404, None),  # takes no faxes
    ({"to": "911"}, 422, "to"),
    ({"from": "abc"}, 422, "from"),
    ({"document": ""}, 422, "document"),
    ({"document": base64.b64encode(b"%PDF-1.7 nonsense").decode()}, 422, "document"),
    ({"document": base64.b64encode(b"GIF89a").decode()}, 422, "document"),
    ({"document": "!!!"}, 400, None),
    ({"from_name": "x" * 201}, 400, None),
    ({"subject": "a\x00b"}, 400, None),
    ({"received_at": "2026-01-02T03:04:05"}, 400, None),
    ({"received_at": "0001-01-01T00:00:00Z"}, 422, "received_at"),
    ({"surprise": 1}, 400, None),
)


async def test_what_cannot_come_in(operator: Operator, path: str, world: World) -> None:
    await fax_number(world.core, world.globex.company_id, "+12025550146")
    cases = (*BAD, ({"to": "+12025550146"}, 404, None))
    for fields, status, field in cases:
        body = {"to": FAX_NUMBER, "document": BASE64} | fields
        answer = await operator("POST", path, status, json=body)
        assert answer.get("field") == field, fields
    await operator("POST", path, 400, json={"document": BASE64})
    await operator("POST", path, 400, data=form())
    assert (await operator("GET", path, 200))["total"] == 0


async def test_a_document_over_the_usual_size_of_a_body(operator: Operator, path: str) -> None:
    large = paper(saying("x")) + b"\n%" + b"x" * (1 << 20)
    for document, status in ((base64.b64encode(large).decode(), 201), ("A" * 36_000_000, 413)):
        body = msgspec.json.encode({"to": FAX_NUMBER, "document": document})
        await operator("POST", path, status, data=io.BytesIO(body))
