"""The command line as a subprocess, as people run it."""

import asyncio
import os
import re
import sys
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Self

import msgspec

KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


class Ended(msgspec.Struct):
    """What a command left."""

    code: int
    out: str
    err: str


def environment(folder: Path, **settings: object) -> dict[str, str]:
    given = {name: os.environ[name] for name in KEPT if name in os.environ}
    given["RINGMAIN_DATA_DIR"] = str(folder)
    given |= {f"RINGMAIN_{name.upper()}": str(value) for name, value in settings.items() if name != "database_url"}
    if "database_url" in settings:
        given["DATABASE_URL"] = str(settings["database_url"])
    return given


async def ringmain(folder: Path, *arguments: str, **settings: object) -> Ended:
    """Run one command to its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ringmain.cli", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env=environment(folder, **settings),
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


class Served:
    """`ringmain serve` at a free port: `async with Served(folder) as server: server.url`."""

    def __init__(self, folder: Path, *arguments: str, **settings: object) -> None:
        self.folder = folder
        self._arguments = arguments
        self._settings = settings
        self._process: asyncio.subprocess.Process
        self.url = ""
        self.out = folder / "out.txt"
        self.err = folder / "err.txt"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            await self.end(Signals.SIGTERM)

    async def start(self) -> None:
        """Start it and wait until it answers."""
        await self.launch()
        self.url = await self.said(r'"url": "([^"]+)".*"event": "ready"')

    async def launch(self) -> None:
        """Start it without waiting."""
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "ringmain.cli", "serve", "--port", "0", *self._arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self.folder,
                env=environment(self.folder, **self._settings),
            )

    async def said(self, pattern: str) -> str:
        """Wait until it wrote this, on either stream; gives the first group."""
        async with asyncio.timeout(60):
            while True:
                text = self.out.read_text() + self.err.read_text()
                found = re.search(pattern, text)
                if found:
                    return found[1] if found.groups() else found[0]
                assert self._process.returncode is None, text
                await asyncio.sleep(0.02)

    def send(self, number: Signals) -> None:
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Wait for its exit code."""
        async with asyncio.timeout(60):
            return await self._process.wait()

    async def end(self, number: Signals) -> int:
        """Signal it; gives its exit code."""
        self.send(number)
        return await self.ended()
