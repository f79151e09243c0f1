"""Range requests, as RFC 9110 section 14 has them."""

import pytest
from starlette.requests import Request

from ringmain.dialects.kit.ranges import respond

CONTENT = b"0123456789"


def ask(value: str | None, **headers: str) -> tuple[int, bytes, str | None]:
    sent = dict(headers) if value is None else {"range": value, **headers}
    raw = [(name.replace("_", "-").encode(), text.encode()) for name, text in sent.items()]
    response = respond(Request({"type": "http", "headers": raw}), CONTENT, {"Content-Type": "audio/wav"})
    assert response.headers["content-type"] == "audio/wav"
    return response.status_code, bytes(response.body), response.headers.get("content-range")


@pytest.mark.parametrize(
    ("value", "content", "shown"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=4-", b"456789", "bytes 4-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-30", CONTENT, "bytes 0-9/10"),
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes = 1 - 2", b"12", "bytes 1-2/10"),
    ],
)
def test_one_range(value: str, content: bytes, shown: str) -> None:
    assert ask(value) == (206, content, shown)


@pytest.mark.parametrize("value", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_that_is_not_there(value: str) -> None:
    assert ask(value) == (416, b"", "bytes */10")


@pytest.mark.parametrize(
    "value",
    [None, "", "bytes=-", "bytes=3-1", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b", "bytes=1", f"bytes={'9' * 99}-"],
)
def test_everything_else_is_the_whole(value: str | None) -> None:
    assert ask(value) == (200, CONTENT, None)


def test_a_range_that_depends_on_a_validator_is_the_whole() -> None:
    assert ask("bytes=0-1", if_range='"x"') == (200, CONTENT, None)
