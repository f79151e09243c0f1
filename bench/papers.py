"""Pages as people fax them: small print, a grey bar, coloured words, a photograph."""

import io

import numpy as np
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas


def letter_with_photo(count: int) -> bytes:
    """A PDF of this many Letter pages, all different."""
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=(612, 792))
    picture = ImageReader(photograph())
    for page in range(count):
        at = 750.0
        for size in (6, 7, 8, 9, 10, 11, 12):
            for font in ("Helvetica", "Times-Roman"):
                canvas.setFont(font, size)
                canvas.drawString(
                    40, at, f"Page {page + 1}, {size} points: the quick brown fox jumps over the lazy dog 0123"
                )
                at -= size * 1.4
        canvas.setFillGray(0.75)
        canvas.rect(40, at - 30, 300, 26, fill=1, stroke=0)
        canvas.setFillGray(0)
        canvas.drawString(50, at - 20, "Black on a grey bar")
        for place, colour in enumerate(((1, 0, 0), (0, 0.7, 0), (0, 0, 1), (1, 1, 0))):
            canvas.setFillColorRGB(*colour)
            canvas.drawString(40 + 100 * place, at - 55, "coloured words")
        canvas.setFillGray(0)
        canvas.drawImage(picture, 40, at - 290, 280, 210)
        canvas.showPage()
    canvas.save()
    return output.getvalue()


def photograph(width: int = 800, height: int = 600) -> Image.Image:
    """Smooth tones, an edge and some noise."""
    down, across = np.mgrid[0:height, 0:width].astype(float)
    red = 120 + 100 * np.sin(across / 90) * np.cos(down / 70)
    green = 110 + 90 * np.cos(across / 50 + down / 80)
    blue = across / width * 255
    noise = np.random.default_rng(1).normal(0, 4, (height, width))
    picture = np.clip(np.stack([red + noise, green + noise, blue + noise], axis=-1), 0, 255)
    picture[np.hypot(across - width / 2, down - height / 2) < height / 5] = 20
    return Image.fromarray(picture.astype(np.uint8))
