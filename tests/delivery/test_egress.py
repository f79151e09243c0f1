import asyncio
import contextlib
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
import trustme

from ringmain.delivery.egress import (
    BODY_LIMIT,
    BadUrl,
    EgressGuard,
    EgressRefused,
    TooLarge,
    check_url,
    fetch,
    open_session,
    post,
)

LOCAL = ("127.0.0.0/8:*", "[::1]/128:*")

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """A web server on both loopbacks that answers by raw octets and counts who came."""

    def __init__(self, handler: Handler) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self._handler = handler

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            await self._handler(reader, writer)
        writer.close()


@contextlib.asynccontextmanager
async def listening(handler: Handler, ssl_context: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Listener, int]]:
    listener = Listener(handler)
    four = socket.create_server(("127.0.0.1", 0))
    port = four.getsockname()[1]
    six = socket.create_server(("::1", port), family=socket.AF_INET6)
    servers = [await asyncio.start_server(listener.serve, sock=one, ssl=ssl_context) for one in (four, six)]
    try:
        yield listener, port
    finally:
        for server in servers:
            server.close()


async def say_ok(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nRetry-After: 7\r\nconnection: close\r\n\r\nok")
    await writer.drain()


LOOPBACKS = [
    "127.0.0.1",
    "localhost",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0.0.0.0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::]",
    "localhost.",
    "①②⑦.⓪.⓪.①",
    "public.example@127.0.0.1",
]


@pytest.mark.parametrize("host", LOOPBACKS)
async def test_no_spelling_of_loopback_is_dialled(host: str) -> None:
    async with listening(say_ok) as (listener, port):
        # The port itself is open here, so that only the address can be the reason.
        async with open_session(EgressGuard(ports={port})) as session:
            with pytest.raises((EgressRefused, aiohttp.InvalidURL, aiohttp.ClientConnectorDNSError)):
                await post(session, f"http://{host}:{port}/", b"{}", {}, 30)
        assert listener.connections == 0


async def test_without_a_guard_most_spellings_do_reach_us() -> None:
    """The control of the test above: the listener would have seen them."""
    reached = []
    async with listening(say_ok) as (listener, port), aiohttp.ClientSession() as session:
        for host in LOOPBACKS:
            before = listener.connections
            with contextlib.suppress(aiohttp.ClientError):
                async with session.post(f"http://{host}:{port}/", data=b"{}"):
                    pass
            if listener.connections > before:
                reached.append(host)
    assert {"127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:7f00:1]", "①②⑦.⓪.⓪.①"} <= set(reached)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
async def test_what_the_operator_allows_is_dialled(host: str) -> None:
    async with listening(say_ok) as (listener, port):
        guard = EgressGuard([f"127.0.0.1/32:{port}", f"[::1]/128:{port}"], ports=())
        async with open_session(guard) as session:
            response = await post(session, f"http://{host}:{port}/in", b"{}", {"X-Kind": "test"}, 30)
    assert (response.status, response.body, response.truncated) == (200, b"ok", False)
    assert response.headers["retry-after"] == "7"
    assert 0 <= response.latency_ms < 30_000
    request = listener.requests[0].lower()
    assert request.startswith(b"post /in http/1.1\r\n")
    assert b"x-kind: test" in request
    assert b"accept-encoding: identity" in request


async def test_a_refusal_reads_well_and_names_no_address() -> None:
    async with open_session(EgressGuard()) as session:
        with pytest.raises(EgressRefused) as caught:
            await post(session, "http://localhost:443/", b"", {}, 30)
    text = str(caught.value)
    assert text.startswith("destination refused: a private or reserved address")
    assert "127.0.0.1" not in text
    assert "::1" not in text


async def test_allowed_but_closed_is_an_ordinary_connection_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with open_session(EgressGuard(LOCAL)) as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await post(session, f"http://127.0.0.1:{port}/", b"", {}, 30)


PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"]
INSIDE = [
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.127.255.255", "192.0.0.192", "192.0.0.9", "192.0.2.1", "198.18.0.1", "198.19.255.255", "192.88.99.1",
    "0.0.0.0", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2001::1",
    "2001:20::1", "2001:db8::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0",
    "fec0::1", "ff02::1", "2606:4700:4700::1111%1", "::ffff:8.8.8.8%1",
]  # fmt: skip
NOT_ADDRESSES = [
    "",
    "localhost",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "[::1]",
    "①",
]


