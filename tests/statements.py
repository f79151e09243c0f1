"""The SQL that requests ask for, counted."""

import asyncio

import pytest

from ringmain.database.pool import Database


def of_requests(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement asked for from now on, but by tasks that run already: followers and workers ask in between."""
    background = asyncio.all_tasks()
    asked: list[str] = []

    def counted(name: str) -> None:
        plain = getattr(database, name)

        async def ask(statement: str, *arguments: object) -> object:
            if asyncio.current_task() not in background:
                asked.append(statement)
            return await plain(statement, *arguments)

        monkeypatch.setattr(database, name, ask)

    for name in ("execute", "fetch", "fetchrow", "fetchval"):
        counted(name)
    return asked
