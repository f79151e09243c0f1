import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import pytest
import trustme

from ringmain.carriers.smpp import pdu as p
from ringmain.carriers.smpp.framer import Framer
from ringmain.carriers.smpp.inbound import Inbound, OnDeliver
from ringmain.carriers.smpp.receipts import parse_receipt
from ringmain.carriers.smpp.session import (
    BindParameters,
    Session,
    SessionLimits,
    connect,
)
from ringmain.carriers.smpp.status import BindRefused, NotBound, OutcomeUnknown, Refused
from ringmain.carriers.smpp.submit import build
from tests.clients.smsc import Smsc

US = BindParameters(system_id="ringmain", password="secret")


async def ignored(pdu: Inbound) -> int:
    return 0


async def bound(port: int, on_deliver: OnDeliver = ignored, bind: BindParameters = US, **limits: Any) -> Session:
    return await connect("127.0.0.1", port, bind, on_deliver=on_deliver, limits=SessionLimits(**limits))


def text(words: str = "hello", destination: str = "+15550199", reference: int = 1) -> p.SubmitSm:
    return build(source="+15550100", destination=destination, text=words, reference=reference)[0]


async def test_bind_submit_and_unbind() -> None:
    async with Smsc(receipts="none") as smsc:
        session = await bound(smsc.port)
        assert session.peer_system_id == "smsc"
        answer = await session.submit(text("Hi @ €", reference=9_007_199_254_740_991))
        assert answer.message_id == "00000001"
        submit = await smsc.event("submit")
        assert submit["text"] == "Hi @ €"
        assert submit["octets"] == b"Hi \x00 \x1be".hex()
        assert submit["reference"] == "9007199254740991"
        assert submit["user_message_reference"] == 0xFFFF
        assert (submit["destination"], submit["destination_ton"], submit["destination_npi"]) == ("15550199", 1, 1)
        await session.close()
        assert await session.closed == "unbound by us"
        await smsc.event("unbound")
        with pytest.raises(NotBound):
            await session.submit(text())


@pytest.mark.parametrize("mode", ["transmitter", "receiver"])
async def test_other_modes(mode: Any) -> None:
    async with Smsc() as smsc:
        session = await bound(smsc.port, bind=BindParameters(system_id="ringmain", password="secret", mode=mode))
        assert (await smsc.event("bound"))["mode"] == mode
        await session.close()


@pytest.mark.parametrize(("system_id", "password", "status"), [("ringmain", "wrong", 0x0E), ("nobody", "secret", 0x0F)])
async def test_bad_credentials_are_seen_at_once_though_the_socket_stays_open(
    system_id: str, password: str, status: int
) -> None:
    async with Smsc() as smsc:
        with pytest.raises(BindRefused) as refused:
            async with asyncio.timeout(30):
                await bound(smsc.port, bind=BindParameters(system_id=system_id, password=password))
        assert refused.value.status == status


async def test_a_refusal_with_hang_up_and_a_generic_nack() -> None:
    async with Smsc(bind_status=0x0D, close_on_refusal=True) as smsc:
        with pytest.raises(BindRefused, match="ESME_RBINDFAIL"):
            await bound(smsc.port)
    async with raw_peer(lambda pdu: [p.GenericNack(sequence=pdu.sequence, status=3)]) as peer:
        with pytest.raises(BindRefused, match="ESME_RINVCMDID"):
            await bound(peer.port)


async def test_a_bind_that_is_never_answered_times_out() -> None:
    async with Smsc(bind_silent=True) as smsc:
        with pytest.raises(TimeoutError):
            await bound(smsc.port, bind_timeout=0.2)


async def test_no_listener_and_a_hang_up() -> None:
    async with raw_peer(lambda pdu: None) as peer:
        with pytest.raises(ConnectionError):
            await bound(peer.port)
    with pytest.raises(ConnectionRefusedError):
        await bound(peer.port)


async def test_windowed_submit_of_2000() -> None:
    async with Smsc(quiet=True) as smsc:
        session = await bound(smsc.port, window=50)
        most = 0

        async def one(number: int) -> str:
            nonlocal most
            answer = await session.submit(text(f"number {number}"))
            most = max(most, session.in_flight)
            return answer.message_id

        ids = await asyncio.gather(*(one(number) for number in range(2000)))
        assert len(set(ids)) == 2000
        assert most <= 50
        assert session.in_flight == 0
        assert (await smsc.stats())["accepted"] == 2000
        await session.close()


