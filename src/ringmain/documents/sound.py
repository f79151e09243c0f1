"""Reading and rewriting recordings. Runs in the child only: what it opens may be hostile."""

import io
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
import numpy as np
import soundfile  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ringmain.documents.refusal import Refused
from ringmain.documents.resampling import resampled

STARTS: Final = (
    (re.compile(rb"(RIFF|RF64)....WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"fLaC"), "audio/flac"),
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb"ID3|\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff]"), "audio/mpeg"),
    (re.compile(rb"FORM....AIF[FC]", re.DOTALL), "audio/aiff"),
    (re.compile(rb"\.snd"), "audio/basic"),
)
MAX_SECONDS: Final = 1800
MAX_CHANNELS: Final = 8
RATES: Final = range(4000, 192_001)
BLOCK: Final = 1 << 16
TELEPHONE_RATE: Final = 8000
WIDE_RATE: Final = 16000
MP3_RATES: Final = frozenset({8000, 11025, 12000, WIDE_RATE})
"""Of the rates that MP3 has, those that a voice needs; encoding takes time for each sample."""
STREAMED: Final = 0x7FFF0000
"""A WAV's data length from here on means that its writer did not know the length."""
CLAIM: Final = re.compile(r"^data\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)


def measure(content: bytes) -> tuple[str, bytes]:
    """The media type, and a JSON object with duration_s, rate and channels.

    Everything is decoded and counted: what a header claims is not believed. Raises Refused.
    """
    with _opened(content) as (mimetype, file):
        frames = sum(len(block) for block in _mono(file))
        shape = {"duration_s": frames / file.samplerate, "rate": file.samplerate, "channels": file.channels}
        return mimetype, msgspec.json.encode(shape)


def wav(content: bytes) -> tuple[str, bytes]:
    """As WAV: 8 kHz, mono, 16 bits. Raises Refused."""
    return "audio/wav", _rewritten(content, "WAV", "PCM_16", frozenset({TELEPHONE_RATE}), TELEPHONE_RATE)


def mp3(content: bytes) -> tuple[str, bytes]:
    """As MP3, mono, at the recording's own rate where that is one of MP3_RATES, otherwise at 16 kHz. Raises Refused."""
    return "audio/mpeg", _rewritten(content, "MP3", "MPEG_LAYER_III", MP3_RATES, WIDE_RATE)


def _rewritten(content: bytes, kind: str, subtype: str, rates: frozenset[int], other: int) -> bytes:
    with _opened(content) as (_, file):
        blocks, rate = _mono(file), file.samplerate
        if rate not in rates:
            blocks, rate = resampled(blocks, rate, other), other
        output = io.BytesIO()
        with soundfile.SoundFile(output, "w", rate, 1, subtype, format=kind) as written:
            for block in blocks:
                written.write(np.clip(block, -1.0, 1.0))
        return output.getvalue()


@contextmanager
def _opened(content: bytes) -> Iterator[tuple[str, soundfile.SoundFile]]:
    mimetype = next((mimetype for start, mimetype in STARTS if start.match(content)), None)
    if mimetype is None:
        raise Refused("is not a WAV, MP3, FLAC, Ogg, AIFF or AU recording")
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            _check(file)
            yield mimetype, file
    except soundfile.SoundFileError as error:
        raise Refused("is a broken recording") from error


def _check(file: soundfile.SoundFile) -> None:
    if file.samplerate not in RATES:
        raise Refused(f"has a rate outside {RATES.start} to {RATES.stop - 1} Hz")
    if file.channels > MAX_CHANNELS:
        raise Refused(f"has more than {MAX_CHANNELS} channels")
    if file.frames > MAX_SECONDS * file.samplerate:
        raise Refused(f"claims to last longer than {MAX_SECONDS} s")
    if (claim := CLAIM.search(file.extra_info)) and int(claim[2]) + 1 < int(claim[1]) < STREAMED:
        raise Refused("is cut short")


def _mono(file: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
    total = 0
    for _ in itertools.count():
        block = file.read(BLOCK, dtype="float32", always_2d=True)
        total += len(block)
        if total == 0:
            raise Refused("holds no sound")
        if total > MAX_SECONDS * file.samplerate:
            raise Refused(f"lasts longer than {MAX_SECONDS} s")
        if not len(block):
            return
        # Recordings of floating-point samples may hold what is no number.
        yield np.nan_to_num(block.mean(axis=1, dtype=np.float32), nan=0.0, posinf=1.0, neginf=-1.0)
