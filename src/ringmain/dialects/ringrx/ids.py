"""RingRx's spelling of ids: a UUID of version 7 (RFC 9562), so that they sort by time.

The first 48 bits are Unix milliseconds; of the 13 bits of the id's sequence, 12 stand behind the version and the
last behind the variant. All other bits are zero.
"""

from uuid import UUID

from ringmain.core.errors import NotFound
from ringmain.core.ids import EPOCH_MS, MAX_ID, SEQUENCE_BITS, milliseconds_of

VERSION = 0x7 << 76
VARIANT = 0x2 << 62


def encode(core_id: int) -> str:
    """36 characters, lower case."""
    sequence = core_id & ((1 << SEQUENCE_BITS) - 1)
    return str(
        UUID(int=milliseconds_of(core_id) << 80 | VERSION | (sequence >> 1) << 64 | VARIANT | (sequence & 1) << 61)
    )


def decode(text: str, kind: str) -> int:
    """The core id. Raises NotFound(kind) for anything that `encode` never makes."""
    try:
        number = UUID(text).int
    except ValueError:
        raise NotFound(kind) from None
    sequence = (number >> 64 & 0xFFF) << 1 | (number >> 61 & 1)
    core_id = ((number >> 80) - EPOCH_MS << SEQUENCE_BITS) | sequence
    if 0 < core_id <= MAX_ID and encode(core_id) == text:
        return core_id
    raise NotFound(kind)
