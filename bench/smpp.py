"""From acceptance to submit_sm_resp through the whole server; reference: the SMPP session alone, same SMSC.

The server's rate is that of texts published over HTTP until the last one is recorded as sent.
"""

import asyncio
import json
import time

from bench.ground import furnish, phone_system, postgres, ringmain, run, run_load
from bench.messages import TEXT, publishes
from ringmain.carriers.smpp import submit
from ringmain.carriers.smpp.session import BindParameters, SessionLimits, connect
from ringmain.database.wakeup import CARRIERS
from tests.clients.smsc import Smsc

MESSAGES = 10_000
WINDOW = 100


async def session_alone(smsc: Smsc) -> float:
    """Submits a second over one bind with the same window."""

    async def nothing(_: object) -> int:
        return 0

    session = await connect(
        smsc.host,
        smsc.port,
        BindParameters(system_id="ringmain", password="secret"),
        on_deliver=nothing,
        limits=SessionLimits(window=WINDOW),
    )
    work = iter(range(MESSAGES))

    async def one() -> None:
        for n in work:
            (pdu,) = submit.build(source="+12025550123", destination="+13105550100", text=TEXT, reference=n)
            await session.submit(pdu)

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(WINDOW)))
    rate = MESSAGES / (time.perf_counter() - started)
    await session.close()
    return rate


async def main() -> None:
    async with postgres() as dsn, phone_system(dsn) as core, Smsc(quiet=True) as smsc:
        reference = await session_alone(smsc)
        company = await furnish(core, conversations=100)
        settings = {"host": smsc.host, "port": smsc.port, "system_id": "ringmain", "password": "secret"}
        await core.database.execute(
            "INSERT INTO carriers VALUES ('smsc', 'smpp', $1)",
            json.dumps({**settings, "tps": 100_000, "window": WINDOW}),
        )
        await core.database.execute("UPDATE carrier_routes SET carrier = 'smsc'")
        core.wakeups.wake(CARRIERS)
        async with ringmain(dsn) as (port, _):
            await run_load(port, 32, publishes(company, 500), 201)
            started = time.perf_counter()
            load = await run_load(port, 32, publishes(company, MESSAGES), 201)
            async with asyncio.timeout(120):
                while await core.database.fetchval("SELECT count(*) FROM submissions WHERE due_at IS NOT NULL"):
                    await asyncio.sleep(0.02)
            rate = MESSAGES / (time.perf_counter() - started)
        print(f"accepted over HTTP          {load.rate:8.0f}/s")
        print(f"accepted and answered       {rate:8.0f}/s   publish to submit_sm_resp recorded")
        print(f"the SMPP session alone      {reference:8.0f}/s")
        print(f"ratio                       {rate / reference:8.2f}")


if __name__ == "__main__":
    run(main)
