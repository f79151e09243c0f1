"""RingPlan's ids: 24 hex digits, the first 8 the creation second as in an ObjectId, the other 16 the core id."""

from collections.abc import Iterable

from ringmain.core.errors import NotFound
from ringmain.core.ids import MAX_ID, milliseconds_of


def encode(core_id: int) -> str:
    """24 lower-case hex digits."""
    return f"{milliseconds_of(core_id) // 1000:08x}{core_id:016x}"


def decode(text: str, kind: str) -> int:
    """The core id. Raises NotFound(kind) for anything that `encode` never makes."""
    if len(text) == 24:
        try:
            core_id = int(text[8:], 16)
        except ValueError:
            core_id = 0
        if 0 < core_id <= MAX_ID and encode(core_id) == text:
            return core_id
    raise NotFound(kind)


def decode_all(texts: Iterable[str], kind: str) -> list[int]:
    """Raises NotFound(kind) if any does not decode."""
    return [decode(text, kind) for text in texts]
