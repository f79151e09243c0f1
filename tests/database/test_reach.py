import asyncio
import socket
from contextlib import closing

import asyncpg
import pytest

from ringmain.database.pool import Database
from ringmain.database.reach import DatabaseUnusable, prepare
from tests.databases import on_database, run


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


async def test_a_database_that_is_not_there_in_time() -> None:
    with pytest.raises(DatabaseUnusable, match="cannot be reached"):
        await prepare(Database(f"postgresql://u:hunter2@127.0.0.1:{free_port()}/x"), patience_s=0.3)


async def test_a_database_that_comes_up_late(dsn: str) -> None:
    """A proxy stands in for a server that is not up yet: the port opens later."""
    port, source = free_port(), await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    source.close()
    parts = await asyncpg.connect(dsn)
    path = (await parts.fetchval("SHOW unix_socket_directories")).partition(",")[0]
    number = await parts.fetchval("SHOW port")
    who_and_where = await parts.fetchval("SELECT current_user || '@127.0.0.1:%s/' || current_database()")
    await parts.close()
    database = Database(f"postgresql://{who_and_where % port}")
    waiting = asyncio.create_task(prepare(database, patience_s=60))

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_unix_connection(f"{path}/.s.PGSQL.{number}")

        async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                target.write(data)
            target.close()

        await asyncio.gather(copy(reader, there_writer), copy(there_reader, writer), return_exceptions=True)

    async with await asyncio.start_server(pass_on, "127.0.0.1", port):
        assert await waiting == []


async def test_a_database_that_does_not_exist(server_dsn: str) -> None:
    with pytest.raises(DatabaseUnusable, match="refuses us"):
        await prepare(Database(on_database(server_dsn, "no_such_database")))


async def test_two_at_once_on_a_fresh_database(server_dsn: str) -> None:
    name = "test_two_at_once"
    await run(server_dsn, f"DROP DATABASE IF EXISTS {name}")
    await run(server_dsn, f"CREATE DATABASE {name}")
    databases = [Database(on_database(server_dsn, name)) for _ in range(3)]
    try:
        applied = await asyncio.gather(*(prepare(database) for database in databases))
        assert sorted(map(bool, applied)) == [False, False, True]
    finally:
        await run(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")
