from typing import Any

import pytest

from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.core.system import Core


async def test_made_and_read_back(core: Core) -> None:
    made = await core.companies.create(name="Acme", key="acme", country="GB", timezone="Europe/London")
    assert await core.companies.get(made.id) == made
    assert await core.companies.find_by_key("acme") == made
    assert await core.companies.find_by_key("other") is None
    assert await core.companies.list_all() == [made]
    assert 0 < made.id < 2**53


async def test_profile_is_merged_key_by_key(core: Core) -> None:
    made = await core.companies.create(name="Acme", profile={"website": "a", "address": {"city": "x", "zip": "1"}})
    changed = await core.companies.update(made.id, profile={"address": {"city": "y"}, "fax": None}, timezone="UTC")
    assert changed.profile == {"website": "a", "address": {"city": "y"}, "fax": None}
    assert changed.name == "Acme"
    assert changed.updated_at > made.updated_at


async def test_keys_are_unique(core: Core) -> None:
    await core.companies.create(name="Acme", key="acme")
    with pytest.raises(AlreadyExists):
        await core.companies.create(name="Other", key="acme")


async def test_unknown_ones_are_not_found(core: Core) -> None:
    with pytest.raises(NotFound):
        await core.companies.get(1)
    with pytest.raises(NotFound):
        await core.companies.update(1, name="x")
    with pytest.raises(NotFound):
        await core.companies.delete(1)


@pytest.mark.parametrize(
    "bad",
    [
        {"name": " "},
        {"country": "us"},
        {"country": "XX"},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../etc/passwd"},
        {"timezone": "America"},
        {"timezone": ""},
    ],
)
async def test_values_that_cannot_be(core: Core, bad: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        await core.companies.create(**{"name": "Acme", **bad})
    assert refused.value.field == next(iter(bad))


async def test_deleting_takes_everything_along(core: Core) -> None:
    made = await core.companies.create(name="Acme")
    await core.people.create(made.id, email="a@example.com", owner=True)
    await core.companies.delete(made.id)
    assert await core.database.fetchval("SELECT count(*) FROM people") == 0
