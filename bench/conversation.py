"""Newest 20 messages of a conversation over HTTP, at 10 thousand and 1 million messages: each the other's reference."""

from bench.ground import furnish, phone_system, postgres, ringmain, run, run_load
from ringmain.dialects.ringplan.ids import encode

SIZES = (10_000, 1_000_000)
REQUESTS = 2_000
ROUNDS = 5

FILL = """
INSERT INTO messages (company_id, conversation_id, direction, state, text, sender, recipients, encoding, segments, read)
SELECT $1, $2, 'outbound', 'delivered', 'Message number ' || n, '+12025550123', '{+13105550100}', 'gsm7', 1, true
FROM generate_series(1, $3::int) AS n
"""


async def main() -> None:
    async with postgres() as dsn, phone_system(dsn) as core:
        company = await furnish(core, conversations=len(SIZES))
        connection = await core.database.connect()
        for conversation, size in zip(company.conversation_ids, SIZES, strict=True):
            await connection.execute(FILL, company.id, conversation, size, timeout=600)
            await connection.execute(
                "UPDATE conversations SET message_count = $3 WHERE company_id = $1 AND id = $2",
                company.id,
                conversation,
                size,
            )
        await connection.execute("VACUUM ANALYZE", timeout=600)
        await connection.close()
        headers = f"Host: bench\r\nAuthorization: Bearer {company.key}\r\nX-User-Id: primary\r\n\r\n"
        p99: dict[int, list[float]] = {size: [] for size in SIZES}
        async with ringmain(dsn) as (port, _):
            for _ in range(ROUNDS):
                for conversation, size in zip(company.conversation_ids, SIZES, strict=True):
                    path = f"/texting/conversations/{encode(conversation)}/messages?per_page=20"
                    raw = f"GET {path} HTTP/1.1\r\n{headers}".encode()
                    load = await run_load(port, 4, iter([raw] * REQUESTS), 200)
                    p99[size].append(load.p99)
                    print(f"{size:9,} messages   {load.rate:6.0f}/s   p50 {load.p50:.2f} ms   p99 {load.p99:.2f} ms")
        small, large = (sorted(p99[size])[ROUNDS // 2] for size in SIZES)
        print(f"ratio of median p99s, 1 million to 10 thousand: {large / small:.2f}")


if __name__ == "__main__":
    run(main)
