"""Wake-ups between and inside processes: PostgreSQL's LISTEN and NOTIFY, coalesced.

A NOTIFY inside a transaction makes commits queue behind each other, so it is sent after the commit, at most
once in `INTERVAL` for each channel. A wake-up may be lost with its process: every listener also polls.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from ringmain.database.pool import FAILURES, Connection, Database

log = structlog.get_logger()

EVENTS: Final = "ringmain_events"  # the event log grew
SUBMISSIONS: Final = "ringmain_submissions"  # carriers have work
DELIVERIES: Final = "ringmain_deliveries"  # webhooks have work
CREDENTIALS: Final = "ringmain_credentials"  # keys, tokens or people changed: forget what was cached
CARRIERS: Final = "ringmain_carriers"  # carriers or routes changed
MAILS: Final = "ringmain_mails"  # mail is to be sent
FAXES: Final = "ringmain_faxes"  # faxes are to be sent
OUTREACH: Final = "ringmain_outreach"  # somebody is to be reminded

CHANNELS: Final = (EVENTS, SUBMISSIONS, DELIVERIES, CREDENTIALS, CARRIERS, MAILS, FAXES, OUTREACH)
INTERVAL: Final = 0.02
NOTIFY = "SELECT pg_notify(channel, '') FROM unnest($1::text[]) AS channel"


class Wakeups:
    """One LISTEN connection a process. Callbacks run on the event loop and must not block."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._callbacks: dict[str, list[Callable[[], None]]] = {channel: [] for channel in CHANNELS}
        self._pending: set[str] = set()
        self._sender = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.connected = False

    def listen(self, channel: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when the channel wakes, and whenever the connection is new (something may have been missed).

        Returns a function that ends it.
        """
        self._callbacks[channel].append(callback)
        return lambda: self._callbacks[channel].remove(callback)

    def wake(self, channel: str) -> None:
        """Wake this process's listeners now, the other processes' within `INTERVAL`. Call it after the commit."""
        for callback in self._callbacks[channel]:
            callback()
        self._pending.add(channel)
        self._sender.set()

    async def start(self) -> None:
        """Begin to listen and to send."""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._send())]

    async def stop(self) -> None:
        """Stop both; wake-ups not sent yet are dropped (pollers find the work)."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self) -> None:
        while True:
            await self._sender.wait()
            self._sender.clear()
            channels, self._pending = sorted(self._pending), set()
            with suppress(*FAILURES):
                await self._database.execute(NOTIFY, channels)
            await asyncio.sleep(INTERVAL)

    async def _listen(self) -> None:
        while True:
            try:
                connection = await self._database.connect()
            except FAILURES:
                await asyncio.sleep(0.25)
                continue
            try:
                await self._serve(connection)
            except FAILURES as error:
                log.warning("listening connection lost", error=repr(error))
            finally:
                self.connected = False
                connection.terminate()

    async def _serve(self, connection: Connection) -> None:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        for channel in CHANNELS:
            await connection.add_listener(channel, self._woken)
        self.connected = True
        for callbacks in self._callbacks.values():
            for callback in callbacks:
                callback()
        await lost.wait()

    def _woken(self, _connection: object, _pid: int, channel: str, _payload: object) -> None:
        for callback in self._callbacks[channel]:
            callback()
