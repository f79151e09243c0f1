"""OpenAPI 3.1 documents from Structs: what the operator API and the dialects' documents share."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

REFERENCE: Final = "#/components/schemas/{name}"
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
BINARY: Final = {"type": "string", "contentMediaType": "application/octet-stream"}


def components(shapes: Sequence[Any]) -> dict[str, Any]:
    """The schemas of these types and of all that they are made of, by name."""
    return msgspec.json.schema_components(shapes, ref_template=REFERENCE)[1]


def content(shape: Any, media_type: str = JSON) -> dict[str, Any]:
    """A body of this type; its schema is in the `components`."""
    (schema,), _ = msgspec.json.schema_components([shape], ref_template=REFERENCE)
    return {media_type: {"schema": schema}}


def response(description: str, shape: Any = None, media_type: str = JSON) -> dict[str, Any]:
    """An answer of this type, or one without a body."""
    return (
        {"description": description}
        if shape is None
        else {
            "description": description,
            "content": content(shape, media_type),
        }
    )


def multipart(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """A body as a multipart form: what is base64 in JSON is a file here."""
    schema = components([shape])[shape.__name__]
    properties = {name: _with_files(one) for name, one in schema["properties"].items()}
    return {MULTIPART: {"schema": {**schema, "properties": properties}}}


def query_parameters(query: type[msgspec.Struct] | None) -> list[dict[str, Any]]:
    """A parameter for each field."""
    if query is None:
        return []
    shape = components([query])[query.__name__]
    required = shape.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in shape["properties"].items()
    ]


def path_parameters(path: str, schema: dict[str, Any]) -> list[dict[str, Any]]:
    """A parameter of this schema for each `{name}`."""
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _with_files(schema: dict[str, Any]) -> dict[str, Any]:
    if "contentEncoding" in schema:
        return dict(BINARY)
    if "items" in schema:
        return {**schema, "items": _with_files(schema["items"])}
    return schema
