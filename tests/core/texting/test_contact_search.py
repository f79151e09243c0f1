"""Searches for contacts, among more of them than are looked at one by one."""

import pytest

from ringmain.core.system import Core
from tests.conftest import Office, furnish

NEWEST = 10_000
"""So many contacts are looked at one by one: older ones are found by an index or not at all."""

# Of sixes and sevens alone.
FILL = """
INSERT INTO contacts (company_id, number, first_name, last_name)
SELECT $1, '+' || translate(n::bit(14)::text, '01', '67'), 'Kim', 'Newer' FROM generate_series(1, $2::int) AS n
"""


@pytest.fixture
async def old(core: Core, office: Office) -> dict[str, str]:
    """The names of contacts that are older than the newest, by their numbers."""
    names = {"+442079460018": "Ada", "+13105550142": "Bob", "+81312345678": "Cho", "72975": "Dee"}
    for number, name in names.items():
        await core.texting.create_contact(office.company_id, number=number, first_name=name, last_name="Old")
    other = await furnish(core, name="Other", number="+12025550199")
    await core.texting.create_contact(other.company_id, number="+442079460018", first_name="Foreign")
    await core.database.execute(FILL, office.company_id, NEWEST)
    return names


async def found(core: Core, office: Office, search: str) -> list[str]:
    return [one.first_name for one in await core.texting.search_contacts(office.company_id, search=search)]


async def test_digits_from_anywhere_in_a_number(core: Core, office: Office, old: dict[str, str]) -> None:
    for number, name in old.items():
        digits = number.removeprefix("+")
        for start in range(len(digits)):
            for end in range(start + 1, len(digits) + 1):
                part = digits[start:end]
                if set(part) <= {"6", "7"}:
                    continue
                expected = {other for its, other in old.items() if part in its}
                expected |= {"Jane"} if part in office.contact.number else set()
                assert set(await found(core, office, part)) == expected, part
        assert await found(core, office, number) == [name]
    assert await found(core, office, "(310) 555-0142") == ["Bob"]
    assert await found(core, office, "+44 20.7946 0018") == ["Ada"]


async def test_digits_that_no_number_has(core: Core, office: Office, old: dict[str, str]) -> None:
    for search in ("99", "22", "999", "4420794600180", "0142310555", "9" * 200, "٣١٠"):
        assert await found(core, office, search) == [], search


async def test_names_that_begin_with_digits(core: Core, office: Office) -> None:
    names = {"+442079460018": ("24 Hours", "Repair"), "+442079460019": ("Studio", "54"), "+442079460020": ("5", "4X")}
    for number, (first_name, last_name) in names.items():
        await core.texting.create_contact(office.company_id, number=number, first_name=first_name, last_name=last_name)
    for search, expected in {"24": ["24 Hours"], "54": ["Studio"], "5 4": ["5"], "(5)": [], "4": None}.items():
        its = await found(core, office, search)
        if expected is None:
            assert {"24 Hours", "Studio", "5"} <= set(its)
        else:
            assert [name for name in its if name != "Jane"] == expected, search


async def test_old_contacts_by_name(core: Core, office: Office, old: dict[str, str]) -> None:
    assert await found(core, office, "ada o") == ["Ada"]
    assert sorted(await found(core, office, "old")) == ["Ada", "Bob", "Cho", "Dee"]
    assert len(await found(core, office, "kim")) == 1000
    for digits in ("7", "67", "767"):
        assert len(await found(core, office, digits)) == 1000


async def test_a_number_that_changed_is_found_as_it_is(core: Core, office: Office, old: dict[str, str]) -> None:
    (ada,) = await core.texting.search_contacts(office.company_id, search="442079460018")
    await core.texting.update_contact(office.company_id, ada.id, number="+442079460029")
    assert await found(core, office, "460018") == []
    assert await found(core, office, "460029") == ["Ada"]
    assert await found(core, office, "18") == []
    assert "Ada" in await found(core, office, "29")


async def test_two_digits_are_the_companys_own(core: Core, office: Office, old: dict[str, str]) -> None:
    assert await found(core, office, "44") == ["Ada"]
    assert await found(core, office, "81") == ["Cho"]
    assert sorted(await found(core, office, "4 2")) == ["Ada", "Bob"]
