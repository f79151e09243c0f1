"""Sending faxes: row 9 of specs/ringrx.md 2."""

import io
from typing import Any

import aiohttp
import pytest
from PIL import Image, ImageSequence

from ringmain.core.faxes.queue import FaxQueue
from ringmain.core.system import Core
from ringmain.dialects.ringrx import faxes, ids
from tests.dialects.ringrx.conftest import FAX_NUMBER, Account, Caller, Reply, counts
from tests.faxes import DOCUMENT

SEND = "/voicemails/fax"
TO = {"called_number": "310-555-0100"}
Part = tuple[str, bytes, str, str]


def picture() -> bytes:
    output = io.BytesIO()
    Image.new("L", (850, 1100), 255).save(output, "PNG")
    return output.getvalue()


PDF: Part = ("faxfiles[]", DOCUMENT, "letter.pdf", "application/pdf")
PNG: Part = ("faxfiles[]", picture(), "page.png", "image/png")
TEXT: Part = ("faxfiles[]", b"Dear all", "letter.txt", "text/plain")


async def send(user: Caller, *parts: Part, **fields: str) -> Reply:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field("from" if name == "from_" else name, value)
    for name, content, filename, mimetype in parts:
        form.add_field(name, content, filename=filename, content_type=mimetype)
    return await user("POST", SEND, data=form)


async def pages_of(core: Core, account: Account, message: dict[str, Any]) -> int:
    """How many pages go out."""
    tiff_id = await core.database.fetchval(
        "SELECT tiff_id FROM faxes WHERE company_id = $1 AND id = $2", account.id, ids.decode(message["id"], "fax")
    )
    with Image.open(io.BytesIO(await core.files.read(account.id, tiff_id))) as tiff:
        count = sum(1 for _ in ImageSequence.Iterator(tiff))
    assert count == message["pages"]
    return count


@pytest.fixture(autouse=True)
async def fax_number(account: Account) -> None:
    await account.add_fax_number()


async def test_row_9_as_the_bot_sends_it(acme: Caller, account: Account, core: Core) -> None:
    reply = await send(
        acme, PNG, called_number="3105550100", company_name="Acme", contact_number="2025550123", subject="Results",
        comment="See page 2",
    )  # fmt: skip
    assert reply.status == 200, reply.body
    shown = reply.json()
    assert (shown["message_type"], shown["message_folder"], shown["status"]) == ("fax", "outbox", "pending")
    assert (shown["caller"], shown["called"]) == ("18885550123", "13105550100")
    assert await pages_of(core, account, shown) == 2
    fax = await core.faxes.get(account.id, ids.decode(shown["id"], "fax"))
    assert (fax.sender, fax.recipient, fax.subject) == (FAX_NUMBER, "+13105550100", "Results")
    assert fax.sender_name == "Acme"
    (job,) = await FaxQueue(core.database, core.wakeups, core.mails).claim(1)
    assert (job.id, job.pages) == (fax.id, 2)


@pytest.mark.parametrize("name", ["faxfiles[]", "faxfiles", "faxfile"])
async def test_row_9_the_names_of_file_parts(acme: Caller, account: Account, core: Core, name: str) -> None:
    shown = (await send(acme, (name, *PDF[1:]), **TO)).json()
    assert await pages_of(core, account, shown) == 2
    assert shown["fax"] == "letter.pdf"
    payload = await acme("GET", f"/voicemails/{shown['id']}/fax_payload")
    assert (payload.headers["content-type"], payload.body) == ("application/pdf", DOCUMENT)


async def test_row_9_several_parts_are_one_fax_in_their_order(acme: Caller, account: Account, core: Core) -> None:
    shown = (await send(acme, PDF, PNG, TEXT, **TO)).json()
    assert await pages_of(core, account, shown) == 4
    assert shown["fax"] == "letter.tiff"
    payload = await acme("GET", f"/voicemails/{shown['id']}/fax_payload")
    assert payload.headers["content-type"] == "image/tiff"
    with Image.open(io.BytesIO(payload.body)) as tiff:
        darkness = [sum(page.convert("L").histogram()[:128]) for page in ImageSequence.Iterator(tiff)]
    # The third page is the white picture.
    assert [dots > 0 for dots in darkness] == [True, True, False, True]


async def test_row_9_a_cover_goes_first_unless_it_is_not_wanted(acme: Caller, account: Account, core: Core) -> None:
    said = {**TO, "comment": "Please call"}
    assert await pages_of(core, account, (await send(acme, PDF, **said)).json()) == 3
    assert await pages_of(core, account, (await send(acme, PDF, **TO, cover="true")).json()) == 3
    assert await pages_of(core, account, (await send(acme, PDF, **said, cover="false")).json()) == 2
    blank = {"company_name": " ", "contact_number": "", "subject": "", "comment": "\n"}
    assert await pages_of(core, account, (await send(acme, PDF, **TO, **blank)).json()) == 2


