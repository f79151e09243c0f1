"""A supervised link to one carrier: one or more binds that are kept up, and a rate that is kept down.

Rules: specs/messaging.md 1.4 and 1.6.
"""

import asyncio
import ssl
from datetime import UTC, datetime
from math import ceil
from random import SystemRandom
from typing import Literal

import msgspec
import structlog

from . import status as s
from .inbound import OnDeliver
from .rate import Pace
from .session import BindParameters, Session, SessionLimits, Submittable, connect

log = structlog.get_logger()

LinkState = Literal["connecting", "bound", "throttled", "retrying", "refused", "stopped"]

# The state of a link with several binds is the best of them, in this order.
_BEST: tuple[LinkState, ...] = ("bound", "connecting", "retrying", "refused", "stopped")
_random = SystemRandom()
_WINDOWS_AHEAD = 4


class LinkConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One carrier account. Times in seconds, `tps` in submits a second over all binds.

    `tls` is a ready context, None for a plain connection; `server_hostname` where the certificate
    names another host than `host`.
    """

    name: str
    host: str
    port: int
    bind: BindParameters
    binds: int = 1
    tls: ssl.SSLContext | None = None
    server_hostname: str | None = None
    limits: SessionLimits = SessionLimits()
    tps: float = 100.0
    # A throttled submit is made again by the link itself for so long, then it is Refused.
    throttle_patience: float = 10.0
    retry_least: float = 0.25
    retry_most: float = 30.0
    refused_least: float = 60.0
    refused_most: float = 900.0
    # A bind that has held for so long was a good one: the next retry starts from `retry_least`.
    stable_after: float = 5.0
    drain: float = 5.0


class BindStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One bind: its state, since when (UTC), and its last error in words."""

    state: LinkState
    since: datetime
    last_error: str | None
    in_flight: int


class LinkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The link as an operator sees it. `rate` is the present rate, submits a second."""

    name: str
    state: LinkState
    since: datetime
    last_error: str | None
    rate: float
    in_flight: int
    submitted: int
    throttled: int
    binds: list[BindStatus]


class _Bind:
    """What the link keeps of one bind."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self.state: LinkState = "stopped"
        self.since = datetime.now(UTC)
        self.last_error: str | None = None


