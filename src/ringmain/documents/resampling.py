"""From one sampling rate to another, in bounded memory. Runs in the child only."""

import math
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

BLOCK: Final = 1 << 18
STOP_DB: Final = 60.0
PASS: Final = 0.85
"""Part of the lower of both bands that passes unchanged: 3400 Hz of 8 kHz, the band of a telephone."""


def resampled(blocks: Iterable[NDArray[np.float32]], source: int, target: int) -> Iterator[NDArray[np.float32]]:
    """Blocks of mono samples at `source` Hz as blocks at `target` Hz; what would fold back is filtered out.

    A polyphase filter of windowed sinc functions: phase p of `up` makes every up-th output sample. The whole has
    ceil(samples * target / source) samples.
    """
    up, down = target // math.gcd(source, target), source // math.gcd(source, target)
    filters = _filters(up, down)
    taps = filters.shape[1]
    rounds = max(1, BLOCK // down)
    waiting = np.zeros(taps // 2, np.float32)
    taken = made = 0
    for block in blocks:
        taken += len(block)
        waiting = np.concatenate((waiting, block))
        while len(waiting) >= rounds * down + taps:
            yield _round(waiting, filters, up, down, rounds)
            made += rounds * up
            waiting = waiting[rounds * down :]
    wanted = -(-taken * up // down)
    left = -(-(wanted - made) // up)
    if left > 0:
        waiting = np.concatenate((waiting, np.zeros(max(0, left * down + taps - len(waiting)), np.float32)))
        yield _round(waiting, filters, up, down, left)[: wanted - made]


def _filters(up: int, down: int) -> NDArray[np.float32]:
    """One filter a phase, [up, taps], in source samples."""
    band = 0.5 * min(1.0, up / down)
    width = 2 * (1 - PASS) * band
    half = math.ceil((STOP_DB - 8) / (2.285 * 2 * math.pi * width) / 2) + 1
    offsets = np.arange(-half, half + 1)
    fractions = (np.arange(up) * down % up) / up
    distances = offsets[None, :] - fractions[:, None]
    beta = 0.1102 * (STOP_DB - 8.7)
    window = np.i0(beta * np.sqrt(np.clip(1 - (distances / (half + 1)) ** 2, 0, None))) / np.i0(beta)
    filters = np.sinc(2 * band * distances) * window
    return np.asarray(filters / filters.sum(axis=1, keepdims=True), np.float32)


def _round(
    waiting: NDArray[np.float32], filters: NDArray[np.float32], up: int, down: int, rounds: int
) -> NDArray[np.float32]:
    windows = sliding_window_view(waiting, filters.shape[1])
    output = np.empty((rounds, up), np.float32)
    for phase in range(up):
        start = phase * down // up
        output[:, phase] = windows[start : start + rounds * down : down][:rounds] @ filters[phase]
    return output.reshape(-1)
