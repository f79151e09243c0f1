"""The TIFF of fax pages: 1728 wide, black on white, CCITT Group 4, one strip a page (specs/messaging.md 4.1).

Pillow writes such files too, but inverts pixel by pixel in Python, half a second a page (4.2): here it only encodes
the strip. Reading is for our own files; whatever else comes is for Pillow in the child.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

WIDTH: Final = 1728
ACROSS: Final = 204
ROWS_AN_INCH: Final = {"fine": 196, "standard": 98}
"""Rows an inch by resolution; the width is always 204 dots an inch."""

SHORT: Final = 3
LONG: Final = 4
RATIONAL: Final = 5
HEAD: Final = struct.Struct("<2sHI")
ENTRY: Final = struct.Struct("<HHII")
ENTRIES: Final = 16
DIRECTORY: Final = 2 + ENTRIES * ENTRY.size + 4
RATIOS: Final = struct.Struct("<IIII")


class FaxPage(msgspec.Struct, frozen=True):
    """One page: rows, rows an inch, and its Group 4 strip."""

    rows: int
    rows_an_inch: int
    strip: bytes


class NotOurs(ValueError):
    """The bytes are not a file that `write` made."""


def write(pages: Sequence[FaxPage]) -> bytes:
    """The file of these pages."""
    parts: list[bytes] = [HEAD.pack(b"II", 42, HEAD.size)]
    at = HEAD.size
    for number, page in enumerate(pages):
        size = DIRECTORY + RATIOS.size + len(page.strip)
        size += size % 2
        following = at + size if number + 1 < len(pages) else 0
        body = _directory(page, number, len(pages), at, following)
        parts.append((body + page.strip).ljust(size, b"\0"))
        at += size
    return b"".join(parts)


def _directory(page: FaxPage, number: int, count: int, at: int, following: int) -> bytes:
    ratios = at + DIRECTORY
    strip = ratios + RATIOS.size
    entries = (
        (254, LONG, 1, 2),  # a page of several
        (256, LONG, 1, WIDTH),
        (257, LONG, 1, page.rows),
        (258, SHORT, 1, 1),  # bits a sample
        (259, SHORT, 1, 4),  # Group 4
        (262, SHORT, 1, 0),  # white is zero
        (266, SHORT, 1, 1),  # the first dot is the highest bit
        (273, LONG, 1, strip),
        (274, SHORT, 1, 1),  # upright
        (277, SHORT, 1, 1),  # samples a dot
        (278, LONG, 1, page.rows),
        (279, LONG, 1, len(page.strip)),
        (282, RATIONAL, 1, ratios),
        (283, RATIONAL, 1, ratios + 8),
        (296, SHORT, 1, 2),  # inches
        (297, SHORT, 2, number | count << 16),
    )
    packed = b"".join(ENTRY.pack(*entry) for entry in entries)
    return (
        struct.pack("<H", ENTRIES)
        + packed
        + struct.pack("<I", following)
        + RATIOS.pack(ACROSS, 1, page.rows_an_inch, 1)
    )


def read(content: bytes) -> list[FaxPage]:
    """The pages of a file that `write` made. Raises NotOurs for any other."""
    pages: list[FaxPage] = []
    try:
        at = HEAD.unpack_from(content)[2]
        while at:
            start = at + 2
            values = {
                tag: value for tag, _, _, value in ENTRY.iter_unpack(content[start : start + ENTRIES * ENTRY.size])
            }
            (following,) = struct.unpack_from("<I", content, start + ENTRIES * ENTRY.size)
            _, _, rows_an_inch, _ = RATIOS.unpack_from(content, at + DIRECTORY)
            strip = content[values[273] : values[273] + values[279]]
            pages.append(FaxPage(values[257], rows_an_inch, strip))
            if following and following <= at:
                break
            at = following
    except (struct.error, KeyError) as error:
        raise NotOurs("not a file of fax pages") from error
    # What differs anywhere, in a tag or by a byte too many, was not written here.
    if not pages or write(pages) != content:
        raise NotOurs("not a file of fax pages")
    return pages


def joined(files: Iterable[bytes]) -> tuple[bytes, int]:
    """One file with the pages of all, and their number. Raises NotOurs."""
    pages = [page for content in files for page in read(content)]
    return write(pages), len(pages)
