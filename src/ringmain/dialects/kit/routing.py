"""Routes: one table of endpoints, grouped by first path segment into small ASGI apps.

Starlette matches routes one after another, so smaller groups mean quicker requests (specs/stack.md).
A trailing slash makes no difference and redirects nowhere.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from ringmain.dialects.kit.cors import Cors
from ringmain.dialects.kit.errors import ErrorTable

Handler = Callable[[Request, Any], Awaitable[Response]]
"""Answers a request of a caller that `Dialect.authenticate` named. Raises what the error table knows."""


class Endpoint(msgspec.Struct, frozen=True):
    """One operation of the vendor's reference. `public` ones are called with None for the caller."""

    method: str
    path: str
    handler: Handler
    public: bool = False


class Dialect(msgspec.Struct, frozen=True):
    """How one vendor's API behaves on every route."""

    authenticate: Callable[[Request], Awaitable[Any]]
    errors: ErrorTable
    answer: Callable[[int, str | None], Response]
    cors: Cors

    def mount(self, endpoints: Sequence[Endpoint]) -> dict[str, ASGIApp]:
        """An ASGI app for each first path segment. It expects the whole path in its scope."""
        groups: dict[str, dict[str, dict[str, Endpoint]]] = {}
        for endpoint in endpoints:
            paths = groups.setdefault(endpoint.path.split("/")[1], {})
            paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint
        return {segment: Segment(self, paths) for segment, paths in groups.items()}


class Segment:
    """All routes below one first path segment, by how many segments they have."""

    def __init__(self, dialect: Dialect, paths: dict[str, dict[str, Endpoint]]) -> None:
        self._dialect = dialect
        routes: dict[int, list[BaseRoute]] = {}
        # Fixed paths go first: /conversations/search is not the conversation called "search".
        for path in sorted(paths, key=_variable_parts):
            routes.setdefault(path.count("/"), []).append(Route(path, Resource(dialect, paths[path])))
        self._routers = {
            depth: Router(group, redirect_slashes=False, default=self._unknown) for depth, group in routes.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        path: str = scope["path"]
        if path.endswith("/"):
            path = path[:-1]
            scope = {**scope, "path": path}
        await self._routers.get(path.count("/"), self._unknown)(scope, receive, send)

    async def _unknown(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        response = self._dialect.cors.dress(self._dialect.answer(404, None))
        await response(scope, receive, send)


def _variable_parts(path: str) -> list[bool]:
    return [part.startswith("{") for part in path.split("/")]


class Resource:
    """The methods of one path: authentication, the endpoint, and its errors in the vendor's words."""

    def __init__(self, dialect: Dialect, endpoints: dict[str, Endpoint]) -> None:
        self._dialect = dialect
        self._endpoints = dict(endpoints)
        if "GET" in endpoints:
            self._endpoints["HEAD"] = endpoints["GET"]
        self._methods = sorted([*self._endpoints, "OPTIONS"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        dialect, request = self._dialect, Request(scope, receive)
        endpoint = self._endpoints.get(scope["method"])
        if endpoint is None:
            if scope["method"] == "OPTIONS":
                response = dialect.cors.options(request, self._methods)
            else:
                response = dialect.cors.dress(dialect.answer(405, None))
                response.headers["Allow"] = ", ".join(self._methods)
            await response(scope, receive, send)
            return
        try:
            caller = None if endpoint.public else await dialect.authenticate(request)
            response = await endpoint.handler(request, caller)
        except ClientDisconnect:
            return
        except Exception as error:
            response = dialect.errors.response_to(error)
        dialect.cors.dress(response)
        await response(scope, receive, send)
