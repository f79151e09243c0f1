"""What may stand in a mail's header: addresses and single lines. A line break would begin a header more."""

import re
import unicodedata
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Final

from ringmain.core.errors import Invalid

MAX_ADDRESS: Final = 254
DOMAIN: Final = re.compile(r"(?=.{1,253}\Z)[^\s.@<>,;:\"()\[\]\\]{1,63}(\.[^\s.@<>,;:\"()\[\]\\]{1,63})*")


def check_address(field: str, text: str) -> str:
    """The bare address, as in `jane@example.com`, its domain in lower case and in ASCII (IDNA). Raises Invalid.

    What stands before the @ must be ASCII: few mail servers take anything else.
    """
    given = text.strip()
    if not given or len(given) > MAX_ADDRESS or _has_controls(text):
        raise Invalid(field, "must be an e-mail address")
    try:
        address = Address(addr_spec=given)
    except (ValueError, HeaderParseError, IndexError, AttributeError) as error:
        raise Invalid(field, "must be an e-mail address") from error
    domain = _ascii(address.domain.lower())
    if not address.username.isascii() or not address.username or not DOMAIN.fullmatch(domain):
        raise Invalid(field, "must be an e-mail address")
    return Address(username=address.username, domain=domain).addr_spec


def check_line(field: str, text: str, limit: int) -> str:
    """A header's text: one line, without control characters, at most `limit` characters. Raises Invalid."""
    if _has_controls(text):
        raise Invalid(field, "must be one line without control characters")
    if len(text) > limit:
        raise Invalid(field, f"may have {limit} characters")
    return text


def _has_controls(text: str) -> bool:
    # Also lone surrogates (Cs), which no encoding can write, and the line separators U+2028 and U+2029 (Zl, Zp).
    return any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text)


def _ascii(domain: str) -> str:
    try:
        return domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return ""
