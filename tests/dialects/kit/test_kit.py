import asyncio
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from asyncpg import DeadlockDetectedError
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.errors import CoreError, Invalid, NotFound, Unavailable
from ringmain.database.pool import DatabaseUnavailable
from ringmain.dialects.kit import body as bodies
from ringmain.dialects.kit import query
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.errors import BadRequest, BodyTooLarge, ErrorTable
from ringmain.dialects.kit.paging import Paging, paging


class Shape(msgspec.Struct):
    name: str
    count: int = 0


DECODER = Decoder(msgspec.json.Decoder(Shape))


def asked(query_string: str) -> Request:
    return Request({"type": "http", "query_string": query_string.encode(), "headers": []})


def test_bodies_decode_into_their_type() -> None:
    assert DECODER.decode(b'{"name": "x", "unknown": [1]}') == Shape("x", 0)
    assert DECODER.decode(b'{"name": "\\\\u0000"}').name == "\\u0000"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"name": 1}', "$.name"),
        (b"{}", "name"),
        (b"", "JSON"),
        (b"{", "JSON"),
        (b'{"name": "\xff"}', "JSON"),
        (b'{"name": "\\ud800"}', "JSON"),
        (b'{"name": "a\\u0000"}', "NUL"),
        (b'{"name": "x", "x": {"\\u0000": 1}}', "NUL"),
        (b'{"name": "x", "x": [["\\u0000"]]}', "NUL"),
        (b'{"name": "x", "x":' + b"[" * 100_000, "JSON"),
        (b'"\\u0000"' + b"[" * 100_000, "JSON"),
    ],
)
def test_what_is_wrong_with_a_body_is_said(body: bytes, reason: str) -> None:
    with pytest.raises(BadRequest) as refused:
        DECODER.decode(body)
    assert reason in refused.value.reason


@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode))
def test_any_octets_decode_or_are_bad_requests(body: bytes) -> None:
    with suppress(BadRequest):
        assert isinstance(DECODER.decode(body), Shape)


def test_lists_are_read_in_all_spellings() -> None:
    request = asked("ids=a,b&ids=c&ids[]=d&ids[]=e,%20f,&ids=")
    assert query.values(request, "ids") == ["a", "b", "c", "d", "e", "f"]
    assert query.values(request, "other") == []


def test_text_parameters_refuse_nul() -> None:
    assert query.text(asked("a=x"), "a") == "x"
    assert query.text(asked("a="), "a") == ""
    assert query.text(asked(""), "a") is None
    with pytest.raises(BadRequest):
        query.text(asked("a=x%00"), "a")


@pytest.mark.parametrize("value", ["0", "-1", "x", "1.0", "²", "٣", " 1", "1_0", "9" * 50, str(2**31)])
def test_numbers_that_are_none(value: str) -> None:
    with pytest.raises(BadRequest, match="page must be"):
        query.positive(value, "page")


def test_pages() -> None:
    def read(text: str, *, strict: bool = False) -> Paging:
        return paging(asked(text), size_names=("per_page", "size"), default=20, largest=100, strict=strict)

    assert read("") == Paging(1, 20)
    assert read("page=3&size=7", strict=True) == Paging(3, 7)
    assert read("page=&per_page=101", strict=True) == Paging(1, 100)
    assert read("page=x&size=-1") == Paging(1, 20)
    for wrong in ("page=0", "size=x"):
        with pytest.raises(BadRequest):
            read(wrong, strict=True)
    assert [Paging(1, 20).pages(total) for total in (0, 1, 20, 21)] == [0, 1, 1, 2]


def test_errors_answer_as_the_table_says() -> None:
    def answer(status: int, detail: str | None) -> Response:
        return Response(detail or "?", status)

    statuses = {CoreError: 418, NotFound: 404, BadRequest: 400, BodyTooLarge: 413, Unavailable: 502}
    table = ErrorTable({**statuses, DatabaseUnavailable: 503}, answer)
    expected: list[tuple[Exception, int, bytes]] = [
        (NotFound("contact"), 404, b"contact not found"),
        (Invalid("a", "b"), 418, b"a: b"),
        (BadRequest("no"), 400, b"no"),
        (BodyTooLarge(5), 413, b"The body is larger than 5 octets"),
        (RuntimeError("secret"), 500, b"?"),
        (Unavailable("secret"), 502, b"?"),
        (DeadlockDetectedError("nothing was written"), 503, b"?"),
    ]
    for error, status, body in expected:
        response = table.response_to(error)
        assert (response.status_code, response.body) == (status, body)


async def test_a_body_that_does_not_end_is_given_up() -> None:
    coming = [{"type": "http.request", "body": b"{", "more_body": True}]

    async def receive() -> MutableMapping[str, Any]:
        if not coming:
            await asyncio.Event().wait()
        return coming.pop()

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}, receive)
    with pytest.raises(BadRequest, match=r"did not come within 0\.05 seconds"):
        await bodies.read(request, patience=0.05)
