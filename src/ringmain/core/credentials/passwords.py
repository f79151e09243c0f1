"""Passwords: argon2id, in threads of their own, few at once (each takes 64 MiB and some 50 ms of a core)."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ringmain.core.errors import Invalid

AT_ONCE: Final = 2
SHORTEST: Final = 8
LONGEST: Final = 1024

_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
# What an unknown e-mail is checked against, so that it takes as long as a known one.
_NOBODY: Final = "$argon2id$v=19$m=65536,t=3,p=4$fo71uLqOhUt+QpnxEXjoPg$3D1v1C2FPz9VZVkEQYWyjRcFXbO66PvOKgWOzURZbQU"


async def hash_password(password: str) -> str:
    """Its argon2id hash. Raises Invalid below 8 or above 1024 characters."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid("password", f"must have {SHORTEST} to {LONGEST} characters")
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def verify_password(hashed: str | None, password: str) -> bool:
    """Whether it is the password; False, after as long a time, when there is none."""
    if len(password) > LONGEST:
        return False
    matches = await asyncio.get_running_loop().run_in_executor(_threads, _verify, hashed or _NOBODY, password)
    return matches and hashed is not None


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
