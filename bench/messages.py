"""Publish over HTTP, 32 connections, one process; reference: the same SQL through bare asyncpg.

The reference runs SEND for one message a statement on as many connections as there are HTTP connections: what a
server that costs nothing would reach without grouping.
"""

import asyncio
import time
from collections.abc import Iterator

import asyncpg

from bench.ground import Company, Load, furnish, phone_system, post, postgres, ringmain, run, run_load
from ringmain.core.system import Core
from ringmain.core.texting import store
from ringmain.dialects.ringplan.ids import encode

CONNECTIONS = 32
MESSAGES = 10_000
EVERYTHING = "api,relay,carrier,mail"
TEXT = "Your order 4711 is on its way and will be with you before noon. Thank you!"


def publishes(company: Company, count: int) -> Iterator[bytes]:
    headers = {"Authorization": f"Bearer {company.key}", "X-User-Id": "primary", "Content-Type": "application/json"}
    body = b'{"text": "%s"}' % TEXT.encode()
    paths = [f"/texting/conversations/{encode(one)}/messages/publish" for one in company.conversation_ids]
    requests = [post(path, headers, body) for path in paths]
    for n in range(count):
        yield requests[n % len(requests)]


async def bare(dsn: str, company: Company, count: int) -> float:
    """Messages a second by the same statement, one message each."""
    work = iter(range(count))

    async def one() -> None:
        connection = await asyncpg.connect(dsn)
        for n in work:
            conversation = company.conversation_ids[n % len(company.conversation_ids)]
            await connection.fetch(
                store.SEND,
                [0],
                [company.id],
                [conversation],
                [None],
                [TEXT],
                [None],
                ["{}"],
                ["gsm7"],
                [1],
                [""],
                [False],
            )
        await connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return count / (time.perf_counter() - started)


async def served(dsn: str, core: Core, company: Company, roles: str) -> Load:
    """Publish to one process with these roles, warm."""
    async with ringmain(dsn, RINGMAIN_ROLES=roles) as (port, _):
        await run_load(port, CONNECTIONS, publishes(company, 1500), 201)
        await asyncio.sleep(3)  # young tables get their statistics
        load = await run_load(port, CONNECTIONS, publishes(company, MESSAGES), 201)
        if roles == EVERYTHING:
            async with asyncio.timeout(120):
                while await core.database.fetchval("SELECT count(*) FROM submissions WHERE due_at IS NOT NULL"):
                    await asyncio.sleep(0.2)
    return load


async def main() -> None:
    async with postgres() as dsn, phone_system(dsn) as core:
        company = await furnish(core, conversations=100)
        whole = await served(dsn, core, company, EVERYTHING)
        reference = await bare(dsn, company, MESSAGES // 2)
        alone = await served(dsn, core, company, "api")
        print(f"one process does all  {whole.rate:8.0f}/s   p50 {whole.p50:.1f} ms   p99 {whole.p99:.1f} ms")
        print(f"one process, role api {alone.rate:8.0f}/s   p50 {alone.p50:.1f} ms   p99 {alone.p99:.1f} ms")
        print(f"bare asyncpg          {reference:8.0f}/s   the same SQL, one message a statement")
        print(f"ratio                 {whole.rate / reference:8.2f}   role api {alone.rate / reference:.2f}")


if __name__ == "__main__":
    run(main)
