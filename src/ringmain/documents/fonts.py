"""The fonts of pages that are written here: DejaVu of the system, otherwise Vera of ReportLab. Child only."""

from pathlib import Path
from typing import Final

import reportlab
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

DEJAVU: Final = (
    Path("/usr/share/fonts/truetype/dejavu"),
    Path("/usr/share/fonts/dejavu"),
    Path("/usr/share/fonts/TTF"),
    Path("/usr/share/fonts/dejavu-sans-fonts"),
    Path("/usr/share/fonts/dejavu-sans-mono-fonts"),
)
BUNDLED: Final = Path(reportlab.__file__).parent / "fonts"
FILES: Final = {
    "Plain": ("DejaVuSans.ttf", "Vera.ttf"),
    "Bold": ("DejaVuSans-Bold.ttf", "VeraBd.ttf"),
    "Mono": ("DejaVuSansMono.ttf", "Vera.ttf"),
}
"""By the name that pages use: the file of DejaVu, and what stands in for it."""


def register() -> None:
    """Make Plain, Bold and Mono known to ReportLab."""
    for name, (file, bundled) in FILES.items():
        path = next((folder / file for folder in DEJAVU if (folder / file).is_file()), BUNDLED / bundled)
        pdfmetrics.registerFont(TTFont(name, str(path)))


def width(text: str, font: str, size: float) -> float:
    """Points that a text takes."""
    return float(pdfmetrics.stringWidth(text, font, size))


def wrapped(line: str, font: str, size: float, room: float) -> list[str]:
    """The line in pieces no wider than `room` points, broken at spaces, and within words that are too long."""
    rows: list[str] = []
    row, taken = "", 0.0
    for piece in _pieces(line):
        needed = width(piece, font, size)
        if row and taken + width(piece.rstrip(), font, size) > room:
            rows.append(row.rstrip())
            row, taken = "", 0.0
        while needed > room and len(piece) > 1:
            fitting = _fitting(piece, font, size, room)
            rows.append(piece[:fitting])
            needed -= width(piece[:fitting], font, size)
            piece = piece[fitting:]
        row, taken = row + piece, taken + needed
    return [*rows, row.rstrip()]


def _pieces(line: str) -> list[str]:
    """Words, each with the spaces that follow it; leading spaces are a word."""
    pieces: list[str] = []
    start = 0
    while start < len(line):
        end = line.find(" ", start)
        end = len(line) if end < 0 else end
        while end < len(line) and line[end] == " ":
            end += 1
        pieces.append(line[start:end])
        start = end
    return pieces


def _fitting(piece: str, font: str, size: float, room: float) -> int:
    """How many characters, one at least, fit."""
    taken = 0.0
    for count, character in enumerate(piece):
        taken += width(character, font, size)
        if taken > room:
            return max(1, count)
    return len(piece)
