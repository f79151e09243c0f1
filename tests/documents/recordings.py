"""Recordings made for tests, good and hostile."""

import io

import numpy as np
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray


def tone(frequency: float, seconds: float, rate: int, level: float = 0.5) -> NDArray[np.float32]:
    instants = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * frequency * instants)).astype(np.float32)


def recorded(samples: NDArray[np.float32], rate: int, kind: str, subtype: str | None = None) -> bytes:
    output = io.BytesIO()
    soundfile.write(output, samples, rate, format=kind, subtype=subtype)
    return output.getvalue()


def heard(content: bytes) -> tuple[NDArray[np.float32], int]:
    samples, rate = soundfile.read(io.BytesIO(content), dtype="float32")
    return samples, rate


def level_at(samples: NDArray[np.float32], rate: int, frequency: float) -> float:
    """The level of a sine of this frequency among the samples."""
    instants = np.arange(len(samples)) / rate
    window = np.hanning(len(samples))
    return float(abs((samples * window * np.exp(-2j * np.pi * frequency * instants)).sum()) * 2 / window.sum())
