from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.carriers.smpp import pdu as p
from ringmain.carriers.smpp.message_text import decode_text
from ringmain.carriers.smpp.reassembly import PartKey, PendingSet, join, parse_part, to_give_up
from ringmain.carriers.smpp.submit import Concatenation, SubmitOptions, build

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def udh8(octets: bytes, reference: int, total: int, index: int, data_coding: int = 0) -> p.DeliverSm:
    return p.DeliverSm(
        esm_class=0x40,
        source_addr="15550100",
        destination_addr="15550199",
        data_coding=data_coding,
        short_message=bytes([5, 0, 3, reference, total, index]) + octets,
    )


@given(
    st.text(st.one_of(st.sampled_from("abc€[漢😀"), st.characters(exclude_categories=["Cs", "Cc"])), max_size=900),
    st.sampled_from(["udh8", "udh16", "sar", "payload"]),
    st.randoms(),
)
def test_what_we_cut_joins_again(text: str, concatenation: Concatenation, random: Random) -> None:
    options = SubmitOptions(concatenation=concatenation)
    sent = build(source="+15550100", destination="+15550199", text=text, reference=77, options=options)
    received = [p.DeliverSm(**{name: getattr(pdu, name) for name in pdu.__struct_fields__}) for pdu in sent]
    random.shuffle(received)
    parts = [parse_part(pdu) for pdu in received]
    assert len({part.key for part in parts}) == 1
    assert join(parts) == text
    assert join([*parts, parts[0]]) == text
    if len(parts) > 1:
        assert join(parts[1:]) is None
        assert not parts[0].whole


def test_a_surrogate_pair_across_two_parts() -> None:
    octets = "😀".encode("utf-16-be")
    parts = [parse_part(udh8(octets[2:], 1, 2, 2, 8)), parse_part(udh8(octets[:2], 1, 2, 1, 8))]
    assert join(parts) == "😀"


def test_an_escape_pair_across_two_parts() -> None:
    assert join([parse_part(udh8(b"a\x1b", 1, 2, 1)), parse_part(udh8(b"eb", 1, 2, 2))]) == "a€b"


def test_parts_in_different_codings_decode_each_by_its_own() -> None:
    parts = [
        parse_part(udh8(b"plain \x00 ", 1, 3, 1, 0)),
        parse_part(udh8("漢".encode("utf-16-be"), 1, 3, 2, 8)),
        parse_part(udh8("é".encode("latin-1"), 1, 3, 3, 3)),
    ]
    assert join(parts) == "plain @ 漢é"


def test_keys_tell_messages_apart() -> None:
    one = parse_part(udh8(b"a", 1, 2, 1))
    assert one.key == PartKey("15550100", "15550199", 1, 2)
    assert parse_part(udh8(b"a", 2, 2, 1)).key != one.key
    assert parse_part(udh8(b"a", 1, 3, 1)).key != one.key


@pytest.mark.parametrize(
    "header",
    [
        b"\x05\x00\x03\x01\x02\x00",  # part 0
        b"\x05\x00\x03\x01\x02\x03",  # part 3 of 2
        b"\x05\x00\x03\x01\x00\x00",  # of none
        b"\x04\x00\x02\x01\x02",  # too short an element
        b"\x06\x05\x04\x0b\x84\x23\xf0",  # ports only
        b"\x05\x00\x09\x01\x02\x01",  # an element longer than its header
    ],
)
def test_a_header_without_a_place_makes_a_whole_message(header: bytes) -> None:
    part = parse_part(p.DeliverSm(esm_class=0x40, short_message=header + b"text"))
    assert part.whole
    assert join([part]) == "text"


def test_a_header_longer_than_the_message_is_text() -> None:
    assert parse_part(p.DeliverSm(esm_class=0x40, short_message=b"Zz")).payload == b"Zz"


def test_other_elements_beside_the_concatenation() -> None:
    header = b"\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x07\x02\x01"
    part = parse_part(p.DeliverSm(esm_class=0x40, short_message=header + b"x"))
    assert (part.key.reference, part.key.total, part.index, part.payload) == (7, 2, 1, b"x")


def test_an_expired_set_gives_what_came() -> None:
    parts = [parse_part(udh8(b"one ", 1, 4, 1)), parse_part(udh8(b" four", 1, 4, 4))]
    assert join(parts) is None
    assert join(parts, partial=True) == "one … four"
    assert join([], partial=True) is None


def test_which_sets_are_given_up() -> None:
    def held(source: str, reference: int, minutes: float) -> PendingSet:
        return PendingSet(PartKey(source, "1", reference, 2), NOW - timedelta(minutes=minutes))

    pending = [held("a", 1, 30), held("a", 2, 20), held("a", 3, 10), held("b", 1, 90), held("b", 2, 1)]
    given_up = to_give_up(pending, now=NOW, expiry=timedelta(hours=1), per_source=2)
    assert [(key.source, key.reference) for key in given_up] == [("b", 1), ("a", 1)]
    # Never sooner than after a minute, never later than after a day.
    assert to_give_up([held("a", 1, 0.9)], now=NOW, expiry=timedelta(0)) == []
    assert len(to_give_up([held("a", 1, 1)], now=NOW, expiry=timedelta(0))) == 1
    assert len(to_give_up([held("a", 1, 1441)], now=NOW, expiry=timedelta(days=9))) == 1


@pytest.mark.parametrize(
    ("octets", "data_coding", "text"),
    [
        (b"\x00\x1be", 0x00, "@€"),
        (b"@\xe9", 0x03, "@é"),
        (b"\x6f\x22", 0x08, "漢"),
        (b"\x00\x1be", 0x10, "@€"),  # flash
        (b"\x6f\x22", 0x18, "漢"),  # flash, UCS-2
        (b"\x00", 0xF0, "@"),
        (b"\xe9", 0xF4, "é"),
        (b"\x00", 0xC8, "@"),
        (b"\x6f\x22", 0xE0, "漢"),
        (b"\xb4\xd6", 0x06, "Дж"),
        (b"abc", 0x77, "abc"),
        (b"\x6f\x22\x6f", 0x08, "漢\ufffd"),
        (b"a\x00\x00\x00", 0x03, "a"),  # no database holds a NUL
    ],
)
def test_data_codings(octets: bytes, data_coding: int, text: str) -> None:
    assert decode_text(octets, data_coding) == text


def test_the_carriers_default_alphabet() -> None:
    assert decode_text(b"@$", 0, "gsm7") == "¡¤"
    assert decode_text(b"@$", 0, "latin1") == "@$"


@given(st.binary(max_size=80), st.integers(0, 255))
def test_decoding_is_total(octets: bytes, data_coding: int) -> None:
    assert isinstance(decode_text(octets, data_coding), str)


@given(st.binary(max_size=60), st.dictionaries(st.sampled_from([0x20C, 0x20E, 0x20F, 0x424]), st.binary(max_size=4)))
def test_parsing_a_part_is_total(octets: bytes, tlvs: dict[int, bytes]) -> None:
    part = parse_part(p.DeliverSm(esm_class=0x40, short_message=octets, tlvs=tlvs))
    assert 1 <= part.index <= part.key.total <= 255
