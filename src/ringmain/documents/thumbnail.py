"""A small picture of a picture. Runs in the child only: what it opens may be hostile."""

import io
import warnings
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from ringmain.documents.refusal import Refused

FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")
MAX_PIXELS: Final = 40_000_000
MAX_SIDE: Final = 320
QUALITY: Final = 80


def make(content: bytes) -> tuple[str, bytes]:
    """The media type and content of a picture of at most 320 x 320 pixels, upright, without metadata.

    PNG where something is transparent, otherwise JPEG; the first frame of an animation. Raises Refused.
    """
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            return _encode(_small(opened))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Refused(f"has more than {MAX_PIXELS} pixels") from error
    except UnidentifiedImageError as error:
        raise Refused("is not a JPEG, PNG, GIF or WebP picture") from error
    except MemoryError:
        raise
    except Exception as error:
        # Decoders raise nearly anything on broken input.
        raise Refused("is broken") from error


def _small(opened: Image.Image) -> Image.Image:
    if opened.mode.startswith("I"):
        # 16 bits of grey: the upper 8 are the picture.
        return _small(opened.point(lambda value: value * (1 / 256)).convert("L"))
    if opened.mode not in ("L", "RGB"):
        opened = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
    elif opened.has_transparency_data:
        opened = opened.convert("RGBA")
    opened.thumbnail((MAX_SIDE, MAX_SIDE), reducing_gap=2.0)
    return ImageOps.exif_transpose(opened)


def _encode(small: Image.Image) -> tuple[str, bytes]:
    small.info.clear()
    output = io.BytesIO()
    if small.mode == "RGBA":
        small.save(output, "PNG", optimize=True)
        return "image/png", output.getvalue()
    small.save(output, "JPEG", quality=QUALITY, optimize=True)
    return "image/jpeg", output.getvalue()
