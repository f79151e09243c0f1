import pytest

from ringmain.core.errors import Invalid, NotFound
from ringmain.core.system import Core


async def test_the_life_of_a_contact(core: Core) -> None:
    company, other = await core.companies.create(name="Acme"), await core.companies.create(name="Other")
    made = await core.directory.create(company.id, first_name="Kim", profile={"address": {"city": "x", "zip": "1"}})
    assert await core.directory.get(company.id, made.id) == made
    changed = await core.directory.update(company.id, made.id, phone="+13105550188", profile={"address": {"zip": "2"}})
    assert (changed.first_name, changed.phone) == ("Kim", "+13105550188")
    assert changed.profile == {"address": {"city": "x", "zip": "2"}}
    for verb in (core.directory.get, core.directory.delete, core.directory.update):
        with pytest.raises(NotFound):
            await verb(other.id, made.id)
    assert await core.directory.page(other.id, page=1, per_page=5) == ([], 0)
    assert await core.directory.page(company.id, page=1, per_page=5) == ([changed], 1)
    assert await core.directory.delete(company.id, made.id) == changed
    assert await core.directory.page(company.id, page=1, per_page=5) == ([], 0)


async def test_refusals(core: Core) -> None:
    company = await core.companies.create(name="Acme")
    with pytest.raises(Invalid):
        await core.directory.create(company.id)
    with pytest.raises(Invalid):
        await core.directory.create(company.id, phone="12025550123x")
    with pytest.raises(NotFound):
        await core.directory.create(1, first_name="Kim")
    made = await core.directory.create(company.id, first_name="Kim")
    with pytest.raises(Invalid):
        await core.directory.update(company.id, made.id, first_name="")
    assert await core.directory.get(company.id, made.id) == made
