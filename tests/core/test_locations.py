import pytest

from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.core.system import Core


async def test_the_life_of_a_location(core: Core) -> None:
    company = await core.companies.create(name="Acme")
    other = await core.companies.create(name="Other")
    made = await core.locations.create(company.id, name="HQ", profile={"city": "Berlin", "zip": "1"})
    assert await core.locations.list(company.id) == [made]
    assert await core.locations.list(other.id) == []
    changed = await core.locations.update(company.id, made.id, profile={"zip": "2"})
    assert (changed.name, changed.profile) == ("HQ", {"city": "Berlin", "zip": "2"})
    with pytest.raises(NotFound):
        await core.locations.get(other.id, made.id)
    with pytest.raises(NotFound):
        await core.locations.update(other.id, made.id, name="x")
    with pytest.raises(NotFound):
        await core.locations.delete(other.id, made.id)
    assert await core.locations.get(company.id, made.id) == changed
    assert await core.locations.delete(company.id, made.id) == changed
    assert await core.locations.list(company.id) == []


async def test_names_are_unique_in_a_company(core: Core) -> None:
    company = await core.companies.create(name="Acme")
    other = await core.companies.create(name="Other")
    await core.locations.create(company.id, name="HQ")
    second = await core.locations.create(company.id, name="Lab")
    await core.locations.create(other.id, name="HQ")
    with pytest.raises(AlreadyExists):
        await core.locations.create(company.id, name="HQ")
    with pytest.raises(AlreadyExists):
        await core.locations.update(company.id, second.id, name="HQ")
    with pytest.raises(Invalid):
        await core.locations.create(company.id, name="")
    with pytest.raises(NotFound):
        await core.locations.create(1, name="HQ")
