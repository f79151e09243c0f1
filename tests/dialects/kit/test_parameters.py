"""Parameters wherever clients put them: query, JSON, forms."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from ringmain.dialects.kit import parameters
from ringmain.dialects.kit.errors import BadRequest, BodyTooLarge
from ringmain.dialects.kit.parameters import Parameters

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


def receiving(body: bytes) -> Callable[[], Awaitable[Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def read(body: bytes = b"", mimetype: str = "", query: str = "", limit: int = 1 << 20) -> Parameters:
    headers = [(b"content-type", mimetype.encode())] if mimetype else []
    scope = {"type": "http", "method": "POST", "query_string": query.encode(), "headers": headers}
    return await parameters.read(Request(scope, receiving(body)), limit)


def part(name: str, value: str, *, filename: str = "") -> str:
    more = f'; filename="{filename}"\r\nContent-Type: application/pdf' if filename else ""
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


async def test_the_body_wins_over_the_query() -> None:
    expected = {"a": "1", "b": "2", "c": "3"}
    assert (await read(b'{"a": "1", "b": "2"}', JSON, "b=9&c=3")).values == expected
    assert (await read(b"a=1&b=2", FORM, "b=9&c=3")).values == expected
    assert (
        await read((part("a", "1") + part("b", "2") + "--x--\r\n").encode(), MULTIPART, "b=9&c=3")
    ).values == expected


@pytest.mark.parametrize(
    "mimetype", ["", JSON, FORM, MULTIPART, "multipart/form-data", "text/plain", "nonsense", "*/*"]
)
@pytest.mark.parametrize("body", [b"", b" ", b"\r\n\r\n"])
async def test_a_blank_body_is_no_parameters_whatever_it_says_that_it_is(body: bytes, mimetype: str) -> None:
    assert (await read(body, mimetype, "a=1")).values == {"a": "1"}


async def test_a_body_of_null_is_no_parameters() -> None:
    assert (await read(b" null\r\n", JSON, "a=1")).values == {"a": "1"}


@pytest.mark.parametrize("mimetype", ["", JSON, FORM, "text/plain", "application/vnd.api+json; charset=utf-8"])
async def test_an_object_is_read_as_json_whatever_it_says_that_it_is(mimetype: str) -> None:
    assert (await read(b'  {"a": [1, {"b": null}]}', mimetype)).values == {"a": [1, {"b": None}]}


async def test_of_several_the_last_counts_and_encodings_are_undone() -> None:
    assert (await read(b"a=1&a=+x%2B%C3%A9&b=&c", FORM)).values == {"a": " x+é", "b": "", "c": ""}
    assert (await read(query="a=1&a=%2B")).values == {"a": "+"}


@pytest.mark.parametrize(
    ("value", "text"),
    [("x", "x"), (1, "1"), (1.5, "1.5"), (True, "true"), (False, "false"), (None, None), ("", "")],
)
def test_scalars_are_text(value: Any, text: str | None) -> None:
    assert Parameters({"a": value}).text("a") == text
    assert Parameters({}).text("a") is None


@pytest.mark.parametrize("value", [[], {}, [1]])
def test_lists_and_objects_are_no_text(value: Any) -> None:
    with pytest.raises(BadRequest, match="a must be text"):
        Parameters({"a": value}).text("a")


async def test_files_keep_their_order_with_and_without_brackets() -> None:
    body = (
        part("to", "123")
        + part("files[]", "one", filename="1.pdf")
        + part("files", "two", filename="2.pdf")
        + part("files[]", "three", filename="3.pdf")
        + part("cover", "four", filename="4.pdf")
        + "--x--\r\n"
    )
    found = await read(body.encode(), MULTIPART)
    assert found.values == {"to": "123"}
    assert [(one.content, one.name) for one in found.files("files")] == [
        (b"one", "1.pdf"),
        (b"two", "2.pdf"),
        (b"three", "3.pdf"),
    ]
    assert [one.mimetype for one in found.files("cover", "nothing")] == ["application/pdf"]


@pytest.mark.parametrize(
    ("body", "mimetype"),
    [
        (b"{", JSON),
        (b"[]", JSON),
        (b'"x"', JSON),
        (b"a=1", JSON),
        (b"{nonsense}", FORM),
        (b"\xff=1", FORM),
        (b"a=%ff", FORM),
        (b'{"a": "\xff"}', JSON),
        (b'{"a": "\\ud800"}', JSON),
        (b'{"a": "\\u0000"}', JSON),
        (b'{"a": [{"\\u0000": 1}]}', JSON),
        (b"a=%00", FORM),
        (part("a", "\0").encode() + b"--x--\r\n", MULTIPART),
        (b'{"a":' + b"[" * 100_000, JSON),
        (b"nonsense", MULTIPART),
        (b"nonsense", "multipart/form-data"),
        ("".join(part(f"f{number}", "", filename="x") for number in range(30)).encode() + b"--x--\r\n", MULTIPART),
        ("&".join(f"a{number}=1" for number in range(300)).encode(), FORM),
    ],
)
async def test_what_cannot_be_read_is_a_bad_request(body: bytes, mimetype: str) -> None:
    with pytest.raises(BadRequest):
        await read(body, mimetype)


@pytest.mark.parametrize("depth", range(100, 1000, 50))
async def test_deep_bodies_break_nothing(depth: int) -> None:
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        with suppress(BadRequest):  # how deep is too deep depends on who calls
            await read(b'{"a":' + opening * depth + b"1" + closing * depth + b"}", JSON)


async def test_a_null_in_the_query_is_a_bad_request() -> None:
    with pytest.raises(BadRequest, match="NUL"):
        await read(query="a=%00")


@pytest.mark.parametrize("mimetype", [JSON, FORM, MULTIPART])
async def test_what_is_too_large(mimetype: str) -> None:
    with pytest.raises(BodyTooLarge):
        await read(b"x" * 101, mimetype, limit=100)


scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20)


@given(
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4),
    st.dictionaries(st.text(max_size=8), scalars, max_size=4),
)
async def test_everything_given_arrives(query: dict[str, str], body: dict[str, Any]) -> None:
    texts = [*query, *query.values(), *body, *(one for one in body.values() if isinstance(one, str))]
    arriving = read(msgspec.json.encode(body), JSON, urlencode(query))
    if any("\0" in one for one in texts):
        with suppress(BadRequest):
            await arriving
        return
    assert (await arriving).values == {**query, **body}


@given(st.binary(max_size=80), st.sampled_from([JSON, FORM, MULTIPART, "", "text/plain"]))
async def test_any_octets_are_parameters_or_a_bad_request(body: bytes, mimetype: str) -> None:
    with suppress(BadRequest):
        assert isinstance((await read(body, mimetype)).values, dict)
