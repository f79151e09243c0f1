from urllib.parse import parse_qsl

import pytest
import yarl
from hypothesis import given
from hypothesis import strategies as st

from ringmain.core.errors import Invalid
from ringmain.dialects.ringrx import templates

VALUES = {"caller": "+1 (818) 555-1234", "pages": 3, "confirmed": True, "gone": None, "event_log": [{"state": "sent"}]}
anything = st.text(st.characters(exclude_categories=["Cs"]))


def test_the_documents_example() -> None:
    template = "https://some.url.com/voicemail?accountID=some_account&calling_number={caller}&filename={filename}"
    values = {"caller": "8185551234", "filename": "msg 1.wav"}
    expected = "https://some.url.com/voicemail?accountID=some_account&calling_number=8185551234&filename=msg%201.wav"
    assert templates.address(template, values) == expected


def test_reading_1_blanks_inside_a_token_make_no_difference() -> None:
    assert templates.address("http://h/{pages}/{pages }/{ pages}", VALUES) == "http://h/3/3/3"


def test_reading_3_header_lines_are_parted_by_line_breaks_and_by_the_four_characters() -> None:
    lines = "AuthToken:DESIGN-thick/r/nA: {caller}\r\nB:x:y\n\nC:  z  "
    expected = {"AuthToken": "DESIGN-thick", "A": "+1 (818) 555-1234", "B": "x:y", "C": "z"}
    assert templates.headers(lines, VALUES) == expected


def test_reading_3_a_value_adds_no_header() -> None:
    assert templates.headers("A:{x}", {"x": "a\r\nEvil: 1\nMore: 2\0"}) == {"A": "a Evil: 1 More: 2"}
    assert templates.headers("A:{x}", {"x": "a/r/nEvil: 1"}) == {"A": "a/r/nEvil: 1"}


def test_reading_13_booleans_and_lists_as_text() -> None:
    assert templates.address("http://h/?c={confirmed}", VALUES) == "http://h/?c=true"
    assert templates.headers("L: {event_log}", VALUES) == {"L": '[{"state":"sent"}]'}


def test_reading_16_values_are_percent_encoded_unknown_tokens_stay_and_null_is_empty() -> None:
    given = "http://h/?a={caller}&b={unknown}&c={gone}&d={ not a token }"
    expected = "http://h/?a=%2B1%20%28818%29%20555-1234&b={unknown}&c=&d={ not a token }"
    assert templates.address(given, VALUES) == expected
    assert templates.address("http://h/?x={x}", {"x": "Aa0-._~é&=#/"}) == "http://h/?x=Aa0-._~%C3%A9%26%3D%23%2F"


@pytest.mark.parametrize(
    "template",
    ["http://h", "https://h:8443/{caller}", "http://{mailbox}.example.com/", "http://h?x={pages }", "HTTP://h/#a"],
)
def test_addresses(template: str) -> None:
    assert templates.checked_address(template) == template.replace(" ", "")


@pytest.mark.parametrize(
    "template",
    [
        "",
        "h",
        "ftp://h/",
        "//h/",
        "http://",
        "http:///a",
        "http://:80/",
        "http://h/a b",
        "http://a@h/",
        "http://h/\r\n",
    ],
)
def test_no_addresses(template: str) -> None:
    with pytest.raises(Invalid):
        templates.checked_address(template)


@pytest.mark.parametrize("lines", ["no colon", ": x", "a b: c", "Host: x", "content-type: y", "A: b/r/nWebhook-Id: c"])
def test_no_headers(lines: str) -> None:
    with pytest.raises(Invalid):
        templates.check_headers(lines)


@given(anything)
def test_a_value_stays_in_its_parameter(value: str) -> None:
    url = yarl.URL(templates.address("http://h/p?before=1&x={x}&after=2", {"x": value}))
    assert (url.host, url.path) == ("h", "/p")
    found = parse_qsl(url.raw_query_string, keep_blank_values=True)
    assert found == [("before", "1"), ("x", value), ("after", "2")]


@given(anything)
def test_a_value_stays_in_its_path_segment(value: str) -> None:
    url = yarl.URL(templates.address("http://h/a/{x}/b/.d{x}/c?q=1#end", {"x": value}))
    segments = url.raw_path.split("/")
    assert (url.host, len(segments), url.query_string) == ("h", 6, "q=1")
    assert (segments[1], segments[3], segments[5]) == ("a", "b", "c")


@given(anything)
def test_a_value_makes_no_other_host(value: str) -> None:
    address = templates.address("http://x{x}.example.com:81/p", {"x": value})
    host = address.removeprefix("http://x").removesuffix(".example.com:81/p")
    assert host.replace("-", "a").isascii()
    assert not set(host) - set("-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


@given(anything)
def test_a_value_stays_in_its_header(value: str) -> None:
    made = templates.headers("A: {x}\r\nB: 1", {"x": value})
    assert list(made) == ["A", "B"]
    assert not set(made["A"]) & {chr(code) for code in (*range(32), 127)}
