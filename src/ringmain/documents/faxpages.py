"""From a document to fax pages. Runs in the child only: what it opens may be hostile."""

import io
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from PIL import Image, ImageChops, TiffImagePlugin

from ringmain.documents import faxtiff, pdf, rasters, textfile
from ringmain.documents.bilevel import bilevel
from ringmain.documents.faxtiff import ROWS_AN_INCH, FaxPage
from ringmain.documents.refusal import Refused

MAX_PAGES: Final = 200
READERS: Final[Mapping[str, Callable[[bytes, int], Iterator[Image.Image]]]] = {
    "application/pdf": pdf.pages,
    "image/jpeg": rasters.pages,
    "image/png": rasters.pages,
    "image/tiff": rasters.pages,
    "text/plain": lambda content, rows_an_inch: pdf.pages(textfile.as_pdf(content, MAX_PAGES), rows_an_inch),
}
"""By media type: (content, rows an inch) -> grey pages, 1728 wide."""


def make(content: bytes, mimetype: str, mode: str, resolution: str) -> tuple[str, bytes]:
    """The number of pages and their TIFF. Raises Refused."""
    rows_an_inch = ROWS_AN_INCH[resolution]
    written: list[FaxPage] = []
    for grey in READERS[mimetype](content, rows_an_inch):
        if len(written) == MAX_PAGES:
            raise Refused(f"has more than {MAX_PAGES} pages")
        page = bilevel(grey, mode, rows_each=ROWS_AN_INCH["fine"] // rows_an_inch)
        written.append(FaxPage(page.height, rows_an_inch, _strip(page)))
    if not written:
        raise Refused("has no pages")
    return str(len(written)), faxtiff.write(written)


def _strip(page: Image.Image) -> bytes:
    """The page in Group 4: black is one, as fax has it."""
    output = io.BytesIO()
    ImageChops.invert(page).save(output, "TIFF", compression="group4", strip_size=page.width * page.height)
    output.seek(0)
    with Image.open(output, formats=("TIFF",)) as encoded:
        assert isinstance(encoded, TiffImagePlugin.TiffImageFile)  # noqa: S101
        ((offset, size),) = zip(encoded.tag_v2[273], encoded.tag_v2[279], strict=True)
    return output.getvalue()[offset : offset + size]
