import pytest

from ringmain.core.errors import Invalid, NotFound
from ringmain.core.system import Core
from tests.overlapping import behind


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


async def test_a_number_that_is_blocked_twice_at_once_is_one_contact(core: Core) -> None:
    company = await core.companies.create(name="Acme")
    async with behind(core.database, "SELECT FROM companies WHERE id = $1 FOR UPDATE", company.id) as queue:
        for _ in range(2):
            await queue.join(core.contact_lists.set_number_blocked(company.id, "+13105550188", blocked=True))
    first, second = await queue.ended()
    assert first.id == second.id
    assert [one.id for one in await core.contact_lists.all(company.id)] == [first.id]
    assert await core.contact_lists.blocks(company.id, "+13105550188")