@pytest.mark.parametrize("address", PUBLIC)
@pytest.mark.parametrize("port", [80, 443, 8443])
def test_public_addresses_pass_on_the_web_ports(address: str, port: int) -> None:
    assert EgressGuard().is_allowed(address, port)


@pytest.mark.parametrize("address", PUBLIC)
@pytest.mark.parametrize("port", [0, 22, 25, 5432, 6379, 8080, 65535])
def test_public_addresses_are_refused_on_other_ports(address: str, port: int) -> None:
    assert not EgressGuard().is_allowed(address, port)


@pytest.mark.parametrize("address", INSIDE + NOT_ADDRESSES)
def test_inside_addresses_are_refused(address: str) -> None:
    assert not EgressGuard().is_allowed(address, 443)


@pytest.mark.parametrize(
    ("allowance", "address", "port", "passes"),
    [
        ("10.0.0.0/8:8080", "10.1.2.3", 8080, True),
        ("10.0.0.0/8:8080", "::ffff:10.1.2.3", 8080, True),
        ("10.0.0.0/8:8080", "10.1.2.3", 443, False),
        ("10.0.0.0/8:8080", "11.1.2.3", 8080, False),
        ("192.168.7.9:*", "192.168.7.9", 1, True),
        ("192.168.7.9:*", "192.168.7.8", 443, False),
        ("[fd00::]/8:443", "fd12::1", 443, True),
        ("[fd00::/8]:443", "fd12::1", 443, True),
        ("[fd00::]/8:443", "fd12::1", 80, False),
        ("[fe80::]/10:*", "fe80::1%eth0", 80, True),
        ("[64:ff9b::]/96:443", "64:ff9b::808:808", 443, True),
        ("93.184.215.0/24:8080", "93.184.215.14", 8080, True),
    ],
)
def test_allowances(allowance: str, address: str, port: int, passes: bool) -> None:
    assert EgressGuard([allowance]).is_allowed(address, port) is passes


@pytest.mark.parametrize(
    "allowance",
    ["", "10.0.0.0/8", "10.0.0.0/8:", "10.0.0.0/8:0", "10.0.0.0/8:65536", "10.0.0.0/8:http", "10.0.0.1/8:80",
     "10.0.0.0/40:80", "host:80", "fd00::/8:443", "[10.0.0.0]/8:80", "[fd00::/8", ":*", "10.0.0.0/8:²"],
)  # fmt: skip
def test_allowances_that_do_not_read(allowance: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        EgressGuard([allowance])


def test_the_scope_of_a_dialled_address_counts() -> None:
    info = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2606:4700:4700::1111", 443, 0, 3))
    with pytest.raises(EgressRefused):
        EgressGuard().make_socket(info)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("/a%3Ab/%2e%2e/c?x=%2B1%20%3a,y;z", "/a%3Ab/%2e%2e/c?x=%2B1%20%3a,y;z"),
        ("", "/"),
        ("?x=1#part", "/?x=1"),
        ("/{token}?q={other}", "/%7Btoken%7D?q=%7Bother%7D"),
        ("/100%", "/100%25"),
        ("/é", "/%C3%A9"),
    ],
)
async def test_an_address_goes_out_as_it_is_written(given: str, sent: str) -> None:
    async with listening(say_ok) as (listener, port), open_session(EgressGuard(LOCAL)) as session:
        await post(session, f"http://127.0.0.1:{port}{given}", b"", {}, 30)
        assert listener.requests[0].split(b" ")[1].decode() == sent


