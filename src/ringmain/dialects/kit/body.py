"""Request bodies: read with a cap, decoded into msgspec types. All that can be wrong with them is BadRequest."""

from collections.abc import AsyncGenerator
from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import Request

from ringmain.dialects.kit.errors import BadRequest, BodyTooLarge

Shape = TypeVar("Shape")

JSON_LIMIT: Final = 1 << 20
"""Octets of a JSON body. The longest text is 39,015 characters."""


async def stream(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    """The body's pieces. Raises BodyTooLarge as soon as more than `limit` octets are announced or come."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise BodyTooLarge(limit)
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise BodyTooLarge(limit)
        yield piece


async def read(request: Request, limit: int = JSON_LIMIT) -> bytes:
    """The whole body. Raises BodyTooLarge."""
    return b"".join([piece async for piece in stream(request, limit)])


class Decoder(msgspec.Struct, frozen=True):
    """Decodes bodies into one type."""

    decoder: msgspec.json.Decoder[Any]

    async def __call__(self, request: Request) -> Any:
        """The decoded body. Raises BadRequest when it is no JSON or not of the type."""
        return self.decode(await read(request))

    def decode(self, body: bytes) -> Any:
        """Decode octets. U+0000 is refused: no PostgreSQL text can hold it."""
        try:
            if b"\\u0000" in body and _has_null(msgspec.json.decode(body)):
                raise BadRequest("The body has a NUL character in it")
            return self.decoder.decode(body)
        except msgspec.ValidationError as error:
            raise BadRequest(str(error)) from error
        except (ValueError, RecursionError) as error:
            raise BadRequest("The body is not valid JSON") from error


def _has_null(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_null(key) or _has_null(item) for key, item in value.items())
    return isinstance(value, list) and any(_has_null(item) for item in value)
