"""Grey fax pages of a PDF, by PDFium. Runs in the child only: hostile files abort the process."""

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
from PIL import Image

from ringmain.documents.rasters import on_page, size_of
from ringmain.documents.refusal import Refused

MAX_PAGES: Final = 200
SIDES: Final = (36.0, 14400.0)
"""Points that a page may be wide and high."""
MAX_PICTURE: Final = 400 * 1024**2
"""Bytes of a picture inside, unpacked: what can be drawn within the limits with room to spare."""
LARGE: Final = 64 * 1024**2
LOOKED_AT: Final = 10_000
WHITE: Final = 250
FLAGS: Final = pdfium.FPDF_ANNOT | pdfium.FPDF_PRINTING | pdfium.FPDF_GRAYSCALE


def pages(content: bytes, rows_an_inch: int) -> Iterator[Image.Image]:
    """The pages of a PDF, mode L, 1728 wide. Raises Refused."""
    with opened(content) as document:
        for number in range(len(document)):
            yield on_page(drawn(document, number, lambda width, height: size_of(width, height, rows_an_inch)))


@contextmanager
def opened(content: bytes) -> Iterator[pypdfium2.PdfDocument]:
    """A PDF of at most 200 pages; what goes wrong inside is Refused."""
    try:
        with pypdfium2.PdfDocument(content) as document:
            # What people filled in is drawn by the form's own engine.
            document.init_forms()
            if len(document) > MAX_PAGES:
                raise Refused(f"has more than {MAX_PAGES} pages")
            yield document
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", None) == pdfium.FPDF_ERR_PASSWORD
        raise Refused("is locked by a password" if locked else "is not a PDF that can be read") from error


def drawn(document: pypdfium2.PdfDocument, number: int, size: Callable[[float, float], tuple[int, int]]) -> Image.Image:
    """A page by its number from 0, mode L; `size` makes dots of points. Raises Refused."""
    page = document[number]
    width, height = page.get_size()
    if not (SIDES[0] <= width <= SIDES[1] and SIDES[0] <= height <= SIDES[1]):
        raise Refused(f"has a page outside {SIDES[0]:.0f} to {SIDES[1]:.0f} points (page {number + 1})")
    inside = itertools.islice(page.get_objects(), LOOKED_AT)
    pictures = [one for one in inside if one.type == pdfium.FPDF_PAGEOBJ_IMAGE]
    if any(_unpacked(picture) > MAX_PICTURE for picture in pictures):
        raise Refused(f"holds a picture of more than {MAX_PICTURE // 1024**2} MB (page {number + 1})")
    dots, rows = size(width, height)
    bitmap = pypdfium2.PdfBitmap.new_native(dots, rows, pdfium.FPDFBitmap_Gray)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, dots, rows)
    pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, dots, rows, 0, FLAGS)
    if document.formenv:
        pdfium.FPDF_FFLDraw(document.formenv, bitmap, page, 0, 0, dots, rows, 0, FLAGS)
    grey: Image.Image = bitmap.to_pil().copy()
    # PDFium leaves out what it has no memory for, and says nothing.
    if grey.getextrema() == (255, 255) and any(_missing(picture) for picture in pictures):
        raise Refused(f"has a picture that cannot be drawn (page {number + 1})")
    page.close()
    return grey


def _unpacked(picture: pypdfium2.PdfImage) -> int:
    try:
        bits = picture.get_metadata().bits_per_pixel or 1
    except pypdfium2.PdfiumError:
        bits = 32
    return int(math.prod(picture.get_px_size())) * int(bits) // 8


def _missing(picture: pypdfium2.PdfImage) -> bool:
    """Whether a picture of a page that came out blank should have been seen.

    Small ones may be white, outside, or masks that paint nothing; they must only be readable.
    """
    try:
        dots = np.asarray(picture.get_bitmap().to_numpy(), np.uint8)
    except (pypdfium2.PdfiumError, MemoryError):
        return True
    return dots.nbytes > LARGE and int(dots.min()) < WHITE
