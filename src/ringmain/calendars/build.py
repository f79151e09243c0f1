"""The providers of calendars that the operator set up."""

from collections.abc import Mapping
from typing import Final

import msgspec

from ringmain.calendars.openid import Client, Endpoints, OpenIdProvider
from ringmain.core.calendars.model import Provider
from ringmain.core.calendars.service import Connecting
from ringmain.core.seal import Seal
from ringmain.settings import Settings

GOOGLE: Final = Client(
    issuer="https://accounts.google.com",
    id="",
    secret="",
    scope="openid email https://www.googleapis.com/auth/calendar",
    # Google gives a refresh token only when it is asked to, and again only after it has asked the person again.
    parameters={"access_type": "offline", "prompt": "consent"},
    endpoints=Endpoints(
        authorization_endpoint="https://accounts.google.com/o/oauth2/v2/auth",
        token_endpoint="https://oauth2.googleapis.com/token",  # noqa: S106
        userinfo_endpoint="https://openidconnect.googleapis.com/v1/userinfo",
        revocation_endpoint="https://oauth2.googleapis.com/revoke",
    ),
)
OUTLOOK: Final = Client(
    issuer="https://login.microsoftonline.com/common/v2.0",
    id="",
    secret="",
    scope="openid email profile offline_access Calendars.ReadWrite",
    parameters={"prompt": "consent"},
    endpoints=Endpoints(
        authorization_endpoint="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        token_endpoint="https://login.microsoftonline.com/common/oauth2/v2.0/token",  # noqa: S106
        userinfo_endpoint="https://graph.microsoft.com/oidc/userinfo",
    ),
)


def connecting(settings: Settings, seal: Seal) -> Connecting | None:
    """What calendars are connected with; None when no client is set up. Tokens are kept under `seal`."""
    given: Mapping[Provider, Client] = {
        "google": _client(GOOGLE, settings.google_issuer, settings.google_client_id, settings.google_client_secret),
        "outlook": _client(
            OUTLOOK, settings.outlook_issuer, settings.outlook_client_id, settings.outlook_client_secret
        ),
    }
    providers = {name: OpenIdProvider(client) for name, client in given.items() if client.id}
    if not providers:
        return None
    return Connecting(providers, seal)


def _client(known: Client, issuer: str, client_id: str, secret: str) -> Client:
    """The vendor's own endpoints are known; another issuer's are discovered."""
    client = msgspec.structs.replace(known, id=client_id, secret=secret)
    if not issuer or issuer.rstrip("/") == known.issuer:
        return client
    return msgspec.structs.replace(client, issuer=issuer, endpoints=None)
