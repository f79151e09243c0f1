"""Parameters of methods: what types they have, and how they are read.

Clients write ids and numbers as JSON strings or numbers; null counts as absent; extra keys are ignored.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.reasons import reason

Shape = TypeVar("Shape")


class _Plain(type):
    """Makes of a class that only names a kind of text one of plain `str`: encoders take nothing else."""

    def __call__(cls, *values: Any) -> Any:
        return str(*values)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, str)


class Word(str, metaclass=_Plain):
    """A text; a number stands for its digits."""

    __slots__ = ()


class Id(Word):
    """An id, as opaque as any text. ids.py reads it."""

    __slots__ = ()


Whole = Annotated[int, Meta(ge=0, le=2**31 - 1)]
"""A whole number that PostgreSQL's integer holds."""
Flag = Annotated[int, Meta(ge=0, le=1)]
"""0 or 1."""
Millis = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
"""Unix milliseconds up to the year 9999."""


class NoParams(msgspec.Struct, frozen=True):
    """Of a method that has none."""


def read(given: Mapping[str, Any], shape: type[Shape]) -> Shape:
    """The parameters as a Struct. Raises BadRequest, which names the field."""
    present = {name: value for name, value in given.items() if value is not None}
    try:
        return msgspec.convert(present, shape, strict=False, dec_hook=_text)
    except msgspec.ValidationError as error:
        wrong, _, place = reason(error, shape).partition(" - at `$")
        raise BadRequest(f"{place.rstrip('`').lstrip('.')}: {wrong}" if place else wrong) from error


def _text(kind: type, value: object) -> Any:
    if not issubclass(kind, Word):
        raise NotImplementedError
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("must be a text or a number")
    return str(value)