async def test_the_window_is_never_exceeded_and_freed_by_cancellation_only_when_answered() -> None:
    held: list[p.Pdu] = []

    def hold(pdu: p.Pdu) -> list[p.Pdu]:
        if isinstance(pdu, p.SubmitSm):
            held.append(pdu)
            return []
        return well_behaved(pdu)

    async with raw_peer(hold) as peer:
        session = await bound(peer.port, window=3)
        tasks = [asyncio.create_task(session.submit(text(reference=number))) for number in range(6)]
        await peer.until(lambda: len(held) == 3)
        tasks[0].cancel()
        tasks[5].cancel()
        await asyncio.wait([tasks[0], tasks[5]])
        assert session.in_flight == 3
        for pdu in held[:3]:
            peer.send(p.SubmitSmResponse(sequence=pdu.sequence, message_id=str(pdu.sequence)))
        await peer.until(lambda: len(held) == 5)
        for pdu in held[3:]:
            peer.send(p.SubmitSmResponse(sequence=pdu.sequence, message_id=str(pdu.sequence)))
        answers = await asyncio.gather(*tasks[1:5])
        assert len({answer.message_id for answer in answers}) == 4
        assert session.in_flight == 0
        await session.close()


async def test_sequence_numbers_wrap_and_skip_those_in_use() -> None:
    held: list[p.Pdu] = []

    def hold(pdu: p.Pdu) -> list[p.Pdu]:
        if isinstance(pdu, p.SubmitSm) and pdu.sequence == 2:
            held.append(pdu)
            return []
        return well_behaved(pdu)

    async with raw_peer(hold) as peer:
        session = await bound(peer.port)
        unanswered = asyncio.create_task(session.submit(text()))
        await peer.until(lambda: len(held) == 1)
        session._sequence = 0x7FFFFFFE
        ids = [(await session.submit(text())).message_id for _ in range(3)]
        assert ids == [str(0x7FFFFFFF), "1", "3"]
        peer.send(p.SubmitSmResponse(sequence=2, message_id="late"))
        assert (await unanswered).message_id == "late"
        await session.close()


async def test_an_answered_error_is_refused_and_the_session_goes_on() -> None:
    async with Smsc(destinations={"15550666": {"submit_status": 0x0B}}, receipts="none") as smsc:
        session = await bound(smsc.port)
        with pytest.raises(Refused, match="ESME_RINVDSTADR") as refused:
            await session.submit(text(destination="+15550666"))
        assert refused.value.status == 0x0B
        assert not refused.value.temporary
        await session.submit(text())
        await session.close()


async def test_a_missing_answer_is_an_unknown_outcome_of_that_message_only() -> None:
    async with Smsc(destinations={"15550777": {"silent": True}}, receipts="none") as smsc:
        session = await bound(smsc.port, response_timeout=1, window=2)
        results = await asyncio.gather(
            *(
                session.submit(text(destination=number))
                for number in ("+15550777", "+15550199", "+15550777", "+15550199")
            ),
            return_exceptions=True,
        )
        assert [type(result).__name__ for result in results] == [
            "OutcomeUnknown",
            "SubmitSmResponse",
            "OutcomeUnknown",
            "SubmitSmResponse",
        ]
        assert session.in_flight == 0
        await session.close()


async def test_a_killed_peer_leaves_everything_in_flight_unknown_and_the_waiting_unsent() -> None:
    async with Smsc(silent="submit", destinations={"15550199": {"silent": True}}) as smsc:
        session = await bound(smsc.port, window=100)
        tasks = [asyncio.create_task(session.submit(text(reference=number))) for number in range(150)]
        await smsc.wait(lambda: len(smsc.submits) == 100)
        await smsc.kill()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [OutcomeUnknown] * 100 + [NotBound] * 50
        assert await session.closed
        await session.close()


async def test_a_frozen_peer_is_found_by_enquire_link() -> None:
    async with Smsc() as smsc:
        session = await bound(smsc.port, enquire_interval=0.1, enquire_timeout=0.3)
        smsc.freeze()
        try:
            task = asyncio.create_task(session.submit(text()))
            async with asyncio.timeout(30):
                assert await session.closed == "no answer to enquire_link"
            with pytest.raises(OutcomeUnknown):
                await task
        finally:
            smsc.thaw()


async def test_a_peer_that_answers_enquiries_stays() -> None:
    async with Smsc() as smsc:
        session = await bound(smsc.port, enquire_interval=0.02, enquire_timeout=30)
        async with asyncio.timeout(30):
            while (await smsc.stats())["enquiries"] < 4:
                await session.submit(text())
        assert session.bound
        await session.close()


async def test_an_inbound_message_is_acknowledged_only_when_it_is_safe() -> None:
    arrived, safe = asyncio.Event(), asyncio.Event()
    got: list[Inbound] = []

    async def store(pdu: Inbound) -> int:
        got.append(pdu)
        arrived.set()
        await safe.wait()
        return 0

    async with Smsc() as smsc:
        session = await bound(smsc.port, store)
        delivery = asyncio.create_task(smsc.deliver("hello", source="15550100", destination="15550199"))
        await arrived.wait()
        # The peer answers us in order, so by now it would have told of an answer of ours.
        await session.submit(text(destination="+15550111"))
        await smsc.stats()
        assert not delivery.done()
        assert not [event for event in smsc.events if event["event"] == "delivered"]
        safe.set()
        assert await delivery == [0]
        await session.close()
    assert isinstance(got[0], p.DeliverSm)
    assert got[0].short_message == b"hello"