class Link:
    """Keeps `config.binds` sessions bound and submits over them.

    `on_deliver` stores an inbound PDU and returns the status to answer with; raising answers 0x64.
    """

    def __init__(self, config: LinkConfig, on_deliver: OnDeliver) -> None:
        self.config = config
        self._on_deliver = on_deliver
        self._pace = Pace(config.tps)
        self._binds = [_Bind() for _ in range(config.binds)]
        self._supervisors: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        self._changed: asyncio.Future[None] | None = None
        self._submitted = 0
        self._throttled = 0

    async def start(self) -> None:
        """Begin to connect; returns at once."""
        if not self._supervisors:
            self._stopping.clear()
            self._supervisors = [asyncio.create_task(self._supervise(bind)) for bind in self._binds]

    async def stop(self) -> None:
        """Wait up to `config.drain` for what is in flight, unbind, disconnect."""
        self._stopping.set()
        sessions = [bind.session for bind in self._binds if bind.session]
        await asyncio.gather(*(session.close(drain=self.config.drain) for session in sessions))
        for task in self._supervisors:
            task.cancel()
        await asyncio.gather(*self._supervisors, return_exceptions=True)
        self._supervisors = []
        for bind in self._binds:
            self._enter(bind, "stopped")

    async def submit(self, message: Submittable) -> str:
        """Submit one PDU over the least loaded bind at the permitted rate; the carrier's message id.

        Raises NotBound when nothing was sent, Refused when the carrier said no (0x58 and 0x14 only
        after `throttle_patience`), OutcomeUnknown when it may or may not have been taken, and
        ProtocolError for a PDU that does not encode.
        """
        loop = asyncio.get_running_loop()
        patient_until: float | None = None
        while True:
            self._least_loaded()
            await self._pace.turn()
            session = self._least_loaded()
            try:
                answer = await session.submit(message)
            except s.NotBound:
                # Lost while it waited for a window slot; another bind may be up.
                continue
            except s.Refused as refused:
                if refused.status not in s.BUSY:
                    raise
                self._throttled += 1
                self._pace.slow_down()
                # From the first such answer, since the wait for a turn may be long by itself.
                patient_until = patient_until or loop.time() + self.config.throttle_patience
                if loop.time() >= patient_until:
                    raise
                continue
            self._submitted += 1
            return answer.message_id

    def appetite(self) -> int:
        """How many submits are worth having here at once, those under way among them; 0 while nothing is bound.

        A second's worth, but no more than a few windows: the rest is better off where another process can claim it.
        """
        bound = sum(bind.session is not None and bind.session.bound for bind in self._binds)
        return min(ceil(self._pace.rate), _WINDOWS_AHEAD * self.config.limits.window * bound)

    def status(self) -> LinkStatus:
        """The state now."""
        first = min(self._binds, key=lambda bind: (_BEST.index(bind.state), bind.since))
        state, since, rate = first.state, first.since, self._pace.rate
        if state == "bound" and self._pace.slowed_since:
            state, since = "throttled", self._pace.slowed_since
        failed = [bind.last_error for bind in self._binds if bind.last_error]
        return LinkStatus(
            name=self.config.name,
            state=state,
            since=since,
            last_error=first.last_error or (failed[0] if failed else None),
            rate=rate,
            in_flight=sum(bind.session.in_flight for bind in self._binds if bind.session),
            submitted=self._submitted,
            throttled=self._throttled,
            binds=[
                BindStatus(
                    state=bind.state,
                    since=bind.since,
                    last_error=bind.last_error,
                    in_flight=bind.session.in_flight if bind.session else 0,
                )
                for bind in self._binds
            ],
        )

    async def wait_for(self, *states: LinkState, timeout: float = 10.0) -> LinkStatus:
        """The status once every bind is in one of the states. Raises TimeoutError.

        "throttled" is no state of a bind.
        """
        async with asyncio.timeout(timeout):
            while not all(bind.state in states for bind in self._binds):
                if self._changed is None:
                    self._changed = asyncio.get_running_loop().create_future()
                await asyncio.shield(self._changed)
        return self.status()

    def _least_loaded(self) -> Session:
        best: Session | None = None
        for bind in self._binds:
            session = bind.session
            if session and session.bound and (best is None or session.load < best.load):
                best = session
        if best is None:
            raise s.NotBound(f"the link {self.config.name} is {self.status().state}")
        return best

    def _enter(self, bind: _Bind, state: LinkState, error: str | None = None) -> None:
        bind.last_error = error or bind.last_error
        if state != bind.state:
            bind.state = state
            bind.since = datetime.now(UTC)
        if self._changed:
            self._changed.set_result(None)
            self._changed = None

    async def _supervise(self, bind: _Bind) -> None:
        """Connect, hold, and connect again, until stopped."""
        config = self.config
        logger = log.bind(link=config.name)
        loop = asyncio.get_running_loop()
        retry, slow = config.retry_least, config.refused_least
        self._enter(bind, "connecting")
        while not self._stopping.is_set():
            try:
                session = await connect(
                    config.host,
                    config.port,
                    config.bind,
                    on_deliver=self._on_deliver,
                    tls=config.tls,
                    server_hostname=config.server_hostname,
                    limits=config.limits,
                )
            except s.BindRefused as refused:
                if refused.status in s.BAD_CREDENTIALS:
                    logger.error("smpp_bind_refused", alarm=True, status=s.status_name(refused.status))
                    self._enter(bind, "refused", str(refused))
                    await asyncio.sleep(_jittered(slow))
                    slow = min(slow * 2, config.refused_most)
                    continue
                error = str(refused)
            except (OSError, s.SmppError) as failure:
                error = str(failure) or type(failure).__name__
            else:
                slow = config.refused_least
                since = loop.time()
                bind.session = session
                logger.info("smpp_bound", peer=session.peer_system_id)
                self._enter(bind, "bound")
                try:
                    error = await asyncio.shield(session.closed)
                finally:
                    bind.session = None
                    if not session.closed.done():
                        await session.close(drain=0)
                if loop.time() - since >= config.stable_after:
                    retry = config.retry_least
            if self._stopping.is_set():
                return
            logger.warning("smpp_link_down", reason=error, retry_seconds=round(retry, 2))
            self._enter(bind, "retrying", error)
            await asyncio.sleep(_jittered(retry))
            retry = min(retry * 2, config.retry_most)


def _jittered(seconds: float) -> float:
    """Between half and all of it, so that many links do not knock together."""
    return seconds * _random.uniform(0.5, 1.0)
