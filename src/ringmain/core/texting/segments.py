"""What a text costs as SMS: its alphabet, its segments and their octets.

Pure: no I/O. Follows GSM 03.38 (3GPP TS 23.038) and specs/messaging.md 1.6. SMPP carries septets
unpacked, one per octet, so "septets" and "octets" are the same count here.
"""

import re
from functools import lru_cache
from typing import Literal

import msgspec

Encoding = Literal["gsm7", "ucs2"]
ReferenceBits = Literal[8, 16]

MAX_PARTS = 255

_ESCAPE = 0x1B
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}

# A bare ESC in a text would change the meaning of what follows it, so it is no GSM character here.
_BASIC_CHARACTERS = _BASIC.replace("\x1b", "")
_EXTENSION_CHARACTERS = "".join(_EXTENSION.values())
_only_basic = re.compile(f"[{re.escape(_BASIC_CHARACTERS)}]*").fullmatch
_only_gsm = re.compile(f"[{re.escape(_BASIC_CHARACTERS + _EXTENSION_CHARACTERS)}]*").fullmatch

_TO_SEPTETS = {ord(character): chr(code) for code, character in enumerate(_BASIC)}
_TO_SEPTETS |= {ord(character): f"\x1b{chr(code)}" for code, character in _EXTENSION.items()}

# Octets above 0x7F are no septets; a peer that sends them means Latin-1.
_FROM_SEPTETS = dict(enumerate(_BASIC)) | {_ESCAPE: " "}
_escaped = re.compile("\x1b(.)", re.DOTALL)
_FROM_ESCAPED = {chr(code): character for code, character in _EXTENSION.items()}

# (whole, part by 8-bit reference, part by 16-bit reference), in septets or UTF-16 units
_LIMITS: dict[Encoding, tuple[int, int, int]] = {"gsm7": (160, 153, 152), "ucs2": (70, 67, 66)}


class TooManySegments(ValueError):
    """The text needs more than 255 parts, more than a concatenation header can count."""


class Segmented(msgspec.Struct, frozen=True):
    """A text cut into what one short message each can carry.

    `parts` joined give the text again. No part splits an extension pair or a surrogate pair.
    """

    encoding: Encoding
    parts: list[str]


def encoding_of(text: str) -> Encoding:
    """The cheapest alphabet that carries every character of the text."""
    return "gsm7" if _only_gsm(text) else "ucs2"


@lru_cache(maxsize=1024)
def count(text: str, reference_bits: ReferenceBits = 8) -> tuple[Encoding, int]:
    """Alphabet and number of segments; what a carrier bills. The empty text is one segment.

    Raises TooManySegments above 255.
    """
    if _only_basic(text):
        encoding: Encoding = "gsm7"
        length = len(text)
        pairs = False
    elif _only_gsm(text):
        encoding = "gsm7"
        length = len(text) + sum(map(text.count, _EXTENSION_CHARACTERS))
        pairs = True
    else:
        encoding = "ucs2"
        length = len(encode_ucs2(text)) // 2
        pairs = length != len(text)
    whole, part8, part16 = _LIMITS[encoding]
    if length <= whole:
        return encoding, 1
    if pairs:
        return encoding, len(split(text, reference_bits=reference_bits).parts)
    part = part8 if reference_bits == 8 else part16
    return encoding, _checked(-(-length // part))


def split(text: str, *, reference_bits: ReferenceBits = 8) -> Segmented:
    """Cut the text into the fewest parts that fit, from the left.

    A 16-bit concatenation reference costs each part one septet, or one UTF-16 unit.
    Raises TooManySegments above 255 parts.
    """
    encoding = encoding_of(text)
    whole, part8, part16 = _LIMITS[encoding]
    part = part8 if reference_bits == 8 else part16
    if encoding == "gsm7":
        octets = encode_gsm7(text)
        if len(octets) <= whole:
            return Segmented(encoding, [text])
        _checked(-(-len(octets) // part))
        return Segmented(encoding, [decode_gsm7(piece) for piece in _cut_septets(octets, part)])
    octets = encode_ucs2(text)
    if len(octets) <= whole * 2:
        return Segmented(encoding, [text])
    _checked(-(-len(octets) // (part * 2)))
    return Segmented(encoding, [piece.decode("utf-16-be") for piece in _cut_units(octets, part * 2)])


def _cut_septets(septets: bytes, size: int) -> list[bytes]:
    pieces = []
    start = 0
    while start < len(septets):
        end = min(start + size, len(septets))
        # ESC occurs only as the first half of a pair.
        if septets[end - 1] == _ESCAPE:
            end -= 1
        pieces.append(septets[start:end])
        start = end
    _checked(len(pieces))
    return pieces


def _cut_units(octets: bytes, size: int) -> list[bytes]:
    pieces = []
    start = 0
    while start < len(octets):
        end = min(start + size, len(octets))
        if end < len(octets) and octets[end - 2] & 0xFC == 0xD8:
            end -= 2
        pieces.append(octets[start:end])
        start = end
    _checked(len(pieces))
    return pieces


def _checked(parts: int) -> int:
    if parts > MAX_PARTS:
        raise TooManySegments(f"the text needs {parts} segments; at most {MAX_PARTS} can be sent")
    return parts


def encode_gsm7(text: str) -> bytes:
    """Unpacked septets, one per octet. Raises ValueError where `encoding_of` is not "gsm7"."""
    if not _only_gsm(text):
        raise ValueError("the text has characters outside GSM 03.38")
    return text.translate(_TO_SEPTETS).encode("ascii")


def decode_gsm7(septets: bytes) -> str:
    """Text of unpacked septets; total, never raises.

    An unknown extension code shows as its basic character, as TS 23.038 6.2.1.1 asks of a handset,
    a dangling ESC as a space. Octets above 0x7F read as Latin-1.
    """
    text = septets.decode("latin-1")
    if "\x1b" not in text:
        return text.translate(_FROM_SEPTETS)
    pieces = []
    end = 0
    for pair in _escaped.finditer(text):
        pieces.append(text[end : pair.start()].translate(_FROM_SEPTETS))
        code = pair.group(1)
        pieces.append(_FROM_ESCAPED.get(code) or code.translate(_FROM_SEPTETS))
        end = pair.end()
    pieces.append(text[end:].translate(_FROM_SEPTETS))
    return "".join(pieces)


def encode_ucs2(text: str) -> bytes:
    """UTF-16BE octets. A lone surrogate, which is no text, becomes a question mark."""
    return text.encode("utf-16-be", "replace")


def decode_ucs2(octets: bytes) -> str:
    """Text of UTF-16BE octets; what is no UTF-16 becomes U+FFFD, never raises."""
    return octets.decode("utf-16-be", "replace")


_SUBSTITUTES = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032`\u00b4\u02bc", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\t", " "),
        **dict.fromkeys("\u00ad\u200b\ufeff", ""),
        "\u2026": "...",
        "\u2022": "*",
        "\u00e7": "\u00c7",
    }
)


def transliterate(text: str) -> str:
    """Typographic look-alikes replaced by GSM characters, so that a text may stay in GSM-7.

    It changes what was written (smart quotes, dashes, no-break spaces, c-cedilla), so it is only for
    a sender who asked for it: specs/messaging.md 1.6.
    """
    return text if _only_gsm(text) else text.translate(_SUBSTITUTES)
