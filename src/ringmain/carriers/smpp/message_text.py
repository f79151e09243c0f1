"""Text of SMS octets by data_coding (GSM TS 23.038 section 4, SMPP 3.4 5.2.19)."""

from typing import Literal

from ringmain.core.texting.segments import decode_gsm7, decode_ucs2

Alphabet = Literal["gsm7", "latin1"]

_CODECS = {0x05: "shift_jis", 0x06: "iso8859_5", 0x07: "iso8859_8", 0x0A: "iso2022_jp", 0x0E: "euc_kr"}


def decode_text(octets: bytes, data_coding: int, default_alphabet: Alphabet = "gsm7") -> str:
    """Total: what has no known meaning reads as Latin-1, and what does not decode becomes U+FFFD.

    `default_alphabet` is the carrier's meaning of data_coding 0. NUL, which no database text may hold,
    is dropped.
    """
    return _decode(octets, data_coding, default_alphabet).replace("\0", "")


def _decode(octets: bytes, data_coding: int, default_alphabet: Alphabet) -> str:
    if data_coding == 0x00:
        return decode_gsm7(octets) if default_alphabet == "gsm7" else octets.decode("latin-1")
    if data_coding == 0x08:
        return decode_ucs2(octets)
    if data_coding in _CODECS:
        return octets.decode(_CODECS[data_coding], "replace")
    group = data_coding & 0xF0
    # Messages with a class (flash), then message waiting, then data coding and class.
    if (group in {0x10, 0x30} and data_coding & 0x0C == 0x08) or group == 0xE0:
        return decode_ucs2(octets)
    if (group in {0x10, 0x30} and data_coding & 0x0C == 0x00) or group in {0xC0, 0xD0}:
        return decode_gsm7(octets)
    if group == 0xF0 and not data_coding & 0x04:
        return decode_gsm7(octets)
    return octets.decode("latin-1")
