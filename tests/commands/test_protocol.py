"""Heads of requests that are too long, or never end, over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import repeat
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from ringmain.commands.protocol import HEAD_LIMIT, PatientHttp
from tests.realtime.conftest import serving

START = b"GET / HTTP/1.1\r\nHost: x\r\n"
ASKED = START + b"\r\n"


class Hasty(PatientHttp):
    head_seconds = 0.05


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers how long the body was; greets WebSockets."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "hello"})
        await send({"type": "websocket.close"})
        return
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def base() -> AsyncIterator[str]:
    async with serving(app, http=PatientHttp) as base:
        yield base


async def exchange(base: str, *pieces: bytes) -> bytes:
    """What is answered until the server closes the connection; the rest is not sent once it has."""
    place = urlsplit(base)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    answered = bytearray()
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        while piece := await reader.read(65_536):
            answered += piece
    except ConnectionError:
        pass  # closed while it was still being sent
    finally:
        writer.close()
    return bytes(answered)


async def taken(base: str, pieces: list[bytes]) -> int:
    """How many octets were sent before the server closed the connection."""
    place = urlsplit(base)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    sent = 0
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
            if reader.at_eof():
                break
    except ConnectionError:
        pass
    finally:
        writer.close()
    return sent


def endless(piece: bytes) -> Iterator[bytes]:
    """Far more than is taken."""
    return repeat(piece, 200 * HEAD_LIMIT // len(piece))


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (START, b"x-a: b\r\n" * 1000),
        (START + b"x-a: ", b"y" * 8000),
        (b"GET /", b"y" * 8000),
        (b"GET /?", b"y=z&" * 2000),
    ],
    ids=["headers", "one header", "a path", "a query"],
)
async def test_a_head_without_end(base: str, start: bytes, piece: bytes) -> None:
    assert await taken(base, [start, *endless(piece)]) < 100 * HEAD_LIMIT


async def test_a_head_that_is_too_long_by_little_is_431(base: str) -> None:
    answer = await exchange(base, START + b"x-a: " + b"y" * HEAD_LIMIT)
    assert answer.startswith(b"HTTP/1.1 431 ")


async def test_long_heads_and_bodies_pass(base: str) -> None:
    """Also after one another, in one piece or in many; a body is not part of a head."""
    long = START + b"x-a: " + b"y" * (HEAD_LIMIT // 2) + b"\r\n"
    body = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + b"z" * 300_000
    last = START + b"Connection: close\r\n\r\n"
    whole = (long + b"\r\n") * 5 + body + body + last
    for size in (len(whole), 50_000, 7_777):
        answer = await exchange(base, *(whole[at : at + size] for at in range(0, len(whole), size)))
        assert answer.count(b"HTTP/1.1 200 ") == 8
        assert answer.count(b"\r\n\r\n300000") == 2


@pytest.mark.parametrize("begun", [b"", b"GET /", START, START + b"x-a: b"])
async def test_connections_that_do_not_ask_are_closed(begun: bytes) -> None:
    async with serving(app, http=Hasty) as base:
        assert await exchange(base, *filter(None, [begun])) == b""


async def test_a_head_behind_a_request_is_waited_for_no_longer() -> None:
    async with serving(app, http=PatientHttp, timeout_keep_alive=1) as base:
        assert (await exchange(base, ASKED + b"GET /")).count(b"HTTP/1.1 200 ") == 1


async def test_websockets_have_no_deadline() -> None:
    made: list[PatientHttp] = []

    class Known(PatientHttp):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            made.append(self)

    async with serving(app, http=Known) as base, aiohttp.ClientSession() as http, http.ws_connect(base) as socket:
        assert await socket.receive_str() == "hello"
        assert [one._deadline for one in made] == [None]
