"""Commit of a group's decision to ring somebody, to the arrival of its call alert; reference: bare aiohttp POSTs.

usage: python -m bench.call_alert [--offers 400]

The whole app in one process acts out calls to a group of three, 20 a second, each with its ringing and its record.
PostgreSQL says when a decision was committed, the receiver, a process of its own, when its alert came. The reference
POSTs the same bodies to the same receiver, 20 a second, over one kept connection: from before the POST to its arrival.
"""

import argparse
import asyncio
import json
import time
import uuid
from collections.abc import Callable, Coroutine, Mapping

import aiohttp

from bench.ground import Http, percentile, phone_system, post, postgres, ringmain, run
from bench.webhooks import Receiver, receiving
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.groups.model import GroupChange
from ringmain.core.system import Core
from ringmain.dialects.ringrx import ids

PACE = 20
WARM_UP = 40
CONNECTIONS = 8
GOAL_P99_MS = 200
GROUP = 800
TOKEN = uuid.uuid4().hex
COMMITTED = """
SELECT subject_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at
FROM events WHERE type = 'call.offered'
"""


async def furnish(core: Core, url: str) -> int:
    """A company with a group of three and its call alert; returns the company's id."""
    company_id = (await core.companies.create(name="Bench")).id
    instance = await core.instances.create(company_id, name="pbx", domain="pbx.bench.example")
    numbers = (101, 102, 103)
    for number in numbers:
        await core.extensions.create(company_id, instance.id, ExtensionChange(number=number, name=f"N{number}"))
    group = await core.groups.create(company_id, instance.id, GroupChange(number=GROUP, members=list(numbers)))
    options = {"callback_type": "call_alert"}
    endpoint, _ = await core.subscriptions.create_endpoint(company_id, face="ringrx", url=url, options=options)
    await core.subscriptions.subscribe(
        company_id, endpoint.id, name="call_alert", event_types=["call.offered"], filter={"group_id": group.id}
    )
    return company_id


async def paced(count: int, do: Callable[[], Coroutine[object, object, None]]) -> None:
    """Do it so many times, PACE a second, whether or not the ones before are done."""
    started = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for n in range(count):
            await asyncio.sleep(max(0, started + n / PACE - time.monotonic()))
            group.create_task(do())


async def alerts(core: Core, port: int, company_id: int, receiver: Receiver, count: int) -> list[float]:
    """Milliseconds from commit to arrival of each."""
    connections: asyncio.Queue[Http] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        connections.put_nowait(await Http.open(port))
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    call = json.dumps({"from": "+13105550177", "to": str(GROUP), "ring_seconds": 0, "talk_seconds": 0}).encode()
    request = post(f"/ringmain/v1/companies/{company_id}/calls", headers, call)

    async def ring() -> None:
        connection = await connections.get()
        status, body = await connection.request(request)
        connections.put_nowait(connection)
        if status != 201:
            raise RuntimeError(f"{status}: {body[:200]!r}")

    await paced(WARM_UP, ring)
    await asyncio.sleep(1)
    await receiver.arrivals()
    await paced(count, ring)
    await asyncio.sleep(1)
    arrived = await receiver.arrivals()
    assert len(arrived) == count, f"{len(arrived)} of {count} came"
    rows = await core.database.fetch(COMMITTED)
    committed = {ids.encode(row["subject_id"]): row["at"] for row in rows}
    return ages(arrived, committed)


async def bare(receiver: Receiver, count: int) -> list[float]:
    """Milliseconds from before a POST of aiohttp alone to its arrival."""
    sent: dict[str, float] = {}
    body = {
        "dialed_number": str(GROUP),
        "caller_number": "+13105550177",
        "dialed_users": "N101,N102,N103",
        "tags": "x" * 200,
    }
    async with aiohttp.ClientSession() as session:

        async def one() -> None:
            name = str(uuid.uuid4())
            content = json.dumps({"uuid": name, **body}).encode()
            sent[name] = time.time()
            async with session.post(receiver.url, data=content) as answer:
                await answer.read()

        await paced(WARM_UP, one)
        await receiver.arrivals()
        await paced(count, one)
    return ages(await receiver.arrivals(), sent)


def ages(arrived: Mapping[str, float], began: Mapping[str, float]) -> list[float]:
    """Milliseconds from one to the other, by name."""
    return [(at - began[name]) * 1000 for name, at in arrived.items()]


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--offers", type=int, default=400)
    count = parser.parse_args().offers
    async with postgres(track_commit_timestamp="on") as dsn, receiving() as receiver:
        async with phone_system(dsn) as core:
            company_id = await furnish(core, receiver.url)
            environment = {"RINGMAIN_OPERATOR_TOKEN": TOKEN, "RINGMAIN_EGRESS_ALLOW": "127.0.0.0/8:*"}
            async with ringmain(dsn, **environment) as (port, _):
                ours = await alerts(core, port, company_id, receiver, count)
        reference = await bare(receiver, count)
    for name, found in (("call alert", ours), ("bare aiohttp", reference)):
        p50, p99 = percentile(found, 50), percentile(found, 99)
        print(f"{name:14} p50 {p50:6.1f} ms   p99 {p99:6.1f} ms   largest {max(found):6.1f} ms   {count} at {PACE}/s")
    print(f"goal: p99 {GOAL_P99_MS} ms {percentile(ours, 99) <= GOAL_P99_MS}")


if __name__ == "__main__":
    run(main)
