"""Ringotel's API put together."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from ringmain.core.system import Core
from ringmain.dialects.kit.cors import Cors
from ringmain.dialects.kit.routing import Dialect, Endpoint, Resource
from ringmain.dialects.ringotel.auth import Authentication
from ringmain.dialects.ringotel.errors import Errors, failure
from ringmain.dialects.ringotel.organizations import OrganizationMethods
from ringmain.dialects.ringotel.rpc import Method, Rpc

ADDRESSES: Final = ("", "api")
"""Segments that all methods are called at: clients put their base URL together in different ways."""


def methods(core: Core, public_url: str) -> list[Method]:
    """Every method that is served. `public_url` is where clients reach this server; links begin with it."""
    return [
        *OrganizationMethods(core).methods,
    ]


def build(core: Core, public_url: str, *, error_status: int = 200) -> dict[str, ASGIApp]:
    """An ASGI app for each first path segment. Each expects the whole path.

    `error_status`: the HTTP status of errors of the application, 200 or 500.
    """
    dialect = Dialect(Authentication(core.accounts), Errors(error_status), failure, Cors([]))
    rpc = Rpc(core.accounts, methods(core, public_url))
    endpoints = {segment: Endpoint("POST", f"/{segment}", rpc) for segment in ADDRESSES}
    return {segment: Address(dialect, endpoint) for segment, endpoint in endpoints.items()}


class Address:
    """One address, with or without a slash at its end, and nothing below it."""

    def __init__(self, dialect: Dialect, endpoint: Endpoint) -> None:
        self._dialect = dialect
        self._path = endpoint.path.strip("/")
        self._resource = Resource(dialect, {endpoint.method: endpoint})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["path"].strip("/") == self._path:
            await self._resource(scope, receive, send)
        else:
            await self._dialect.cors.dress(failure(404))(scope, receive, send)
