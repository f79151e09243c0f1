"""Secrets of endpoints in the spelling of Standard Webhooks 1.0: `whsec_` and the base64 of 24 to 64 octets."""

import base64
import binascii
import secrets
from typing import Final

from ringmain.core.errors import Invalid

PREFIX: Final = "whsec_"
OCTETS: Final = 32


def new_secret() -> str:
    """A fresh random secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(OCTETS)).decode()


def check_secret(secret: str) -> None:
    """Accept what deliveries can be signed with. Raises Invalid, whose text never holds the secret."""
    try:
        octets = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        octets = b""
    if not secret.startswith(PREFIX) or not 24 <= len(octets) <= 64:
        raise Invalid("secret", f"must be {PREFIX} and the base64 of 24 to 64 octets")
