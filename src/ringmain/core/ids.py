"""Core ids: one positive integer below 2^53, time-ordered, made by the database (`new_id()`).

The upper 40 bits are milliseconds since 2024-01-01 UTC, the lower 13 a sequence. Dialects spell them.
"""

from datetime import UTC, datetime
from typing import Final

EPOCH_MS: Final = 1_704_067_200_000
SEQUENCE_BITS: Final = 13
MAX_ID: Final = 2**53 - 1


def milliseconds_of(core_id: int) -> int:
    """Unix milliseconds at which the database made this id."""
    return (core_id >> SEQUENCE_BITS) + EPOCH_MS


def moment_of(core_id: int) -> datetime:
    """When the database made this id, in UTC."""
    return datetime.fromtimestamp(milliseconds_of(core_id) / 1000, UTC)


def first_id_at(moment: datetime) -> int:
    """The lowest id that could be made at this moment: a bound for "since T" queries."""
    return (int(moment.timestamp() * 1000) - EPOCH_MS) << SEQUENCE_BITS
