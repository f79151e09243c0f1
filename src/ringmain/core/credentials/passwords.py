"""Passwords: argon2id, in threads of their own, few at once (each takes 64 MiB and some 0.15 s of a core)."""

import asyncio
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import HashingError, InvalidHashError, VerificationError

from ringmain.core.errors import Invalid

AT_ONCE: Final = 2
SHORTEST: Final = 8
LONGEST: Final = 1024

DEFAULT_MEMORY_KIB: Final = 65536

_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
_hasher = PasswordHasher(memory_cost=DEFAULT_MEMORY_KIB)


def configure(memory_kib: int = DEFAULT_MEMORY_KIB) -> None:
    """How much memory a hash takes, and with it time, of passwords that this process sets from now on."""
    global _hasher
    _hasher = PasswordHasher(memory_cost=memory_kib)


async def hash_password(password: str, salt: bytes | None = None) -> str:
    """Its argon2id hash, with 16 octets of salt or random ones. Raises Invalid below 8 or above 1024 characters."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid("password", f"must have {SHORTEST} to {LONGEST} characters")
    hasher = _hasher
    return await asyncio.get_running_loop().run_in_executor(_threads, lambda: hasher.hash(password, salt=salt))


def kind_of(hashed: str) -> str:
    """Cost and salt of a hash: a password is the same for all of a kind."""
    return hashed.rpartition("$")[0]


async def hash_again(kind: str, password: str) -> str | None:
    """The password's hash of this kind; None for what is no kind, and for passwords that are nobody's."""
    if len(password) > LONGEST:
        return None
    return await asyncio.get_running_loop().run_in_executor(_threads, _again, kind, password)


async def verify_password(hashed: str | None, password: str) -> bool:
    """Whether it is the password; False, after as long a time, when there is none."""
    if len(password) > LONGEST:
        return False
    matches = await asyncio.get_running_loop().run_in_executor(_threads, _verify, hashed or _nobody(), password)
    return matches and hashed is not None


def _nobody() -> str:
    """What an unknown e-mail is checked against, so that it takes as long as a known one."""
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${cost}$fo71uLqOhUt+QpnxEXjoPg$3D1v1C2FPz9VZVkEQYWyjRcFXbO66PvOKgWOzURZbQU"


def _again(kind: str, password: str) -> str | None:
    try:
        parameters = extract_parameters(f"{kind}${'A' * 43}")
        salt = kind.rpartition("$")[2]
        return PasswordHasher.from_parameters(parameters).hash(
            password, salt=b64decode(salt + "=" * (-len(salt) % 4), validate=True)
        )
    except (ValueError, InvalidHashError, HashingError):
        return None


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
