"""Verbs on calendars: to connect one, to keep it connected, to let go of it."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec
import structlog

from ringmain.core.calendars import store
from ringmain.core.calendars.model import Connection, Provider
from ringmain.core.calendars.port import CalendarProvider, Refused, Tokens
from ringmain.core.errors import NotFound, Unavailable
from ringmain.core.seal import Seal, Unreadable
from ringmain.database.pool import Database, Record

log = structlog.get_logger()

OPEN_FOR: Final = timedelta(minutes=10)
"""How long somebody may take at the provider."""
LEASE: Final = timedelta(seconds=60)
"""Longer than a provider is waited for."""
MARGIN: Final = timedelta(seconds=60)
"""An access token that ends within it is as good as over."""
MAX_CODE: Final = 4096


class Connecting(msgspec.Struct, frozen=True):
    """What calendars are connected with: the providers that there are, and what seals their tokens."""

    providers: Mapping[Provider, CalendarProvider]
    seal: Seal


class Calendars:
    """The calendars of all companies' people, one a provider. Without `connecting` there are none."""

    def __init__(self, database: Database, connecting: Connecting | None) -> None:
        self._database = database
        self._providers = connecting.providers if connecting else {}
        self._seal = connecting.seal if connecting else Seal.passing()

    def offers(self, provider: Provider) -> bool:
        """Whether calendars of this provider can be connected."""
        return provider in self._providers

    async def begin(self, company_id: int, person_id: int, provider: Provider, *, redirect_url: str) -> str:
        """The address where the person grants access; from there they come back to `redirect_url`, within 10 minutes.

        Raises Unavailable, NotFound("person").
        """
        state, verifier, nonce = (secrets.token_urlsafe(32) for _ in range(3))
        url = await self._provider(provider).authorization_url(
            redirect_url=redirect_url, state=state, verifier=verifier, nonce=nonce
        )
        done = await self._database.execute(
            *(store.BEGIN, _hash(state), company_id, person_id, provider, self._seal.close(verifier), nonce),
            *(redirect_url, OPEN_FOR),
        )
        if done == "INSERT 0 0":
            raise NotFound("person")
        return url

    async def finish(self, provider: Provider, state: str, code: str | None) -> Connection:
        """Connect the calendar of who came back with a state of ours; without a code they granted nothing.

        A state works once. Raises Refused, Unavailable.
        """
        row = await self._database.fetchrow(store.TAKE, _hash(state), provider)
        if row is None or not row["open"]:
            raise Refused("This link has been used already, or has expired")
        if not code or len(code) > MAX_CODE:
            raise Refused("Access to the calendar was not granted")
        try:
            verifier = self._seal.open(row["verifier"])
        except Unreadable as error:
            raise Refused("This link was made by another server") from error
        grant = await self._provider(provider).exchange(
            code, redirect_url=row["redirect_url"], verifier=verifier, nonce=row["nonce"]
        )
        made = await self._database.fetchrow(
            *(store.CONNECT, row["company_id"], row["person_id"], provider, grant.account),
            *self._sealed(grant.tokens),
        )
        if made is None:
            raise Refused("The user is no longer there")
        log.info("calendar connected", company_id=row["company_id"], provider=provider)
        return _connection(made)

    async def get(self, company_id: int, person_id: int, provider: Provider | None = None) -> Connection:
        """A person's calendar: of this provider, or else Google's before Outlook's.

        One whose access has run out is renewed; where the provider refuses that, it is no longer connected. While
        the provider is away it stays as it is. Raises NotFound("calendar").
        """
        row = await self._row(company_id, person_id, provider)
        if not row["stale"]:
            return _connection(row)
        try:
            return await self._renewed(row)
        except (Refused, Unreadable):
            await self._forget(row)
            log.info("calendar lost", company_id=company_id, provider=row["provider"])
        except Unavailable as error:
            log.warning("calendar not renewed", provider=row["provider"], error=str(error))
            return _connection(row)
        return await self.get(company_id, person_id, provider)

    async def revoke(
        self, company_id: int, person_id: int, provider: Provider, account: str | None = None
    ) -> Connection:
        """Withdraw the grant at the provider and forget it. `account`: only if the calendar is this one.

        Raises NotFound("calendar"), and Unavailable: then it is still connected.
        """
        row = await self._row(company_id, person_id, provider)
        if account is not None and account.strip().lower() != row["account"].lower():
            raise NotFound("calendar")
        while True:
            try:
                token = self._seal.open(row["refresh_token"] or row["access_token"])
            except Unreadable:
                log.warning("calendar forgotten without its provider: sealed under another key", provider=provider)
            else:
                await self._provider(provider).revoke(token)
            if await self._forget(row):
                return _connection(row)
            again = await self._database.fetchrow(store.GET, company_id, person_id, provider, MARGIN)
            if again is None or again["connected_at"] != row["connected_at"]:
                return _connection(row)
            row = again  # it was renewed meanwhile: there are other tokens to revoke

    async def _row(self, company_id: int, person_id: int, provider: Provider | None) -> Record:
        row = await self._database.fetchrow(store.GET, company_id, person_id, provider, MARGIN)
        if row is None:
            raise NotFound("calendar")
        return row

    async def _renewed(self, row: Record) -> Connection:
        if row["refresh_token"] is None:
            raise Refused("there is no refresh token")
        key = (row["company_id"], row["person_id"], row["provider"], row["refresh_token"])
        if await self._database.fetchval(store.CLAIM, *key, LEASE) is None:
            return _connection(row)  # another is at it
        try:
            tokens = await self._provider(row["provider"]).refresh(self._seal.open(row["refresh_token"]))
        except Unavailable:
            await self._database.execute(store.GIVE_UP, *key)
            raise
        renewed = await self._database.fetchrow(store.REFRESHED, *key, *self._sealed(tokens))
        return _connection(renewed or row)

    async def _forget(self, row: Record) -> bool:
        """False: it is gone, or has other tokens by now."""
        key = (row["company_id"], row["person_id"], row["provider"], row["access_token"])
        return await self._database.fetchval(store.FORGET, *key) is not None

    def _provider(self, provider: Provider) -> CalendarProvider:
        try:
            return self._providers[provider]
        except KeyError:
            raise Unavailable(f"no client of {provider} is configured") from None

    def _sealed(self, tokens: Tokens) -> tuple[object, ...]:
        refresh_token = None if tokens.refresh_token is None else self._seal.close(tokens.refresh_token)
        return (self._seal.close(tokens.access_token), refresh_token, tokens.expires_at)


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).digest()


def _connection(row: Record) -> Connection:
    return Connection(
        **{name: row[name] for name in ("company_id", "person_id", "provider", "account", "connected_at", "updated_at")}
    )
