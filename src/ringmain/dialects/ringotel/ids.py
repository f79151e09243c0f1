"""Ringotel's two spellings of ids (specs/ringotel.md 1).

20 digits for organizations, users, branches, contacts and trunks; `<13 digits>-<18 hex digits>` for messages, sessions
and devices. Both begin with Unix milliseconds; what follows is the id's sequence.
"""

import re
from typing import Final

from ringmain.core.errors import NotFound
from ringmain.core.ids import EPOCH_MS, MAX_ID, SEQUENCE_BITS, milliseconds_of

NUMBER: Final = re.compile(r"([0-9]{13})([0-9]{7})")
STAMP: Final = re.compile(r"([0-9]{13})-([0-9a-f]{18})")


def encode(core_id: int) -> str:
    """20 digits."""
    return f"{milliseconds_of(core_id)}{_sequence(core_id):07d}"


def decode(text: str, kind: str) -> int:
    """The core id of 20 digits. Raises NotFound(kind) for anything that `encode` never makes."""
    found = NUMBER.fullmatch(text)
    return _join(int(found[1]), int(found[2]), kind) if found else _unknown(kind)


def encode_stamp(core_id: int) -> str:
    """13 digits, a hyphen, 18 hex digits: for messages, sessions and devices."""
    return f"{milliseconds_of(core_id)}-{_sequence(core_id):018x}"


def decode_stamp(text: str, kind: str) -> int:
    """The core id of a message, session or device. Raises NotFound(kind) for what `encode_stamp` never makes."""
    found = STAMP.fullmatch(text)
    return _join(int(found[1]), int(found[2], 16), kind) if found else _unknown(kind)


def _sequence(core_id: int) -> int:
    return core_id & ((1 << SEQUENCE_BITS) - 1)


def _join(milliseconds: int, sequence: int, kind: str) -> int:
    core_id = (milliseconds - EPOCH_MS << SEQUENCE_BITS) | sequence
    if sequence >> SEQUENCE_BITS == 0 and 0 < core_id <= MAX_ID:
        return core_id
    return _unknown(kind)


def _unknown(kind: str) -> int:
    raise NotFound(kind)
