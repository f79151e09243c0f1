import pytest

from ringmain.core.companies.model import Company
from ringmain.core.errors import AlreadyExists, Forbidden, Invalid, NotFound
from ringmain.core.system import Core


@pytest.fixture
async def company(core: Core) -> Company:
    return await core.companies.create(name="Acme")


@pytest.fixture
async def other(core: Core) -> Company:
    return await core.companies.create(name="Other")


async def test_made_and_found(core: Core, company: Company, other: Company) -> None:
    owner = await core.people.create(company.id, email="Ann@Example.com", first_name="Ann", owner=True)
    assert await core.people.get(company.id, owner.id) == owner
    assert await core.people.find_by_email(company.id, "ann@example.COM") == owner
    assert await core.people.owner(company.id) == owner
    assert await core.people.find_by_email(other.id, "ann@example.com") is None
    with pytest.raises(NotFound):
        await core.people.get(other.id, owner.id)
    with pytest.raises(NotFound):
        await core.people.owner(other.id)


async def test_pages_count_all(core: Core, company: Company, other: Company) -> None:
    people = [
        await core.people.create(company.id, email=f"p{i}@example.com", first_name="Ann" if i % 2 else "Bob")
        for i in range(5)
    ]
    await core.people.create(other.id, email="p1@example.com", first_name="Ann")
    assert await core.people.page(company.id, page=1, per_page=2) == (people[:2], 5)
    assert await core.people.page(company.id, page=3, per_page=2) == (people[4:], 5)
    assert await core.people.page(company.id, page=9, per_page=2) == ([], 5)
    assert await core.people.page(company.id, first_name="ANN", page=1, per_page=9) == ([people[1], people[3]], 2)
    assert await core.people.page(company.id, email="P2@example.com", page=1, per_page=9) == ([people[2]], 1)
    assert await core.people.page(company.id, first_name="An", page=1, per_page=9) == ([], 0)


async def test_email_and_ownership_are_unique(core: Core, company: Company, other: Company) -> None:
    await core.people.create(company.id, email="a@example.com", owner=True)
    with pytest.raises(AlreadyExists, match="e-mail"):
        await core.people.create(company.id, email="A@example.com")
    with pytest.raises(AlreadyExists, match="owner"):
        await core.people.create(company.id, email="b@example.com", owner=True)
    await core.people.create(other.id, email="a@example.com", owner=True)
    second = await core.people.create(company.id, email="b@example.com")
    with pytest.raises(AlreadyExists, match="e-mail"):
        await core.people.update(company.id, second.id, email="a@EXAMPLE.com")


async def test_numbers_follow_an_email(core: Core, company: Company, other: Company) -> None:
    person = await core.people.create(company.id, email="Old@example.com")
    await core.numbers.create(company.id, "+12025550143", owner_emails=["x@example.com", "old@example.com"])
    await core.numbers.create(other.id, "+12025550144", owner_emails=["old@example.com"])
    await core.people.update(company.id, person.id, first_name="Only", timezone="Europe/Paris")
    changed = await core.people.update(company.id, person.id, email="New@example.com", timezone="", active=False)
    assert (changed.email, changed.first_name, changed.timezone, changed.active) == (
        "New@example.com",
        "Only",
        None,
        False,
    )
    number = await core.numbers.get_by_number(company.id, "+12025550143")
    assert number.owner_emails == ["x@example.com", "new@example.com"]
    assert (await core.people.delete(company.id, person.id)).email == "New@example.com"
    number = await core.numbers.get_by_number(company.id, "+12025550143")
    assert number.owner_emails == ["x@example.com"]
    assert (await core.numbers.get_by_number(other.id, "+12025550144")).owner_emails == ["old@example.com"]


async def test_the_owner_stays(core: Core, company: Company, other: Company) -> None:
    owner = await core.people.create(company.id, email="a@example.com", owner=True)
    second = await core.people.create(company.id, email="b@example.com")
    with pytest.raises(Forbidden):
        await core.people.delete(company.id, owner.id)
    with pytest.raises(Forbidden):
        await core.people.update(company.id, owner.id, active=False)
    with pytest.raises(NotFound):
        await core.people.make_owner(other.id, second.id)
    assert (await core.people.make_owner(company.id, second.id)).owner
    assert not (await core.people.get(company.id, owner.id)).owner
    await core.people.delete(company.id, owner.id)


async def test_handing_over_to_nobody_changes_nothing(core: Core, company: Company) -> None:
    owner = await core.people.create(company.id, email="a@example.com", owner=True)
    with pytest.raises(NotFound):
        await core.people.make_owner(company.id, owner.id + 1)
    assert (await core.people.owner(company.id)).id == owner.id


@pytest.mark.parametrize("email", ["", "a", "a b@c.d", "@c.d", "a@", "a@b,c@d", "a@b\n"])
async def test_what_is_no_email(core: Core, company: Company, email: str) -> None:
    with pytest.raises(Invalid):
        await core.people.create(company.id, email=email)


async def test_unknown_company_and_person(core: Core, company: Company, other: Company) -> None:
    with pytest.raises(NotFound):
        await core.people.create(1, email="a@example.com")
    person = await core.people.create(company.id, email="a@example.com")
    with pytest.raises(NotFound):
        await core.people.update(other.id, person.id, first_name="x")
    with pytest.raises(NotFound):
        await core.people.delete(other.id, person.id)
    with pytest.raises(Invalid):
        await core.people.create(company.id, email="b@example.com", password="short")
