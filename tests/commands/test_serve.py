import asyncio
import re
import signal
import socket
import stat
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from tests.commands.server import Served, ringmain
from tests.conditions import eventually
from tests.databases import on_database, run

KEY = r"RingPlan API key   (\S+)"
TOKEN = r"Operator token     (\S+)"
RINGOTEL = r"Ringotel API key   (\S+)"
RINGRX = r"RingRx API key     token (\S+)  secret (\S+)"


async def get(url: str, **headers: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        await answer.read()
        return answer.status


async def post(url: str, body: object, **headers: str) -> tuple[int, object]:
    async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_the_demo_end_to_end(tmp_path: Path) -> None:
    """A text goes out and its echo comes in; nothing of it, and no secret, stands in the log."""
    words = "Xylophone quartz"
    async with Served(tmp_path, "--demo", log_level="debug") as server:
        key, token = await server.said(KEY), await server.said(TOKEN)
        assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600
        publish = await server.said(r"(http://\S+/messages/publish)")
        acting = {"Authorization": f"Bearer {key}", "X-User-Id": "primary"}
        status, _ = await post(publish, {"text": words}, **acting)
        assert status == 201

        async def texts() -> list[str]:
            url = publish.removesuffix("/publish")
            async with aiohttp.ClientSession(headers=acting) as session, session.get(url) as answer:
                return [message["text"] for message in await answer.json()]

        async def echoed() -> bool:
            return await texts() == [words, words]

        await eventually(echoed)
        inbound = {"from": "+12025550178", "to": "+12025550143", "text": words}
        status, _ = await post(f"{server.url}/ringmain/v1/inbound-texts", inbound, Authorization=f"Bearer {token}")
        assert status in (200, 201)
        assert await get(f"{server.url}/health") == 200
        assert await get(f"{server.url}/nowhere") == 404
        assert (
            await get(f"{server.url}/system/company", Authorization="Bearer wrong", **{"X-User-Id": "primary"}) == 401
        )
        assert await server.end(signal.SIGTERM) == 0
    log = server.err.read_text()
    assert '"event": "stopped"' in log
    for secret in (words, key, token):
        assert secret not in log


async def test_a_second_start_prints_the_same_secrets(tmp_path: Path) -> None:
    async with Served(tmp_path, "--demo") as server:
        first = [await server.said(KEY), await server.said(TOKEN), await server.said(r"ada@\S+  (\S+)")]
        assert await server.end(signal.SIGKILL) == -signal.SIGKILL
    async with Served(tmp_path, "--demo") as server:
        assert [await server.said(KEY), await server.said(TOKEN), await server.said(r"ada@\S+  (\S+)")] == first
        acting = {"Authorization": f"Bearer {first[0]}", "X-User-Id": "primary"}
        assert await get(f"{server.url}/system/company", **acting) == 200
        assert await server.end(signal.SIGINT) == 0
    (tmp_path / "demo.json").unlink()
    async with Served(tmp_path, "--demo") as server:
        acting["Authorization"] = f"Bearer {await server.said(KEY)}"
        assert acting["Authorization"] != f"Bearer {first[0]}"
        assert await get(f"{server.url}/system/company", **acting) == 200


async def test_the_demo_has_a_ringotel_key(tmp_path: Path) -> None:
    call = {"method": "getOrganizations"}
    async with Served(tmp_path, "--demo") as server:
        key = await server.said(RINGOTEL)
        for path in ("/api", "/"):
            status, answer = await post(f"{server.url}{path}", call, Authorization=f"Bearer {key}")
            assert status == 200
            assert isinstance(answer, dict)
            assert [one["domain"] for one in answer["result"]] == ["demo"]
        assert (await post(f"{server.url}/api", call))[0] == 401
        assert await server.end(signal.SIGTERM) == 0
    async with Served(tmp_path, "--demo") as server:
        assert await server.said(RINGOTEL) == key
        assert await server.end(signal.SIGTERM) == 0
    assert key not in server.err.read_text()


async def test_the_demo_logs_in_to_ringrx(tmp_path: Path) -> None:
    async with Served(tmp_path, "--demo") as server:
        await server.said(RINGRX)
        token, secret = re.findall(RINGRX, server.out.read_text())[0]
        password = await server.said(r"ada@\S+  (\S+)")
        for credentials in (
            {"token": token, "secret": secret},
            {"username": "ada@harbourlane.example", "password": password},
        ):
            status, tokens = await post(f"{server.url}/auth/token", credentials)
            assert status == 200
            assert isinstance(tokens, dict)
            assert await get(f"{server.url}/myphones", Authorization=tokens["access_token"]) == 200
        query = f"token={token}&secret={secret}"
        status, _ = await post(f"{server.url}/auth/token?{query}", None)
        assert status == 200
        assert await get(f"{server.url}/auth/token?{query}") == 405
        assert await server.end(signal.SIGTERM) == 0
    async with Served(tmp_path, "--demo") as server:
        await server.said(RINGRX)
        assert re.findall(RINGRX, server.out.read_text())[-1] == (token, secret)
    assert secret not in server.err.read_text()


async def test_requests_finish_before_it_stops(tmp_path: Path, dsn: str) -> None:
    async with Served(tmp_path, "--demo", database_url=dsn) as server:
        publish = await server.said(r"(http://\S+/messages/publish)")
        acting = {"Authorization": f"Bearer {await server.said(KEY)}", "X-User-Id": "primary"}
        body = b'{"text": "slowly"}'

        async def slowly() -> AsyncIterator[bytes]:
            yield body[:5]
            server.send(signal.SIGTERM)
            await server.said('"event": "stopping"')
            await _refused(server.url)
            yield body[5:]

        async with aiohttp.ClientSession() as session:
            headers = {**acting, "Content-Type": "application/json"}
            async with session.post(publish, data=slowly(), headers=headers) as answer:
                assert answer.status == 201
        assert await server.ended() == 0


async def _refused(url: str) -> None:
    async def refused() -> bool:
        try:
            await get(f"{url}/health")
        except aiohttp.ClientConnectorError:
            return True
        return False

    await eventually(refused)


async def stuck_request(server: Served) -> asyncio.StreamWriter:
    """A request whose body never ends."""
    publish = await server.said(r"(http://\S+/messages/publish)")
    key = await server.said(KEY)
    host, port = server.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    path = publish.removeprefix(server.url)
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nx-user-id: primary\r\n"
    writer.write(f"{head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{{".encode())
    await writer.drain()
    assert await get(f"{server.url}/health") == 200
    return writer


async def test_a_stuck_request_does_not_hold_it_up(tmp_path: Path, dsn: str) -> None:
    async with Served(tmp_path, "--demo", database_url=dsn, shutdown_seconds=1) as server:
        writer = await stuck_request(server)
        assert await server.end(signal.SIGTERM) == 0
        assert "graceful shutdown exceeded" in server.err.read_text()
        writer.close()


async def test_a_second_signal_forces(tmp_path: Path, dsn: str) -> None:
    async with Served(tmp_path, "--demo", database_url=dsn, shutdown_seconds=60) as server:
        writer = await stuck_request(server)
        server.send(signal.SIGTERM)
        await server.said('"event": "stopping"')
        assert await server.end(signal.SIGTERM) == 128 + signal.SIGTERM
        writer.close()


async def test_a_signal_while_it_waits_for_its_database(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        server = Served(tmp_path, database_url=f"postgresql://u:hunter2@127.0.0.1:{nobody.getsockname()[1]}/x")
        await server.launch()
        await server.said("waiting for the database")
        assert await server.end(signal.SIGTERM) == 0
    assert "hunter2" not in server.err.read_text()


async def ready(server: Served) -> bool:
    """It answers requests a moment before it hears wake-ups."""
    return await get(f"{server.url}/ready") == 200


async def test_two_servers_migrate_a_fresh_database(tmp_path: Path, server_dsn: str) -> None:
    name = "test_two_servers"
    await run(server_dsn, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await run(server_dsn, f"CREATE DATABASE {name}")
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    # As on two machines, which need one key.
    settings = {"database_url": on_database(server_dsn, name), "secret_key": "x" * 24}
    servers = [Served(folder, **settings) for folder in folders]
    try:
        await asyncio.gather(*(server.start() for server in servers))
        for server in servers:
            await eventually(partial(ready, server))
        logs = "".join(server.err.read_text() for server in servers)
        assert len(re.findall('"event": "migration applied"', logs)) == len(re.findall(r'"name": "\d{4}_', logs)) >= 1
        assert len(set(re.findall(r'"name": "(\d{4}_\w+)"', logs))) == len(re.findall(r'"name": "\d{4}_', logs))
    finally:
        for server in servers:
            assert await server.end(signal.SIGTERM) == 0
        await run(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


async def test_the_environments_operator_token_ends_with_it(tmp_path: Path, dsn: str) -> None:
    token = "a-token-from-the-environment"
    for settings, status in (({"operator_token": token}, 200), ({}, 401)):
        async with Served(tmp_path, database_url=dsn, **settings) as server:
            assert await get(f"{server.url}/ringmain/v1/companies", Authorization=f"Bearer {token}") == status


@pytest.mark.parametrize("trusted", ["127.0.0.0/8,192.0.2.1", ""])
async def test_clients_behind_a_proxy_are_told_apart_where_it_is_trusted(
    tmp_path: Path, dsn: str, trusted: str
) -> None:
    """After five wrong logins from one address, another may still try. Who is no trusted proxy names no other."""
    async with Served(tmp_path, database_url=dsn, trusted_proxies=trusted, password_memory_mib=16) as server:

        async def log_in(*hops: str) -> int:
            body = {"email": "ann@example.com", "password": "wrong"}
            headers = {"X-Forwarded-For": ", ".join(hops)} if hops else {}
            return (await post(f"{server.url}/login", body, **headers))[0]

        for _ in range(5):
            assert await log_in("198.51.100.1") == 401
        assert await log_in("198.51.100.1") == 429
        # What the client itself put there says nothing.
        assert await log_in("198.51.100.9", "198.51.100.1", "192.0.2.1") == 429
        others = [await log_in("198.51.100.2"), await log_in("198.51.100.1", "198.51.100.3"), await log_in()]
        assert others == ([401] * 3 if trusted else [429] * 3)


async def test_another_key_than_the_databases_is_refused(tmp_path: Path, dsn: str) -> None:
    first, other = "x" * 24, "y" * 24
    async with Served(tmp_path, database_url=dsn, secret_key=first):
        ended = await ringmain(tmp_path, "serve", "--port", "0", database_url=dsn, secret_key=other)
        assert ended.code == 1
        assert "RINGMAIN_SECRET_KEY: this database is sealed with another key" in ended.err
        assert other not in ended.err
        applied = await ringmain(tmp_path, "demo", database_url=dsn)
        assert (applied.code, "RINGMAIN_SECRET_KEY" in applied.err) == (1, True)


async def test_roles_are_what_is_served(tmp_path: Path, dsn: str) -> None:
    async with Served(tmp_path, "--roles", "relay", database_url=dsn) as server:
        assert await get(f"{server.url}/health") == 200
        assert await get(f"{server.url}/system/company") == 404


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("egress_allow", "10.0.0.1", "RINGMAIN_EGRESS_ALLOW: not CIDR:port"),
        ("file_storage", "ftp://x", "RINGMAIN_FILE_STORAGE: "),
        ("host", "192.0.2.1", "RINGMAIN_HOST, RINGMAIN_PORT: cannot listen on 192.0.2.1"),
        ("roles", "pony", "RINGMAIN_ROLES: "),
    ],
)
async def test_what_cannot_be_served(tmp_path: Path, dsn: str, setting: str, value: str, message: str) -> None:
    ended = await ringmain(tmp_path, "serve", "--port", "0", database_url=dsn, **{setting: value})
    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith(f"ringmain: {message}")
    assert "Traceback" not in ended.err


async def test_the_port_is_taken(tmp_path: Path, dsn: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ended = await ringmain(tmp_path, "serve", "--port", port, database_url=dsn)
    assert ended.code == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in ended.err
