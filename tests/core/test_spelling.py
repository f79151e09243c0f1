"""Telephone numbers as others want them spelled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.core.errors import Invalid
from ringmain.core.numbers.normalise import normalise
from ringmain.core.numbers.spelling import spelled

FORMS = ("", "e164", "international", "national")


@pytest.mark.parametrize(
    ("number", "country", "national"),
    [
        ("+12025550143", "US", "2025550143"),
        ("+12025550143", "CA", "2025550143"),
        ("+442071838750", "GB", "02071838750"),
        ("+442071838750", "US", "442071838750"),
        ("+390612345678", "IT", "0612345678"),
    ],
)
def test_forms(number: str, country: str, national: str) -> None:
    assert [spelled(number, form, country) for form in FORMS] == [number, number, number[1:], national]


@pytest.mark.parametrize("other", ["", "502", "MyBank", "+", "+999999999999999999", "1a2b3c4d5e6f"])
def test_what_is_no_number_stays(other: str) -> None:
    for form in ("", "e164", "national"):
        assert spelled(other, form, "US") in (other, other.removeprefix("+"))


@given(st.integers(2_000_000_000, 9_999_999_999), st.sampled_from(FORMS))
def test_what_is_spelled_is_read_back(digits: int, form: str) -> None:
    try:
        number = normalise(f"+1{digits}", "US")
    except Invalid:
        return
    assert normalise(spelled(number, form, "US"), "US") == number
