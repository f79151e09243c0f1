"""Requests with values that nobody should send, made from an OpenAPI document."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

DEEP: Final[list[Any]] = []
for _ in range(60):
    DEEP[:] = [list(DEEP)]

TEXTS: Final = (
    "",
    " ",
    "\0",
    "x" * 3000,
    "-1",
    "0",
    "1e400",
    "NaN",
    "9223372036854775808",
    "9" * 40,
    "' OR 1=1 --",
    "%00%ff",
    "../../etc/passwd",
    "\u202e\u0661\uff11",
    "a\r\nb",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59+23:59",
    "0000-00-00",
    "2024-02-30T25:61:61",
    "+" + "1" * 30,
    "[]",
    "null",
    "true",
)
VALUES: Final[tuple[Any, ...]] = (
    *TEXTS,
    None,
    True,
    -1,
    0,
    1.5,
    1e308,
    2**31,
    2**53,
    2**63,
    2**64,
    -(2**63) - 1,
    [],
    [None],
    [""] * 300,
    ["\0"],
    [2**63],
    {},
    {"": ""},
    {"a" * 300: {"\0": [None]}},
    DEEP,
)


EACH: Final = 37


class Ask(msgspec.Struct, frozen=True):
    """One request. `body`: JSON, None for none."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path} {str(self.query)[:200]} {str(self.body)[:300]}"


def asks(document: Mapping[str, Any], ids: Mapping[str, object]) -> Iterator[Ask]:
    """Each operation whose path has ids among `ids`, with each value in each of its fields, the others being right.

    They are thousands: take one in `EACH` for a test that is run all the time, so that each field gets some values.
    """
    schemas = document.get("components", {}).get("schemas", {})
    for template, operations in document["paths"].items():
        names = re.findall(r"{(\w+)}", template)
        if not set(names) <= set(ids):
            continue
        path = template.format_map(ids)
        for method, operation in operations.items():
            if method not in ("get", "post", "put", "patch"):
                continue
            queries = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
            for name in queries:
                for value in TEXTS:
                    yield Ask(method.upper(), path, {name: value}, {} if method != "get" else None)
            for right in _bodies(operation, schemas):
                yield Ask(method.upper(), path, {}, right)
                for name in right:
                    for value in VALUES:
                        yield Ask(method.upper(), path, {}, right | {name: value})


def _bodies(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        body = _right(content["application/json"]["schema"], schemas)
        if isinstance(body, dict):
            yield body


def _right(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """Something of this schema."""
    if "$ref" in schema:
        return _right(schemas[schema["$ref"].rpartition("/")[2]], schemas, depth + 1) if depth < 5 else {}
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _right(schema[several][0], schemas, depth + 1)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "object":
            return {name: _right(part, schemas, depth + 1) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [_right(schema.get("items", {}), schemas, depth + 1)]
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return True
        case "string":
            return _text(schema.get("format", ""))
    return None


def _text(kind: str) -> str:
    known = {"date-time": "2030-01-01T00:00:00Z", "date": "2030-01-01", "byte": "AAAA", "uri": "https://example.com/"}
    return known.get(kind, "+12025550143")
