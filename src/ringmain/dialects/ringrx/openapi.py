"""GET /ringrx/openapi.json: the OpenAPI 3.1 document of all that this dialect serves. It needs no token."""

import inspect
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.dialects.kit import answer, openapi
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringrx.operations import OPERATIONS, Described

PATH: Final = "/ringrx/openapi.json"
VERSION: Final = "1"
TEXT: Final = {"type": "string", "minLength": 1}
DESCRIPTION: Final = """
The RingRx API as Ringmain serves it. Get a token from /auth/token; send it as `Authorization: Bearer <token>`, the
bare token, or `bearer: <token>`. Parameters of POST, PUT and PATCH may be in the query, in JSON or in a form; the body
wins. Unknown ones are ignored.
""".strip()


class Refusal(msgspec.Struct):
    """Why a request was refused."""

    error: str


class DocumentRoutes:
    """Describes `endpoints`, which are served at `public_url`."""

    def __init__(self, endpoints: Sequence[Endpoint], public_url: str) -> None:
        self._document = answer.encode(document(endpoints, public_url))
        self.endpoints = [Endpoint("GET", PATH, self.show, public=True)]

    async def show(self, request: Request, _: None) -> Response:
        """This document."""
        return Response(self._document, media_type=answer.JSON)


def document(endpoints: Sequence[Endpoint], public_url: str) -> dict[str, Any]:
    """The document as plain JSON values, of all that operations.py describes."""
    shapes: list[Any] = [Refusal]
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        described = OPERATIONS.get(f"{one.method} {one.path}")
        if described is None:
            continue
        shapes += [shape for shape in (described.result, described.body) if shape is not None]
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, described)
    return {
        "openapi": "3.1.0",
        "info": {"title": "RingRx API on Ringmain", "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": public_url}],
        "paths": paths,
        "security": [{"token": []}],
        "components": {
            "schemas": openapi.components(shapes),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(endpoint: Endpoint, described: Described) -> dict[str, Any]:
    summary = (inspect.getdoc(endpoint.handler) or described.name).partition("\n")[0]
    anywhere = None if described.files else described.body
    made: dict[str, Any] = {
        "operationId": described.name,
        "summary": summary,
        "parameters": [
            *openapi.path_parameters(endpoint.path, TEXT),
            *openapi.query_parameters(described.query),
            *_optional(anywhere),
        ],
        "responses": {
            str(described.status): _answer(described),
            "default": openapi.response("Why it was refused", Refusal),
        },
    }
    if described.body is not None:
        made["requestBody"] = _body(described.body, files=described.files)
    if endpoint.public:
        made["security"] = []
    return made


def _optional(body: type[msgspec.Struct] | None) -> list[dict[str, Any]]:
    """The body's fields as parameters of the query, where no more than some of them may be."""
    return [{**one, "required": False} for one in openapi.query_parameters(body)]


def _answer(described: Described) -> dict[str, Any]:
    if described.media:
        return {"description": "The file", "content": {media: {"schema": {}} for media in described.media}}
    return openapi.response("Done", described.result)


def _body(shape: type[msgspec.Struct], *, files: bool) -> dict[str, Any]:
    if files:
        return {"required": True, "content": openapi.multipart(shape)}
    # What is in the query need not be in the body.
    schema = {name: value for name, value in openapi.components([shape])[shape.__name__].items() if name != "required"}
    return {"required": False, "content": {media: {"schema": schema} for media in (openapi.JSON, openapi.FORM)}}
