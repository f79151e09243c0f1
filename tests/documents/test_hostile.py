"""Every hostile document of specs/messaging.md 4.6, and some more."""

import io
import os
import random
import struct
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from ringmain.core.errors import Invalid
from ringmain.documents.fax import WALL_S, FaxDocument, concatenate, fax_preview, from_fax, to_fax
from tests.documents.papers import (
    TWICE,
    bomb,
    many_pages,
    nested_forms,
    one_page,
    paper,
    picture_pdf,
    raw_pdf,
    saying,
    stream,
    tiff_of,
)
from tests.documents.pictures import claimed_png, encoded, looping_tiff

GREY = b"/ColorSpace/DeviceGray/BitsPerComponent 8"
RGB = b"/ColorSpace/DeviceRGB/BitsPerComponent 8"
MEGABYTE = bytes(1024**2)
GOOD_TIFF = tiff_of([Image.new("1", (1728, 100), 1)] * 2, compression="group4")


def long_tiff(count: int) -> bytes:
    """Many directories of one small picture."""
    size = 2 + 9 * 12 + 4
    body = bytearray(b"II*\0" + struct.pack("<I", 16) + b"\xaa" * 8)
    for number in range(count):
        at = 16 + number * size
        tags = [(256, 8), (257, 8), (258, 1), (259, 1), (262, 1), (273, 8), (277, 1), (278, 8), (279, 8)]
        body += struct.pack("<H", 9) + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
        body += struct.pack("<I", at + size if number + 1 < count else 0)
    return bytes(body)


def tall_tiff(rows: int) -> bytes:
    tags = [(256, 1728), (257, rows), (258, 1), (259, 4), (262, 0), (273, 8), (277, 1), (278, rows), (279, 100)]
    head = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 9)
    return head + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags) + bytes(104)


def locked_pdf() -> bytes:
    output = io.BytesIO()
    canvas = Canvas(output, encrypt=StandardEncryption("secret", canPrint=0))
    canvas.drawString(72, 72, "secret")
    canvas.save()
    return output.getvalue()


