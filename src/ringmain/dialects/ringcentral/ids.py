"""RingCentral's spelling of ids: decimal."""

from ringmain.core.errors import NotFound
from ringmain.core.ids import MAX_ID


def encode(core_id: int) -> str:
    """Decimal digits, without leading zeros."""
    return str(core_id)


def decode(text: str, kind: str) -> int:
    """The core id. Raises NotFound(kind) for anything that `encode` never makes."""
    if len(text) <= 16 and text.isascii() and text.isdigit() and not text.startswith("0"):
        core_id = int(text)
        if core_id <= MAX_ID:
            return core_id
    raise NotFound(kind)