async def test_a_redirect_is_returned_and_not_followed() -> None:
    async with listening(say_ok) as (inner, inner_port):

        async def redirect(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            place = f"location: http://127.0.0.1:{inner_port}/secret"
            writer.write(f"HTTP/1.1 307 Go\r\n{place}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())

        async with listening(redirect) as (_, port), open_session(EgressGuard(LOCAL)) as session:
            response = await post(session, f"http://127.0.0.1:{port}/", b"{}", {}, 30)
            document = await fetch(session, f"http://127.0.0.1:{port}/", limit=100, timeout=30)
        assert (response.status, document.status) == (307, 307)
        assert inner.connections == 0


async def test_a_dripping_body_ends_by_the_total_timeout() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with listening(drip) as (_, port), open_session(EgressGuard(LOCAL)) as session:
        async with asyncio.timeout(20):
            with pytest.raises(TimeoutError):
                await post(session, f"http://127.0.0.1:{port}/", b"{}", {}, 0.3)


async def test_a_silent_server_ends_by_the_total_timeout() -> None:
    async def hold(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(hold) as (_, port), open_session(EgressGuard(LOCAL)) as session:
        with pytest.raises(TimeoutError):
            await post(session, f"http://127.0.0.1:{port}/", b"", {}, 0.2)


async def test_a_huge_body_is_cut_and_the_connection_dropped() -> None:
    sent = 0

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        while not writer.is_closing() and sent < 1 << 30:
            writer.write(b"x" * 65536)
            sent += 65536
            await writer.drain()

    async with listening(flood) as (_, port), open_session(EgressGuard(LOCAL)) as session:
        response = await post(session, f"http://127.0.0.1:{port}/", b"{}", {}, 30)
        assert (response.status, response.truncated) == (200, True)
        assert response.body == b"x" * BODY_LIMIT
        with pytest.raises(TooLarge):
            await fetch(session, f"http://127.0.0.1:{port}/", limit=50_000, timeout=30)
    assert sent < 1 << 26


async def test_a_gzip_bomb_is_not_inflated() -> None:
    bomb = gzip.compress(bytes(10_000_000))
    assert len(bomb) < BODY_LIMIT

    async def explode(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(bomb)}\r\n\r\n"
        writer.write(head.encode() + bomb)
        await writer.drain()

    async with listening(explode) as (_, port), open_session(EgressGuard(LOCAL)) as session:
        response = await post(session, f"http://127.0.0.1:{port}/", b"{}", {}, 30)
    assert response.body == bomb


async def test_no_proxy_of_the_environment_dials_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(say_ok) as (proxy, proxy_port), listening(say_ok) as (_, port):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy_port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy_port}")
        async with open_session(EgressGuard(LOCAL)) as session:
            await post(session, f"http://127.0.0.1:{port}/", b"", {}, 30)
        assert proxy.connections == 0


async def test_cookies_of_one_endpoint_are_not_kept() -> None:
    async def set_cookie(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 204 No\r\nset-cookie: a=b\r\nconnection: close\r\n\r\n")

    async with listening(set_cookie) as (listener, port), open_session(EgressGuard(LOCAL)) as session:
        for _ in range(2):
            await post(session, f"http://localhost:{port}/", b"", {}, 30)
    assert b"cookie" not in listener.requests[1].lower()


async def test_a_connection_is_kept_alive() -> None:
    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await reader.readuntil(b"\r\n\r\n")
        await say_ok(reader, writer)

    async with listening(twice) as (listener, port), open_session(EgressGuard(LOCAL)) as session:
        for _ in range(2):
            assert (await fetch(session, f"http://127.0.0.1:{port}/", limit=2, timeout=30)).body == b"ok"
    assert listener.connections == 1


async def test_tls_checks_the_name_although_the_address_was_chosen_by_us() -> None:
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    async with (
        listening(say_ok, server) as (_, port),
        open_session(EgressGuard(LOCAL), ssl_context=client) as session,
    ):
        assert (await post(session, f"https://localhost:{port}/", b"{}", {}, 30)).status == 200
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await post(session, f"https://127.0.0.1:{port}/", b"{}", {}, 30)


@pytest.mark.parametrize(
    "url",
    ["https://example.com", "http://example.com:8080/a?b=c", "https://[2606:4700::1]/", "https://bücher.example/",
     "HTTPS://EXAMPLE.COM/", "https://example.com?to=a@b"],
)  # fmt: skip
def test_urls_that_may_be_subscribed(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "//example.com/", "ftp://example.com/", "file:///etc/passwd", "javascript:alert(1)",
     "gopher://example.com/", "http://", "https:///path", "http://user@example.com/", "http://u:p@example.com/",
     "http://example.com:0/", "http://example.com:99999/", "http://example.com:x/",
     "http://exa mple.com/", "http://example.com/\r\nhost: x", "http://example.com/\x00", "http://[::1/",
     "https://example.com/" + "a" * 2048],
)  # fmt: skip
def test_urls_that_may_not(url: str) -> None:
    with pytest.raises(BadUrl, match=r".+"):
        check_url(url)
