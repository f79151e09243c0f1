"""Drives `smsc.js`, the tests' SMSC; its head documents configuration, events and commands."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.conditions import PATIENCE

Event = dict[str, Any]

_SCRIPT = Path(__file__).with_name("smsc.js")


class Smsc:
    """An SMSC process: `async with Smsc(throttle=200) as smsc: ... smsc.port`.

    `events` has all events since the start, over restarts too. `restart` keeps the port.
    """

    host = "127.0.0.1"

    def __init__(self, **configuration: Any) -> None:
        self.configuration = configuration
        self.events: list[Event] = []
        self.port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._replies: dict[int, asyncio.Future[Event]] = {}
        self._command = 0
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    @property
    def submits(self) -> list[Event]:
        """What it accepted and told of (nothing in the quiet mode)."""
        return [event for event in self.events if event.get("event") == "submit"]

    async def start(self) -> None:
        """Start the process and wait until it listens, on the port of last time if there was one."""
        configuration = {**self.configuration, "port": self.port or self.configuration.get("port", 0)}
        seen = len(self.events)
        self._process = await asyncio.create_subprocess_exec(
            "node",
            str(_SCRIPT),
            json.dumps(configuration),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 22,
        )
        self._reader = asyncio.create_task(self._read(self._process))
        listening = await self.event("listening", since=seen, timeout=20)
        self.port = listening["port"]

    async def kill(self) -> None:
        """SIGKILL: nothing is said to anyone."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if self._reader:
            await self._reader
        if process.stdin:
            process.stdin.close()
            with contextlib.suppress(ConnectionError):
                await process.stdin.wait_closed()

    async def restart(self) -> None:
        """Kill it and start it again on the same port."""
        await self.kill()
        await self.start()

    def freeze(self) -> None:
        """SIGSTOP: connections stay up, nothing is answered."""
        if self._process:
            os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        if self._process:
            os.kill(self._process.pid, signal.SIGCONT)

    async def command(self, do: str, *, timeout: float = PATIENCE, **values: Any) -> Event:
        """Run one command and wait for its reply. Raises RuntimeError if it failed."""
        if self._process is None or self._process.stdin is None:
            raise RuntimeError("the SMSC is not running")
        self._command += 1
        reply: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._replies[self._command] = reply
        self._process.stdin.write(json.dumps({"id": self._command, "do": do, **values}).encode() + b"\n")
        answer = await asyncio.wait_for(reply, timeout)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    async def configure(self, **values: Any) -> None:
        """Change the configuration of the running process (a restart forgets it)."""
        await self.command("configure", set=values)

    async def stats(self) -> Event:
        """Its counters."""
        return await self.command("stats")

    async def deliver(
        self, text: str = "", *, source: str, destination: str, timeout: float = PATIENCE, **values: Any
    ) -> list[int]:
        """Send a message to the ESME; the statuses that its parts were first answered with."""
        reply = await self.command(
            "deliver", text=text, source=source, destination=destination, timeout=timeout, **values
        )
        statuses: list[int] = reply["statuses"]
        return statuses

    async def wait(self, condition: Callable[[], bool], timeout: float = PATIENCE) -> None:
        """Wait until a condition holds that an event can bring about."""
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(condition)

    async def event(self, name: str, *, since: int = 0, timeout: float = PATIENCE, **values: Any) -> Event:
        """The first event of that name with those values from index `since` on; waits for it."""

        def found() -> Event | None:
            for event in self.events[since:]:
                if event.get("event") == name and values.items() <= event.items():
                    return event
            return None

        await self.wait(lambda: found() is not None, timeout)
        event = found()
        assert event is not None
        return event

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while chunk := await process.stdout.read(1 << 16):
            lines = [chunk]
            if not chunk.endswith(b"\n"):
                with contextlib.suppress(asyncio.IncompleteReadError):
                    lines.append(await process.stdout.readuntil(b"\n"))
            for line in b"".join(lines).splitlines():
                with contextlib.suppress(json.JSONDecodeError):
                    self._take(json.loads(line))
            async with self._news:
                self._news.notify_all()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(RuntimeError("the SMSC ended"))
                reply.exception()
        self._replies.clear()

    def _take(self, line: Event) -> None:
        if "reply" in line:
            reply = self._replies.pop(line["reply"], None)
            if reply and not reply.done():
                reply.set_result(line)
        else:
            self.events.append(line)
