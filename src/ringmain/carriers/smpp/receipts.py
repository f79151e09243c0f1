"""Delivery receipts (SMPP 3.4 appendix B, specs/messaging.md 1.6)."""

import re
from typing import Literal

import msgspec

from . import pdu as p
from .reassembly import text_of

ReceiptState = Literal["delivered", "failed", "accepted", "unknown"]
MessageIdFormat = Literal["string", "hex", "decimal"]

_BY_TLV: dict[int, tuple[str, ReceiptState]] = {
    0: ("SCHEDULED", "accepted"),
    1: ("ENROUTE", "accepted"),
    2: ("DELIVRD", "delivered"),
    3: ("EXPIRED", "failed"),
    4: ("DELETED", "failed"),
    5: ("UNDELIV", "failed"),
    6: ("ACCEPTD", "accepted"),
    7: ("UNKNOWN", "unknown"),
    8: ("REJECTD", "failed"),
    9: ("SKIPPED", "failed"),
}
# Carriers write DELIVERED and UNDELIVERABLE as well: the first five letters tell them apart.
_BY_STAT: dict[str, ReceiptState] = {stat[:5]: state for stat, state in _BY_TLV.values()} | {"FAILE": "failed"}

_id = re.compile(r"(?:^|\s)id:\s*(\S+)", re.IGNORECASE)
_stat = re.compile(r"(?:^|\s)stat:\s*([A-Z]+)", re.IGNORECASE)
_err = re.compile(r"(?:^|\s)err:\s*([0-9A-Z]+)", re.IGNORECASE)
_decimal = re.compile(r"[0-9]{1,40}").fullmatch
_hex = re.compile(r"(?:0[xX])?([0-9a-fA-F]{1,40})").fullmatch


class Receipt(msgspec.Struct, frozen=True):
    """What became of one submitted part.

    `message_id` is canonical (see `canonical_id`), empty where the receipt names none. `state`
    "accepted" is not final. `stat` is the carrier's word; `error` its code, None where there is none.
    """

    message_id: str
    state: ReceiptState
    stat: str
    error: str | None = None


def is_receipt(message: p.DeliverSm | p.DataSm) -> bool:
    """Whether the PDU is a delivery receipt and no message."""
    return message.esm_class & 0x3C == 0x04


def canonical_id(message_id: str, form: MessageIdFormat = "string") -> str:
    """A carrier's message id in the one spelling to store and compare.

    "hex" and "decimal" say how the id is written at this place and both give decimal text, so an id
    answered in hex and receipted in decimal are equal. Under "decimal" an id with hex letters is read
    as hex. What is no such number stays as it is.
    """
    text = message_id.rstrip("\0").strip()
    if form == "decimal" and _decimal(text):
        return str(int(text))
    if form != "string" and (match := _hex(text)):
        return str(int(match.group(1), 16))
    return text


def parse_receipt(message: p.DeliverSm | p.DataSm, message_id_format: MessageIdFormat = "string") -> Receipt | None:
    """The receipt in a PDU; None when it is a message.

    The TLVs receipted_message_id and message_state go before the text.
    """
    if not is_receipt(message):
        return None
    text = text_of(message, "latin1")
    tlvs = message.tlvs
    message_id = tlvs.get(p.RECEIPTED_MESSAGE_ID, b"").decode("latin-1").rstrip("\0")
    if not message_id:
        message_id = _first(_id, text) or ""
    stat = (_first(_stat, text) or "").upper()
    state: ReceiptState = _BY_STAT.get(stat[:5], "unknown")
    by_tlv = _BY_TLV.get(int.from_bytes(tlvs.get(p.MESSAGE_STATE, b"\xff"), "big"))
    if by_tlv:
        stat, state = by_tlv
    error = _first(_err, text)
    network = tlvs.get(p.NETWORK_ERROR_CODE, b"")
    if error is None and len(network) == 3:
        error = f"{network[0]}:{int.from_bytes(network[1:], 'big')}"
    return Receipt(canonical_id(message_id, message_id_format), state, stat or "UNKNOWN", error)


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match.group(1) if match else None
