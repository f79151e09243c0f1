"""The OpenAPI 3.1 document of the operator API, made from the route table."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ringmain.core.ids import MAX_ID
from ringmain.operator.health import Health, Readiness
from ringmain.operator.problems import MEDIA_TYPE, Problem
from ringmain.operator.routing import Operation

REFERENCE: Final = "#/components/schemas/{name}"
DESCRIPTION: Final = """
What operators see of a Ringmain server and do about it. Ids are JSON numbers below 2^53, moments ISO 8601 in UTC.
Lists that grow without end are paged by key: give `next` as `before`. Errors are RFC 9457 problem details whose
`code` never changes its meaning. Unknown query parameters and fields are refused.
""".strip()


def document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """The document as plain JSON values."""
    shapes = [shape for one in operations for shape in (one.result, one.body) if shape is not None]
    _, components = msgspec.json.schema_components([*shapes, Problem, Health, Readiness], ref_template=REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    paths.update(_open_paths())
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ringmain operator API", "version": version, "description": DESCRIPTION},
        "paths": paths,
        "security": [{"operatorToken": []}],
        "components": {
            "schemas": components,
            "securitySchemes": {"operatorToken": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: Operation) -> dict[str, Any]:
    summary = (inspect.getdoc(one.handler) or "").partition("\n")[0]
    made: dict[str, Any] = {
        "operationId": one.handler.__name__,
        "summary": summary,
        "parameters": [*_path_parameters(one.path), *_query_parameters(one.query)],
        "responses": {
            str(one.status): _answer(summary, one.result),
            "default": _answer("Why it was refused", Problem, MEDIA_TYPE),
        },
    }
    if one.body is not None:
        content = _content(one.body, "application/json") | (_form(one.body) if one.form else {})
        made["requestBody"] = {"required": True, "content": content}
    return made


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    schema = {"type": "integer", "format": "int64", "minimum": 0, "maximum": MAX_ID}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _query_parameters(query: type[msgspec.Struct] | None) -> list[dict[str, Any]]:
    if query is None:
        return []
    _, components = msgspec.json.schema_components([query], ref_template=REFERENCE)
    shape = components[query.__name__]
    required = shape.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in shape["properties"].items()
    ]


def _content(shape: Any, media_type: str) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([shape], ref_template=REFERENCE)
    return {media_type: {"schema": schema}}


def _form(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """The body as a multipart form: what is base64 in JSON is a file here."""
    _, components = msgspec.json.schema_components([shape], ref_template=REFERENCE)
    schema = components[shape.__name__]
    properties = {
        name: {"type": "string", "contentMediaType": "application/octet-stream"} if "contentEncoding" in one else one
        for name, one in schema["properties"].items()
    }
    return {"multipart/form-data": {"schema": {**schema, "properties": properties}}}


def _answer(description: str, shape: Any, media_type: str = "application/json") -> dict[str, Any]:
    if shape is None:
        return {"description": description}
    return {"description": description, "content": _content(shape, media_type)}


def _open_paths() -> Mapping[str, dict[str, Any]]:
    """What needs no token."""
    text = {"text/plain": {"schema": {"type": "string"}}}
    json = {"application/json": {"schema": {"type": "object"}}}
    open_operations: dict[str, tuple[str, str, dict[str, Any]]] = {
        "/ringmain/v1/openapi.json": ("get_openapi", "This document", {"200": {"description": "It", "content": json}}),
        "/health": ("get_health", "Whether the process is alive", {"200": _answer("It is", Health)}),
        "/ready": (
            "get_readiness",
            "Whether this node can serve",
            {"200": _answer("It can", Readiness), "503": _answer("It cannot, and why", Readiness)},
        ),
        "/metrics": (
            "get_metrics",
            "Metrics for Prometheus (docs/metrics.md)",
            {"200": {"description": "Metrics", "content": text}},
        ),
    }
    return {
        path: {"get": {"operationId": name, "summary": summary, "security": [], "responses": responses}}
        for path, (name, summary, responses) in open_operations.items()
    }
