"""One SMPP session over one connection.

Timers, window and sequence numbers are the session's; reconnecting and rates are the link's. An
inbound PDU is answered only when its handler has finished, so a handler that stores before it returns
never loses an acknowledged message. Rules: specs/messaging.md 1.4 and 1.6.
"""

import asyncio
import ssl
from typing import Any, Literal, cast

import msgspec
import structlog

from . import pdu as p
from . import status as s
from .framer import Framer
from .inbound import Inbound, InboundQueue, OnDeliver
from .window import Window

log = structlog.get_logger()

BindMode = Literal["transceiver", "transmitter", "receiver"]
Submittable = p.SubmitSm | p.DataSm

_BINDS: dict[BindMode, type[p.BindTransceiver | p.BindTransmitter | p.BindReceiver]] = {
    "transceiver": p.BindTransceiver,
    "transmitter": p.BindTransmitter,
    "receiver": p.BindReceiver,
}
_LAST_SEQUENCE = 0x7FFFFFFF
_WRITE_BUFFER_OCTETS = 1 << 20
_CLOSE_SECONDS = 2.0


class BindParameters(msgspec.Struct, frozen=True, kw_only=True):
    """Who we are to the carrier."""

    system_id: str
    password: str
    system_type: str = ""
    mode: BindMode = "transceiver"
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""

    def __repr__(self) -> str:
        return f"BindParameters({self.system_id!r}, {self.mode})"


class SessionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds, counts in PDUs."""

    window: int = 50
    connect_timeout: float = 10.0
    bind_timeout: float = 10.0
    response_timeout: float = 30.0
    enquire_interval: float = 30.0
    enquire_timeout: float = 10.0
    inbound_concurrency: int = 32
    # Beyond those waiting for a handler the peer is told to come again (0x14).
    inbound_backlog: int = 1000


class _InFlight:
    __slots__ = ("counted", "deadline", "future")

    def __init__(self, future: asyncio.Future[p.Pdu], deadline: float, counted: bool) -> None:
        self.future = future
        self.deadline = deadline
        self.counted = counted


async def connect(
    host: str,
    port: int,
    bind: BindParameters,
    *,
    on_deliver: OnDeliver,
    tls: ssl.SSLContext | None = None,
    server_hostname: str | None = None,
    limits: SessionLimits | None = None,
) -> "Session":
    """A bound session.

    Raises BindRefused as soon as the peer answers with an error, TimeoutError when it does not answer,
    ConnectionError when it hangs up, and OSError (ssl.SSLError among them) when there is no connection.
    """
    limits = limits or SessionLimits()
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(limits.connect_timeout):
        _, session = await loop.create_connection(
            lambda: Session(on_deliver, limits),
            host,
            port,
            ssl=tls,
            server_hostname=server_hostname if tls else None,
        )
    try:
        await session._bind(bind)
    except BaseException:
        session._end("not bound")
        raise
    return session


class Session(asyncio.Protocol):
    """A bound session; made by `connect`.

    `closed` is resolved with the reason, in words, once the connection has ended.
    """

    def __init__(self, on_deliver: OnDeliver, limits: SessionLimits) -> None:
        self._loop = asyncio.get_running_loop()
        self._limits = limits
        self._framer = Framer()
        self._sequence = 0
        self._in_flight: dict[int, _InFlight] = {}
        self._window = Window(limits.window)
        self._outgoing: list[bytes] = []
        self._inbound = InboundQueue(
            on_deliver,
            self._write,
            self._look_idle,
            concurrency=limits.inbound_concurrency,
            backlog=limits.inbound_backlog,
        )
        self._transport: asyncio.Transport | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._heard = 0.0
        self._ending: str | None = None
        self._idle: asyncio.Future[None] | None = None
        self.bound = False
        self.peer_system_id = ""
        self.closed: asyncio.Future[str] = self._loop.create_future()

    # ---- what the owner calls

    @property
    def in_flight(self) -> int:
        """Submits sent and not yet answered."""
        return self._window.used

    @property
    def load(self) -> int:
        """Submits in flight and waiting for a window slot."""
        return self._window.used + self._window.waiting

    async def submit(self, message: Submittable) -> p.SubmitSmResponse | p.DataSmResponse:
        """Send one PDU when the window has room and wait for its answer.

        Raises NotBound when nothing was sent, Refused when the peer said no, and OutcomeUnknown when
        it was sent and no answer came: link lost, or `response_timeout` over.
        """
        if not self.bound:
            raise s.NotBound(self._ending or "the session is not bound")
        await self._window.acquire()
        try:
            if not self.bound:
                raise s.NotBound(self._ending or "the session is closing")
            future = self._request(message, self._limits.response_timeout, counted=True)
        except BaseException:
            self._release()
            raise
        answer = await future
        if answer.status:
            raise s.Refused(answer.status)
        if not isinstance(answer, p.SubmitSmResponse | p.DataSmResponse):
            raise s.OutcomeUnknown(f"answered with {type(answer).__name__}")
        return answer

    async def close(self, *, drain: float = 5.0, timeout: float = 2.0) -> None:
        """Take no more submits, wait up to `drain` seconds for answers and handlers, unbind, disconnect.

        What is still unanswered then fails with OutcomeUnknown.
        """
        if self.closed.done():
            if self._inbound.handlers:
                await asyncio.wait(self._inbound.handlers, timeout=drain)
            return
        was_bound, self.bound = self.bound, False
        self._window.turn_away("the session is closing")
        if was_bound:
            if self._window.used or self._inbound.handlers:
                self._idle = self._loop.create_future()
                await _first_of(self._idle, self.closed, timeout=drain)
            if not self.closed.done():
                self._ending = self._ending or "unbound by us"
                answer = self._request(p.Unbind(), timeout, counted=False)
                answer.add_done_callback(_retrieved)
                await _first_of(answer, self.closed, timeout=timeout + 1)
        self._end("unbound by us", gently=True)
        await asyncio.wait([self.closed], timeout=_CLOSE_SECONDS + 1)

    # ---- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_WRITE_BUFFER_OCTETS)

    def data_received(self, data: bytes) -> None:
        """Take what arrived, frame by frame."""
        self._heard = self._loop.time()
        try:
            for frame in self._framer.feed(data):
                self._take(frame)
        except s.ProtocolError as error:
            log.warning("smpp_stream_lost", reason=str(error))
            self._end(f"protocol error: {error}")

    def pause_writing(self) -> None:
        """The peer does not read: do not read from it either, so that answers cannot pile up."""
        if self._transport:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The peer reads again."""
        if self._transport and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Everything in flight now has an unknown outcome."""
        reason = self._ending or (f"connection lost: {exc}" if exc else "connection closed by the peer")
        self.bound = False
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        in_flight, self._in_flight = self._in_flight, {}
        for entry in in_flight.values():
            if not entry.future.done():
                entry.future.set_exception(s.OutcomeUnknown(reason))
        self._window.used = 0
        self._window.turn_away(reason)
        self._inbound.drop_waiting()
        if not self.closed.done():
            self.closed.set_result(reason)

    # ---- requests of ours

    async def _bind(self, bind: BindParameters) -> None:
        request = _BINDS[bind.mode](
            system_id=bind.system_id,
            password=bind.password,
            system_type=bind.system_type,
            addr_ton=bind.addr_ton,
            addr_npi=bind.addr_npi,
            address_range=bind.address_range,
        )
        try:
            answer = await self._request(request, self._limits.bind_timeout, counted=False)
        except s.OutcomeUnknown as error:
            if self.closed.done():
                raise ConnectionError(f"not bound: {error}") from error
            raise TimeoutError(f"no answer to the bind in {self._limits.bind_timeout} s") from error
        if answer.status:
            raise s.BindRefused(answer.status)
        if not self.bound:
            raise ConnectionError("not bound: the connection ended at once")

    def _request(self, pdu: p.Pdu, timeout: float, *, counted: bool) -> asyncio.Future[p.Pdu]:
        sequence = self._next_sequence()
        octets = p.encode(pdu, sequence)
        future: asyncio.Future[p.Pdu] = self._loop.create_future()
        deadline = self._loop.time() + timeout
        self._in_flight[sequence] = _InFlight(future, deadline, counted)
        if counted:
            # All counted requests share one timeout, so the oldest is the first to expire.
            if "expiry" not in self._timers:
                self._timers["expiry"] = self._loop.call_at(deadline, self._expire)
        else:
            self._loop.call_at(deadline, self._expire_one, sequence)
        self._write(octets)
        return future

    def _next_sequence(self) -> int:
        while True:
            self._sequence = self._sequence % _LAST_SEQUENCE + 1
            if self._sequence not in self._in_flight:
                return self._sequence

    def _expire(self) -> None:
        now = self._loop.time()
        self._timers.pop("expiry", None)
        expired = []
        for sequence, entry in self._in_flight.items():
            if entry.counted and entry.deadline > now:
                self._timers["expiry"] = self._loop.call_at(entry.deadline, self._expire)
                break
            if entry.counted:
                expired.append(sequence)
        for sequence in expired:
            self._expire_one(sequence)

    def _expire_one(self, sequence: int) -> None:
        entry = self._in_flight.pop(sequence, None)
        if entry is None:
            return
        if entry.counted:
            self._release()
        if not entry.future.done():
            entry.future.set_exception(s.OutcomeUnknown("no answer in time"))

    def _release(self) -> None:
        self._window.release()
        self._look_idle()

    def _look_idle(self) -> None:
        if self._idle and not self._idle.done() and not self._window.used and not self._inbound.handlers:
            self._idle.set_result(None)

    # ---- what the peer sends

    def _take(self, frame: bytes) -> None:
        try:
            pdu = p.decode(frame)
        except s.ProtocolError as error:
            log.warning("smpp_pdu_malformed", reason=str(error))
            self._write(p.refusal(error.command, error.sequence, s.INVALID_LENGTH))
            return
        match pdu:
            case p.DeliverSm() | p.DataSm():
                self._receive(pdu)
            case p.EnquireLink():
                self._write(p.encode(p.EnquireLinkResponse(sequence=pdu.sequence)))
            case p.Unbind():
                self._write(p.encode(p.UnbindResponse(sequence=pdu.sequence)))
                self._end("unbound by the peer", gently=True)
            case p.Unsupported(unknown_command=p.ALERT_NOTIFICATION):
                pass
            case p.Unsupported(unknown_command=command) if command & p.RESPONSE:
                log.warning("smpp_answer_unknown", command=command)
            case _ if pdu.command & p.RESPONSE:
                self._answered(pdu)
            case _:
                self._write(p.refusal(0, pdu.sequence, s.INVALID_COMMAND))

    def _answered(self, pdu: p.Pdu) -> None:
        entry = self._in_flight.pop(pdu.sequence, None)
        if entry is None:
            log.warning("smpp_answer_unexpected", pdu=type(pdu).__name__, status=pdu.status)
            return
        if isinstance(pdu, p.GenericNack) and not pdu.status:
            pdu.status = s.INVALID_COMMAND
        if entry.counted:
            self._release()
        elif (
            isinstance(pdu, p.BindTransceiverResponse | p.BindTransmitterResponse | p.BindReceiverResponse)
            and not pdu.status
        ):
            # In this very call, since the peer may send messages in the same chunk.
            self.bound = True
            self.peer_system_id = pdu.system_id
            self._timers["enquire"] = self._loop.call_later(self._limits.enquire_interval, self._enquire)
        if not entry.future.done():
            entry.future.set_result(pdu)

    def _receive(self, pdu: Inbound) -> None:
        if not self.bound:
            # While closing: what we may not finish must stay with the peer.
            self._write(p.refusal(pdu.command, pdu.sequence, s.TEMPORARY_APPLICATION_ERROR))
        else:
            self._inbound.receive(pdu)

    # ---- being alive, and the end

    def _enquire(self) -> None:
        sent = self._loop.time()
        answer = self._request(p.EnquireLink(), self._limits.enquire_timeout, counted=False)
        answer.add_done_callback(_retrieved)
        self._timers["enquire"] = self._loop.call_later(self._limits.enquire_interval, self._enquire)
        self._timers["alive"] = self._loop.call_later(self._limits.enquire_timeout, self._check_alive, sent)

    def _check_alive(self, sent: float) -> None:
        # Anything heard since counts: a busy peer may answer the enquiry late.
        if self._heard < sent:
            self._end("no answer to enquire_link")

    def _write(self, octets: bytes) -> None:
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(octets)

    def _flush(self) -> None:
        if self._outgoing and self._transport and not self._transport.is_closing():
            self._transport.write(b"".join(self._outgoing))
        self._outgoing.clear()

    def _end(self, reason: str, *, gently: bool = False) -> None:
        """Disconnect. `gently`: after what is written has gone out."""
        self._ending = self._ending or reason
        self.bound = False
        if self._transport is None:
            return
        if gently:
            self._flush()
            self._transport.close()
            # A peer that no longer reads would keep a gentle close waiting for ever.
            self._loop.call_later(_CLOSE_SECONDS, self._transport.abort)
        else:
            self._transport.abort()


async def _first_of(*futures: asyncio.Future[Any], timeout: float) -> None:
    await asyncio.wait(futures, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)


def _retrieved(future: asyncio.Future[p.Pdu]) -> None:
    """Look at an outcome that nobody awaits, so that asyncio does not complain of it."""
    if not future.cancelled():
        future.exception()
