"""Secrets that the database keeps but cannot read: JWE, A256GCM, under a key from outside it."""

import hashlib
import secrets
from typing import Final, Self

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from ringmain.core.errors import Unavailable

HEADER: Final = {"alg": "dir", "enc": "A256GCM"}


class Unreadable(Unavailable):
    """Sealed under another key, or changed."""


class Seal:
    """Seals and opens under one key. `secret`: any octets that nobody else knows."""

    def __init__(self, secret: bytes) -> None:
        self._key = OctKey.import_key(hashlib.sha256(b"ringmain seal\n" + secret).digest())

    @classmethod
    def passing(cls) -> Self:
        """Of a key that nobody has: what it seals can be opened by this object alone."""
        return cls(secrets.token_bytes(32))

    def close(self, text: str) -> str:
        """The text, sealed: each time differently."""
        return jwe.encrypt_compact(dict(HEADER), text.encode(), self._key)

    def open(self, sealed: str) -> str:
        """What was sealed. Raises Unreadable."""
        try:
            plain = jwe.decrypt_compact(sealed, self._key).plaintext
        except (JoseError, ValueError) as error:
            raise Unreadable("sealed under another key") from error
        return (plain or b"").decode()