async def test_a_failing_store_sends_the_message_back_to_the_carrier() -> None:
    attempts = 0

    async def store(pdu: Inbound) -> int:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise RuntimeError("the database is away")
        return 0

    async with Smsc(redeliver_ms=20) as smsc:
        session = await bound(smsc.port, store)
        assert await smsc.deliver("hello", source="15550100", destination="15550199") == [0x64]
        again = await smsc.event("delivered", status=0)
        assert again["attempt"] == 2
        await session.close()


async def test_inbound_work_is_bounded_and_the_rest_told_to_come_again() -> None:
    at_work = most = 0
    go = asyncio.Event()

    async def store(pdu: Inbound) -> int:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await go.wait()
        at_work -= 1
        return 0

    async with Smsc(redeliver=False) as smsc:
        session = await bound(smsc.port, store, inbound_concurrency=4, inbound_backlog=10)
        deliveries = [
            asyncio.create_task(smsc.deliver("x", source="15550100", destination="15550199")) for _ in range(20)
        ]
        await smsc.wait(lambda: sum(event["event"] == "delivered" for event in smsc.events) == 6)
        go.set()
        statuses = [status for (status,) in await asyncio.gather(*deliveries)]
        assert sorted(statuses) == [0] * 14 + [0x14] * 6
        assert most == 4
        await session.close()


@pytest.mark.parametrize("kind", ["after", "before", "duplicate", "none"])
async def test_receipts_of_every_kind(kind: str) -> None:
    order: list[str] = []
    receipts: list[Inbound] = []

    async def store(pdu: Inbound) -> int:
        order.append("receipt")
        receipts.append(pdu)
        return 0

    async with Smsc(receipts=kind, receipt_state="UNDELIV", receipt_error="069", receipt_tlvs=False) as smsc:
        session = await bound(smsc.port, store)
        answer = await session.submit(text())
        order.append("answer")
        expected = {"after": 1, "before": 1, "duplicate": 2, "none": 0}[kind]
        await smsc.wait(lambda: sum(event["event"] == "delivered" for event in smsc.events) == expected)
        await session.close()
    assert len(receipts) == expected
    if kind == "before":
        assert order[0] == "receipt"
    for pdu in receipts:
        receipt = parse_receipt(pdu, "hex")
        assert receipt is not None
        assert (receipt.message_id, receipt.state, receipt.error) == ("1", "failed", "069")
    assert answer.message_id == "00000001"


async def test_an_unbind_of_the_peer_is_answered() -> None:
    async with Smsc() as smsc:
        session = await bound(smsc.port)
        await smsc.command("unbind")
        assert await session.closed == "unbound by the peer"
        await smsc.event("answered_unbind")


async def test_nonsense_ends_the_connection_and_a_bad_body_does_not() -> None:
    async with Smsc(receipts="none") as smsc:
        session = await bound(smsc.port)
        await smsc.command("raw", hex="00000014000000050000000000000009ffffffff")
        await session.submit(text())
        await smsc.command("raw", hex="0000001000000102000000000000000a")
        await session.submit(text())
        await smsc.command("raw", hex="ffffffff00000005")
        assert "protocol error" in await session.closed


async def test_what_we_do_not_speak_is_refused() -> None:
    async with raw_peer(well_behaved) as peer:
        session = await bound(peer.port)
        peer.send(p.SubmitSm(sequence=70))
        peer.send(p.Unsupported(unknown_command=0x03, sequence=71))
        peer.send(p.Unsupported(unknown_command=0x80000003, sequence=72))
        peer.send(p.EnquireLink(sequence=73))
        await peer.until(lambda: p.EnquireLinkResponse(sequence=73) in peer.received)
        assert [pdu for pdu in peer.received if isinstance(pdu, p.GenericNack)] == [
            p.GenericNack(sequence=70, status=3),
            p.GenericNack(sequence=71, status=3),
        ]
        await session.close()


async def test_closing_waits_for_answers_and_fails_what_stays_unanswered() -> None:
    async with Smsc(receipts="none", destinations={"15550777": {"silent": True}}) as smsc:
        session = await bound(smsc.port)
        answered = [asyncio.create_task(session.submit(text(reference=number))) for number in range(20)]
        await asyncio.wait(answered, timeout=0)
        await session.close()
        assert {type(task.result()) for task in answered} == {p.SubmitSmResponse}

        session = await bound(smsc.port)
        unanswered = asyncio.create_task(session.submit(text(destination="+15550777")))
        await asyncio.wait([unanswered], timeout=0)
        await session.close(drain=0.1)
        with pytest.raises(OutcomeUnknown, match="unbound by us"):
            await unanswered


