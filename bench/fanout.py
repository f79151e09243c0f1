"""Socket.IO fan-out: server CPU for each delivered message, ours against the npm socket.io server.

usage: python -m bench.fanout [--clients 500] [--broadcasts 200] [--rounds 3] [--pause 0.002]

Both servers send the same texting.message.new to the same raw WebSocket readers, which live in a process of their own
so that their cost is not counted. The servers take turns; the medians of the rounds are compared.
To measure another server, add a `Contender` whose command prints its port and obeys "broadcast COUNT" on its input.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import msgspec
import psutil

HERE = Path(__file__).parent
GOAL = 1.2
PAYLOAD = json.dumps(
    {
        "id": "66f2a1b0c0ffee0000000001",
        "conversation_id": "66f2a1b0c0ffee0000000002",
        "company_id": "66f2a1b0c0ffee0000000003",
        "type": "sms",
        "direction": "inbound",
        "from_number": "+12025550123",
        "to_number": "+12025550199",
        "body": "Hi, this is Zoë. Could we move tomorrow's appointment from 9:30 to 11:00? Thanks a lot 🙂",
        "status": "delivered",
        "is_read": False,
        "files": [],
        "contact": {"first_name": "Zoë", "last_name": "Müller", "number": "+12025550123"},
        "created_at": "2026-02-03T09:14:27.312Z",
        "updated_at": "2026-02-03T09:14:27.312Z",
        "deleted_at": None,
    },
    ensure_ascii=False,
    separators=(",", ":"),
)


class Contender(msgspec.Struct, frozen=True):
    """A server to be measured: its name in the output, and what starts it."""

    name: str
    command: list[str]


OURS = Contender("ringmain", [sys.executable, "-m", "bench.fanout_server"])
NODE = Contender("socket.io", ["node", str(HERE / "fanout_server.js")])


class Talk:
    """A child process that is told things line by line and answers line by line."""

    def __init__(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=HERE.parent,
            env=os.environ | (environment or {}),
        )

    def hear(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args!r} ended with {self.process.wait()}")
        return line.strip()

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait(10)


def cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def measure(contender: Contender, clients: int, broadcasts: int, pause: float) -> float:
    """Microseconds of server CPU for each delivered message."""
    server = Talk(contender.command, {"FANOUT_PAYLOAD": PAYLOAD, "FANOUT_PAUSE": str(pause)})
    port = server.hear()
    readers = Talk([sys.executable, "-m", "bench.fanout_readers", port, str(clients)])
    try:
        assert readers.hear() == "ready"
        for count in (max(20, broadcasts // 10), broadcasts):
            # The first, shorter turn warms both up.
            before = cpu_seconds(server.process.pid)
            server.say(f"broadcast {count}")
            readers.say(str(count))
            assert server.hear() == "sent"
            readers.hear()
            spent = cpu_seconds(server.process.pid) - before
        return spent / (clients * broadcasts) * 1e6
    finally:
        readers.end()
        server.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--broadcasts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pause", type=float, default=0.002, help="seconds between two broadcasts")
    options = parser.parse_args()
    found: dict[str, list[float]] = {OURS.name: [], NODE.name: []}
    for _ in range(options.rounds):
        for contender in (OURS, NODE):
            found[contender.name].append(measure(contender, options.clients, options.broadcasts, options.pause))
    ours, node = (statistics.median(found[contender.name]) for contender in (OURS, NODE))
    print(f"{options.clients} clients x {options.broadcasts} broadcasts of {len(PAYLOAD.encode())} octets")
    for name, values in found.items():
        rounds = " ".join(f"{value:.1f}" for value in values)
        print(f"{name:>10}: {statistics.median(values):5.1f} us of server CPU a message (rounds: {rounds})")
    print(f"node_cpu/our_cpu = {node / ours:.2f} (goal >= {GOAL})")


if __name__ == "__main__":
    main()
