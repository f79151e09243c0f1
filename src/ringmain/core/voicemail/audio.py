"""The audio port: what measures and rewrites recordings. `ringmain.documents.audio`, the module, is the adapter."""

from typing import Protocol


class Measured(Protocol):
    """What a recording is: its length in seconds, and its media type by its own bytes."""

    @property
    def duration_s(self) -> float:
        """Seconds."""
        ...

    @property
    def mimetype(self) -> str:
        """As in audio/wav."""
        ...


class AudioTools(Protocol):
    """Each raises Invalid("content") for what is no recording, Unavailable when it cannot work."""

    async def measure_audio(self, content: bytes) -> Measured:
        """Measure any kind of recording."""
        ...

    async def to_wav(self, content: bytes) -> bytes:
        """Rewrite as WAV: 8 kHz, mono, 16 bits."""
        ...

    async def to_mp3(self, content: bytes) -> bytes:
        """Rewrite as MP3."""
        ...
