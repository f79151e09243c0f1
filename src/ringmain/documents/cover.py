"""The cover sheet of a fax, as a PDF. Runs in the child."""

import io
from typing import Final

import msgspec
from reportlab.lib.pagesizes import letter
from reportlab.pdfgen.canvas import Canvas

from ringmain.documents import fonts

MARGIN: Final = 60
VALUES_AT: Final = 150
BOTTOM: Final = 60
TITLE: Final = 28
SIZE: Final = 12
LEADING: Final = 16
MAX_ROWS: Final = 3
"""Of each field but the comment, which takes what is left."""


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on a cover sheet; empty fields are left out. `pages` counts all, the cover too."""

    to: str = ""
    from_: str = ""
    company: str = ""
    subject: str = ""
    comment: str = ""
    pages: int = 0
    date: str = ""


def make(content: bytes) -> tuple[str, bytes]:
    """The cover sheet of a Cover in JSON: one Letter page."""
    cover = msgspec.json.decode(content, type=Cover)
    fonts.register()
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=letter)
    right, top = letter[0] - MARGIN, letter[1] - MARGIN
    canvas.setFont("Bold", TITLE)
    canvas.drawString(MARGIN, top - TITLE, "FAX")
    canvas.setFont("Bold", SIZE)
    canvas.drawRightString(right, top - TITLE, fonts.wrapped(_plain(cover.company), "Bold", SIZE, 330)[0])
    canvas.setLineWidth(1.5)
    canvas.line(MARGIN, top - 42, right, top - 42)
    at = top - 70.0
    for name, value in _fields(cover):
        canvas.setFont("Bold", SIZE)
        canvas.drawString(MARGIN, at, name)
        canvas.setFont("Plain", SIZE)
        for row in fonts.wrapped(value, "Plain", SIZE, right - VALUES_AT)[:MAX_ROWS]:
            canvas.drawString(VALUES_AT, at, row)
            at -= LEADING
        at -= 6
    canvas.line(MARGIN, at, right, at)
    at -= 30
    canvas.setFont("Plain", SIZE)
    for line in cover.comment.splitlines():
        for row in fonts.wrapped(_plain(line), "Plain", SIZE, right - MARGIN):
            if at >= BOTTOM:
                canvas.drawString(MARGIN, at, row)
            at -= LEADING
    canvas.showPage()
    canvas.save()
    return "application/pdf", output.getvalue()


def _fields(cover: Cover) -> list[tuple[str, str]]:
    fields = (
        ("To", cover.to),
        ("From", cover.from_),
        ("Date", cover.date),
        ("Subject", cover.subject),
        ("Pages", str(cover.pages) if cover.pages else ""),
    )
    return [(name, _plain(value)) for name, value in fields if value]


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
