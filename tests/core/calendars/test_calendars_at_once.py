"""Calendars that are renewed and let go of at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from ringmain.core.calendars.port import Grant, Tokens
from ringmain.core.calendars.service import Calendars, Connecting
from ringmain.core.errors import NotFound
from ringmain.core.seal import Seal
from ringmain.database.pool import Database
from tests.conftest import Office


def tokens(number: int, lifetime: timedelta) -> Tokens:
    return Tokens(access_token=f"a{number}", refresh_token=f"r{number}", expires_at=datetime.now(UTC) + lifetime)


class Provider:
    """One that takes each refresh token once, as several do."""

    def __init__(self, meanwhile: Callable[[str], Awaitable[None]]) -> None:
        """`meanwhile` happens before it answers."""
        self._meanwhile = meanwhile
        self._good = 1
        self.revoked: list[str] = []

    async def authorization_url(self, *, redirect_url: str, state: str, verifier: str, nonce: str) -> str:
        return state

    async def exchange(self, code: str, *, redirect_url: str, verifier: str, nonce: str) -> Grant:
        return Grant(account="jane@gmail.example", tokens=tokens(1, timedelta()))

    async def refresh(self, refresh_token: str) -> Tokens:
        assert refresh_token == f"r{self._good}"
        self._good += 1
        await self._meanwhile("refresh")
        return tokens(self._good, timedelta(hours=1))

    async def revoke(self, token: str) -> None:
        self.revoked.append(token)
        await self._meanwhile("revoke")


async def connected(database: Database, office: Office, provider: Provider) -> Calendars:
    calendars = Calendars(database, Connecting({"google": provider}, Seal.passing()))
    state = await calendars.begin(office.company_id, office.owner_id, "google", redirect_url="https://x/")
    await calendars.finish("google", state, "code")
    return calendars


async def test_what_is_renewed_while_it_is_revoked_is_revoked(database: Database, office: Office) -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def meanwhile(what: str) -> None:
        if what == "revoke":
            asked.set()
            await answer.wait()

    provider = Provider(meanwhile)
    calendars = await connected(database, office, provider)
    revoking = asyncio.create_task(calendars.revoke(office.company_id, office.owner_id, "google"))
    await asked.wait()
    assert (await calendars.get(office.company_id, office.owner_id)).account == "jane@gmail.example"
    answer.set()
    await revoking
    assert provider.revoked == ["r1", "r2"]
    with pytest.raises(NotFound):
        await calendars.get(office.company_id, office.owner_id)


async def test_what_is_connected_anew_while_it_is_revoked_stays(database: Database, office: Office) -> None:
    async def meanwhile(what: str) -> None:
        if what == "revoke":
            state = await calendars.begin(office.company_id, office.owner_id, "google", redirect_url="https://x/")
            await calendars.finish("google", state, "code")

    provider = Provider(meanwhile)
    calendars = await connected(database, office, provider)
    await calendars.revoke(office.company_id, office.owner_id, "google")
    assert provider.revoked == ["r1"]
    assert await database.fetchval("SELECT count(*) FROM calendar_connections") == 1
