"""Drives `hook.py`, a webhook receiver to be killed and started again."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from tests.processes.ports import free_port

PROGRAM = Path(__file__).with_name("hook.py")
PATIENCE = 60.0


class Receipt(msgspec.Struct, frozen=True):
    """A notification that was received and will have been answered 200 unless the process died in that moment."""

    webhook_id: str
    event_id: int
    type: str
    subject_id: int


class Receiver:
    """`async with Receiver(folder / "hooks") as receiver: receiver.url`. `restart` keeps port and file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start it and wait until it listens."""
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(PROGRAM), str(self.port), str(self.file)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        said = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        assert said == b"listening\n", "the receiver did not start"

    async def kill(self) -> None:
        """SIGKILL."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if process.stdin:
            process.stdin.close()
            with contextlib.suppress(ConnectionError):
                await process.stdin.wait_closed()

    def freeze(self) -> None:
        """SIGSTOP: connections are taken, nothing is answered."""
        if self._process:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        if self._process:
            self._process.send_signal(signal.SIGCONT)

    async def restart(self) -> None:
        """Kill it and start it again."""
        await self.kill()
        await self.start()

    def received(self) -> list[Receipt]:
        """Everything so far, in order."""
        if not self.file.exists():
            return []
        # A kill may cut nothing: a line is one write.
        words = (line.split(" ") for line in self.file.read_text().splitlines())
        return [Receipt(one, int(two), three, int(four)) for one, two, three, four in words]
