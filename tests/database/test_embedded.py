"""The embedded PostgreSQL, with real servers, real kills and real users."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import psutil
import pytest

from ringmain.database import placement
from ringmain.database.embedded import EmbeddedServer, EmbeddedServerError, bin_dir

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")

# A process that starts (or attaches to) the server in argv[1], says so, and stops when its input ends.
OTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
import uvloop
from ringmain.database.embedded import EmbeddedServer

async def main():
    server = EmbeddedServer(Path(sys.argv[1]))
    await server.start()
    print("owned" if server.owned else "attached", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()

uvloop.run(main())
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    # Not tmp_path: that is closed to the server's user when the tests run as root.
    with _directory(mode=0o755) as path:
        yield path


@pytest.fixture
async def server(data_dir: Path) -> AsyncIterator[EmbeddedServer]:
    server = EmbeddedServer(data_dir)
    yield server
    await server.stop()


@contextlib.contextmanager
def _directory(mode: int) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="embedded-", dir="/tmp"))
    path.chmod(mode)
    try:
        yield path
    finally:
        key = placement.data_dir_key(path / "var" if (path / "var").exists() else path)
        for left in (path, placement.SYSTEM_HOME / key, Path(f"/tmp/ringmain-{key}")):
            shutil.rmtree(left, ignore_errors=True)


@contextlib.asynccontextmanager
async def _other_process(
    data_dir: Path, python: str = sys.executable, user: str | None = None, **environment: str
) -> AsyncIterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [python, "-c", OTHER_PROCESS, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env=os.environ | environment,
        user=user,
        group=None if user is None else "nogroup",
        extra_groups=None if user is None else [],
    )
    with process:
        try:
            yield process
        finally:
            if process.stdin is not None:
                process.stdin.close()
            await asyncio.to_thread(process.wait)


async def _said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    # The log goes to the same place.
    while (line := await asyncio.to_thread(process.stdout.readline)) not in ("owned\n", "attached\n"):
        assert line, "the process ended"
    return line.strip()


async def _until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


async def _run(dsn: str, *statements: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        rows: list[asyncpg.Record] = []
        for statement in statements:
            rows = await connection.fetch(statement)
        return rows
    finally:
        await connection.close()


async def _write_fact(dsn: str) -> None:
    await _run(dsn, "CREATE TABLE fact (said text)", "INSERT INTO fact VALUES ('acknowledged')")


async def _assert_fact(dsn: str) -> None:
    assert [row["said"] for row in await _run(dsn, "SELECT said FROM fact")] == ["acknowledged"]


def _postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgresql" / "postmaster.pid").read_text().split()[0])


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_a_cluster_is_made_once_and_kept(server: EmbeddedServer, data_dir: Path) -> None:
    dsn = await server.start()
    assert dsn == server.dsn
    await _write_fact(dsn)
    pid = _postmaster(data_dir)

    await server.stop()

    assert _is_gone(pid)
    assert not server.owned
    assert not server.run_dir.exists()
    assert await server.start() == dsn
    await _assert_fact(dsn)


async def test_the_server_is_durable_and_private(server: EmbeddedServer, data_dir: Path) -> None:
    await server.start()
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "listen_addresses": "",
        "jit": "off",
    }
    rows = await _run(server.dsn, "SELECT name, setting FROM pg_settings")
    settings = {row["name"]: row["setting"] for row in rows}
    assert {name: settings[name] for name in wanted} == wanted
    assert (await _run(server.dsn, "SELECT lower('ÉÇ') AS low"))[0]["low"] == "éç"

    assert server.run_dir.stat().st_mode & 0o777 == 0o700
    assert (data_dir / "postgresql.log").stat().st_mode & 0o777 == 0o600
    pid = _postmaster(data_dir)
    # Ctrl-C reaches the terminal's session; the server has its own.
    assert os.getsid(pid) == pid
    assert psutil.Process(pid).uids().effective != 0


async def test_stopping_twice_or_before_the_start_is_harmless(server: EmbeddedServer) -> None:
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()


def test_one_event_loop_may_start_it_and_another_stop_it(data_dir: Path) -> None:
    server = EmbeddedServer(data_dir)
    with ThreadPoolExecutor(1) as other_thread:  # this one may have a loop already
        other_thread.submit(asyncio.run, server.start()).result()
        pid = _postmaster(data_dir)
        other_thread.submit(asyncio.run, server.stop()).result()
    assert _is_gone(pid)


async def test_a_second_process_attaches(server: EmbeddedServer, data_dir: Path) -> None:
    async with _other_process(data_dir) as owner:
        assert await _said(owner) == "owned"

        await server.start()
        assert not server.owned
        await _write_fact(server.dsn)
        await server.stop()

        await _assert_fact(server.dsn)
    assert owner.returncode == 0
    with pytest.raises(OSError, match=r"No such file|refused"):
        await _run(server.dsn, "SELECT 1")


async def test_of_several_first_starts_one_owns(data_dir: Path) -> None:
    servers = [EmbeddedServer(data_dir) for _ in range(3)]
    dsns = await asyncio.gather(*(server.start() for server in servers))
    assert len(set(dsns)) == 1
    assert sorted(server.owned for server in servers) == [False, False, True]
    await _run(dsns[0], "SELECT 1")
    await asyncio.gather(*(server.stop() for server in servers))


async def test_the_server_ends_with_its_killed_owner(server: EmbeddedServer, data_dir: Path) -> None:
    async with _other_process(data_dir) as owner:
        await _said(owner)
        await _write_fact(server.dsn)
        orphan = _postmaster(data_dir)
        owner.kill()
        owner.wait()
        # At once: the start has to wait until the orphan is gone.
        await server.start()
    assert server.owned
    assert _is_gone(orphan)
    await _assert_fact(server.dsn)


async def test_an_owner_killed_while_it_makes_the_cluster(server: EmbeddedServer, data_dir: Path) -> None:
    unfinished = data_dir / "postgresql.unfinished"
    async with _other_process(data_dir) as owner:
        await _until((unfinished / "PG_VERSION").exists)
        owner.kill()
    assert unfinished.exists()
    assert not (data_dir / "postgresql").exists()

    await server.start()

    await _write_fact(server.dsn)
    assert not unfinished.exists()


async def test_a_killed_postmaster_is_restarted(server: EmbeddedServer, data_dir: Path) -> None:
    await server.start()
    await _write_fact(server.dsn)
    first = _postmaster(data_dir)
    watch = asyncio.create_task(server.watch())
    # This session does not notice the death at once, and keeps the shared memory in use until it ends.
    busy = asyncio.create_task(_run(server.dsn, "SELECT count(*) FROM generate_series(1, 5000000)"))
    active = (
        "SELECT 1 FROM pg_stat_activity WHERE state = 'active'"
        " AND query LIKE '%generate_series(1, 5%' AND pid <> pg_backend_pid()"
    )
    while not await _run(server.dsn, active):
        assert not busy.done()

    os.kill(first, signal.SIGKILL)

    await asyncio.gather(busy, return_exceptions=True)
    await _until_served(server.dsn)
    assert _postmaster(data_dir) != first
    await _assert_fact(server.dsn)
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch


async def test_an_attached_process_takes_over_from_a_killed_owner(server: EmbeddedServer, data_dir: Path) -> None:
    async with _other_process(data_dir) as owner:
        await _said(owner)
        await server.start()
        assert not server.owned
        await _write_fact(server.dsn)
        watch = asyncio.create_task(server.watch())
        owner.kill()
        await _until(lambda: server.owned)
    await _until_served(server.dsn)
    await _assert_fact(server.dsn)
    # Stopping ends the watch, too.
    await server.stop()
    await watch


async def _until_served(dsn: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            await _run(dsn, "SELECT 1")
        except (OSError, asyncpg.PostgresError):
            assert time.monotonic() < deadline, "the server did not come back"
            await asyncio.sleep(0.02)
        else:
            return


async def test_a_pid_file_whose_number_is_another_programs_by_now(server: EmbeddedServer, data_dir: Path) -> None:
    await server.start()
    await _write_fact(server.dsn)
    cluster = data_dir / "postgresql"
    left = (cluster / "postmaster.pid").read_text().splitlines()
    await server.stop()
    owner = cluster.stat()
    uid, gid = (owner.st_uid, owner.st_gid) if os.geteuid() == 0 else (None, None)
    with subprocess.Popen(["/bin/sleep", "60"], user=uid, group=gid) as stranger:
        (cluster / "postmaster.pid").write_text("\n".join([str(stranger.pid), *left[1:], ""]))
        try:
            await server.start()
            assert stranger.poll() is None
        finally:
            stranger.kill()
    await _assert_fact(server.dsn)


async def test_another_versions_cluster_is_refused(server: EmbeddedServer, data_dir: Path) -> None:
    await server.start()
    await server.stop()
    (data_dir / "postgresql" / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedServerError, match=r"PostgreSQL 15.* PostgreSQL 18\."):
        await server.start()
    assert not server.owned


async def test_a_directory_that_is_no_cluster_is_left_alone(server: EmbeddedServer, data_dir: Path) -> None:
    (data_dir / "postgresql").mkdir()
    (data_dir / "postgresql" / "letters.txt").write_text("mine")
    with pytest.raises(EmbeddedServerError, match="no PG_VERSION"):
        await server.start()
    assert [path.name for path in (data_dir / "postgresql").iterdir()] == ["letters.txt"]


async def test_a_link_to_a_lost_cluster_is_not_begun_anew(server: EmbeddedServer, data_dir: Path) -> None:
    (data_dir / "postgresql").symlink_to(data_dir / "elsewhere" / "postgresql")
    with pytest.raises(EmbeddedServerError, match="which is gone"):
        await server.start()


async def test_someone_elses_run_directory_is_refused(server: EmbeddedServer, data_dir: Path) -> None:
    server.run_dir.symlink_to(data_dir)
    try:
        with pytest.raises(EmbeddedServerError, match="belongs to someone else"):
            await server.start()
    finally:
        server.run_dir.unlink()


async def test_a_server_that_cannot_start_says_why(server: EmbeddedServer, data_dir: Path) -> None:
    await server.start()
    await server.stop()
    (data_dir / "postgresql" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedServerError, match="no_such_setting"):
        await server.start()


async def test_a_long_log_is_begun_anew(server: EmbeddedServer, data_dir: Path) -> None:
    with (data_dir / "postgresql.log").open("wb") as grown:
        grown.truncate(10_000_001)
    await server.start()
    assert (data_dir / "postgresql.log.1").stat().st_size == 10_000_001
    assert (data_dir / "postgresql.log").stat().st_size < 100_000


@as_root
async def test_an_ordinary_user_runs_it_as_itself(data_dir: Path) -> None:
    shutil.chown(data_dir, "nobody")
    python, path = _reachable_python()
    async with _other_process(data_dir, python, "nobody", PYTHONPATH=path) as owner:
        assert await _said(owner) == "owned"
        pid = _postmaster(data_dir)
        assert psutil.Process(pid).username() == "nobody"
        dsn = EmbeddedServer(data_dir).dsn
        await _write_fact(dsn)
        owner.kill()
        await _until(lambda: _is_gone(pid), seconds=5)
    async with _other_process(data_dir, python, "nobody", PYTHONPATH=path) as owner:
        await _said(owner)
        await _assert_fact(dsn)
    # Root then runs it as the user that the cluster belongs to.
    server = EmbeddedServer(data_dir)
    await server.start()
    assert psutil.Process(_postmaster(data_dir)).username() == "nobody"
    await _assert_fact(dsn)
    await server.stop()


def _reachable_python() -> tuple[str, str]:
    """Find an interpreter that nobody can run, and the PYTHONPATH to give it."""
    source = Path(placement.__file__).parents[2]
    path = f"{source}:{Path(asyncpg.__file__).parents[1]}"
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        with contextlib.suppress(OSError):
            command = [python, "-c", "import asyncpg, ringmain.database.embedded"]
            environment = os.environ | {"PYTHONPATH": path}
            if (
                subprocess.run(command, user="nobody", env=environment, cwd="/", stderr=subprocess.DEVNULL).returncode
                == 0
            ):
                return python, path
    pytest.skip("user nobody can reach no interpreter with this checkout's packages")


@as_root
async def test_a_data_dir_that_the_servers_user_cannot_reach() -> None:
    with _directory(mode=0o700) as closed:
        server = EmbeddedServer(closed / "var")
        await server.start()
        await _write_fact(server.dsn)
        cluster = (closed / "var" / "postgresql").resolve()
        assert cluster.is_relative_to(placement.SYSTEM_HOME)
        assert psutil.Process(_postmaster(closed / "var")).username() == placement.SYSTEM_USER
        await server.stop()

        # The same cluster is found again when the directory was opened, and when the link is lost.
        closed.chmod(0o755)
        await server.start()
        await _assert_fact(server.dsn)
        await server.stop()
        closed.chmod(0o700)
        (closed / "var" / "postgresql").unlink()
        await server.start()
        await _assert_fact(server.dsn)
        await server.stop()


@as_root
async def test_a_cluster_that_became_unreachable_is_not_begun_anew() -> None:
    with _directory(mode=0o755) as opened:
        server = EmbeddedServer(opened)
        await server.start()
        await server.stop()
        opened.chmod(0o700)
        with pytest.raises(EmbeddedServerError, match="can no longer reach it"):
            await server.start()


@as_root
async def test_programs_that_the_servers_user_cannot_reach(data_dir: Path) -> None:
    version = subprocess.run([bin_dir() / "postgres", "--version"], capture_output=True, text=True).stdout.split()[2]
    copied = placement.SYSTEM_HOME / f"postgresql-{version}"
    was_there = copied.exists()
    package = bin_dir().parents[1]
    with _directory(mode=0o700) as closed:
        shutil.copytree(bin_dir().parent, closed / package.name / bin_dir().parent.name, symlinks=True)
        shutil.copytree(package.with_name(f"{package.name}.libs"), closed / f"{package.name}.libs")
        (closed / package.name / "__init__.py").touch()
        try:
            async with _other_process(data_dir, PYTHONPATH=str(closed)) as owner:
                await _said(owner)
                program = Path(f"/proc/{_postmaster(data_dir)}/exe").resolve()
                assert program.is_relative_to(copied)
                await _run(EmbeddedServer(data_dir).dsn, "SELECT 1")
        finally:
            if not was_there:
                shutil.rmtree(copied)


def test_pg_dump_is_where_bin_dir_says() -> None:
    answer = subprocess.run([bin_dir() / "pg_dump", "--version"], capture_output=True, text=True, check=True)
    assert "PostgreSQL) 18." in answer.stdout
