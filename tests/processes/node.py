"""`ringmain serve` as a process, to be killed and started again."""

import asyncio
import contextlib
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from tests.processes.ports import free_port

PATIENCE = 90.0  # a loaded machine may take its time; only a broken test waits that long
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


class NodeFailed(Exception):
    """It ended or did not come up; the text has the end of its log."""


class Node:
    """`async with Node(folder, database_url=dsn, roles="api"): ...`; settings are those of settings.py.

    Its data and its log (`node-<port>.log`) are in `folder`. `restart` keeps the port.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"node-{self.port}.log"
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._read = 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start it and wait until it answers requests. Raises NodeFailed."""
        await self.launch()
        await self.ready()

    async def launch(self) -> None:
        """Start it without waiting."""
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        given: dict[str, object] = {
            "data_dir": self.folder,
            "port": self.port,
            "egress_allow": "127.0.0.0/8:*",
            "log_format": "json",
            "shutdown_seconds": 5,
        } | self._settings
        for name, value in given.items():
            environment["DATABASE_URL" if name == "database_url" else f"RINGMAIN_{name.upper()}"] = str(value)
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "ringmain.cli", "serve"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )

    async def ready(self) -> None:
        """Wait until the launched process answers requests. Raises NodeFailed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self._process is not None and self._process.returncode is None:
                    if any(line.get("event") == "ready" for line in self._new_lines()):
                        return
                    await asyncio.sleep(0.02)
        raise NodeFailed(f"{self.log}:\n{self.tail()}")

    async def kill(self) -> None:
        """SIGKILL."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL when it does not obey."""
        await self._end(signal.SIGTERM)

    async def restart(self) -> None:
        """SIGKILL and start again."""
        await self.kill()
        await self.start()

    def tail(self, lines: int = 40) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def complaints(self) -> Counter[str]:
        """How often it logged each warning and error, over restarts too."""
        lines = _decoded(self.log.read_bytes())
        return Counter(str(line.get("event")) for line in lines if line.get("level") in ("warning", "error"))

    async def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise NodeFailed(f"it did not stop; {self.log}:\n{self.tail()}") from None
        self._new_lines()

    def _new_lines(self) -> list[dict[str, Any]]:
        with self.log.open("rb") as log:
            log.seek(self._read)
            text, _, _ = log.read().rpartition(b"\n")
        self._read += len(text) + bool(text)
        return _decoded(text)


def _decoded(log: bytes) -> list[dict[str, Any]]:
    found = []
    for line in log.splitlines():
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            decoded = msgspec.json.decode(line)
            if isinstance(decoded, dict):
                found.append(decoded)
    return found
