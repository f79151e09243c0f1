"""0002 meets a database that has people already."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from ringmain.database.migrate import migrate
from tests.databases import as_before


@pytest.fixture
async def released(server_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    async with as_before(server_dsn, "0002") as connection:
        yield connection


async def test_those_who_are_there_are_counted(released: asyncpg.Connection) -> None:
    for company in ("Acme", "Globex"):
        company_id = await released.fetchval("INSERT INTO companies (name) VALUES ($1) RETURNING id", company)
        for email, name in (("a@example.com", "Ann"), ("b@example.com", "ANN"), ("c@example.com", "Bob")):
            await released.execute(
                "INSERT INTO people (company_id, email, first_name) VALUES ($1, $2, $3)", company_id, email, name
            )
    await migrate(released)
    counted = await released.fetch("SELECT list, key, total FROM list_counts WHERE company_id = $1", company_id)
    assert {tuple(row) for row in counted} == {("people", "", 3), ("first_name", "ann", 2), ("first_name", "bob", 1)}
    await released.execute("DELETE FROM people WHERE company_id = $1 AND first_name = 'ANN'", company_id)
    total = "SELECT total FROM list_counts WHERE company_id = $1 AND key = 'ann'"
    assert await released.fetchval(total, company_id) == 1
