"""Inbound PDUs: handled side by side up to a bound, and answered only when their handler has finished."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from . import pdu as p
from . import status as s

log = structlog.get_logger()

Inbound = p.DeliverSm | p.DataSm
OnDeliver = Callable[[Inbound], Awaitable[int]]
"""Stores an inbound PDU and returns the status to answer with: 0 once it is safe."""


class InboundQueue:
    """At most `concurrency` handlers run, at most `backlog` PDUs wait; the peer is told to come again
    (0x14) with any more. Reading is never paused for it, since answers to our own PDUs come the same way.
    """

    def __init__(
        self,
        on_deliver: OnDeliver,
        write: Callable[[bytes], None],
        on_idle: Callable[[], None],
        *,
        concurrency: int,
        backlog: int,
    ) -> None:
        self._on_deliver = on_deliver
        self._write = write
        self._on_idle = on_idle
        self._concurrency = concurrency
        self._backlog = backlog
        self._waiting: deque[Inbound] = deque()
        self.handlers: set[asyncio.Task[None]] = set()

    def receive(self, pdu: Inbound) -> None:
        """Handle it now or soon, or send it back."""
        if len(self.handlers) < self._concurrency:
            self._handle(pdu)
        elif len(self._waiting) < self._backlog:
            self._waiting.append(pdu)
        else:
            self._write(p.refusal(pdu.command, pdu.sequence, s.QUEUE_FULL))

    def drop_waiting(self) -> None:
        """Forget what no handler has begun: it is not acknowledged, so the peer sends it again."""
        self._waiting.clear()

    def _handle(self, pdu: Inbound) -> None:
        task = asyncio.create_task(self._store_then_answer(pdu))
        self.handlers.add(task)
        task.add_done_callback(self._handled)

    async def _store_then_answer(self, pdu: Inbound) -> None:
        try:
            status = await self._on_deliver(pdu)
        except ConnectionError as error:  # no place to store it now: the peer sends it again
            log.warning("smpp_inbound_postponed", error=str(error))
            status = s.TEMPORARY_APPLICATION_ERROR
        except Exception:
            log.exception("smpp_inbound_failed")
            status = s.TEMPORARY_APPLICATION_ERROR
        answer = p.DeliverSmResponse if isinstance(pdu, p.DeliverSm) else p.DataSmResponse
        self._write(p.encode(answer(sequence=pdu.sequence, status=status)))

    def _handled(self, task: asyncio.Task[None]) -> None:
        self.handlers.discard(task)
        if self._waiting:
            self._handle(self._waiting.popleft())
        self._on_idle()
