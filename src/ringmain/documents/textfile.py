"""A plain text as a PDF: Letter, 10 points, lines wrapped, form feeds as pages. Runs in the child only."""

import io
import itertools
from collections.abc import Iterator
from typing import Final

from reportlab.lib.pagesizes import letter
from reportlab.pdfgen.canvas import Canvas

from ringmain.documents import fonts
from ringmain.documents.refusal import Refused

FONT: Final = "Mono"
SIZE: Final = 10
LEADING: Final = 12
MARGIN: Final = 54
TAB: Final = 8
ROWS: Final = int((letter[1] - 2 * MARGIN) // LEADING)
LONGEST: Final = 100_000
"""Characters of one line."""


def as_pdf(content: bytes, max_pages: int) -> bytes:
    """The text, UTF-8 or UTF-16 by its mark, otherwise Windows-1252. Raises Refused."""
    text = _decoded(content)
    fonts.register()
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=letter)
    for number, rows in enumerate(_pages(text)):
        if number == max_pages:
            raise Refused(f"has more than {max_pages} pages")
        lines = canvas.beginText(MARGIN, letter[1] - MARGIN - SIZE)
        lines.setFont(FONT, SIZE, LEADING)
        for row in rows:
            lines.textLine(row)
        canvas.drawText(lines)
        canvas.showPage()
    canvas.save()
    return output.getvalue()


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
    if "\0" in text:
        raise Refused("is not a text")
    if not text.strip():
        raise Refused("is empty")
    return text


def _pages(text: str) -> Iterator[list[str]]:
    """Rows by page. A form feed at the very end begins no page."""
    for sheet in text.removesuffix("\f").split("\f"):
        rows = (row for line in _lines(sheet) for row in fonts.wrapped(line, FONT, SIZE, letter[0] - 2 * MARGIN))
        page = [*itertools.islice(rows, ROWS)]
        while page:
            yield page
            page = [*itertools.islice(rows, ROWS)]


def _lines(sheet: str) -> Iterator[str]:
    for line in sheet.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n"):
        if len(line) > LONGEST:
            raise Refused(f"has a line of more than {LONGEST} characters")
        yield "".join(letter for letter in line.expandtabs(TAB) if letter.isprintable())
