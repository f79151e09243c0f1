"""What passwords cost who guesses them, and who checks them."""

from collections.abc import AsyncIterator

import pytest

from ringmain.core.credentials import passwords
from tests.conftest import CHEAP_KIB

RIGHT, WRONG = "correct horse", "wrong horse"


@pytest.fixture
async def as_served() -> AsyncIterator[None]:
    """At the cost that a server has, not at the tests' own."""
    passwords.configure()
    yield
    passwords.configure(CHEAP_KIB)


async def test_a_hash_costs_what_argon2_recommends(as_served: None) -> None:
    hashed = await passwords.hash_password(RIGHT)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await passwords.verify_password(hashed, RIGHT)
    assert not await passwords.verify_password(hashed, WRONG)


async def test_passwords_of_another_cost_still_open(as_served: None) -> None:
    dear = await passwords.hash_password(RIGHT)
    passwords.configure(CHEAP_KIB)
    cheap = await passwords.hash_password(RIGHT)
    assert f"$m={CHEAP_KIB}," in cheap
    passwords.configure()
    for hashed in (dear, cheap):
        assert await passwords.verify_password(hashed, RIGHT)
        assert not await passwords.verify_password(hashed, WRONG)


async def test_where_there_is_none_nothing_opens(as_served: None) -> None:
    for memory_kib in (passwords.DEFAULT_MEMORY_KIB, CHEAP_KIB):
        passwords.configure(memory_kib)
        for password in ("", RIGHT, "x" * 5000):
            assert not await passwords.verify_password(None, password)
        assert not await passwords.verify_password("no hash", RIGHT)


async def test_an_unknown_person_costs_as_much_as_a_known_one(as_served: None) -> None:
    for memory_kib in (passwords.DEFAULT_MEMORY_KIB, CHEAP_KIB):
        passwords.configure(memory_kib)
        known = (await passwords.hash_password(RIGHT)).split("$")
        assert passwords._nobody().split("$")[:4] == known[:4]
