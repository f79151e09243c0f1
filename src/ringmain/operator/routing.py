"""The route table: each operation with its shapes, so that the OpenAPI document is made from what is served."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from ringmain.core.errors import NotFound, Unauthenticated
from ringmain.core.ids import MAX_ID
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, form
from ringmain.dialects.kit.body import JSON_LIMIT, Decoder, read
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.reasons import reason
from ringmain.operator.problems import problem, response_to


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request, decoded. `ids`: the path's ids by name; `query` and `body`: as the operation declares them."""

    core: Core
    ids: Mapping[str, int]
    query: Any = None
    body: Any = None

    @property
    def company_id(self) -> int:
        """The company of the path; it exists."""
        return self.ids["company_id"]


Handler = Callable[[Call], Awaitable[Any]]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. The handler's name is its operationId, the first line of its docstring the summary.

    `result`: what the handler returns, None for an answer without a body. `query` and `body`: Structs. `limit`: octets
    of a body; `form`: it may come as a multipart form too, its files as the body's `bytes`.
    """

    method: str
    path: str
    handler: Handler
    result: Any
    status: int = 200
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    limit: int = JSON_LIMIT
    form: bool = False


class Resource:
    """The operations of one path, as an ASGI app."""

    def __init__(self, core: Core, operations: Sequence[Operation]) -> None:
        self._core = core
        self._operations = {operation.method: operation for operation in operations}
        self._decoders = {
            operation.method: Decoder(msgspec.json.Decoder(operation.body))
            for operation in operations
            if operation.body is not None
        }
        if "GET" in self._operations:
            self._operations["HEAD"] = self._operations["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authenticate, decode, call, encode."""
        operation = self._operations.get(scope["method"])
        if operation is None:
            allowed = ", ".join(sorted(self._operations))
            response = problem(405, "method_not_allowed", f"This address takes {allowed}", headers={"Allow": allowed})
        else:
            try:
                response = await self._respond(operation, Request(scope, receive))
            except ClientDisconnect:
                return
            except Exception as error:
                response = response_to(error)
        await response(scope, receive, send)

    async def _respond(self, operation: Operation, request: Request) -> Response:
        await authenticate(self._core, request)
        ids = {name: _id_of(name, value) for name, value in request.path_params.items()}
        if "company_id" in ids:
            await self._core.companies.get(ids["company_id"])
        query = body = None
        if operation.query is not None:
            query = _query_of(operation.query, request)
        if operation.body is not None:
            if operation.form and form.is_form(request):
                body = await _form_of(operation.body, request, operation.limit)
            else:
                body = self._decoders[operation.method].decode(await read(request, operation.limit))
        result = await operation.handler(Call(core=self._core, ids=ids, query=query, body=body))
        if operation.result is None:
            return answer.empty(operation.status)
        return answer.json(result, operation.status)


async def authenticate(core: Core, request: Request) -> str:
    """The name of the operator's token. Raises Unauthenticated."""
    token = bearer(request)
    if not token:
        raise Unauthenticated("An operator token is needed: Authorization: Bearer ...")
    return await core.credentials.check_operator_token(token)


def bearer(request: Request) -> str:
    """The token that a request shows; "" for none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def unknown(scope: Scope, receive: Receive, send: Send) -> None:
    """Where no route fits."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    await problem(404, "not_found", "There is nothing at this address")(scope, receive, send)


OpenHandler = Callable[[Request], Awaitable[Response]]
"""Answers without authentication."""


def router(core: Core, operations: Sequence[Operation], others: Mapping[str, OpenHandler]) -> Router:
    """One app for all operations; `others` answer GET by their paths."""
    paths: dict[str, list[Operation]] = {}
    for operation in operations:
        paths.setdefault(operation.path, []).append(operation)
    routes = [Route(path, app) for path, app in others.items()]
    # Fixed parts go first: /deliveries/recover is no delivery.
    for path in sorted(paths, key=lambda path: [part.startswith("{") for part in path.split("/")]):
        routes.append(Route(path, Resource(core, paths[path])))
    return Router(routes, redirect_slashes=False, default=unknown)


ZERO_ALLOWED: Final = frozenset({"subscription_id"})
"""The delivery of a test event has subscription 0."""


def _id_of(name: str, value: str) -> int:
    lowest = 0 if name in ZERO_ALLOWED else 1
    if value.isascii() and value.isdecimal() and len(value) <= 16 and lowest <= int(value) <= MAX_ID:
        return int(value)
    raise NotFound(name.removesuffix("_id"))


def _query_of(shape: type[msgspec.Struct], request: Request) -> msgspec.Struct:
    given = dict(request.query_params)
    if any("\0" in value for value in given.values()):
        raise BadRequest("The query has a NUL character in it")
    try:
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(reason(error, shape)) from error


async def _form_of(shape: type[msgspec.Struct], request: Request, limit: int) -> msgspec.Struct:
    fields = await form.read(request, limit)
    given = {name: value.content if isinstance(value, form.Upload) else value for name, value in fields.items()}
    try:
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(reason(error, shape)) from error
