import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.carriers.smpp import pdu as p
from ringmain.carriers.smpp.receipts import MessageIdFormat, Receipt, canonical_id, parse_receipt

TEXT = (
    b"id:0000001f sub:001 dlvrd:001 submit date:2611200101 done date:2611200102 "
    b"stat:DELIVRD err:000 text:id:5 stat:EXPIRED"
)


def test_by_text() -> None:
    assert parse_receipt(p.DeliverSm(esm_class=4, short_message=TEXT)) == Receipt(
        "0000001f", "delivered", "DELIVRD", "000"
    )


def test_jasmins_short_text() -> None:
    text = b"id:3c9b8d2e-0a3f-4b52-9f4e-2f2f6f1f7c11 submit date:2611200101 done date:2611200101 stat:UNDELIV err:69"
    receipt = parse_receipt(p.DeliverSm(esm_class=4, short_message=text))
    assert receipt == Receipt("3c9b8d2e-0a3f-4b52-9f4e-2f2f6f1f7c11", "failed", "UNDELIV", "69")


def test_tlvs_go_before_the_text() -> None:
    tlvs = {p.RECEIPTED_MESSAGE_ID: b"abc\0", p.MESSAGE_STATE: b"\x05", p.NETWORK_ERROR_CODE: b"\x03\x00\x21"}
    assert parse_receipt(p.DeliverSm(esm_class=4, short_message=TEXT, tlvs=tlvs)) == Receipt(
        "abc", "failed", "UNDELIV", "000"
    )
    assert parse_receipt(p.DataSm(esm_class=4, tlvs=tlvs)) == Receipt("abc", "failed", "UNDELIV", "3:33")


def test_text_in_message_payload() -> None:
    receipt = parse_receipt(p.DeliverSm(esm_class=4, tlvs={p.MESSAGE_PAYLOAD: TEXT}))
    assert receipt is not None
    assert receipt.message_id == "0000001f"


@pytest.mark.parametrize("esm_class", [0x00, 0x40, 0x08, 0x10, 0x20])
def test_other_classes_are_no_receipts(esm_class: int) -> None:
    assert parse_receipt(p.DeliverSm(esm_class=esm_class, short_message=TEXT)) is None


def test_mode_and_header_bits_do_not_hide_a_receipt() -> None:
    for esm_class in (0x05, 0x44 & ~0x40, 0x84):
        assert parse_receipt(p.DeliverSm(esm_class=esm_class, short_message=TEXT)) is not None
    with_header = p.DeliverSm(esm_class=0x44, short_message=b"\x05\x00\x03\x01\x01\x01" + TEXT)
    receipt = parse_receipt(with_header)
    assert receipt is not None
    assert receipt.message_id == "0000001f"


@pytest.mark.parametrize(
    ("stat", "state"),
    [
        ("DELIVRD", "delivered"),
        ("delivered", "delivered"),
        ("EXPIRED", "failed"),
        ("DELETED", "failed"),
        ("UNDELIV", "failed"),
        ("UNDELIVERABLE", "failed"),
        ("REJECTD", "failed"),
        ("ACCEPTD", "accepted"),
        ("ENROUTE", "accepted"),
        ("UNKNOWN", "unknown"),
        ("NEWWORD", "unknown"),
    ],
)
def test_states(stat: str, state: str) -> None:
    receipt = parse_receipt(p.DeliverSm(esm_class=4, short_message=f"id:1 stat:{stat}".encode()))
    assert receipt is not None
    assert (receipt.state, receipt.stat) == (state, stat.upper())


def test_a_receipt_without_any_content_is_still_a_receipt() -> None:
    assert parse_receipt(p.DeliverSm(esm_class=4)) == Receipt("", "unknown", "UNKNOWN", None)


@given(st.integers(0, 2**64))
def test_hex_and_decimal_spellings_are_equal(number: int) -> None:
    ids = {
        canonical_id(f"{number:08x}", "hex"),
        canonical_id(f"{number:X}", "hex"),
        canonical_id(f"0x{number:x}\0", "hex"),
        canonical_id(str(number), "decimal"),
        canonical_id(f" {number:020d}", "decimal"),
    }
    assert ids == {str(number)}


@pytest.mark.parametrize("form", ["string", "hex", "decimal"])
def test_ids_that_are_no_numbers_stay(form: MessageIdFormat) -> None:
    for message_id in ("3c9b8d2e-0a3f", "msg_id_not_implemented", "1_0", "", "٣"):
        assert canonical_id(message_id, form) == message_id
    assert canonical_id("9" * 5000, form) == "9" * 5000


def test_a_string_keeps_its_zeros_and_decimal_understands_hex_letters() -> None:
    assert canonical_id("000A", "string") == "000A"
    assert canonical_id("0A", "decimal") == "10"


@given(st.binary(max_size=120), st.dictionaries(st.sampled_from([0x1E, 0x427, 0x423, 0x424]), st.binary(max_size=9)))
def test_no_receipt_crashes(octets: bytes, tlvs: dict[int, bytes]) -> None:
    assert parse_receipt(p.DeliverSm(esm_class=0x44, short_message=octets, tlvs=tlvs), "hex") is not None
