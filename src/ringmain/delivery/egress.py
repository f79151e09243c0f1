"""Outgoing HTTP to addresses that a customer chose, kept away from our own network.

The check sits where the socket is made, on the address really dialled: there is nothing left that a
second DNS answer, a redirect or an odd spelling could change (specs/messaging.md 7).
"""

import errno
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import quote

import aiohttp
import msgspec
import structlog
import yarl

log = structlog.get_logger()

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PORTS = frozenset({80, 443, 8443})
URL_LIMIT = 2048  # characters
BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
RESERVED = ":/?#[]@!$&'()*+,;=%"
"""What stands in an address for itself (RFC 3986, 2.2), and what escapes begin with."""
BODY_LIMIT = 16 * 1024  # octets of an answer that are kept

# What ipaddress calls global in some Python version although it reaches inside: cloud metadata in
# 192.0.0.0/24, and every range that a translator may turn back into a private IPv4 address.
INSIDE: tuple[Network, ...] = tuple(
    ipaddress.ip_network(cidr)
    for cidr in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "::/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "fec0::/10",
    )
)


class EgressRefused(OSError):
    """The destination is not one we dial. Its text names no address, so that nobody can map our network."""

    def __init__(self, port: int) -> None:
        reason = f"destination refused: a private or reserved address, or port {port} is not open to webhooks"
        super().__init__(errno.EACCES, reason)

    def __str__(self) -> str:
        return str(self.strerror)


class BadUrl(ValueError):
    """The text is no web address that we can deliver to; the message says why."""


class TooLarge(Exception):
    """A fetched document is longer than the caller's limit."""


