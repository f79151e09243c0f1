"""Answers: msgspec writes the JSON."""

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.responses import Response

encode = msgspec.json.Encoder().encode

JSON: Final = "application/json"


def json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An `application/json` answer."""
    return Response(encode(value), status, headers, JSON)


def empty(status: int = 204) -> Response:
    """An answer without a body."""
    return Response(None, status)
