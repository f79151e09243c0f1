"""Event to receiver through the real relay and worker, durable, 50 endpoints; reference: bare aiohttp POSTs.

usage: python -m bench.webhooks [--deliveries 10000] [--paced 1000]

Both send to the same light receiver in a process of its own. Rate: from the first event written to the last delivery
received. Latency: events written one by one, 200 a second, from before the write to the receipt. Idle: what the relay
costs while events are written for which nobody subscribed.
"""

import argparse
import asyncio
import contextlib
import json
import resource
import sys
import time
from collections.abc import AsyncIterator

import aiohttp
import msgspec

from bench.ground import phone_system, postgres, run
from bench.webhook_receiver import Report
from ringmain.core.system import Core
from ringmain.database.wakeup import EVENTS
from ringmain.delivery.egress import EgressGuard
from ringmain.delivery.faces import StandardFace
from ringmain.delivery.relay import Relay
from ringmain.delivery.worker import DeliveryWorker

ENDPOINTS = 50
CHUNK = 100
PACE = 200
BARE_CONNECTIONS = 64
LONGEST_LINE = 1 << 20
GOAL_RATE = 2000
GOAL_P99_MS = 100
ADD_EVENTS = """
INSERT INTO events (company_id, type, subject_id, order_key, payload)
SELECT company_id, 'message.created', 1, 1, $2::text::jsonb FROM unnest($1::bigint[]) AS company_id
"""
TEXT = "Your order 4711 is on its way and will be with you before noon. Thank you! " * 4


class Receiver:
    """The receiver's process."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self._process = process
        self.url = url

    async def report(self) -> Report:
        """What came since the last report."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"report\n")
        return msgspec.json.decode(await self._process.stdout.readline(), type=Report)

    async def arrivals(self) -> dict[str, float]:
        """When each `uuid` came since the last time, in Unix seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"arrivals\n")
        return msgspec.json.decode(await self._process.stdout.readline(), type=dict[str, float])

    async def wait_for(self, count: int, *, seconds: float) -> list[Report]:
        """Reports until so many came in all."""
        reports: list[Report] = []
        async with asyncio.timeout(seconds):
            while sum(one.count for one in reports) < count:
                await asyncio.sleep(0.1)
                reports.append(await self.report())
        return [one for one in reports if one.count]


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.webhook_receiver", stdin=pipe, stdout=pipe, limit=LONGEST_LINE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield Receiver(process, f"http://127.0.0.1:{int(await process.stdout.readline())}/hook")
    finally:
        process.stdin.close()
        await process.wait()


def payload() -> str:
    return json.dumps({"sent_at": time.time(), "message": {"text": TEXT}})


async def subscribe(core: Core, url: str) -> list[int]:
    """One company with one endpoint for each of them; returns the companies."""
    companies = []
    for n in range(ENDPOINTS):
        company = await core.companies.create(name=f"Bench {n}")
        endpoint, _ = await core.subscriptions.create_endpoint(company.id, face="ringmain", url=url)
        await core.subscriptions.subscribe(company.id, endpoint.id, name="", event_types=["message.created"])
        companies.append(company.id)
    return companies


async def rate(core: Core, receiver: Receiver, companies: list[int], deliveries: int) -> float:
    """Deliveries a second, events being written meanwhile."""
    await receiver.report()
    started = time.time()

    async def write() -> None:
        for n in range(0, deliveries, CHUNK):
            await core.database.execute(ADD_EVENTS, [companies[(n + i) % ENDPOINTS] for i in range(CHUNK)], payload())
            core.wakeups.wake(EVENTS)

    writing = asyncio.create_task(write())
    reports = await receiver.wait_for(deliveries, seconds=120)
    await writing
    assert sum(one.distinct for one in reports) == sum(one.count for one in reports) == deliveries
    return deliveries / (reports[-1].last_at - started)


async def latency(core: Core, receiver: Receiver, companies: list[int], count: int) -> Report:
    """Events one by one, PACE a second."""
    await receiver.report()
    started = time.monotonic()
    writes = []
    async with asyncio.TaskGroup() as group:
        for n in range(count):
            await asyncio.sleep(max(0, started + n / PACE - time.monotonic()))
            writes.append(group.create_task(add_one(core, companies[n % ENDPOINTS])))
    await asyncio.sleep(1)
    report = await receiver.report()
    assert report.count == report.distinct == count
    return report


async def add_one(core: Core, company_id: int) -> None:
    await core.database.execute(ADD_EVENTS, [company_id], payload())
    core.wakeups.wake(EVENTS)


async def bare(receiver: Receiver, count: int) -> float:
    """POSTs a second of aiohttp alone, of bodies as long as ours."""
    body = json.dumps({"id": 1, "type": "message.created", "data": json.loads(payload())}).encode()
    work = iter(range(count))
    await receiver.report()
    connector = aiohttp.TCPConnector(limit=BARE_CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def one() -> None:
            for _ in work:
                async with session.post(receiver.url, data=body) as answer:
                    await answer.read()

        started = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(BARE_CONNECTIONS)))
        return count / (time.perf_counter() - started)


async def unheard(core: Core, count: int) -> tuple[float, float]:
    """Events a second that nobody subscribed to, relayed as they are written; and this process's CPU us for each."""
    company = await core.companies.create(name="Unheard")
    relay = "SELECT event_id >= (SELECT max(id) FROM events) FROM relay_position WHERE name = 'deliveries'"
    cpu, started = time.process_time(), time.perf_counter()
    for _ in range(0, count, CHUNK):
        await core.database.execute(ADD_EVENTS, [company.id] * CHUNK, payload())
        core.wakeups.wake(EVENTS)
    async with asyncio.timeout(60):
        while not await core.database.fetchval(relay):
            await asyncio.sleep(0.01)
    seconds = time.perf_counter() - started
    return count / seconds, (time.process_time() - cpu) / count * 1e6


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--paced", type=int, default=1_000)
    options = parser.parse_args()
    async with postgres() as dsn, phone_system(dsn) as core, receiving() as receiver:
        companies = await subscribe(core, receiver.url)
        relay = Relay(core.database, core.wakeups)
        worker = DeliveryWorker(
            core.database, core.wakeups, {"ringmain": StandardFace()}, EgressGuard(["127.0.0.0/8:*"])
        )
        await relay.start()
        await worker.start()
        await rate(core, receiver, companies, 1000)
        paced = await latency(core, receiver, companies, options.paced)
        cpu = time.process_time()
        ours = await rate(core, receiver, companies, options.deliveries)
        cpu = (time.process_time() - cpu) / options.deliveries * 1e6
        idle, idle_cpu = await unheard(core, 10_000)
        await worker.stop()
        await relay.stop()
        reference = await bare(receiver, options.deliveries)
        print(f"relay and worker   {ours:8.0f}/s   {cpu:.0f} us of CPU each, {ENDPOINTS} endpoints, durable")
        print(f"bare aiohttp       {reference:8.0f}/s   {BARE_CONNECTIONS} connections")
        print(f"ratio              {ours / reference:8.2f}")
        print(f"at {PACE}/s   p50 {paced.p50:.1f} ms   p99 {paced.p99:.1f} ms   event to receiver")
        print(f"events nobody hears {idle:7.0f}/s written and relayed, {idle_cpu:.0f} us of CPU each")
        print(f"goals: {GOAL_RATE}/s {ours >= GOAL_RATE}, p99 {GOAL_P99_MS} ms {paced.p99 <= GOAL_P99_MS}")
        print(f"largest memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    run(main)
