"""From fax pages to what people look at: a PDF, a small picture. Runs in the child only."""

import io
from typing import Final

import img2pdf  # type: ignore[import-untyped]
from PIL import Image

from ringmain.documents import pdf, rasters
from ringmain.documents.refusal import Refused

MAX_SIDE: Final = 800


def as_pdf(content: bytes) -> tuple[str, bytes]:
    """The number of pages, and the PDF of a TIFF. Group 4 passes through as it is. Raises Refused."""
    count = _checked(content)
    # Its own engine: nothing but what is needed, and no dates.
    try:
        made = img2pdf.convert(content, engine=img2pdf.Engine.internal, nodate=True, rotation=img2pdf.Rotation.ifvalid)
    except MemoryError:
        raise
    except Exception as error:
        raise Refused("is broken") from error
    return str(count), bytes(made)


def preview(content: bytes) -> tuple[str, bytes]:
    """The first page as a grey PNG of at most 800 dots a side, in its true aspect. Of a TIFF or a PDF."""
    output = io.BytesIO()
    _first(content).save(output, "PNG", optimize=True)
    return "image/png", output.getvalue()


def _first(content: bytes) -> Image.Image:
    if content.startswith(b"%PDF"):
        with pdf.opened(content) as document:
            return pdf.drawn(document, 0, _small)
    with rasters.opened(content, rasters.FORMATS) as picture:
        ratio = rasters.skew(picture)
        grey = rasters.grey(picture)
        return grey.resize(_small(grey.width, grey.height * ratio), Image.Resampling.BILINEAR)


def _small(width: float, height: float) -> tuple[int, int]:
    scale = MAX_SIDE / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _checked(content: bytes) -> int:
    """The number of pages, each decoded once. Raises Refused."""
    with rasters.opened(content, ("TIFF",)) as picture:
        picture.load()
        number = 1
        while rasters.turned(picture, number):
            picture.load()
            number += 1
        return number
