"""The submit_sm PDUs of one message (specs/messaging.md 1.6)."""

import re
from typing import Literal

import msgspec

from ringmain.core.texting.segments import (
    MAX_PARTS,
    ReferenceBits,
    TooManySegments,
    encode_gsm7,
    encode_ucs2,
    split,
)

from . import pdu as p
from .message_text import Alphabet

TonNpi = tuple[int, int]
Concatenation = Literal["udh8", "udh16", "sar", "payload"]

VENDOR_REFERENCE = 0x1400
_UDHI = 0x40
_UCS2 = 0x08
_e164 = re.compile(r"\+[0-9]+").fullmatch
_digits = re.compile(r"[0-9]+").fullmatch
_SHORT_CODE_DIGITS = 8


class SubmitOptions(msgspec.Struct, frozen=True, kw_only=True):
    """A carrier's customs.

    `default_alphabet` is what it understands under `default_data_coding` (0 as a rule, 3 to say
    Latin-1 outright); UCS-2 goes as data_coding 8. `concatenation` says how a long text travels.
    TON and NPI by form of number: Sinch, say, wants (0, 1) for E.164.
    """

    default_alphabet: Alphabet = "gsm7"
    default_data_coding: int = 0
    concatenation: Concatenation = "udh8"
    e164: TonNpi = (1, 1)
    national: TonNpi = (0, 1)
    short_code: TonNpi = (3, 0)
    alphanumeric: TonNpi = (5, 0)
    keep_plus: bool = False
    service_type: str = ""
    validity_period: str = ""
    receipts: bool = True
    user_message_reference: bool = True
    vendor_reference: bool = True


def build(
    *, source: str, destination: str, text: str, reference: int, options: SubmitOptions | None = None
) -> list[p.SubmitSm]:
    """One PDU a part, in order.

    `reference` is our own id of the message: its low 16 bits go as user_message_reference, the whole as
    decimal text in the vendor TLV 0x1400, and the concatenation reference derives from it, so a message
    sent again has the same references. Raises TooManySegments.
    """
    options = options or SubmitOptions()
    # The SMSC may turn SAR into either user data header, so leave room for the larger.
    bits: ReferenceBits = 8 if options.concatenation in {"udh8", "payload"} else 16
    cut = split(text, reference_bits=bits)
    data_coding, parts = _encoded(cut.parts, cut.encoding, options)
    if options.concatenation == "payload" and len(parts) > 1:
        return [_pdu(source, destination, data_coding, reference, options, payload=b"".join(parts))]
    if len(parts) == 1:
        return [_pdu(source, destination, data_coding, reference, options, short=parts[0])]
    shared = _concatenation_reference(reference)
    total = len(parts)
    pdus = []
    for index, octets in enumerate(parts, 1):
        header = b""
        tlvs: dict[int, bytes] = {}
        if options.concatenation == "sar":
            tlvs = {
                p.SAR_REFERENCE: shared.to_bytes(2, "big"),
                p.SAR_TOTAL: bytes([total]),
                p.SAR_INDEX: bytes([index]),
            }
        elif options.concatenation == "udh16":
            header = bytes([6, 8, 4, shared >> 8, shared & 0xFF, total, index])
        else:
            header = bytes([5, 0, 3, shared & 0xFF, total, index])
        pdu = _pdu(source, destination, data_coding, reference, options, short=header + octets)
        pdu.tlvs |= tlvs
        pdu.esm_class = _UDHI if header else 0
        pdus.append(pdu)
    return pdus


def _encoded(parts: list[str], encoding: str, options: SubmitOptions) -> tuple[int, list[bytes]]:
    if encoding == "gsm7":
        if options.default_alphabet == "gsm7":
            return options.default_data_coding, [encode_gsm7(part) for part in parts]
        try:
            return options.default_data_coding, [part.encode("latin-1") for part in parts]
        except UnicodeEncodeError:
            # Greek letters and the euro sign: this carrier can take them as UCS-2 only.
            return _UCS2, _cut_as_ucs2("".join(parts), options)
    return _UCS2, [encode_ucs2(part) for part in parts]


def _cut_as_ucs2(text: str, options: SubmitOptions) -> list[bytes]:
    octets = encode_ucs2(text)
    if len(octets) <= 140 or options.concatenation == "payload":
        return [octets]
    # Nothing in GSM 03.38 needs a surrogate pair, so any even cut is good.
    size = 134 if options.concatenation == "udh8" else 132
    cut = [octets[at : at + size] for at in range(0, len(octets), size)]
    if len(cut) > MAX_PARTS:
        raise TooManySegments(f"the text needs {len(cut)} segments; at most {MAX_PARTS} can be sent")
    return cut


def _pdu(
    source: str,
    destination: str,
    data_coding: int,
    reference: int,
    options: SubmitOptions,
    *,
    short: bytes = b"",
    payload: bytes = b"",
) -> p.SubmitSm:
    source_ton, source_npi = _ton_npi(source, options)
    destination_ton, destination_npi = _ton_npi(destination, options)
    tlvs: dict[int, bytes] = {}
    if options.user_message_reference:
        tlvs[p.USER_MESSAGE_REFERENCE] = (reference & 0xFFFF).to_bytes(2, "big")
    if options.vendor_reference:
        tlvs[VENDOR_REFERENCE] = str(reference).encode()
    if payload:
        tlvs[p.MESSAGE_PAYLOAD] = payload
    return p.SubmitSm(
        service_type=options.service_type,
        source_addr_ton=source_ton,
        source_addr_npi=source_npi,
        source_addr=_address(source, options),
        dest_addr_ton=destination_ton,
        dest_addr_npi=destination_npi,
        destination_addr=_address(destination, options),
        registered_delivery=1 if options.receipts else 0,
        validity_period=options.validity_period,
        data_coding=data_coding,
        short_message=short,
        tlvs=tlvs,
    )


def _ton_npi(number: str, options: SubmitOptions) -> TonNpi:
    if _e164(number):
        return options.e164
    if _digits(number):
        return options.short_code if len(number) <= _SHORT_CODE_DIGITS else options.national
    return options.alphanumeric


def _address(number: str, options: SubmitOptions) -> str:
    return number[1:] if _e164(number) and not options.keep_plus else number


def _concatenation_reference(reference: int) -> int:
    """16 bits that differ between neighbours even where ids grow in strides (Fibonacci hashing)."""
    return (reference * 0x9E3779B97F4A7C15 >> 40) & 0xFFFF