class Response(msgspec.Struct, frozen=True):
    """An answer: header names in lower case, the body as sent (never decompressed) and cut at the limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool
    latency_ms: int


class EgressGuard:
    """Says which addresses may be dialled (specs/messaging.md 7).

    `allowed` are the operator's own allowances and win over every other rule: `10.1.0.0/16:8080`,
    `192.168.7.9:*`, IPv6 in brackets as `[fd00::]/8:443` or `[fd00::/8]:443`. `ports` are open on
    every public address. Raises ValueError for an allowance that does not read.
    """

    def __init__(self, allowed: Sequence[str] = (), *, ports: Collection[int] = PORTS) -> None:
        self._allowed = [_read_allowance(text) for text in allowed]
        self._ports = frozenset(ports)

    def is_allowed(self, address: str, port: int) -> bool:
        """Whether this numeric address and port may be dialled. Anything unreadable may not."""
        try:
            ip = _unwrap(ipaddress.ip_address(address))
        except ValueError:
            return False
        if any(ip in network and wanted in (None, port) for network, wanted in self._allowed):
            return True
        return port in self._ports and _is_public(ip)

    def make_socket(self, info: tuple[int, int, int, str, tuple[str | int, ...]]) -> socket.socket:
        """The socket factory of aiohttp: refuses before there is a socket. Raises EgressRefused."""
        family, kind, protocol, _, sockaddr = info
        address, port = str(sockaddr[0]), int(sockaddr[1])
        if len(sockaddr) == 4 and sockaddr[3] and "%" not in address:
            address = f"{address}%{sockaddr[3]}"
        if not self.is_allowed(address, port):
            log.info("egress.refused", address=address, port=port)
            raise EgressRefused(port)
        return socket.socket(family, kind, protocol)


def _read_allowance(text: str) -> tuple[Network, int | None]:
    place, colon, port = text.strip().rpartition(":")
    if not colon or ((":" in place) != place.startswith("[")):
        raise ValueError(f"not CIDR:port, CIDR:* or [IPv6]/bits:port: {text!r}")
    if port != "*" and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"the port is neither 1 to 65535 nor *: {text!r}")
    try:
        network = ipaddress.ip_network(place.replace("[", "", 1).replace("]", "", 1))
    except ValueError as error:
        raise ValueError(f"{error}: {text!r}") from None
    return network, None if port == "*" else int(port)


def _unwrap(ip: Address) -> Address:
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped and ip.scope_id is None:
        return ip.ipv4_mapped
    return ip


def _is_public(ip: Address) -> bool:
    if isinstance(ip, ipaddress.IPv6Address) and ip.scope_id is not None:
        return False
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    return not any(ip in network for network in INSIDE)


def check_url(url: str) -> None:
    """Accepts http and https addresses with a host and nothing odd. Raises BadUrl with the reason.

    Where the name leads is not looked at: that is decided at each dialling.
    """
    if len(url) > URL_LIMIT:
        raise BadUrl(f"longer than {URL_LIMIT} characters")
    if any(character.isspace() or not character.isprintable() for character in url):
        raise BadUrl("holds white space or control characters")
    try:
        # yarl is what aiohttp dials by: two parsers would be two opinions.
        parts = yarl.URL(url)
        host, port = parts.host, parts.port
    except ValueError as error:
        raise BadUrl(str(error)) from None
    if parts.scheme not in ("http", "https"):
        raise BadUrl("neither http nor https")
    if not host:
        raise BadUrl("no host")
    if parts.user is not None or parts.password is not None:
        raise BadUrl("user and password do not belong into the address")
    if not port:
        raise BadUrl("no such port")


def open_session(
    guard: EgressGuard,
    *,
    connections: int = 512,
    connections_per_host: int = 16,
    timeout: float = 15.0,
    ssl_context: ssl.SSLContext | None = None,
) -> aiohttp.ClientSession:
    """A session whose every connection passed the guard; to be closed by the caller.

    It has its own pool, since a pooled connection is not checked again: one session a guard. `timeout`
    is the default total in seconds, waiting for a free connection included. Cookies, proxies and
    decompression are off. `ssl_context` replaces the system's trust, for a private authority.
    """
    connector = aiohttp.TCPConnector(
        limit=connections,
        limit_per_host=connections_per_host,
        ssl=ssl_context or True,
        socket_factory=guard.make_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=timeout),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        headers={"user-agent": "Ringmain", "accept-encoding": "identity"},
    )


async def post(
    session: aiohttp.ClientSession,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    timeout: float,
    *,
    limit: int = BODY_LIMIT,
) -> Response:
    """Sends one POST and keeps at most `limit` octets of the answer. Redirects come back as they are.

    `timeout` is in seconds and covers everything up to the last octet. Raises EgressRefused, TimeoutError
    or aiohttp.ClientError (whose text is fit to be shown).
    """
    return await _exchange(session, "POST", url, body, headers, timeout, limit)


async def fetch(
    session: aiohttp.ClientSession,
    url: str,
    *,
    limit: int,
    timeout: float,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Gets a document, for instance the media of an MMS by its link. Raises as `post` does, and TooLarge."""
    response = await _exchange(session, "GET", url, None, headers or {}, timeout, limit)
    if response.truncated:
        raise TooLarge(f"longer than {limit} octets")
    return response


async def _exchange(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    timeout: float,
    limit: int,
) -> Response:
    started = time.monotonic()
    try:
        async with session.request(
            method,
            _as_written(url),
            data=body,
            headers=headers,
            allow_redirects=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=timeout),
        ) as answer:
            kept, truncated = await _read_capped(answer, limit)
            return Response(
                status=answer.status,
                headers={name.lower(): value for name, value in answer.headers.items()},
                body=kept,
                truncated=truncated,
                latency_ms=round((time.monotonic() - started) * 1000),
            )
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, EgressRefused):
            raise error.os_error from None
        raise


def _as_written(url: str) -> yarl.URL:
    """The address with its percent-encoding as it is: yarl would decode what need not be encoded."""
    if not url.isascii() or BAD_ESCAPE.search(url):
        return yarl.URL(url)
    return yarl.URL(quote(url, safe=RESERVED), encoded=True)


async def _read_capped(answer: aiohttp.ClientResponse, limit: int) -> tuple[bytes, bool]:
    kept = bytearray()
    async for chunk in answer.content.iter_any():
        kept += chunk
        if len(kept) > limit:
            # Closing drops the connection, so the rest is never received.
            answer.close()
            return bytes(kept[:limit]), True
    return bytes(kept), False
