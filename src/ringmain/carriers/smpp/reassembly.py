"""Parts of inbound messages: read one from a PDU, join a complete set, choose which sets to give up.

All pure. The caller stores each part before it acknowledges the PDU, since we never acknowledge what
only memory holds, and joins what it finds stored. Rules: specs/messaging.md 1.4 and 1.6.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

import msgspec

from . import pdu as p
from .message_text import Alphabet, decode_text

_UDHI = 0x40
_CONCATENATED_8 = 0x00
_CONCATENATED_16 = 0x08
_MOST_PARTS = 255
GAP = "\u2026"


class PartKey(msgspec.Struct, frozen=True):
    """What parts of one message have in common. Equal keys long apart are different messages."""

    source: str
    destination: str
    reference: int
    total: int


class Part(msgspec.Struct, frozen=True):
    """One part: its place counted from 1, and its octets without header. `total` 1 is a whole message."""

    key: PartKey
    index: int
    data_coding: int
    payload: bytes

    @property
    def whole(self) -> bool:
        """Whether nothing else belongs to it."""
        return self.key.total == 1


class PendingSet(msgspec.Struct, frozen=True):
    """An incomplete set as the caller has it stored: `first_at` is when its first part came."""

    key: PartKey
    first_at: datetime


def octets_of(message: p.DeliverSm | p.DataSm) -> bytes:
    """The user data: short_message, or message_payload where that is empty."""
    short = message.short_message if isinstance(message, p.DeliverSm) else b""
    return short or message.tlvs.get(p.MESSAGE_PAYLOAD, b"")


def text_of(message: p.DeliverSm | p.DataSm, default_alphabet: Alphabet = "gsm7") -> str:
    """The text of this PDU alone, without its user data header."""
    return decode_text(parse_part(message).payload, message.data_coding, default_alphabet)


def parse_part(message: p.DeliverSm | p.DataSm) -> Part:
    """The part that a PDU carries, by UDH (8 or 16 bit reference) or by SAR TLVs.

    A header that is malformed or counts nonsense (part 0, part 4 of 3) makes a whole message, as
    TS 23.040 9.2.3.24.1 asks.
    """
    payload = octets_of(message)
    place: tuple[int, int, int] | None = None
    if message.esm_class & _UDHI and payload and len(payload) > payload[0]:
        header, payload = payload[1 : payload[0] + 1], payload[payload[0] + 1 :]
        place = _concatenation(header)
    if place is None:
        place = _sar(message.tlvs)
    reference, total, index = place or (0, 1, 1)
    if not 1 <= index <= total <= _MOST_PARTS:
        reference, total, index = 0, 1, 1
    return Part(
        PartKey(message.source_addr, message.destination_addr, reference, total),
        index,
        message.data_coding,
        payload,
    )


def _concatenation(header: bytes) -> tuple[int, int, int] | None:
    """(reference, total, index) of the last concatenation element, None without one."""
    found = None
    at = 0
    while at + 2 <= len(header):
        element, size = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + size]
        if element == _CONCATENATED_8 and size == len(value) == 3:
            found = (value[0], value[1], value[2])
        elif element == _CONCATENATED_16 and size == len(value) == 4:
            found = (value[0] << 8 | value[1], value[2], value[3])
        at += 2 + size
    return found


def _sar(tlvs: dict[int, bytes]) -> tuple[int, int, int] | None:
    values = [tlvs.get(tag, b"") for tag in (p.SAR_REFERENCE, p.SAR_TOTAL, p.SAR_INDEX)]
    if [len(value) for value in values] != [2, 1, 1]:
        return None
    reference, total, index = (int.from_bytes(value, "big") for value in values)
    return reference, total, index


def join(parts: Iterable[Part], default_alphabet: Alphabet = "gsm7", *, partial: bool = False) -> str | None:
    """The text of one key's parts in any order, duplicates allowed; None while one is missing.

    Octets are joined before they are decoded, since a character may lie across two parts; where parts
    differ in data_coding, each run is decoded by its own. `partial` gives the text of an expired set:
    what came, with an ellipsis for each gap, so that nothing acknowledged is lost.
    """
    placed: dict[int, Part] = {}
    for part in parts:
        placed.setdefault(part.index, part)
    if not placed:
        return None
    total = next(iter(placed.values())).key.total
    if len(placed) < total and not partial:
        return None
    pieces = []
    in_order = [placed.get(index) for index in range(1, total + 1)]
    for coding, run in groupby(in_order, key=lambda part: None if part is None else part.data_coding):
        if coding is None:
            pieces.append(GAP)
        else:
            octets = b"".join(part.payload for part in run if part)
            pieces.append(decode_text(octets, coding, default_alphabet))
    return "".join(pieces)


def to_give_up(
    pending: Iterable[PendingSet],
    *,
    now: datetime,
    expiry: timedelta = timedelta(hours=6),
    per_source: int = 20,
) -> list[PartKey]:
    """The sets that will wait no longer: expired ones, and of each source the oldest above `per_source`.

    The caller hands their `join(..., partial=True)` on and forgets them. `expiry` is clamped to
    60 s..24 h.
    """
    expiry = min(max(expiry, timedelta(seconds=60)), timedelta(hours=24))
    newest_first = sorted(pending, key=lambda held: held.first_at, reverse=True)
    kept: dict[str, int] = {}
    given_up = []
    for held in newest_first:
        seen = kept.get(held.key.source, 0)
        if now - held.first_at >= expiry or seen >= per_source:
            given_up.append(held.key)
        else:
            kept[held.key.source] = seen + 1
    return given_up[::-1]
