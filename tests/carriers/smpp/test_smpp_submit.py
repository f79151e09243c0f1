import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.carriers.smpp import pdu as p
from ringmain.carriers.smpp.reassembly import join, parse_part
from ringmain.carriers.smpp.submit import VENDOR_REFERENCE, Concatenation, SubmitOptions, build
from ringmain.core.texting.segments import TooManySegments

ID = 4_503_599_627_370_497


def made(text: str, options: SubmitOptions | None = None, source: str = "+15550100") -> list[p.SubmitSm]:
    return build(source=source, destination="+442071838750", text=text, reference=ID, options=options)


def test_a_short_text() -> None:
    (pdu,) = made("Hi @ €")
    assert pdu.short_message == b"Hi \x00 \x1be"
    assert (pdu.esm_class, pdu.data_coding, pdu.registered_delivery) == (0, 0, 1)
    assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr) == (1, 1, "15550100")
    assert (pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr) == (1, 1, "442071838750")
    assert pdu.tlvs == {p.USER_MESSAGE_REFERENCE: b"\x00\x01", VENDOR_REFERENCE: str(ID).encode()}


@pytest.mark.parametrize(
    ("source", "form"),
    [
        ("+15550100", (1, 1, "15550100")),
        ("12345", (3, 0, "12345")),
        ("4420718387501", (0, 1, "4420718387501")),
        ("Ringmain", (5, 0, "Ringmain")),
    ],
)
def test_ton_and_npi_by_form(source: str, form: tuple[int, int, str]) -> None:
    (pdu,) = made("x", source=source)
    assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr) == form


def test_a_carriers_customs() -> None:
    options = SubmitOptions(e164=(0, 1), keep_plus=True, receipts=False, vendor_reference=False)
    (pdu,) = made("x", options)
    assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr) == (0, 1, "+15550100")
    assert pdu.registered_delivery == 0
    assert VENDOR_REFERENCE not in pdu.tlvs


def test_udh8_is_the_default_and_stays_the_same_when_sent_again() -> None:
    pdus = made("a" * 307)
    assert [pdu.short_message[:3] for pdu in pdus] == [b"\x05\x00\x03"] * 3
    assert [pdu.short_message[4:6] for pdu in pdus] == [b"\x03\x01", b"\x03\x02", b"\x03\x03"]
    assert [len(pdu.short_message) for pdu in pdus] == [159, 159, 7]
    assert all(pdu.esm_class == 0x40 for pdu in pdus)
    assert pdus == made("a" * 307)


def test_udh16() -> None:
    pdus = made("ž" * 100, SubmitOptions(concatenation="udh16"))
    assert [len(pdu.short_message) for pdu in pdus] == [7 + 132, 7 + 68]
    assert pdus[0].short_message[:3] == b"\x06\x08\x04"
    assert pdus[0].data_coding == 8


def test_sar() -> None:
    pdus = made("a" * 200, SubmitOptions(concatenation="sar"))
    assert [pdu.tlvs[p.SAR_INDEX] for pdu in pdus] == [b"\x01", b"\x02"]
    assert {pdu.tlvs[p.SAR_TOTAL] for pdu in pdus} == {b"\x02"}
    assert len({pdu.tlvs[p.SAR_REFERENCE] for pdu in pdus}) == 1
    assert [pdu.esm_class for pdu in pdus] == [0, 0]
    assert [len(pdu.short_message) for pdu in pdus] == [152, 48]


def test_message_payload_for_long_texts_only() -> None:
    options = SubmitOptions(concatenation="payload")
    (long,) = made("a" * 1000, options)
    assert (long.short_message, long.tlvs[p.MESSAGE_PAYLOAD]) == (b"", b"a" * 1000)
    (short,) = made("a" * 160, options)
    assert short.short_message == b"a" * 160


@pytest.mark.parametrize("data_coding", [0, 3])
def test_a_latin_1_carrier(data_coding: int) -> None:
    options = SubmitOptions(default_alphabet="latin1", default_data_coding=data_coding)
    (pdu,) = made("é@[", options)
    assert (pdu.data_coding, pdu.short_message) == (data_coding, b"\xe9@[")
    (euro,) = made("5 €", options)
    assert (euro.data_coding, euro.short_message) == (8, "5 €".encode("utf-16-be"))


@given(st.text("aé€Δ[", max_size=500), st.sampled_from(["udh8", "udh16", "sar", "payload"]))
def test_a_latin_1_carriers_parts_fit_and_join(text: str, concatenation: Concatenation) -> None:
    pdus = made(text, SubmitOptions(default_alphabet="latin1", concatenation=concatenation))
    received = [p.DeliverSm(**{name: getattr(pdu, name) for name in pdu.__struct_fields__}) for pdu in pdus]
    assert join([parse_part(pdu) for pdu in received], "latin1") == text
    for pdu in pdus:
        assert len(pdu.short_message) <= (140 if pdu.data_coding == 8 else 160)


def test_neighbouring_messages_differ_in_reference() -> None:
    for stride in (1, 8, 256, 1024, 1 << 20):
        seen = {
            build(source="1", destination="2", text="a" * 161, reference=ID + step * stride)[0].short_message[3]
            for step in range(40)
        }
        assert len(seen) > 30


def test_too_long_a_text_is_refused() -> None:
    with pytest.raises(TooManySegments):
        made("a" * (255 * 153 + 1))
