"""Recordings: measured and rewritten, in a limited process of their own. Voicemail stands on this."""

import msgspec

from ringmain.documents.workshop import work


class AudioInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording is. `duration_s` is counted, not claimed; `rate` is in Hz; `mimetype` is what the bytes are."""

    duration_s: float
    mimetype: str
    rate: int
    channels: int


class _Shape(msgspec.Struct, frozen=True):
    duration_s: float
    rate: int
    channels: int


async def measure_audio(content: bytes) -> AudioInfo:
    """Measure a WAV, MP3, FLAC, Ogg (Vorbis, Opus), AIFF or AU recording of at most half an hour.

    Raises Invalid("content") for anything else, for what is broken, empty or cut short; Unavailable when no process
    can be started.
    """
    mimetype, shape = await work("measure", content)
    measured = msgspec.json.decode(shape, type=_Shape)
    return AudioInfo(duration_s=measured.duration_s, mimetype=mimetype, rate=measured.rate, channels=measured.channels)


async def to_wav(content: bytes) -> bytes:
    """The recording as a WAV of 8 kHz, mono, 16-bit PCM: what telephones play. Raises as `measure_audio`."""
    _, written = await work("wav", content)
    return written


async def to_mp3(content: bytes) -> bytes:
    """The recording as a mono MP3 of 8 to 16 kHz: what browsers play. Raises as `measure_audio`."""
    _, written = await work("mp3", content)
    return written
