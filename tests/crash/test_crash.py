"""Whatever is killed, whenever: nothing that was acknowledged is lost, nothing is done twice that must be done once.

`CRASH_ROUNDS=100 script/test tests/crash -n0 -s` goes on for longer and shows the figures; `CRASH_SEED=...` repeats the
choices of an earlier run.
"""

import asyncio
import os
import random
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import psutil
import pytest

from ringmain.database import placement
from ringmain.database.embedded import EmbeddedServer
from ringmain.database.pool import Database
from tests.clients.smsc import Smsc
from tests.conditions import eventually
from tests.processes.inbound import Inbound
from tests.processes.listener import Listener
from tests.processes.load import Load
from tests.processes.node import Node
from tests.processes.ports import free_port
from tests.processes.receiver import Receiver
from tests.processes.shop import Account, Shop, left, open_shop, settle

pytestmark = pytest.mark.xdist_group("processes")

ROUNDS: Final = int(os.environ.get("CRASH_ROUNDS", "6"))
SEED: Final = int(os.environ.get("CRASH_SEED", secrets.randbelow(1_000_000)))
LEASE: Final = 6  # seconds; a killed server's work is taken up again after that
PATIENCE: Final = 60.0
# A notification that fails for the third time waits for half a minute, for the fourth time two minutes.
DRAIN_SECONDS: Final = 90.0 if ROUNDS < 10 else 400.0
ENOUGH: Final = 20  # acknowledged, submitted, notified: then it goes on as before


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not tmp_path: that is closed to the database server's user when the tests run as root.
    path = Path(tempfile.mkdtemp(prefix="crash-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    key = placement.data_dir_key(path)
    for used in (path, placement.SYSTEM_HOME / key, Path(f"/tmp/ringmain-{key}")):
        shutil.rmtree(used, ignore_errors=True)


class Scene:
    """Everything that can be killed, each in its own process."""

    def __init__(self, folder: Path, node: Node, smsc: Smsc, receiver: Receiver, database: Database) -> None:
        self.folder = folder
        self.node = node
        self.smsc = smsc
        self.receiver = receiver
        self.database = database
        self.victims: dict[str, Callable[[], Awaitable[None]]] = {
            "server": node.restart,
            "carrier": smsc.restart,
            "receiver": receiver.restart,
            "database": self.kill_database,
        }

    @property
    def smsc_log(self) -> Path:
        return Path(self.smsc.configuration["log"])

    async def kill_database(self) -> None:
        """SIGKILL to PostgreSQL's first process; the server has to notice and to start it again."""
        pid_file = self.folder / "postgresql" / "postmaster.pid"
        victim = psutil.Process(int(pid_file.read_text().split()[0]))
        assert Path(victim.exe()).name == "postgres"
        victim.kill()

        async def another() -> bool:
            try:
                pid = int(pid_file.read_text().split()[0])
            except (OSError, ValueError, IndexError):
                return False
            return pid != victim.pid and psutil.pid_exists(pid)

        await eventually(another, timeout=PATIENCE)

    def progress(self, load: Load) -> tuple[int, int, int]:
        """How many were acknowledged, submitted, notified."""
        return len(load.acknowledged), _lines(self.smsc_log), _lines(self.receiver.file)

    async def drained(self) -> bool:
        """Whether nothing is left to be done."""
        try:
            return not any((await left(self.database)).values()) and not (await self.smsc.stats())["undelivered"]
        except OSError:
            return False


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[tuple[Scene, Shop]]:
    node = Node(folder, lease_seconds=LEASE)
    smsc = Smsc(port=free_port(), log=str(folder / "smsc.log"))
    receiver = Receiver(folder / "received")
    async with node, smsc, receiver:
        database = Database(EmbeddedServer(folder).dsn, size=2)
        try:
            shop = await open_shop(database, folder, smsc_port=smsc.port, hook=receiver.url, response_timeout=LEASE / 2)
            yield Scene(folder, node, smsc, receiver, database), shop
        finally:
            await database.close()


def order_of_kills(chance: random.Random) -> list[str]:
    """Every victim in turn, in a new order each time round."""
    victims = ["server", "carrier", "receiver", "database"]
    kills: list[str] = []
    while len(kills) < ROUNDS:
        kills += chance.sample(victims, len(victims))
    return kills[: max(ROUNDS, len(victims))]


async def test_nothing_acknowledged_is_lost_whatever_is_killed(folder: Path) -> None:
    chance = random.Random(SEED)
    kills = order_of_kills(chance)
    print(f"CRASH_SEED={SEED}: {' '.join(kills)}")  # noqa: T201
    async with scene(folder) as (stage, shop):
        load = Load([stage.node.base], shop.key, shop.conversations, seed=SEED)
        inbound = Inbound(stage.smsc, shop.number, seed=SEED)
        began = time.monotonic()
        try:
            async with load.running(), inbound.running():
                await _goes_on(stage, load)
                for victim in kills:
                    await asyncio.sleep(chance.uniform(0.3, 1.5))
                    await stage.victims[victim]()
                    await _goes_on(stage, load)
            ended = time.monotonic()
            await eventually(stage.drained, timeout=DRAIN_SECONDS, every=0.2)
            drained = time.monotonic()
            await _is_all_there(stage, shop, load)
        except BaseException:
            print(stage.progress(load), load.failures, await _left(stage), stage.node.tail(), sep="\n")  # noqa: T201
            raise
        account = await settle(stage.database, shop, load, stage.receiver, stage.smsc_log, inbound)
        seconds = f"{ended - began:.0f} s of load, {drained - ended:.0f} s to drain"
        print(f"{account} ({seconds})", dict(load.failures), dict(stage.node.complaints()), sep="\n")  # noqa: T201
        _check(account)


async def _goes_on(stage: Scene, load: Load) -> None:
    """Wait until everybody is at work."""
    before = stage.progress(load)

    async def done() -> bool:
        return all(now - then >= ENOUGH for now, then in zip(stage.progress(load), before, strict=True))

    await eventually(done, timeout=PATIENCE, every=0.05)


async def _is_all_there(stage: Scene, shop: Shop, load: Load) -> None:
    """Nothing of the server died quietly: a new message is heard, carried away, and told to the receiver."""
    known = set(load.acknowledged.values())
    async with Listener(stage.node.base, shop.key) as listener:
        before = stage.progress(load)
        await load.publish(1)
        (last,) = set(load.acknowledged.values()) - known

        async def everywhere() -> bool:
            progress = all(now > then for now, then in zip(stage.progress(load), before, strict=True))
            return progress and last in listener.heard and await stage.drained()

        await eventually(everywhere, timeout=PATIENCE)


async def _left(stage: Scene) -> object:
    try:
        return await left(stage.database)
    except Exception as error:
        return error


def _check(account: Account) -> None:
    assert account.accepted > ENOUGH * ROUNDS
    assert account.received > 0
    assert account.lost == []
    assert account.duplicated == []
