"""A recording for tests that only need some recording."""

import io
import math
import wave


def wav(seconds: float = 1.5, rate: int = 8000) -> bytes:
    """A tone as WAV: mono, 16 bits."""
    output = io.BytesIO()
    with wave.open(output, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        samples = (round(8000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(round(seconds * rate)))
        file.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))
    return output.getvalue()
