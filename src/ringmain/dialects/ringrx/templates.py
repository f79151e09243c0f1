"""Tokens in a callback's address and headers (specs/ringrx.md 4 and 5). Pure.

A value can fill the place of its token and nothing else: it adds no host, no path segment, no parameter, no header.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import quote

import msgspec

from ringmain.core.errors import Invalid

Values = Mapping[str, object]
"""What the tokens of an event stand for, by name."""

TOKEN: Final = re.compile(r"\{[ \t]*([A-Za-z_]+)[ \t]*\}")
"""`{pages}` and `{pages }` are the same."""
LINE_BREAK: Final = re.compile(r"\r\n|\r|\n|/r/n")
"""The document writes a line break as the four characters /r/n: both are read as one."""
ADDRESS: Final = re.compile(r"(https?://[^/?#]*)([^?#]*)([^#]*)(?:#.*)?", re.DOTALL | re.IGNORECASE)
HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
RESERVED: Final = frozenset(
    {
        "connection",
        "content-length",
        "content-type",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    }
)
"""Headers that are ours to send."""
UNSAFE_IN_HOST: Final = re.compile(r"[^A-Za-z0-9-]")
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
BOOLEANS: Final = {True: "true", False: "false"}


def checked_address(template: str) -> str:
    """The template without the blanks inside its tokens.

    Raises Invalid("url") for what is no http address, tokens aside, or has whitespace outside of a token.
    """
    plain = TOKEN.sub("0", template)
    found = ADDRESS.fullmatch(plain)
    authority = found[1].partition("//")[2] if found else ""
    if not found or not authority or authority.startswith(":") or re.search(r"\s", plain):
        raise Invalid("url", "must be an address that begins with http:// or https://")
    if "@" in authority:
        raise Invalid("url", "must have no credentials: there is basic authentication for them")
    return TOKEN.sub(r"{\1}", template)


def address(template: str, values: Values) -> str:
    """The URL with each known token's value in its place, percent-encoded; unknown tokens stay as they are.

    In the host, what is no letter, digit or hyphen becomes a hyphen. In the path a value of dots becomes underscores,
    because it would climb.
    """
    found = ADDRESS.fullmatch(template)
    if found is None:
        return template
    host = _filled(found[1], values, lambda value: UNSAFE_IN_HOST.sub("-", value))
    path = _filled(found[2], values, lambda value: "_" * len(value) if not value.strip(".") else _quoted(value))
    return host + path + _filled(found[3], values, _quoted)


def check_headers(lines: str) -> None:
    """Raises Invalid("custom_headers") for a line that is no `Header:value`, and for headers that are ours."""
    for line in _lines(lines):
        name, colon, _ = line.partition(":")
        name = name.strip()
        if not colon or not HEADER_NAME.fullmatch(name):
            raise Invalid("custom_headers", "each line must be a header's name, a colon and its value")
        if name.lower() in RESERVED:
            raise Invalid("custom_headers", f"{name} cannot be set")


def headers(lines: str, values: Values) -> dict[str, str]:
    """The headers of these lines with each known token's value in its place, without its control characters."""
    made: dict[str, str] = {}
    for line in _lines(lines):
        name, _, value = line.partition(":")
        made[name.strip()] = CONTROL.sub(" ", _filled(value, values, lambda found: found)).strip()
    return made


def text(value: object) -> str:
    """A value as tokens spell it: nothing for null, lower-case booleans, compact JSON for what is no text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return BOOLEANS[value]
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _filled(template: str, values: Values, spell: Callable[[str], str]) -> str:
    def fill(found: re.Match[str]) -> str:
        return spell(text(values[found[1]])) if found[1] in values else found[0]

    return TOKEN.sub(fill, template)


def _quoted(value: str) -> str:
    return quote(value, safe="", errors="replace")


def _lines(lines: str) -> Iterator[str]:
    return (line for line in LINE_BREAK.split(lines) if line.strip())
