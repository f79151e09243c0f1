"""The clients of bench/fanout.py: many Socket.IO connections in one process that only count octets.

usage: python -m bench.fanout_readers PORT CLIENTS. Prints "ready", then for each line "COUNT" on standard input waits
until every client has had so many further frames, all alike, and prints the length of one.
"""

import asyncio
import sys
from typing import cast

import uvloop
from websockets.frames import Frame, Opcode

HANDSHAKE = (
    b"GET /ws/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Reader(asyncio.Protocol):
    """One client: connects to the default namespace, then counts."""

    def __init__(self) -> None:
        self.connected = asyncio.get_running_loop().create_future()
        self.counting = False
        self.octets = 0
        self.wanted = 0
        self.done = asyncio.Event()
        self.head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every loop's transport is registered as an asyncio.Transport.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(HANDSHAKE)

    def data_received(self, data: bytes) -> None:
        if not self.counting:
            self.head += data
            if b'40{"sid"' in self.head and self.head.endswith(b"}"):
                self.counting = True
                self.connected.set_result(None)
            elif b'0{"sid"' in self.head and self.head.endswith(b"}"):
                self.transport.write(Frame(Opcode.TEXT, b"40").serialize(mask=True))
            return
        if not self.octets:
            self.head = data
        self.octets += len(data)
        if self.octets >= self.wanted > 0:
            self.done.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.is_set() and self.wanted:
            raise SystemExit("a client lost its connection")

    def expect(self, octets: int) -> None:
        self.wanted = octets
        if self.octets >= octets:
            self.done.set()


def frame_length(data: bytes) -> int:
    """The length of the first WebSocket frame, its head included."""
    length = data[1] & 127
    if length == 126:
        return 4 + int.from_bytes(data[2:4])
    return 10 + int.from_bytes(data[2:10]) if length == 127 else 2 + length


async def main(port: int, clients: int) -> None:
    loop = asyncio.get_running_loop()
    readers: list[Reader] = []
    for _ in range(clients):
        _, reader = await loop.create_connection(Reader, "127.0.0.1", port)
        await reader.connected
        readers.append(reader)
    print("ready", flush=True)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while order := (await orders.readline()).strip():
        while not all(reader.octets for reader in readers):
            await asyncio.sleep(0.005)
        [length] = {frame_length(reader.head) for reader in readers}
        for reader in readers:
            reader.expect(length * int(order))
        for reader in readers:
            await reader.done.wait()
            assert reader.octets == length * int(order), "a client received more than was sent"
        for reader in readers:
            reader.octets = reader.wanted = 0
            reader.done.clear()
        print(length, flush=True)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
