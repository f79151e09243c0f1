import pytest

from ringmain.core.errors import AlreadyExists, Invalid, NotFound
from ringmain.core.numbers.normalise import national, normalise
from ringmain.core.system import Core


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("+12025550143", "US", "+12025550143"),
        ("2025550143", "US", "+12025550143"),
        ("12025550143", "US", "+12025550143"),
        ("(202) 555-0143", "US", "+12025550143"),
        (" 202.555.0143 ", "US", "+12025550143"),
        ("020 7946 0123", "GB", "+442079460123"),
        ("+44 20 7946 0123", "US", "+442079460123"),
        ("9513301234", "US", "+19513301234"),
        ("11235554321", "US", "+11235554321"),
    ],
)
def test_numbers_as_people_write_them(text: str, country: str, e164: str) -> None:
    assert normalise(text, country) == e164


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "911",
        "112",
        "*98",
        "101",
        "x101",
        "2025550143x101",
        "2025550143;ext=101",
        "1-800-FLOWERS",
        "12345",
        "+1202555014",
        "+19995550143999",
        "\u0662\u0660\u0662\u0665\u0665\u0665\u0660\u0661\u0664\u0663",
        "0" * 300,
        "a@b",
        "2025550143\n+2025550144",
        "++12025550143",
    ],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        normalise(text, "US")
    assert refused.value.field == "number"


def test_national_digits() -> None:
    assert national("+12025550143") == "2025550143"
    assert national("+442079460123") == "2079460123"
    with pytest.raises(Invalid):
        national("2025550143")


async def test_the_life_of_a_number(core: Core) -> None:
    company = await core.companies.create(name="Acme")
    other = await core.companies.create(name="Other")
    made = await core.numbers.create(company.id, "+12025550143", owner_emails=["A@example.com", "a@example.com"])
    fax = await core.numbers.create(company.id, "+12025550144", sms=False, fax=True)
    assert made.owner_emails == ["a@example.com"]
    assert await core.numbers.list(company.id) == [made]
    assert await core.numbers.list(company.id, sms_only=False) == [made, fax]
    assert await core.numbers.list(company.id, owner_email="A@EXAMPLE.com") == [made]
    assert await core.numbers.list(company.id, owner_email="b@example.com", sms_only=False) == []
    assert await core.numbers.list(other.id) == []
    changed = await core.numbers.set_owners(company.id, "+12025550143", ["B@example.com", "c@example.com"])
    assert changed.owner_emails == ["b@example.com", "c@example.com"]
    assert (await core.numbers.update(company.id, "+12025550144", sms=True)).sms
    assert await core.numbers.get_by_number(company.id, "+12025550143") == changed


async def test_refusals(core: Core) -> None:
    company = await core.companies.create(name="Acme")
    other = await core.companies.create(name="Other")
    await core.numbers.create(company.id, "+12025550143")
    with pytest.raises(AlreadyExists):
        await core.numbers.create(other.id, "+12025550143")
    with pytest.raises(NotFound):
        await core.numbers.get_by_number(other.id, "+12025550143")
    with pytest.raises(NotFound):
        await core.numbers.set_owners(other.id, "+12025550143", [])
    with pytest.raises(NotFound):
        await core.numbers.update(other.id, "+12025550143", fax=True)
    with pytest.raises(NotFound):
        await core.numbers.create(1, "+12025550144")
    with pytest.raises(Invalid):
        await core.numbers.set_owners(company.id, "+12025550143", ["nobody"])
