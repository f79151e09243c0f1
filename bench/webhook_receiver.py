"""A receiver in a process of its own, as light as Python can: counts POSTs and how old their events are.

Prints its port, answers every POST with 200, and each line of its input with one line of JSON about everything since
the last: `report` with a Report, `arrivals` with when each `uuid` came.
"""

import asyncio
import re
import sys
import time
from typing import cast

import msgspec
import uvloop

from bench.ground import percentile

SENT_AT = re.compile(rb'"sent_at":\s*([0-9.]+)')
UUID = re.compile(rb'"uuid":\s*"([^"]+)"')
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Report(msgspec.Struct):
    """`last_at` is Unix seconds; latencies in milliseconds from `sent_at` in the body to here."""

    count: int = 0
    distinct: int = 0
    last_at: float = 0.0
    p50: float = 0.0
    p99: float = 0.0


class Tally:
    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.ages: list[float] = []
        self.ids: set[bytes] = set()
        self.arrivals: dict[str, float] = {}
        self.last_at = 0.0

    def report(self) -> Report:
        if len(self.ages) < 2:
            return Report(count=len(self.ages))
        return Report(len(self.ages), len(self.ids), self.last_at, percentile(self.ages, 50), percentile(self.ages, 99))


class Receiving(asyncio.Protocol):
    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is of no class of asyncio's

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.index(b"content-length:") + 15
            length = int(head[at:].split(b"\r\n", 1)[0])
            if len(self._buffer) < end + 4 + length:
                return
            body, self._buffer = self._buffer[end + 4 : end + 4 + length], self._buffer[end + 4 + length :]
            self._transport.write(ANSWER)
            self._count(head, body)

    def _count(self, head: bytes, body: bytes) -> None:
        now = time.time()
        sent_at = SENT_AT.search(body)
        self._tally.ages.append((now - float(sent_at[1])) * 1000 if sent_at else 0.0)
        at = head.find(b"webhook-id:")
        if at >= 0:
            self._tally.ids.add(head[at:].split(b"\r\n", 1)[0])
        uuid = UUID.search(body)
        if uuid:
            self._tally.arrivals[uuid[1].decode()] = now
        self._tally.last_at = now


async def main() -> None:
    tally = Tally()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Receiving(tally), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while command := await commands.readline():
        told = tally.arrivals if command == b"arrivals\n" else tally.report()
        print(msgspec.json.encode(told).decode(), flush=True)
        tally.clear()


if __name__ == "__main__":
    uvloop.run(main())
