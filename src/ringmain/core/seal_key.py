"""The key that secrets are sealed with: the operator's own, or one that is made once in the data folder."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

NAME: Final = "secret.key"
SHORTEST: Final = 24


def read_key(setting: str, data_dir: Path) -> bytes:
    """`setting`, or else what the file `secret.key` holds. Raises ValueError for a short one, OSError."""
    if setting:
        if len(setting) < SHORTEST:
            raise ValueError(f"must have at least {SHORTEST} characters")
        return setting.encode()
    path = data_dir / NAME
    with suppress(FileNotFoundError):
        return _checked(path.read_bytes())
    data_dir.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{NAME}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_urlsafe(32).encode())
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces what another process made at the same time.
        with suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink()
    return _checked(path.read_bytes())


def _checked(content: bytes) -> bytes:
    if len(content) < SHORTEST:
        raise ValueError(f"{NAME} must have at least {SHORTEST} octets")
    return content
