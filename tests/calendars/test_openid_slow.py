"""A provider that answers without end."""

import asyncio
from contextlib import suppress

import pytest

from ringmain.calendars import openid
from ringmain.core.errors import Unavailable


async def test_a_provider_that_never_ends_its_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # It may be given up at any moment, before it was asked as well.
        with suppress(asyncio.IncompleteReadError, OSError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while not reader.at_eof():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()

    monkeypatch.setattr(openid, "ALTOGETHER", 0.3)
    server = await asyncio.start_server(trickle, "127.0.0.1")
    address = server.sockets[0].getsockname()
    client = openid.Client(
        issuer=f"http://127.0.0.1:{address[1]}", id="client", secret="secret", scope="openid", parameters={}
    )
    async with server, asyncio.timeout(30):
        with pytest.raises(Unavailable):
            await openid.OpenIdProvider(client).refresh("r1")
