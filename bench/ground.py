"""What benches stand on: a PostgreSQL of their own, a company, a `ringmain serve` process, a light HTTP client."""

import asyncio
import contextlib
import os
import shutil
import socket
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from pathlib import Path

import asyncpg
import msgspec
import uvloop

from ringmain.core.files.storage import open_storage
from ringmain.core.system import Core
from ringmain.database.embedded import EmbeddedServer
from ringmain.database.migrate import migrate
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups
from ringmain.pbx.build import adapters


@contextlib.asynccontextmanager
async def postgres(**settings: str) -> AsyncIterator[str]:
    """A fresh embedded PostgreSQL with a migrated database, durable as in production; yields its DSN.

    `settings`: PostgreSQL's own, over ours.
    """
    folder = Path(tempfile.mkdtemp(prefix="ringmain-bench-"))
    folder.chmod(0o755)
    server = EmbeddedServer(folder, settings=settings)
    try:
        dsn = await server.start()
        connection = await asyncpg.connect(dsn)
        await migrate(connection)
        await connection.close()
        yield dsn
    finally:
        await server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def phone_system(dsn: str, pool_size: int = 12) -> AsyncIterator[Core]:
    """The core alone, on this database."""
    database = Database(dsn, size=pool_size)
    wakeups = Wakeups(database)
    await wakeups.start()
    with tempfile.TemporaryDirectory() as files:
        yield Core(database, wakeups, open_storage(files), pbx=adapters(database))
    await wakeups.stop()
    await database.close()


class Company(msgspec.Struct, frozen=True):
    """A company with a RingPlan key and open conversations."""

    id: int
    key: str
    number: str
    conversation_ids: list[int]


SECRET_KEY = "all processes of a bench have one"


async def furnish(core: Core, conversations: int = 1) -> Company:
    """Make a company with one number and this many conversations."""
    database = core.database
    company_id = await database.fetchval("INSERT INTO companies (name) VALUES ('Bench') RETURNING id")
    await database.execute(
        "INSERT INTO people (company_id, email, owner) VALUES ($1, $2, true)",
        company_id,
        f"{uuid.uuid4()}@bench.example",
    )
    number = f"+1202555{company_id % 10000:04d}"
    await database.execute("INSERT INTO numbers (company_id, number) VALUES ($1, $2)", company_id, number)
    key = await core.credentials.create_api_key(company_id, "ringplan", "bench")
    ids = []
    for n in range(conversations):
        contact, _ = await core.texting.create_contact(company_id, number=f"+1310{5550000 + n:07d}")
        conversation, _ = await core.texting.open_conversation(company_id, number=number, contact_ids=[contact.id])
        ids.append(conversation.id)
    return Company(company_id, key.secret, number, ids)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def ringmain(dsn: str, **environment: str) -> AsyncIterator[tuple[int, int]]:
    """A `ringmain serve` process on this database, ready; yields (port, pid)."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "ringmain.cli",
            "serve",
            "--port",
            str(port),
            env={
                **os.environ,
                "DATABASE_URL": dsn,
                "RINGMAIN_DATA_DIR": folder,
                "RINGMAIN_LOG_LEVEL": "warning",
                "RINGMAIN_SECRET_KEY": SECRET_KEY,
                **environment,
            },
        )
        try:
            await _until_ready(port)
            yield port, process.pid
        finally:
            process.terminate()
            await process.wait()


async def _until_ready(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(OSError):
                connection = await Http.open(port)
                status, _ = await connection.request(b"GET /ready HTTP/1.1\r\nHost: bench\r\n\r\n")
                connection.close()
                if status == 200:
                    return
            await asyncio.sleep(0.05)


class Http:
    """One kept-alive HTTP/1.1 connection, as light as Python can."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "Http":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def request(self, raw: bytes) -> tuple[int, bytes]:
        """Send a whole request; returns status and body."""
        self._writer.write(raw)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 : lower.index(b"\r\n", at)]) if at >= 0 else 0
        return status, await self._reader.readexactly(length) if length else b""

    def close(self) -> None:
        self._writer.close()


def post(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """The octets of a POST."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\nHost: bench\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Load(msgspec.Struct, frozen=True):
    """What a run of requests came to. Latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


async def run_load(port: int, connections: int, requests: Iterator[bytes], expect: int) -> Load:
    """Send all requests over so many connections, each as soon as the one before is answered."""
    latencies: list[float] = []

    async def work() -> None:
        connection = await Http.open(port)
        for raw in requests:
            started = time.perf_counter()
            status, body = await connection.request(raw)
            latencies.append((time.perf_counter() - started) * 1000)
            if status != expect:
                raise RuntimeError(f"{status}: {body[:200]!r}")
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(connections)))
    seconds = time.perf_counter() - started
    return Load(len(latencies) / seconds, percentile(latencies, 50), percentile(latencies, 99))


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which so many percent lie."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def run(main: Callable[[], Coroutine[object, object, None]]) -> None:
    """Run a bench on uvloop, as the server does."""
    uvloop.run(main())
