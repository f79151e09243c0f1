"""Google, Outlook, or any OpenID provider in their place: authorization code with PKCE (RFC 6749, RFC 7636).

The operator chose these servers, so they may stand anywhere. Redirects and proxies are off, as for all we call.
"""

import asyncio
import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import httpx
import msgspec
import structlog
from authlib.deprecate import AuthlibDeprecationWarning
from joserfc import jws
from joserfc.errors import JoseError

from ringmain.core.calendars.port import Grant, Refused, Tokens
from ringmain.core.errors import Unavailable

with warnings.catch_warnings():
    # It says at each start that it would rather have httpx's successor.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client

log = structlog.get_logger()

TIMEOUT: Final = 10.0
ALTOGETHER: Final = 40.0
"""Seconds for all that is asked of a provider at once: less than the lease of who renews (core/calendars)."""
SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=1)
DISCOVERY: Final = "/.well-known/openid-configuration"
OURS: Final = frozenset(
    {"invalid_client", "unauthorized_client", "server_error", "temporarily_unavailable", "slow_down"}
)
"""Errors that are not the person's: the operator's client is wrong, or the provider is not well."""


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider is talked to (OpenID Connect Discovery 1.0, 3)."""

    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    revocation_endpoint: str | None = None


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator registered with the provider, and how this provider wants to be asked."""

    issuer: str
    id: str
    secret: str
    scope: str
    parameters: Mapping[str, str]
    endpoints: Endpoints | None = None

    def __repr__(self) -> str:
        # Tracebacks in logs show what variables hold.
        return f"Client({self.issuer!r}, {self.id!r})"


class _Response(msgspec.Struct):
    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    refresh_token: str | None = None
    expires_in: float = 3600
    id_token: str | None = None


class _Claims(msgspec.Struct):
    sub: str
    email: str | None = None
    preferred_username: str | None = None
    nonce: str | None = None
    aud: str | list[str] = []


class OpenIdProvider:
    """One provider. Its endpoints are discovered at first need, unless `client` has them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._endpoints = client.endpoints

    async def authorization_url(self, *, redirect_url: str, state: str, verifier: str, nonce: str) -> str:
        """Where a person is asked for the grant. Raises Unavailable."""
        async with self._session() as (session, endpoints):
            url, _ = session.create_authorization_url(
                endpoints.authorization_endpoint,
                state=state,
                code_verifier=verifier,
                nonce=nonce,
                redirect_uri=redirect_url,
                **self._client.parameters,
            )
            return str(url)

    async def exchange(self, code: str, *, redirect_url: str, verifier: str, nonce: str) -> Grant:
        """The grant that a code stands for. Raises Refused, Unavailable."""
        async with self._session() as (session, endpoints):
            given = await session.fetch_token(
                endpoints.token_endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
                redirect_uri=redirect_url,
            )
            answer = msgspec.convert(dict(given), _Response)
            account = await self._account(session, endpoints, answer, nonce)
        return Grant(account=account, tokens=_tokens(answer))

    async def refresh(self, refresh_token: str) -> Tokens:
        """New tokens. Raises Refused, Unavailable."""
        async with self._session() as (session, endpoints):
            session.token = {}
            # The scope is the one that was granted, which may be less than we asked for.
            given = await session.refresh_token(endpoints.token_endpoint, refresh_token=refresh_token, scope=None)
            return _tokens(msgspec.convert(dict(given), _Response))

    async def revoke(self, token: str) -> None:
        """Withdraw the grant; providers without an endpoint for it (Outlook) are not told. Raises Unavailable."""
        async with self._session() as (session, endpoints):
            if endpoints.revocation_endpoint is None:
                return
            answer = await session.revoke_token(endpoints.revocation_endpoint, token=token)
            # Google says 400 invalid_token of one that is over already, which is as well.
            if answer.status_code != 200 and "invalid_token" not in answer.text:
                raise Unavailable(f"the provider answered {answer.status_code} to a revocation")

    async def _account(self, session: Any, endpoints: Endpoints, answer: _Response, nonce: str) -> str:
        """The e-mail address of who granted. The ID token came from the provider itself, over a connection that was
        ours: its signature says nothing more (OpenID Connect Core 1.0, 3.1.3.7, 6)."""
        known = await session.get(endpoints.userinfo_endpoint)
        if known.status_code != 200:
            raise Unavailable(f"the provider answered {known.status_code} when asked who it is")
        user = msgspec.json.decode(known.content, type=_Claims)
        claims = user
        if answer.id_token is not None:
            claims = msgspec.json.decode(jws.extract_compact(answer.id_token.encode()).payload, type=_Claims)
            audience = claims.aud if isinstance(claims.aud, list) else [claims.aud]
            if claims.nonce != nonce or self._client.id not in audience or claims.sub != user.sub:
                raise Refused("The provider's answer was meant for somebody else")
        account = user.email or claims.email or claims.preferred_username
        if not account or len(account) > 254 or not account.isprintable():
            raise Refused("The provider did not tell whose calendar this is")
        return account

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[tuple[Any, Endpoints]]:
        """A session and the endpoints. What goes wrong inside becomes Refused or Unavailable."""
        client = self._client
        async with AsyncOAuth2Client(
            client_id=client.id,
            client_secret=client.secret,
            scope=client.scope,
            code_challenge_method="S256",
            leeway=0,
            timeout=TIMEOUT,
            trust_env=False,
            follow_redirects=False,
        ) as session:
            try:
                async with asyncio.timeout(ALTOGETHER):
                    if self._endpoints is None:
                        self._endpoints = await self._discover(session)
                    yield session, self._endpoints
            except OAuthError as error:
                log.info("calendar provider refused", issuer=client.issuer, error=error.error)
                if error.error in OURS:
                    raise Unavailable(f"the provider answered {error.error}") from error
                raise Refused("The provider refused: please connect the calendar again") from error
            except (httpx.HTTPError, TimeoutError, ValueError, JoseError, msgspec.MsgspecError) as error:
                raise Unavailable(f"the provider {client.issuer} failed: {type(error).__name__}") from error

    async def _discover(self, session: Any) -> Endpoints:
        issuer = self._client.issuer.rstrip("/")
        answer = await session.request("GET", f"{issuer}{DISCOVERY}", withhold_token=True)
        answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=Endpoints)


def _tokens(answer: _Response) -> Tokens:
    lifetime = min(max(timedelta(seconds=answer.expires_in), SHORTEST), LONGEST)
    return Tokens(
        access_token=answer.access_token,
        refresh_token=answer.refresh_token or None,
        expires_at=datetime.now(UTC) + lifetime,
    )
