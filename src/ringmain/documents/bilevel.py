"""From grey to black and white, the three ways of specs/messaging.md 4.3. Runs in the child only.

`text` is a threshold: crisp, but pictures turn into blots. `photo` is Floyd-Steinberg: good pictures, ten times the
transmission time. `auto` is a threshold with clustered dots where the page has smooth middle tones.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

THRESHOLD: Final = 160
TILE: Final = 16
CELL: Final = 6
DARKEST: Final = 16
LIGHTEST: Final = 244
"""Below and from here, dots are solid black and plain white."""
SMOOTH: Final = 10
"""Neighbours in a picture differ by less; the soft edges of letters by more."""
CERTAIN: Final = 0.35
POSSIBLE: Final = 0.08
"""Parts of a tile in smooth middle tones: enough by itself, and enough beside such a tile."""
FAINT_TEXT: Final = 24
AROUND: Final = ImageFilter.BoxBlur(2)
EDGE: Final = 12
"""What differs by this from its surroundings is an edge, not the grain of a picture."""

DARKEST_PAPER: Final = 192
PAPER_NOISE: Final = 12
PAPER_PART: Final = 0.4

Grey = NDArray[np.uint8]
Flags = NDArray[np.bool_]


def bilevel(grey: Image.Image, mode: str, *, rows_each: int = 1) -> Image.Image:
    """A page of mode "1" from one of mode "L" by `mode`: text, photo or auto.

    `rows_each` is how many rows of 204x196 one row of this page is high: dots are round on paper.
    """
    if mode == "photo":
        return grey.convert("1")
    if mode == "text":
        return _image(np.asarray(grey) > THRESHOLD)
    return _image(_auto(np.asarray(_on_white(grey)), rows_each))


def _image(white: Flags) -> Image.Image:
    return Image.fromarray(white.view(np.uint8) * np.uint8(255)).convert("1", dither=Image.Dither.NONE)


def _on_white(grey: Image.Image) -> Image.Image:
    """A page whose paper is nearly white, as of a scan or a photograph, gets white paper: dots are for pictures."""
    tones = grey.histogram()
    paper = max(range(DARKEST_PAPER, 256), key=tones.__getitem__)
    around = sum(tones[paper - PAPER_NOISE : paper + PAPER_NOISE + 1])
    if paper > 255 - PAPER_NOISE or around < PAPER_PART * grey.width * grey.height:
        return grey
    white = paper - PAPER_NOISE
    return grey.point([min(255, tone * 255 // white) for tone in range(256)])


def _auto(values: Grey, rows_each: int) -> Flags:
    height, width = values.shape
    shape = TILE // rows_each, TILE
    padded = np.pad(values, ((0, -height % shape[0]), (0, -width % shape[1])), mode="edge")
    lightest, darkest = (_by_tile(padded, shape, fold) for fold in (np.maximum, np.minimum))
    # Yellow or pale grey letters on white would vanish.
    faint = (darkest >= THRESHOLD - FAINT_TEXT) & (lightest - darkest >= FAINT_TEXT) & (lightest > LIGHTEST)
    pictures = _pictures(padded, faint, shape)
    thresholds = np.full(pictures.shape, THRESHOLD, np.uint8)
    thresholds[faint] = (lightest[faint].astype(np.uint16) + darkest[faint]) // 2
    bands = padded.reshape(-1, shape[0], padded.shape[1])
    white = (bands > thresholds.repeat(TILE, 1)[:, None, :]).reshape(padded.shape)
    if pictures.any():
        rows = np.flatnonzero(pictures.any(axis=1))
        _dot(padded, white, pictures, slice(rows[0], rows[-1] + 1), rows_each)
    return white[:height, :width]


def _dot(padded: Grey, white: Flags, pictures: Flags, band: slice, rows_each: int) -> None:
    """Draw the pictures among these rows of tiles as dots."""
    tall = TILE // rows_each
    part = padded[band.start * tall : band.stop * tall]
    # Edges are raised two and a half times: a rim keeps letters in grey areas readable.
    rise = part.astype(np.int16) - np.asarray(Image.fromarray(part).filter(AROUND))
    rise[np.abs(rise) < EDGE] = 0
    sharp = part + rise * 5 // 2
    cell = DOTS[rows_each]
    dots = np.tile(cell, (-(-part.shape[0] // cell.shape[0]), -(-part.shape[1] // CELL)))
    drawn = sharp >= dots[: part.shape[0], : part.shape[1]]
    where = pictures[band].repeat(TILE, 1).repeat(tall, 0)
    np.copyto(white[band.start * tall : band.stop * tall], drawn, where=where)


def _by_tile(values: Grey, shape: tuple[int, int], fold: np.ufunc) -> Grey:
    """One value a tile, a sum of at most 255 a column. Rows first: that is many at once."""
    tall, wide = shape
    rows = fold.reduce(values.reshape(-1, tall, values.shape[1]), axis=1, dtype=np.uint8)
    folded: Grey = fold.reduce(rows.reshape(len(rows), -1, wide), axis=2)
    return folded


def _pictures(padded: Grey, faint: Flags, shape: tuple[int, int]) -> Flags:
    """The tiles that belong to a picture or a grey area; of the faint ones, those at its rim."""
    smooth = (padded >= DARKEST) & (padded < LIGHTEST)
    smooth[:-1] &= np.maximum(padded[1:], padded[:-1]) - np.minimum(padded[1:], padded[:-1]) < SMOOTH
    smooth[:, :-1] &= np.maximum(padded[:, 1:], padded[:, :-1]) - np.minimum(padded[:, 1:], padded[:, :-1]) < SMOOTH
    part = _by_tile(smooth.view(np.uint8), shape, np.add) / (shape[0] * shape[1])
    certain: Flags = part >= CERTAIN
    pictures: Flags = certain | (_spread(certain) & ((part >= POSSIBLE) | faint))
    return pictures


def _spread(flags: Flags) -> Flags:
    around = np.pad(flags, 1)
    across = around[:, :-2] | around[:, 1:-1] | around[:, 2:]
    spread: Flags = across[:-2] | across[1:-1] | across[2:]
    return spread


def _dots(rows: int) -> Grey:
    """Thresholds of one cell of this many rows: black grows from the middle, at last into the corners."""
    down, across = ((np.arange(size) + 0.5) * 2 * np.pi / size for size in (rows, CELL))
    height = np.cos(down)[:, None] + np.cos(across)[None, :]
    # Equal heights take turns around the middle, so that dots stay compact.
    turn = np.arctan2(np.sin(down)[:, None], np.sin(across)[None, :]) * 1e-3
    rank = np.argsort(np.argsort((height + turn).ravel())).reshape(rows, CELL)
    steps = LIGHTEST - (rank + 0.5) / rank.size * (LIGHTEST - DARKEST)
    return steps.astype(np.uint8)


DOTS: Final = {1: _dots(CELL), 2: _dots(CELL // 2)}
