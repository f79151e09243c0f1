from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.carriers.smpp import pdu as p
from ringmain.carriers.smpp.framer import Framer
from ringmain.carriers.smpp.status import ProtocolError

octet = st.integers(0, 255)
# Any octet but NUL may stand in a C-octet string.
c_string = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=40)
VALUES = {"s": c_string, "b": octet, "m": st.binary(max_size=255)}
TLVS = st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=60), max_size=5)


@st.composite
def pdus(draw: st.DrawFn) -> p.Pdu:
    kind = draw(st.sampled_from(sorted(p._CLASSES.values(), key=lambda kind: kind.__name__)))
    values: dict[str, Any] = {name: draw(VALUES[letter]) for letter, name in p._FIELDS[kind.command]}
    status = draw(st.sampled_from([0, 0x0E, 0x58, 0xFFFFFFFF]))
    answer_with_error = status and kind.command & p.RESPONSE
    return kind(
        sequence=draw(st.integers(0, 0xFFFFFFFF)),
        status=status,
        **({} if answer_with_error else {"tlvs": draw(TLVS), **values}),
    )


@given(pdus())
def test_what_is_encoded_decodes_again(pdu: p.Pdu) -> None:
    assert p.decode(p.encode(pdu)) == pdu


@given(st.lists(pdus(), max_size=8), st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_frames_survive_any_cutting(sent: list[p.Pdu], sizes: list[int]) -> None:
    stream = b"".join(map(p.encode, sent))
    framer, got, at, turn = Framer(), [], 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        got += [p.decode(frame) for frame in framer.feed(stream[at : at + size])]
        at, turn = at + size, turn + 1
    assert got == sent


@given(st.binary(max_size=200))
def test_garbage_raises_protocol_error_or_nothing(garbage: bytes) -> None:
    try:
        for frame in Framer().feed(garbage):
            p.decode(frame)
    except ProtocolError:
        pass


@given(st.sampled_from(sorted(p._CLASSES)), st.binary(max_size=120), octet)
def test_garbage_behind_a_good_header_raises_protocol_error_or_nothing(
    command: int, body: bytes, sequence: int
) -> None:
    frame = b"".join(value.to_bytes(4, "big") for value in (16 + len(body), command, 0, sequence)) + body
    refused = None
    try:
        p.decode(frame)
    except ProtocolError as error:
        refused = error
    if refused:
        # So that the peer can be told which of its requests was bad.
        assert (refused.command, refused.sequence) == (command, sequence)
        assert not command & p.RESPONSE


@given(pdus(), st.data())
def test_a_cut_pdu_raises_protocol_error_or_decodes(pdu: p.Pdu, data: st.DataObject) -> None:
    octets = p.encode(pdu)
    cut = octets[: data.draw(st.integers(0, len(octets)))]
    shorter = len(cut).to_bytes(4, "big") + cut[4:]
    for frame in (cut, shorter):
        try:
            p.decode(frame)
        except ProtocolError:
            continue


def test_a_known_submit_sm() -> None:
    pdu = p.SubmitSm(
        sequence=5,
        source_addr_ton=5,
        source_addr="Shop",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr="15550100",
        registered_delivery=1,
        short_message=b"Hi",
        tlvs={p.USER_MESSAGE_REFERENCE: b"\x01\x02"},
    )
    assert p.encode(pdu).hex() == (
        "00000035000000040000000000000005" "00" "050053686f7000" "0101313535353031303000" "000000"
        "0000" "01000000" "024869" "020400020102"
    )  # fmt: skip


@pytest.mark.parametrize("length", [0, 15, 70_001, 0xFFFFFFFF])
def test_a_length_that_no_pdu_has_ends_the_stream(length: int) -> None:
    good = p.encode(p.EnquireLink(sequence=1))
    frames = Framer().feed(good + length.to_bytes(4, "big"))
    assert p.decode(next(frames)) == p.EnquireLink(sequence=1)
    with pytest.raises(ProtocolError):
        next(frames)


def test_header_only_and_unterminated_answers_decode() -> None:
    header = bytes.fromhex("80000004" "00000000" "00000007")  # fmt: skip
    assert p.decode(bytes([0, 0, 0, 16]) + header) == p.SubmitSmResponse(sequence=7)
    assert p.decode(bytes([0, 0, 0, 19]) + header + b"abc") == p.SubmitSmResponse(sequence=7, message_id="abc")


def test_unknown_commands_keep_their_body() -> None:
    pdu = p.Unsupported(unknown_command=p.ALERT_NOTIFICATION, sequence=3, body=b"\x01\x01123\0")
    assert p.decode(p.encode(pdu)) == pdu


@pytest.mark.parametrize(
    "pdu",
    [
        p.SubmitSm(destination_addr="1\0002"),
        p.SubmitSm(destination_addr="日本"),
        p.SubmitSm(short_message=b"x" * 256),
        p.SubmitSm(data_coding=256),
        p.SubmitSm(data_coding=-1),
        p.SubmitSm(tlvs={p.MESSAGE_PAYLOAD: b"x" * 65_536}),
        p.SubmitSm(tlvs={0x10000: b""}),
        p.SubmitSm(tlvs={1: b"x" * 40_000, 2: b"x" * 40_000}),
    ],
)
def test_what_does_not_fit_is_not_sent(pdu: p.Pdu) -> None:
    with pytest.raises(ProtocolError):
        p.encode(pdu)
