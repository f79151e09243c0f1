"""The OpenAPI 3.1 document of the operator API, made from the route table."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ringmain.core.ids import MAX_ID
from ringmain.dialects.kit import openapi
from ringmain.operator.health import Health, Readiness
from ringmain.operator.problems import MEDIA_TYPE, Problem
from ringmain.operator.routing import Operation

ID: Final = {"type": "integer", "format": "int64", "minimum": 0, "maximum": MAX_ID}
DESCRIPTION: Final = """
What operators see of a Ringmain server and do about it. Ids are JSON numbers below 2^53, moments ISO 8601 in UTC.
Lists that grow without end are paged by key: give `next` as `before`. Errors are RFC 9457 problem details whose
`code` never changes its meaning. Unknown query parameters and fields are refused.
""".strip()


def document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """The document as plain JSON values."""
    shapes = [shape for one in operations for shape in (one.result, one.body) if shape is not None]
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
            "schemas": openapi.components([*shapes, Problem, Health, Readiness]),
            "securitySchemes": {"operatorToken": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: Operation) -> dict[str, Any]:
    summary = (inspect.getdoc(one.handler) or "").partition("\n")[0]
    made: dict[str, Any] = {
        "operationId": one.handler.__name__,
        "summary": summary,
        "parameters": [*openapi.path_parameters(one.path, ID), *openapi.query_parameters(one.query)],
        "responses": {
            str(one.status): openapi.response(summary, one.result),
            "default": openapi.response("Why it was refused", Problem, MEDIA_TYPE),
        },
    }
    if one.body is not None:
        content = openapi.content(one.body) | (openapi.multipart(one.body) if one.form else {})
        made["requestBody"] = {"required": True, "content": content}
    return made


def _open_paths() -> Mapping[str, dict[str, Any]]:
    """What needs no token."""
    text = {"text/plain": {"schema": {"type": "string"}}}
    json = {"application/json": {"schema": {"type": "object"}}}
    open_operations: dict[str, tuple[str, str, dict[str, Any]]] = {
        "/ringmain/v1/openapi.json": ("get_openapi", "This document", {"200": {"description": "It", "content": json}}),
        "/health": ("get_health", "Whether the process is alive", {"200": openapi.response("It is", Health)}),
        "/ready": (
            "get_readiness",
            "Whether this node can serve",
            {"200": openapi.response("It can", Readiness), "503": openapi.response("It cannot, and why", Readiness)},
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