async def test_row_9_a_cover_that_is_a_file_is_the_first_document(acme: Caller, account: Account, core: Core) -> None:
    parts: list[Part] = [("faxfile", *PDF[1:]), ("cover", *PNG[1:])]
    shown = (await send(acme, *parts, **TO, subject="Results")).json()
    assert await pages_of(core, account, shown) == 3
    assert shown["fax"] == "page.tiff"


async def test_row_9_the_number_that_it_goes_out_from(acme: Caller, pat: Caller, account: Account, core: Core) -> None:
    await account.add_fax_number("+18885550124", "pat@acme.example")
    assert (await send(pat, PDF, **TO)).json()["caller"] == "18885550124"
    assert (await send(acme, PDF, **TO)).json()["caller"] == "18885550123"
    assert (await send(acme, PDF, **TO, from_="888-555-0124")).json()["caller"] == "18885550124"


async def test_who_sent_a_fax_sees_it(acme: Caller, pat: Caller, globex: Caller) -> None:
    shown = (await send(pat, PDF, **TO)).json()
    for user in (pat, acme):
        assert [one["id"] for one in await user.read("/voicemails?message_folder=outbox")] == [shown["id"]]
    assert await globex.read("/voicemails?message_folder=outbox") == []


async def test_a_fax_sent_here_is_seen_in_ringplan(acme: Caller, account: Account, core: Core) -> None:
    await send(acme, PDF, **TO)
    key = await core.credentials.create_api_key(account.id, "ringplan", "web")
    headers = {"Authorization": f"Bearer {key.secret}", "X-User-Id": "primary"}
    reply = await acme("GET", "/fax/messages/outbound", headers=dict(headers))
    assert [one["to"] for one in reply.json()] == ["3105550100"]


BROKEN: Part = ("faxfiles[]", b"%PDF-1.7\nbroken", "broken.pdf", "application/pdf")
PROGRAM: Part = ("faxfiles[]", b"\x7fELF\0\0\0\0" * 9, "a.out", "application/octet-stream")
EMPTY: Part = ("faxfiles[]", b"", "empty.pdf", "application/pdf")
LIAR: Part = ("faxfiles[]", b"MZ\x90\0", "letter.pdf", "application/pdf")


async def test_hostile_documents_are_refused_and_nothing_is_kept(acme: Caller, core: Core) -> None:
    before = await rows(core)
    for hostile in (BROKEN, PROGRAM, EMPTY, LIAR):
        (await send(acme, hostile, **TO)).error(400)
        (await send(acme, TEXT, hostile, **TO)).error(400)
    assert await rows(core) == before


async def rows(core: Core) -> dict[str, int]:
    """How many rows there are; contents that were kept for a moment are on the list of those that go."""
    return {name: n for name, n in (await counts(core.database)).items() if not name.endswith(("by", "removed_files"))}


REFUSED: list[dict[str, str]] = [
    {},
    {"called_number": ""},
    {"called_number": "911"},
    {"called_number": "nobody"},
    {**TO, "from_": "2025550123"},  # cannot fax
    {**TO, "from_": "18885559999"},
    {**TO, "comment": "x" * 2001},
    {**TO, "company_name": "x" * 101},
    {**TO, "subject": "x" * 501},
    {**TO, "comment": "a\0b"},
]


async def test_what_cannot_be_sent_is_refused(acme: Caller, core: Core) -> None:
    before = await rows(core)
    for fields in REFUSED:
        (await send(acme, PDF, **fields)).error(400)
    assert await rows(core) == before


async def test_a_file_is_needed_and_twenty_are_enough(acme: Caller, core: Core) -> None:
    before = await rows(core)
    (await send(acme, **TO)).error(400)
    (await acme("POST", SEND, json=TO)).error(400)
    (await acme("POST", SEND, data=b"")).error(400)
    (await send(acme, *([TEXT] * 21), **TO)).error(400)
    (await acme("POST", SEND, data=b"x", headers={"Content-Type": "multipart/form-data"})).error(400)
    assert await rows(core) == before


async def test_a_form_that_is_too_large(acme: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faxes, "LARGEST", 1000)
    (await send(acme, PDF, **TO)).error(413)


async def test_an_account_without_a_fax_number_cannot_fax(globex: Caller) -> None:
    (await send(globex, PDF, **TO)).error(400)