async def test_a_frozen_peer_cannot_hold_up_closing() -> None:
    async with Smsc() as smsc:
        session = await bound(smsc.port)
        smsc.freeze()
        try:
            async with asyncio.timeout(20):
                await session.close(drain=0.1, timeout=0.1)
        finally:
            smsc.thaw()
        assert session.closed.done()


async def test_data_sm_out_and_in() -> None:
    got: list[Inbound] = []

    async def store(pdu: Inbound) -> int:
        got.append(pdu)
        return 0

    async with Smsc() as smsc:
        session = await bound(smsc.port)
        answer = await session.submit(p.DataSm(destination_addr="15550199", tlvs={p.MESSAGE_PAYLOAD: b"hello"}))
        assert isinstance(answer, p.DataSmResponse)
        assert answer.message_id
        await session.close()
    async with raw_peer(well_behaved) as peer:
        session = await bound(peer.port, store)
        sent = p.DataSm(sequence=5, source_addr="1", tlvs={p.MESSAGE_PAYLOAD: b"hello"})
        peer.send(sent)
        await peer.until(lambda: p.DataSmResponse(sequence=5) in peer.received)
        assert got == [sent]
        await session.close()


class TestTls:
    @pytest.fixture
    def smsc(self, tmp_path: Any) -> tuple[trustme.CA, Smsc]:
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost")
        key, chain = tmp_path / "key.pem", tmp_path / "cert.pem"
        certificate.private_key_pem.write_to_path(key)
        chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
        return authority, Smsc(tls={"key": str(key), "cert": str(chain)}, receipts="none")

    async def test_a_known_authority(self, smsc: tuple[trustme.CA, Smsc]) -> None:
        authority, server = smsc
        context = ssl.create_default_context()
        authority.configure_trust(context)
        async with server:
            session = await connect(
                "127.0.0.1", server.port, US, on_deliver=ignored, tls=context, server_hostname="localhost"
            )
            await asyncio.gather(*(session.submit(text()) for _ in range(100)))
            await session.close()

    async def test_an_unknown_authority_and_another_name(self, smsc: tuple[trustme.CA, Smsc]) -> None:
        authority, server = smsc
        wrong, right = ssl.create_default_context(), ssl.create_default_context()
        trustme.CA().configure_trust(wrong)
        authority.configure_trust(right)
        async with server:
            for context, name in ((wrong, "localhost"), (right, "elsewhere.example")):
                with pytest.raises(ssl.SSLCertVerificationError):
                    await connect("127.0.0.1", server.port, US, on_deliver=ignored, tls=context, server_hostname=name)
            assert not [event for event in server.events if event["event"] == "bound"]

    async def test_a_peer_without_tls(self) -> None:
        async with Smsc() as server:
            with pytest.raises((OSError, TimeoutError)):
                await connect(
                    "127.0.0.1",
                    server.port,
                    US,
                    on_deliver=ignored,
                    tls=ssl.create_default_context(),
                    server_hostname="localhost",
                    limits=SessionLimits(connect_timeout=0.5),
                )


Behaviour = Callable[[p.Pdu], "list[p.Pdu] | None"]


def well_behaved(pdu: p.Pdu) -> list[p.Pdu]:
    match pdu:
        case p.BindTransceiver():
            return [p.BindTransceiverResponse(sequence=pdu.sequence, system_id="raw")]
        case p.SubmitSm():
            return [p.SubmitSmResponse(sequence=pdu.sequence, message_id=str(pdu.sequence))]
        case p.Unbind():
            return [p.UnbindResponse(sequence=pdu.sequence)]
    return []


class raw_peer:  # noqa: N801 - used as a function
    """A listener that answers each PDU as `behaviour` says (None hangs up): for what no SMSC would do."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.received: list[p.Pdu] = []
        self.news = asyncio.Condition()
        self.writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> "raw_peer":
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        if self.writer:
            self.writer.close()
        await self.server.wait_closed()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        framer = Framer()
        while chunk := await reader.read(65536):
            for frame in framer.feed(chunk):
                pdu = p.decode(frame)
                self.received.append(pdu)
                answers = self.behaviour(pdu)
                if answers is None:
                    writer.close()
                    return
                for answer in answers:
                    self.send(answer)
            async with self.news:
                self.news.notify_all()
        writer.close()

    def send(self, pdu: p.Pdu) -> None:
        assert self.writer is not None
        self.writer.write(p.encode(pdu))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(30), self.news:
            await self.news.wait_for(condition)
