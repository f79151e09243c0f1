"""Grey fax pages of pictures: PNG, JPEG, TIFF. Runs in the child only."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from ringmain.documents.faxtiff import ACROSS, WIDTH
from ringmain.documents.refusal import Refused

FORMATS: Final = ("JPEG", "PNG", "TIFF")
MAX_PIXELS: Final = 40_000_000
MAX_PAGES: Final = 200
MAX_INCHES: Final = 30
"""Longer pages are made smaller: no machine has an endless roll."""
ORIENTATION: Final = 0x0112
LYING: Final = 5
"""From this orientation on, width and height change places."""
MAX_SKEW: Final = 8.0
"""Of the two resolutions of a picture; a picture that claims more has square dots."""


def pages(content: bytes, rows_an_inch: int) -> Iterator[Image.Image]:
    """The pages of a picture, mode L, 1728 wide. Raises Refused."""
    with opened(content, FORMATS) as picture:
        if picture.format == "JPEG":
            # Decoded at a half, a quarter or an eighth while that is still enough.
            picture.draft("L", (WIDTH, WIDTH))
        yield _fitted(picture, rows_an_inch)
        frame = 1
        while picture.format == "TIFF" and turned(picture, frame):
            yield _fitted(picture, rows_an_inch)
            frame += 1


@contextmanager
def opened(content: bytes, formats: tuple[str, ...]) -> Iterator[Image.Image]:
    """A picture of one of these formats, of at most 200 pages; what goes wrong inside is Refused."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(io.BytesIO(content), formats=formats) as picture:
            if picture.format == "TIFF":
                if turned(picture, MAX_PAGES):
                    raise Refused(f"has more than {MAX_PAGES} pages")
                picture.seek(0)
            yield picture
    except (Refused, MemoryError):
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Refused(f"has a page of more than {MAX_PIXELS} pixels") from error
    except UnidentifiedImageError as error:
        raise Refused(f"is not a picture ({', '.join(formats)})") from error
    except Exception as error:
        # Decoders raise nearly anything on broken input.
        raise Refused("is broken") from error


def skew(picture: Image.Image) -> float:
    """How much higher than wide a dot is: 2.08 at 204x98. 1 where nothing believable is said."""
    try:
        across, down = (float(value) for value in picture.info["dpi"])
        ratio = across / down
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return 1.0
    return ratio if 1 / MAX_SKEW <= ratio <= MAX_SKEW else 1.0


def grey(picture: Image.Image) -> Image.Image:
    """In mode L, on white where it is transparent."""
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode.startswith("I"):
        # 16 bits of grey: the upper 8 are the picture.
        return picture.point(lambda value: value * (1 / 256)).convert("L")
    if picture.has_transparency_data:
        rgba = picture.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        white.alpha_composite(rgba)
        return white.convert("L")
    return picture.convert("L")


def size_of(width: float, height: float, rows_an_inch: int) -> tuple[int, int]:
    """Dots across and rows of a fax page as wide as 1728 dots, or narrower where it would be too long."""
    rows = height / width * WIDTH * rows_an_inch / ACROSS
    longest = MAX_INCHES * rows_an_inch
    if rows <= longest:
        return WIDTH, max(1, round(rows))
    return max(1, round(WIDTH * longest / rows)), longest


def on_page(part: Image.Image) -> Image.Image:
    """A narrower page in the middle of one of 1728 dots."""
    if part.width == WIDTH:
        return part
    page = Image.new("L", (WIDTH, part.height), 255)
    page.paste(part, ((WIDTH - part.width) // 2, 0))
    return page


def turned(picture: Image.Image, frame: int) -> bool:
    """Whether there is this frame; the picture is at it then. Frames are never counted: that may take seconds."""
    try:
        picture.seek(frame)
    except EOFError:
        return False
    return True


def _fitted(picture: Image.Image, rows_an_inch: int) -> Image.Image:
    ratio = skew(picture)
    orientation = picture.getexif().get(ORIENTATION, 1)
    if orientation >= LYING:
        ratio = 1 / ratio
    upright = picture if orientation == 1 else ImageOps.exif_transpose(picture)
    plain = grey(upright)
    size = size_of(plain.width, plain.height * ratio, rows_an_inch)
    if plain.size != size:
        plain = plain.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return on_page(plain)
