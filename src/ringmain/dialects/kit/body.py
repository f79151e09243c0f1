"""Request bodies: read with a cap, decoded into msgspec types. All that can be wrong with them is BadRequest."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import Request

from ringmain.dialects.kit.errors import BadRequest, BodyTooLarge
from ringmain.dialects.kit.reasons import reason

Shape = TypeVar("Shape")

JSON_LIMIT: Final = 1 << 20
"""Octets of a JSON body. The longest text is 39,015 characters."""


PATIENCE: Final = 60.0
"""Seconds without a piece of a body that was announced: its sender has forgotten us, and would hold a connection."""


async def stream(request: Request, limit: int, *, patience: float = PATIENCE) -> AsyncGenerator[bytes, None]:
    """The body's pieces.

    Raises BodyTooLarge as soon as more than `limit` octets are announced or come, BadRequest when nothing comes for
    `patience` seconds.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise BodyTooLarge(limit)
    size = 0
    pieces = request.stream()
    while True:
        try:
            async with asyncio.timeout(patience):
                piece = await anext(pieces, None)
        except TimeoutError:
            raise BadRequest(f"The rest of the body did not come within {patience:g} seconds") from None
        if piece is None:
            return
        size += len(piece)
        if size > limit:
            raise BodyTooLarge(limit)
        yield piece


async def read(request: Request, limit: int = JSON_LIMIT, *, patience: float = PATIENCE) -> bytes:
    """The whole body. Raises as `stream` does."""
    return b"".join([piece async for piece in stream(request, limit, patience=patience)])


class Decoder(msgspec.Struct, frozen=True):
    """Decodes bodies into one type."""

    decoder: msgspec.json.Decoder[Any]

    async def __call__(self, request: Request) -> Any:
        """The decoded body. Raises BadRequest when it is no JSON or not of the type."""
        return self.decode(await read(request))

    def decode(self, body: bytes) -> Any:
        """Decode octets. U+0000 is refused: no PostgreSQL text can hold it."""
        try:
            if b"\\u0000" in body and has_null(msgspec.json.decode(body)):
                raise BadRequest("The body has a NUL character in it")
            return self.decoder.decode(body)
        except msgspec.ValidationError as error:
            raise BadRequest(reason(error, self.decoder.type)) from error
        except (ValueError, RecursionError) as error:
            raise BadRequest("The body is not valid JSON") from error


def has_null(value: object) -> bool:
    """Whether there is U+0000 anywhere in it, keys included."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(has_null(key) or has_null(item) for key, item in value.items())
    return isinstance(value, list) and any(has_null(item) for item in value)
