"""Texts of every kind over the wire, both ways, against an SMSC that nobody here wrote."""

from typing import Any

import pytest

from ringmain.carriers.smpp.inbound import Inbound
from ringmain.carriers.smpp.reassembly import Part, join, parse_part
from ringmain.carriers.smpp.receipts import canonical_id, parse_receipt
from ringmain.carriers.smpp.session import BindParameters, Session, connect
from ringmain.carriers.smpp.submit import Concatenation, SubmitOptions, build
from tests.clients.smsc import Smsc

US = BindParameters(system_id="ringmain", password="secret")


class Inbox:
    """Keeps what arrives, as a database would."""

    def __init__(self) -> None:
        self.pdus: list[Inbound] = []

    async def store(self, pdu: Inbound) -> int:
        self.pdus.append(pdu)
        return 0

    @property
    def parts(self) -> list[Part]:
        return [parse_part(pdu) for pdu in self.pdus]


async def bound(smsc: Smsc, inbox: Inbox) -> Session:
    return await connect("127.0.0.1", smsc.port, US, on_deliver=inbox.store)


LONG = "The quick brown fox {jumps} over the lazy dog for 5 €. " * 7
EMOJI = "a" + "😀" * 60


@pytest.mark.parametrize(
    ("text", "how", "count"),
    [
        ("Hi @ € [x]", {}, 1),
        ("héhé", {"data_coding": 3}, 1),
        ("漢字 😀", {"data_coding": 8}, 1),
        (LONG, {"via": "udh8", "order": [2, 0, 1]}, 3),
        (LONG, {"via": "udh8", "order": [1, 1, 0, 2, 0]}, 3),
        (EMOJI, {"via": "udh16", "data_coding": 8, "part_octets": 132, "reference": 0x1234}, 2),
        (LONG, {"via": "sar", "order": [1, 2, 0], "reference": 0xABCD}, 3),
        ("x" * 1000, {"via": "payload"}, 1),
        ("漢" * 500, {"via": "payload", "data_coding": 8}, 1),
    ],
    ids=["plain", "latin1", "ucs2", "udh8", "udh8-duplicates", "udh16-split-pair", "sar", "payload", "payload-ucs2"],
)
async def test_inbound(text: str, how: dict[str, Any], count: int) -> None:
    inbox = Inbox()
    async with Smsc() as smsc:
        session = await bound(smsc, inbox)
        statuses = await smsc.deliver(text, source="15550100", destination="15550199", **how)
        await session.close()
    assert set(statuses) == {0}
    assert len({part.key for part in inbox.parts}) == 1
    assert {part.key.total for part in inbox.parts} == {count}
    assert join(inbox.parts) == text
    assert all(parse_receipt(pdu) is None for pdu in inbox.pdus)
    if "reference" in how:
        assert inbox.parts[0].key.reference == how["reference"]


async def test_the_split_pair_was_really_split() -> None:
    inbox = Inbox()
    async with Smsc() as smsc:
        session = await bound(smsc, inbox)
        await smsc.deliver(EMOJI, source="1", destination="2", via="udh16", data_coding=8, part_octets=132, reference=1)
        await session.close()
    alone = [join([part], partial=True) for part in inbox.parts]
    assert all("\ufffd" in (text or "") for text in alone)


@pytest.mark.parametrize("text", ["Hi @ € [x]\n", LONG, EMOJI], ids=["short", "gsm7", "ucs2"])
@pytest.mark.parametrize("concatenation", ["udh8", "udh16", "sar", "payload"])
async def test_outbound(text: str, concatenation: Concatenation) -> None:
    pdus = build(
        source="+15550100",
        destination="+15550199",
        text=text,
        reference=123_456_789_012_345,
        options=SubmitOptions(concatenation=concatenation),
    )
    async with Smsc(receipts="none") as smsc:
        session = await bound(smsc, Inbox())
        for pdu in pdus:
            await session.submit(pdu)
        await session.close()
        assert "".join(submit["text"] for submit in smsc.submits) == text
        assert {submit["reference"] for submit in smsc.submits} == {"123456789012345"}
        assert {submit["user_message_reference"] for submit in smsc.submits} == {123_456_789_012_345 & 0xFFFF}
        assert {submit["registered_delivery"] for submit in smsc.submits} == {1}
        places = [(submit["udh"], submit["sar"], submit["payload"]) for submit in smsc.submits]
        if len(text) < 20:
            assert places == [("", None, False)]
        elif concatenation == "payload":
            assert places == [("", None, True)]
        elif concatenation == "sar":
            assert [sar[1:] for _, sar, _ in places] == [[len(pdus), index] for index in range(1, len(pdus) + 1)]
        else:
            start = "050003" if concatenation == "udh8" else "060804"
            assert all(udh.startswith(start) for udh, _, _ in places)
            assert [udh[-2:] for udh, _, _ in places] == [f"{index:02x}" for index in range(1, len(pdus) + 1)]


@pytest.mark.parametrize("with_tlvs", [True, False])
@pytest.mark.parametrize(("stat", "state"), [("DELIVRD", "delivered"), ("REJECTD", "failed"), ("ENROUTE", "accepted")])
async def test_a_receipt_in_another_spelling_of_the_id(with_tlvs: bool, stat: str, state: str) -> None:
    inbox = Inbox()
    async with Smsc(id_format="hex", receipt_id_format="decimal", receipt_state=stat, receipt_tlvs=with_tlvs) as smsc:
        session = await bound(smsc, inbox)
        for reference in range(12):
            (pdu,) = build(source="+15550100", destination="+15550199", text="x", reference=reference)
            answer = await session.submit(pdu)
        await smsc.wait(lambda: sum(event["event"] == "delivered" for event in smsc.events) == 12)
        await session.close()
    assert answer.message_id == "0000000c"
    receipt = parse_receipt(inbox.pdus[-1], "decimal")
    assert receipt is not None
    assert receipt.message_id == canonical_id(answer.message_id, "hex") == "12"
    assert (receipt.state, receipt.stat) == (state, stat)


async def test_receipts_by_destination() -> None:
    inbox = Inbox()
    destinations = {"15550001": {"receipt_state": "EXPIRED", "receipt_delay_ms": 50}, "15550002": {"receipts": "none"}}
    async with Smsc(destinations=destinations) as smsc:
        session = await bound(smsc, inbox)
        ids = {}
        for number in ("15550001", "15550002", "15550003"):
            (pdu,) = build(source="+15550100", destination=f"+{number}", text="x", reference=1)
            ids[number] = (await session.submit(pdu)).message_id
        await smsc.event("delivered", tag=ids["15550001"])
        await session.close()
    receipts = [parse_receipt(pdu) for pdu in inbox.pdus]
    assert {(receipt.message_id, receipt.stat) for receipt in receipts if receipt} == {
        (ids["15550003"], "DELIVRD"),
        (ids["15550001"], "EXPIRED"),
    }
