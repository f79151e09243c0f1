"""0020 meets texts that are under way."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from ringmain.database.migrate import migrate
from tests.databases import as_before

MESSAGE = """
INSERT INTO messages (company_id, conversation_id, direction, state, text, sender, recipients, encoding, segments, read)
VALUES (1, 2, 'outbound', 'sending', 'Hm', '+12025550123', '{+13105550100}', 'gsm7', 1, true) RETURNING id
"""
SUBMISSION = """
INSERT INTO submissions (company_id, message_id, carrier, recipient, state, due_at, parts)
VALUES (1, $1, 'smsc', '+13105550100', $2, $3::text::timestamptz, 1) RETURNING id
"""
PART = "INSERT INTO submission_parts (carrier, reference, company_id, submission_id) VALUES ('smsc', $1, $2, $3)"


@pytest.fixture
async def before(server_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    async with as_before(server_dsn, "0020") as connection:
        yield connection


async def test_receipts_find_the_messages_that_were_sent_before(before: asyncpg.Connection) -> None:
    sent, leased, arrived = [await before.fetchval(MESSAGE) for _ in range(3)]
    submission_id = await before.fetchval(SUBMISSION, sent, "sent", None)
    await before.execute(PART, "a", 1, submission_id)
    await before.execute(PART, "early", None, None)
    await before.execute(PART, "settled", 1, await before.fetchval(SUBMISSION, arrived, "delivered", None))
    await before.fetchval(SUBMISSION, leased, "sending", "2026-01-01")
    await migrate(before)
    parts = await before.fetch("SELECT reference, message_id FROM submission_parts ORDER BY reference")
    assert [tuple(row) for row in parts] == [("a", sent), ("early", None), ("settled", None)]
    due = await before.fetch("SELECT message_id FROM submissions WHERE due_at <= now() AND leased_until IS NULL")
    assert [row["message_id"] for row in due] == [leased], "what a process had when it ended is taken up again"
