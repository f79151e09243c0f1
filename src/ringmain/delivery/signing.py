"""Signatures of outgoing notifications after Standard Webhooks 1.0 (standardwebhooks.com).

Headers: `webhook-id` (constant over the retries of a delivery), `webhook-timestamp` (epoch seconds of this
attempt) and `webhook-signature`, one `v1,<base64>` for each secret in force, parted by spaces.
"""

import base64
import binascii
import hashlib
import hmac
import secrets as randomness
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"
SECRET_OCTETS = 32  # the standard asks for 24 to 64
TOLERANCE = 300  # seconds


class BadSignature(Exception):
    """The headers are missing, too old or too new, or signed by none of the secrets."""


def new_secret() -> str:
    """A fresh secret in the spelling that receivers' libraries take: `whsec_` and base64."""
    return PREFIX + base64.b64encode(randomness.token_bytes(SECRET_OCTETS)).decode()


def sign(secrets: Sequence[str], webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers for this body. During a rotation give the new secret first, then the old one.

    `timestamp` is epoch seconds. Raises ValueError for a secret that is not `whsec_<base64>`, for no
    secret at all, and for an id with a full stop, which would make the signed text ambiguous.
    """
    if not secrets:
        raise ValueError("no secret to sign with")
    if not webhook_id or "." in webhook_id:
        raise ValueError(f"not a webhook id: {webhook_id!r}")
    signatures = [f"v1,{_digest(secret, webhook_id, str(timestamp), body)}" for secret in secrets]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def verify(
    secrets: Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: float,
    tolerance: int = TOLERANCE,
) -> None:
    """Accepts a body that one of the secrets signed at most `tolerance` seconds from `now`.

    `now` is epoch seconds, `headers` have lower-case names. Raises BadSignature.
    """
    try:
        webhook_id = headers["webhook-id"]
        timestamp = headers["webhook-timestamp"]
        offered = headers["webhook-signature"]
    except KeyError as error:
        raise BadSignature(f"no header {error}") from None
    if "." in webhook_id:
        raise BadSignature("the id holds a full stop")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature("the timestamp is not epoch seconds")
    if abs(now - int(timestamp)) > tolerance:
        raise BadSignature("the timestamp is too far from now")
    expected = [_digest(secret, webhook_id, timestamp, body).encode() for secret in secrets]
    for item in offered.split(" "):
        version, _, signature = item.partition(",")
        if version != "v1":
            continue
        if any(hmac.compare_digest(one, signature.encode()) for one in expected):
            return
    raise BadSignature("signed by none of the secrets")


def _digest(secret: str, webhook_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not key:
        # Never the secret itself: this text may be logged.
        raise ValueError(f"a secret is not {PREFIX}<base64>")
    return key
