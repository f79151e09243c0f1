"""0015 meets companies and Ringotel keys that are there already."""

import hashlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from ringmain.database.migrate import migrate
from tests.databases import as_before

KEY = "INSERT INTO api_keys (company_id, dialect, name, token, secret_hash) VALUES ($1, $2, 'k', $3, $4)"


@pytest.fixture
async def before(server_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    async with as_before(server_dsn, "0015") as connection:
        yield connection


async def test_each_company_gets_an_account_which_has_its_keys(before: asyncpg.Connection) -> None:
    made = [
        await before.fetchval("INSERT INTO companies (name) VALUES ($1) RETURNING id", name) for name in ("One", "Two")
    ]
    for number, company_id in enumerate(made):
        for dialect in ("ringotel", "ringplan"):
            secret = hashlib.sha256(f"{dialect} {number}".encode()).digest()
            await before.execute(KEY, company_id, dialect, f"{dialect} {number}", secret)
    await migrate(before)
    rows = await before.fetch(
        """
        SELECT c.name, a.name AS account, c.domain, k.secret_hash FROM companies c
        JOIN accounts a ON a.id = c.account_id JOIN account_keys k ON k.account_id = a.id ORDER BY c.id
        """
    )
    assert [(row["name"], row["account"]) for row in rows] == [("One", "One"), ("Two", "Two")]
    assert [row["domain"] for row in rows] == [f"company-{company_id}" for company_id in made]
    assert rows[1]["secret_hash"] == hashlib.sha256(b"ringotel 1").digest()
    left = await before.fetch("SELECT dialect FROM api_keys")
    assert [row["dialect"] for row in left] == ["ringplan", "ringplan"]
