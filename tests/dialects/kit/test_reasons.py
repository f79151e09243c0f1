from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.reasons import reason


class Inner(msgspec.Struct, rename={"kind": "type"}):
    kind: Literal["visit", "call"] = "visit"


class Shape(msgspec.Struct):
    count: int = 0
    word: Literal["red", "green"] | None = None
    level: Literal[1, 2] = 1
    items: list[Literal["x", "y"] | int] = []
    named: dict[str, Annotated[Literal["p"], Meta(description="a letter")]] = {}
    keys: dict[Literal["k"], int] = {}
    inner: Inner | None = None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"word": "blue"}, "Invalid enum value 'blue' (there are green, red) - at `$.word`"),
        ({"level": 3}, "Invalid enum value 3 (there are 1, 2) - at `$.level`"),
        ({"items": ["x", "z"]}, "Invalid enum value 'z' (there are x, y) - at `$.items[1]`"),
        ({"named": {"a": "q"}}, "Invalid enum value 'q' (there are p) - at `$.named[...]`"),
        ({"inner": {"type": "fax"}}, "Invalid enum value 'fax' (there are call, visit) - at `$.inner.type`"),
    ],
)
def test_the_words_that_there_are(given: Any, said: str) -> None:
    with pytest.raises(BadRequest) as refused:
        Decoder(msgspec.json.Decoder(Shape)).decode(msgspec.json.encode(given))
    assert refused.value.reason == said


@pytest.mark.parametrize("given", [{"count": "1"}, {"word": "a`b"}, {"word": "` - at `$.items`"}, {"keys": {"z": 1}}])
def test_anything_else_is_said_as_msgspec_says_it(given: Any) -> None:
    with pytest.raises(msgspec.ValidationError) as wrong:
        msgspec.convert(given, Shape)
    assert reason(wrong.value, Shape) == str(wrong.value)


def test_a_value_by_itself() -> None:
    with pytest.raises(msgspec.ValidationError) as wrong:
        msgspec.convert("c", Literal["a", "b"])
    assert reason(wrong.value, Literal["a", "b"]) == "Invalid enum value 'c' (there are a, b)"
