from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.core.errors import NotFound
from ringmain.core.ids import MAX_ID, milliseconds_of
from ringmain.dialects.ringplan import ids


@given(st.integers(1, MAX_ID))
def test_every_core_id_has_a_spelling_that_reads_back(core_id: int) -> None:
    text = ids.encode(core_id)
    assert len(text) == 24
    assert int(text[:8], 16) == milliseconds_of(core_id) // 1000
    assert ids.decode(text, "x") == core_id


@given(st.text(max_size=30) | st.from_regex(r"[0-9a-fA-F_+ -]{24}", fullmatch=True))
def test_only_what_encode_makes_decodes(text: str) -> None:
    try:
        core_id = ids.decode(text, "x")
    except NotFound:
        return
    assert ids.encode(core_id) == text


@given(st.integers(1, MAX_ID), st.integers(0, 23), st.sampled_from("0123456789abcdef"))
def test_a_changed_digit_is_another_id_or_none(core_id: int, place: int, digit: str) -> None:
    text = ids.encode(core_id)
    changed = text[:place] + digit + text[place + 1 :]
    decoded = None
    with suppress(NotFound):
        decoded = ids.decode(changed, "x")
    assert (decoded == core_id) == (changed == text)


@pytest.mark.parametrize("core_id", [0, MAX_ID + 1, 2**60])
def test_what_the_core_never_makes_does_not_decode(core_id: int) -> None:
    with pytest.raises(NotFound):
        ids.decode(f"{(milliseconds_of(core_id) // 1000) & 0xFFFFFFFF:08x}{core_id:016x}", "x")


def test_upper_case_does_not_decode() -> None:
    text = ids.encode(2**52 + 0xABC)
    with pytest.raises(NotFound):
        ids.decode(text.upper(), "x")
