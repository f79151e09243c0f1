"""Why a value was refused. msgspec says which word is wrong, and not which ones there are."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import inspect

WRONG_WORD: Final = re.compile(r"(Invalid enum value [^`]*?)( - at `\$([^`]*)`)?")
STEP: Final = re.compile(r"\.([^.\[]+)|\[[^\]]*\]")


def reason(error: msgspec.ValidationError, shape: Any) -> str:
    """What is wrong with what should have been of the type `shape`, with the words that it takes in this place."""
    text = str(error)
    found = WRONG_WORD.fullmatch(text)
    if found is None:
        return text
    kinds = list(_alternatives(inspect.type_info(shape)))
    for step in STEP.finditer(found[3] or ""):
        kinds = [inner for kind in kinds for inner in _inside(kind, step[1])]
    words = ", ".join(str(word) for kind in kinds for word in _words(kind))
    return f"{found[1]} (there are {words}){found[2] or ''}" if words else text


def _alternatives(kind: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.Metadata):
        yield from _alternatives(kind.type)
    elif isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from _alternatives(one)
    else:
        yield kind


def _inside(kind: inspect.Type, field: str | None) -> Iterator[inspect.Type]:
    """What a field of this name may be, or without a name an item."""
    if isinstance(kind, inspect.StructType):
        for one in kind.fields:
            if one.encode_name == field:
                yield from _alternatives(one.type)
    elif field is None and isinstance(kind, inspect.CollectionType):
        yield from _alternatives(kind.item_type)
    elif field is None and isinstance(kind, inspect.DictType):
        yield from _alternatives(kind.value_type)


def _words(kind: inspect.Type) -> list[Any]:
    if isinstance(kind, inspect.LiteralType):
        return list(kind.values)
    return [one.value for one in kind.cls] if isinstance(kind, inspect.EnumType) else []
