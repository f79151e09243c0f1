"""Fax documents: from what people send to fax pages, and from fax pages to what people read.

specs/messaging.md section 4. Whatever opens a document does so in a limited process of its own.
"""

import asyncio
import shutil
import tempfile
from typing import Final, Literal

import msgspec

from ringmain.core.errors import Invalid
from ringmain.core.faxes.documents import FaxPages
from ringmain.documents import faxtiff
from ringmain.documents.preview import Preview
from ringmain.documents.workshop import work

Mode = Literal["auto", "text", "photo"]
Resolution = Literal["fine", "standard"]

DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FAXED: Final = frozenset({"application/pdf", "image/tiff", "image/png", "image/jpeg", "text/plain", DOCX})
"""Media types that become fax pages; DOCX where LibreOffice is installed."""
MAX_PAGES: Final = 200
WALL_S: Final = 60.0
OFFICE_WALL_S: Final = 60.0
PROGRAMS: Final = ("soffice", "libreoffice")

one_office = asyncio.Semaphore(1)


class FaxDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Fax pages: a TIFF of 1728 dots a row, Group 4, one strip a page; and their number."""

    tiff: bytes
    pages: int


class FaxPdf(msgspec.Struct, frozen=True, kw_only=True):
    """A received fax as a PDF, and the number of its pages."""

    pdf: bytes
    pages: int


async def to_fax(content: bytes, mimetype: str, *, mode: Mode = "auto", resolution: Resolution = "fine") -> FaxDocument:
    """Make fax pages of a document, one of FAXED.

    `mode`: text (crisp), photo (fine greys, long to send), or auto (crisp text, dots in pictures). `resolution`:
    fine is 204x196 dots an inch, standard 204x98. Raises Invalid("mimetype") for other media types and for a DOCX
    without LibreOffice; Invalid("content") for what is broken, locked, too large, of more than 200 pages or too slow;
    Unavailable when no process can be started.
    """
    kind = mimetype.partition(";")[0].strip().lower()
    if kind not in FAXED:
        raise Invalid("mimetype", f"{kind or 'nothing'} cannot be faxed")
    if kind == DOCX:
        content, kind = await _converted(content), "application/pdf"
    pages, tiff = await work("fax", content, options=(kind, mode, resolution), wall_s=WALL_S)
    return FaxDocument(tiff=tiff, pages=int(pages))


async def from_fax(tiff: bytes) -> FaxPdf:
    """Make a PDF of a received TIFF, of its own resolution. Raises Invalid("content") or Unavailable as `to_fax`."""
    pages, pdf = await work("received fax", tiff, wall_s=WALL_S)
    return FaxPdf(pdf=pdf, pages=int(pages))


async def fax_preview(content: bytes) -> Preview:
    """Make a grey PNG of at most 800 x 800 dots, in the true aspect, of the first page of a TIFF or PDF.

    Raises Invalid("content") or Unavailable as `to_fax`.
    """
    mimetype, picture = await work("fax preview", content)
    return Preview(mimetype=mimetype, content=picture)


async def cover_page(
    *,
    to: str = "",
    from_: str = "",
    company: str = "",
    subject: str = "",
    comment: str = "",
    pages: int = 0,
    date: str = "",
) -> bytes:
    """Make a cover sheet, a PDF of one Letter page. `pages` counts all pages, this one too; empty fields are left out.

    What does not fit is cut. Raises Unavailable when no process can be started.
    """
    sheet = {
        "to": to,
        "from_": from_,
        "company": company,
        "subject": subject,
        "comment": comment,
        "pages": pages,
        "date": date,
    }
    _, pdf = await work("cover", msgspec.json.encode(sheet))
    return pdf


def concatenate(*documents: FaxPages) -> FaxDocument:
    """Join documents that `to_fax` made, the cover first; nothing is decoded.

    Raises Invalid("content") for other TIFFs and for more than 200 pages and a cover.
    """
    try:
        tiff, pages = faxtiff.joined(document.tiff for document in documents)
    except faxtiff.NotOurs as error:
        raise Invalid("content", "is not a file of fax pages") from error
    if pages > MAX_PAGES + 1:
        raise Invalid("content", f"has more than {MAX_PAGES} pages and a cover")
    return FaxDocument(tiff=tiff, pages=pages)


async def _converted(content: bytes) -> bytes:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise Invalid("mimetype", "a DOCX cannot be faxed here: LibreOffice is not installed; send it as a PDF")
    async with one_office:
        folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="ringmain-office-")
        try:
            _, pdf = await work("office", content, options=(folder, program), wall_s=OFFICE_WALL_S)
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))
    return pdf
