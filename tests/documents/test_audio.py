import random
import struct
import time
import wave
from io import BytesIO

import numpy as np
import pytest

from ringmain.core.errors import Invalid
from ringmain.documents.audio import measure_audio, to_mp3, to_wav
from ringmain.documents.workshop import WALL_S
from tests.documents.recordings import heard, level_at, recorded, tone

KINDS = [
    ("WAV", "PCM_16", 44100, "audio/wav"),
    ("WAV", "ULAW", 8000, "audio/wav"),
    ("WAV", "FLOAT", 48000, "audio/wav"),
    ("WAV", "GSM610", 8000, "audio/wav"),
    ("MP3", "MPEG_LAYER_III", 44100, "audio/mpeg"),
    ("FLAC", "PCM_24", 96000, "audio/flac"),
    ("OGG", "VORBIS", 22050, "audio/ogg"),
    ("OGG", "OPUS", 16000, "audio/ogg"),
    ("AIFF", "PCM_16", 11025, "audio/aiff"),
    ("AU", "ULAW", 8000, "audio/basic"),
]


@pytest.mark.parametrize(("kind", "subtype", "rate", "mimetype"), KINDS)
async def test_recordings_are_measured_and_become_telephone_wav(
    kind: str, subtype: str, rate: int, mimetype: str
) -> None:
    content = recorded(tone(1000, 1.5, rate), rate, kind, subtype)
    info = await measure_audio(content)
    assert (info.mimetype, info.rate, info.channels) == (mimetype, rate, 1)
    assert info.duration_s == pytest.approx(1.5, abs=0.05)
    made = await to_wav(content)
    with wave.open(BytesIO(made)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert file.getnframes() == -(-round(info.duration_s * rate) * 8000 // rate)
    samples, _ = heard(made)
    assert level_at(samples, 8000, 1000) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(("rate", "mp3_rate"), [(8000, 8000), (11025, 11025), (48000, 16000), (96000, 16000)])
async def test_recordings_become_mp3(rate: int, mp3_rate: int) -> None:
    made = await to_mp3(recorded(tone(1000, 2, rate), rate, "WAV"))
    info = await measure_audio(made)
    assert (info.mimetype, info.rate, info.channels) == ("audio/mpeg", mp3_rate, 1)
    assert info.duration_s == pytest.approx(2, abs=0.1)
    samples, _ = heard(made)
    assert level_at(samples, mp3_rate, 1000) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("rate", [6000, 11025, 11127, 16000, 44100, 48000, 192000])
async def test_the_telephone_band_passes_and_nothing_folds_back(rate: int) -> None:
    heard_tones = [300.0, 1000.0, min(3300.0, 0.4 * rate)]
    samples = sum((tone(frequency, 4, rate, 0.2) for frequency in heard_tones), np.zeros(4 * rate, np.float32))
    if rate > 15000:
        samples = samples + tone(5300, 4, rate, 0.2) + tone(7400, 4, rate, 0.2)
    made, _ = heard(await to_wav(recorded(samples, rate, "WAV", "FLOAT")))
    assert len(made) == 32000
    for frequency in heard_tones:
        assert level_at(made, 8000, frequency) == pytest.approx(0.2, abs=0.01)
    for folded in (2700, 600):
        assert level_at(made, 8000, folded) < 0.001


async def test_long_recordings_are_read_block_by_block() -> None:
    # The same tone all the way: a seam between blocks would be a jump.
    made, _ = heard(await to_wav(recorded(tone(400, 120, 16000), 16000, "FLAC")))
    assert len(made) == 120 * 8000
    assert np.abs(np.diff(made)).max() < 0.5 * 2 * np.pi * 400 / 8000 + 0.01


async def test_channels_are_mixed() -> None:
    both = np.stack([tone(500, 1, 8000), tone(700, 1, 8000)], axis=1)
    content = recorded(both, 8000, "WAV")
    assert (await measure_audio(content)).channels == 2
    samples, _ = heard(await to_wav(content))
    assert level_at(samples, 8000, 500) == pytest.approx(0.25, abs=0.01)
    assert level_at(samples, 8000, 700) == pytest.approx(0.25, abs=0.01)


async def test_what_is_no_number_becomes_silence_and_what_is_too_loud_is_clipped() -> None:
    samples = np.array([0.0, np.nan, np.inf, -np.inf, 7.0, 0.25] * 100, np.float32)
    made, _ = heard(await to_wav(recorded(samples, 8000, "WAV", "FLOAT")))
    assert made[:6] == pytest.approx([0, 0, 1, -1, 1, 0.25], abs=0.001)


WAV = recorded(tone(440, 0.1, 8000), 8000, "WAV", "PCM_16")
FLAC = recorded(tone(440, 1, 8000), 8000, "FLAC")
LYING_FLAC = FLAC[:21] + bytes([FLAC[21] | 0x0F]) + b"\xff" * 4 + FLAC[26:]
HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is not"),
    "garbage": (random.Random(1).randbytes(100_000), "is not"),
    "an MP3's first byte and garbage": (b"\xff\xfb\x90" + random.Random(2).randbytes(100_000), "broken"),
    "Ogg and garbage": (b"OggS" + random.Random(3).randbytes(100_000), "broken"),
    "RIFF of a picture": (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(20), "is not"),
    "only a header": (WAV[:44], "cut short"),
    "no samples": (recorded(np.zeros(0, np.float32), 8000, "WAV"), "no sound"),
    "half a header": (WAV[:30], "broken"),
    "60000 channels": (WAV[:22] + struct.pack("<H", 60000) + WAV[24:], "broken"),
    "200 channels": (WAV[:22] + struct.pack("<HIIH", 200, 8000, 3200000, 400) + WAV[34:], "channels"),
    "2^31 Hz": (WAV[:24] + struct.pack("<II", 2**31 - 1, 2**31 - 1) + WAV[32:], "rate"),
    "0 Hz": (WAV[:24] + struct.pack("<II", 0, 0) + WAV[32:], "broken"),
    "a WAV of which 2 GB are missing": (WAV[:40] + struct.pack("<I", 2_000_000_000) + WAV[44:], "cut short"),
    "a FLAC that claims 2^36 samples": (LYING_FLAC, "claims"),
    "half a FLAC": (FLAC[: len(FLAC) // 2], "broken"),
    "two hours of silence in 300 KB": (recorded(np.zeros(2 * 3600 * 4000, np.float32), 4000, "FLAC"), "longer"),
    "text": (b"<html>", "is not"),
    "a WMA": (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(100), "is not"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_recordings_are_refused_in_bounded_time(name: str) -> None:
    content, reason = HOSTILE[name]
    before = time.monotonic()
    with pytest.raises(Invalid, match=reason) as refusal:
        await measure_audio(content)
    assert refusal.value.field == "content"
    assert time.monotonic() - before < WALL_S


@pytest.mark.parametrize("name", ["garbage", "half a FLAC", "two hours of silence in 300 KB"])
async def test_hostile_recordings_are_not_rewritten(name: str) -> None:
    content, reason = HOSTILE[name]
    for rewrite in (to_wav, to_mp3):
        with pytest.raises(Invalid, match=reason):
            await rewrite(content)


async def test_a_recording_of_unknown_length_is_measured_by_what_it_holds() -> None:
    streamed = WAV[:4] + b"\xff\xff\xff\xff" + WAV[8:40] + b"\xff\xff\xff\xff" + WAV[44:]
    assert (await measure_audio(streamed)).duration_s == pytest.approx(0.1)
