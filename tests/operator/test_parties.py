import pytest

from ringmain.core.errors import Invalid
from ringmain.operator import parties


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1001", "1001"),
        (" 999999999 ", "999999999"),
        ("030 123456", "+4930123456"),
        ("030123456", "+4930123456"),  # short enough for an extension, but none begins with 0
        ("+12025550123", "+12025550123"),
    ],
)
def test_an_extension_or_a_telephone_number(text: str, meant: str) -> None:
    assert parties.party("to", text, "DE") == parties.caller("from", text, "DE") == meant


@pytest.mark.parametrize("text", ["", "anonymous", " anonymous "])
def test_only_who_calls_may_withhold_a_number(text: str) -> None:
    assert parties.caller("from", text, "DE") == ""
    with pytest.raises(Invalid) as refused:
        parties.party("to", text, "DE")
    assert refused.value.field == "to"


def test_a_telephone_number_that_is_refused_names_its_field() -> None:
    assert parties.number("from", "030 123456", "DE") == "+4930123456"
    with pytest.raises(Invalid) as refused:
        parties.number("from", "nobody", "DE")
    assert refused.value.field == "from"
