"""How often a password may be guessed: counted in the database, so that all processes count together."""

import hashlib
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network
from math import ceil
from typing import Final

from ringmain.core.credentials import session_store as store
from ringmain.core.errors import Throttled
from ringmain.database.pool import Database

WINDOW: Final = timedelta(minutes=15)
"""How long tries are remembered, from the first one on."""
TRIES_OF_BOTH: Final = 5
"""For one name from one address: a person who mistypes."""
TRIES_OF_NAME: Final = 50
"""For one name from anywhere: many addresses that guess for one person. High, so that nobody is locked out."""
TRIES_OF_ADDRESS: Final = 100
"""From one address for anybody: one that guesses for many people. High: an office may share an address."""


class Throttle:
    """Counts logins; one that succeeds is no try. `name`: the e-mail, login name or key that is tried."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, name: str, address: str) -> None:
        """Count a try that is about to be made. Raises Throttled."""
        limits = _limits(name, address)
        rows = await self._database.fetch(store.TRY, sorted(limits), WINDOW)
        _refuse([row["seconds_left"] for row in rows if row["tries"] > limits[row["key"]]])

    async def check(self, name: str, address: str) -> None:
        """Count nothing yet: for secrets of so many bits that a few guesses side by side do not matter.

        Raises Throttled.
        """
        limits = _limits(name, address)
        rows = await self._database.fetch(store.TRIES, list(limits), WINDOW)
        _refuse([row["seconds_left"] for row in rows if row["tries"] >= limits[row["key"]]])

    async def forget(self, name: str, address: str) -> None:
        """The secret was right: its tries were nobody's guesses. What others tried from the address stays counted.

        So do all but the last try for a name that people of several companies have: whoever logs in as one of them
        must not guess on for another.
        """
        address = place_of(address)
        keys = [_key("both", name.lower(), address), _key("name", name.lower())]
        await self._database.execute(store.FORGET, keys, _key("address", address), name)


def place_of(address: str) -> str:
    """What counts as one address: of IPv6 the first 64 bits, as whoever has one of these addresses has them all."""
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return address
    return str(parsed.ipv4_mapped or IPv6Network((int(parsed) >> 64 << 64, 64)))


def _limits(name: str, address: str) -> dict[bytes, int]:
    address = place_of(address)
    return {
        _key("both", name.lower(), address): TRIES_OF_BOTH,
        _key("name", name.lower()): TRIES_OF_NAME,
        _key("address", address): TRIES_OF_ADDRESS,
    }


def _refuse(seconds_left: list[float]) -> None:
    if seconds_left:
        raise Throttled(max(1, ceil(max(seconds_left))))


def _key(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