PDF, TIFF, PNG, JPEG, TEXT = "application/pdf", "image/tiff", "image/png", "image/jpeg", "text/plain"
UNREAD = "cannot be read|too long|too much memory"
HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "100 000 pages": (PDF, many_pages(100_000), "more than 200 pages"),
    "201 pages": (PDF, many_pages(201), "more than 200 pages"),
    "a content of 500 MB": (PDF, one_page(stream(bomb(b"q Q " * 2**18, 500), TWICE)), UNREAD),
    "20^8 nested forms": (PDF, nested_forms(20, 8), UNREAD),
    "a picture of 900 MB": (PDF, picture_pdf(30_000, 30_000, bomb(MEGABYTE, 859), TWICE + GREY), "more than 400 MB"),
    "14.4 million points": (PDF, one_page(page=b"/MediaBox[0 0 14400000 14400000]"), "36 to 14400 points"),
    "1 x 100 000 points": (PDF, one_page(page=b"/MediaBox[0 0 1 100000]"), "36 to 14400 points"),
    "a cycle of pages": (
        PDF,
        raw_pdf({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[2 0 R]/Count 1>>"}),
        "not a PDF|no pages",
    ),
    "no pages": (PDF, raw_pdf({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[]/Count 0>>"}), "no"),
    "garbage": (PDF, random.Random(1).randbytes(50_000), "not a PDF"),
    "a PDF's head and garbage": (PDF, b"%PDF-1.7\n" + random.Random(2).randbytes(50_000), "not a PDF"),
    "nothing": (PDF, b"", "not a PDF"),
    "a password": (PDF, locked_pdf(), "password"),
    "a broken picture on an empty page": (
        PDF,
        picture_pdf(100, 100, b"\xff\xd8\xff\xe0garbage", b"/Filter/DCTDecode" + RGB),
        "cannot be drawn",
    ),
    "a PNG as PDF": (PDF, encoded(Image.new("L", (9, 9)), "PNG"), "not a PDF"),
    "a 60000 x 60000 PNG": (PNG, claimed_png(60_000, 60_000, 60_000), "pixels"),
    "half a PNG": (PNG, encoded(Image.effect_noise((300, 300), 80), "PNG")[:5000], "broken"),
    "half a JPEG": (JPEG, encoded(Image.effect_noise((300, 300), 80), "JPEG")[:5000], "broken"),
    "GIF as PNG": (PNG, encoded(Image.new("L", (9, 9)), "GIF"), "not a picture"),
    "no picture": (JPEG, b"", "not a picture"),
    "20 000 TIFF pages": (TIFF, long_tiff(20_000), "more than 200 pages"),
    "a TIFF in a loop": (TIFF, looping_tiff(), "broken|not a picture"),
    "a TIFF of 2 million rows": (TIFF, tall_tiff(2_000_000), "pixels"),
    "half a TIFF": (TIFF, GOOD_TIFF[: len(GOOD_TIFF) // 2], "broken|not a picture"),
    "an empty text": (TEXT, b" \n\f\n", "is empty"),
    "bytes as text": (TEXT, bytes(1000), "not a text"),
    "a text of 10 000 pages": (TEXT, b"\n" * 560_000 + b".", "more than 200 pages"),
    "a text of form feeds": (TEXT, b"a\f" * 500_000, "more than 200 pages"),
    "a line of 20 MB": (TEXT, b"x" * 20_000_000, "more than 100000 characters"),
}


@pytest.fixture(scope="module")
def server() -> psutil.Process:
    return psutil.Process(os.getpid())


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_documents_are_refused_in_bounded_time(name: str, server: psutil.Process) -> None:
    mimetype, content, reason = HOSTILE[name]
    memory = server.memory_info().rss
    before = time.monotonic()
    with pytest.raises(Invalid, match=reason) as refusal:
        await to_fax(content, mimetype)
    assert refusal.value.field == "content"
    assert time.monotonic() - before < WALL_S
    assert server.memory_info().rss - memory < 32 * 1024**2


@pytest.mark.parametrize(
    "page", [b"/MediaBox[0 0 0 0]", b"/MediaBox[0 0 -612 -792]", b"", b"/MediaBox[0 0 612 792]/UserUnit 100000"]
)
async def test_pages_of_odd_size_are_ordinary_pages(page: bytes) -> None:
    assert (await to_fax(one_page(page=page), PDF, resolution="standard")).pages == 1


async def test_a_page_count_of_2_to_the_31_is_not_believed() -> None:
    assert (await to_fax(many_pages(1, 2**31), PDF, resolution="standard")).pages == 1


async def test_what_is_wrong_with_a_page_names_it() -> None:
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>",
        4: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 20 792]>>",
    }
    with pytest.raises(Invalid, match=r"page 2"):
        await to_fax(raw_pdf(objects), PDF)


async def test_a_blank_page_may_be_blank() -> None:
    blank = paper(lambda canvas: canvas.drawString(72, 72, " "), saying("after it"))
    assert (await to_fax(blank, PDF)).pages == 2
    scanned = picture_pdf(200, 200, bomb(b"\xff" * 2**16, 1), TWICE + GREY)
    assert (await to_fax(scanned, PDF)).pages == 1


@pytest.mark.parametrize("megabytes", [420, 520, 560, 600, 1024])
def test_a_page_for_which_the_memory_is_too_short_is_never_faxed_blank(megabytes: int) -> None:
    # Black all over, and just below what a picture may be: PDFium says nothing when it has no memory for it.
    black = picture_pdf(11_000, 11_000, bomb(MEGABYTE, 347), TWICE + RGB)
    script = (
        "import os, sys\n"
        "from ringmain.documents import faxpages, pdf\n"
        "from ringmain.documents.confinement import Limits, confine\n"
        "from ringmain.documents.refusal import Refused\n"
        f"confine(os.getppid(), Limits(memory={megabytes} * 1024**2))\n"
        "try:\n    print(*(page.getextrema() for page in pdf.pages(sys.stdin.buffer.read(), 98)))\n"
        "except (Refused, MemoryError) as refusal:\n    print('refused', refusal)\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", script], input=black, capture_output=True, check=False)
    said = done.stdout.decode()
    assert done.returncode != 0 or said.startswith(("refused", "(0, 255)"))
    assert megabytes < 1024 or said.startswith("(0, 255)")


@pytest.mark.parametrize("mimetype", ["", "image/svg+xml", "text/html", "application/postscript", "audio/wav"])
async def test_other_types_are_not_faxed(mimetype: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await to_fax(b"whatever", mimetype)
    assert refusal.value.field == "mimetype"


RECEIVED = ["20 000 TIFF pages", "a TIFF in a loop", "a TIFF of 2 million rows", "half a TIFF", "garbage", "half a PNG"]


@pytest.mark.parametrize("name", RECEIVED)
async def test_hostile_faxes_do_not_become_a_pdf(name: str) -> None:
    with pytest.raises(Invalid):
        await from_fax(HOSTILE[name][1])


@pytest.mark.parametrize("name", ["a TIFF in a loop", "a picture of 900 MB", "garbage", "nothing"])
async def test_hostile_documents_have_no_preview(name: str) -> None:
    with pytest.raises(Invalid):
        await fax_preview(HOSTILE[name][1])


async def test_flipped_bytes_never_harm() -> None:
    chance = random.Random(3)
    for good, mimetype in ((paper(saying("hello")), PDF), (GOOD_TIFF, TIFF)):
        for _ in range(3):
            damaged = bytearray(good)
            for _ in range(15):
                damaged[chance.randrange(8, len(damaged))] = chance.randrange(256)
            with suppress(Invalid):
                assert (await to_fax(bytes(damaged), mimetype)).pages >= 1


@pytest.mark.parametrize("tiff", [b"", GOOD_TIFF, looping_tiff(), long_tiff(300), random.Random(4).randbytes(5000)])
async def test_only_our_own_pages_are_joined(tiff: bytes) -> None:
    with pytest.raises(Invalid):
        concatenate(FaxDocument(tiff=tiff, pages=1))
