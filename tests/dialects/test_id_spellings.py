"""Every dialect's ids: pure, bijective, and what does not decode is simply not found."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.core.errors import NotFound
from ringmain.core.ids import EPOCH_MS, MAX_ID, milliseconds_of
from ringmain.dialects.ringcentral import ids as ringcentral
from ringmain.dialects.ringotel import ids as ringotel
from ringmain.dialects.ringrx import ids as ringrx

Encode = Callable[[int], str]
Decode = Callable[[str, str], int]

SPELLINGS: list[tuple[Encode, Decode]] = [
    (ringcentral.encode, ringcentral.decode),
    (ringrx.encode, ringrx.decode),
    (ringotel.encode, ringotel.decode),
    (ringotel.encode_stamp, ringotel.decode_stamp),
]
CORE_IDS = st.integers(min_value=1, max_value=MAX_ID)
every_spelling = pytest.mark.parametrize(("encode", "decode"), SPELLINGS)


@every_spelling
@given(core_id=CORE_IDS)
def test_there_and_back(encode: Encode, decode: Decode, core_id: int) -> None:
    assert decode(encode(core_id), "message") == core_id


@every_spelling
@given(
    text=st.one_of(st.text(), st.from_regex(r"[0-9a-f-]{13,40}"), st.from_regex(r"[0-9]{1,30}"), st.uuids().map(str))
)
def test_only_its_own_spelling_decodes(encode: Encode, decode: Decode, text: str) -> None:
    try:
        core_id = decode(text, "message")
    except NotFound:
        return
    assert 0 < core_id <= MAX_ID
    assert encode(core_id) == text


@every_spelling
@given(core_id=CORE_IDS, other=CORE_IDS)
def test_order_is_kept(encode: Encode, decode: Decode, core_id: int, other: int) -> None:
    def rank(text: str) -> tuple[int, str]:
        return (len(text), text)

    assert (core_id < other) == (rank(encode(core_id)) < rank(encode(other)))


@every_spelling
@given(core_id=CORE_IDS, position=st.integers(0, 35), character=st.sampled_from("0123456789abcdefABCDEF-g \n\u0661"))
def test_a_changed_character_is_another_id_or_none(
    encode: Encode, decode: Decode, core_id: int, position: int, character: str
) -> None:
    text = encode(core_id)
    position %= len(text)
    changed = text[:position] + character + text[position + 1 :]
    if changed == text:
        return
    with suppress(NotFound):
        assert decode(changed, "x") != core_id


@pytest.mark.parametrize("text", ["", "0", "-1", "+5", " 5", "05", "\u0665", str(MAX_ID + 1), "9" * 400, "1_0"])
def test_what_is_no_ringcentral_id(text: str) -> None:
    with pytest.raises(NotFound):
        ringcentral.decode(text, "x")


@given(core_id=CORE_IDS)
def test_what_they_look_like(core_id: int) -> None:
    milliseconds = str(milliseconds_of(core_id))
    uuid = UUID(ringrx.encode(core_id))
    assert (uuid.version, uuid.variant) == (7, "specified in RFC 4122")
    assert uuid.int >> 80 == milliseconds_of(core_id)
    assert len(ringotel.encode(core_id)) == 20
    assert ringotel.encode(core_id).startswith(milliseconds)
    before, hyphen, after = ringotel.encode_stamp(core_id).partition("-")
    assert (before, hyphen, len(after)) == (milliseconds, "-", 18)


def test_the_first_id_of_all() -> None:
    assert ringotel.encode(1) == f"{EPOCH_MS}0000001"
    assert ringrx.encode(1) == "018cc251-f400-7000-a000-000000000000"
