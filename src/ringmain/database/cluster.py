"""The embedded PostgreSQL's cluster: made once, whole or not at all, and checked at every start."""

import os
import shutil
from pathlib import Path

import structlog

from ringmain.database.placement import Account, EmbeddedServerError, Placement
from ringmain.database.programs import ended, last_printed, shut_down, spawn

# The builtin provider gives the same order and the same lower() on every machine, whatever its C library.
_INITDB = [
    *("--username=ringmain", "--auth-local=trust", "--auth-host=reject", "--no-instructions"),
    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    "--data-checksums",
]

log = structlog.get_logger()


async def ensure_cluster(place: Placement, link: Path, output: Path, lock: int) -> None:
    """Make the cluster when there is none, and the link to it when it lives elsewhere than at `link`.

    `lock` is the server's lock, held. Raises EmbeddedServerError when initdb fails, or when what is there is
    no cluster or one of another major version.
    """
    cluster = place.cluster
    if not cluster.exists() or not any(cluster.iterdir()):
        await _create(place, output, lock)
    _check(cluster, place.version)
    _lead_to(cluster, link)


def _check(cluster: Path, version: str) -> None:
    made_by = cluster / "PG_VERSION"
    if not made_by.exists():
        raise EmbeddedServerError(f"{cluster} is not a PostgreSQL cluster (it has no PG_VERSION)")
    if (old := made_by.read_text().strip()) != version.partition(".")[0]:
        raise EmbeddedServerError(
            f"{cluster} was made by PostgreSQL {old}, but this Ringmain comes with PostgreSQL {version}: "
            f"dump it with PostgreSQL {old} and restore it into a new data directory"
        )


def _lead_to(cluster: Path, link: Path) -> None:
    if not link.exists():
        link.symlink_to(cluster)


def make_private(directory: Path, account: Account | None) -> None:
    """Create a directory which only the server's user may enter."""
    directory.mkdir(mode=0o700)
    if account is not None:
        os.chown(directory, account.uid, account.gid)


async def _create(place: Placement, output: Path, lock: int) -> None:
    # Renamed only when complete: whatever a crash leaves behind is never taken for a cluster.
    unfinished = place.cluster.with_name("postgresql.unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    make_private(unfinished, place.account)
    initdb = spawn(place, output, lock, "initdb", *_INITDB, "-D", str(unfinished))
    try:
        code = await ended(initdb)
    except BaseException:
        await shut_down(initdb)
        raise
    if code != 0:
        raise EmbeddedServerError(f"initdb failed; {output} ends with:\n{last_printed(output)}")
    unfinished.rename(place.cluster)
    _sync_directory(place.cluster.parent)
    log.info("postgresql_cluster_created", cluster=str(place.cluster), version=place.version)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
