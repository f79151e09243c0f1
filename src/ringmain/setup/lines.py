"""Where in a TOML text a value stands. The standard library's parser does not say."""

import re
from typing import Final

import msgspec

Step = str | int
Path = tuple[Step, ...]

KEY: Final = re.compile(r"""[ \t]*([A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*""")
HEADER: Final = re.compile(r"[ \t]*(\[\[?)")
STRING: Final = re.compile(r'"""(?:[^\\]|\\.)*?"""+' r"|'''.*?'''+" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'", re.DOTALL)


def find_line(text: str, path: Path) -> int:
    """The line, from 1, where the value at `path` begins, or what holds it where that is written in one piece.

    `path` is as in ("companies", 0, "people", 2, "email"). `text` must be valid TOML.
    """
    lines = _scan(text)
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def _scan(text: str) -> dict[Path, int]:
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    position = 0
    while position < len(text):
        line = text.count("\n", 0, position) + 1
        header = HEADER.match(text, position)
        if header:
            keys, position = _keys(text, header.end())
            table = _enter(keys, counts, is_array=header[1] == "[[")
            for length in range(1, len(table) + 1):
                lines.setdefault(table[:length], line)
            position = _end_of_line(text, position)
        elif KEY.match(text, position):
            keys, position = _keys(text, position)
            for length in range(1, len(keys) + 1):
                lines.setdefault((*table, *keys[:length]), line)
            position = _end_of_value(text, position)
        else:  # a blank line or a comment
            position = _end_of_line(text, position)
    return lines


def _keys(text: str, position: int) -> tuple[tuple[str, ...], int]:
    """A dotted key, and the position behind it."""
    keys = []
    while found := KEY.match(text, position):
        keys.append(_plain(found[1]))
        position = found.end()
        if text[position : position + 1] != ".":
            break
        position += 1
    return tuple(keys), position


def _plain(key: str) -> str:
    if key.startswith('"'):
        try:
            return msgspec.json.decode(key, type=str)
        except msgspec.DecodeError:  # an escape that JSON does not have
            return key[1:-1]
    return key.strip("'")


def _enter(keys: tuple[str, ...], counts: dict[Path, int], *, is_array: bool) -> Path:
    """The path of a table. Arrays of tables on the way stand for their latest table."""
    table: Path = ()
    for index, key in enumerate(keys):
        table = (*table, key)
        if is_array and index == len(keys) - 1:
            counts[table] = counts.get(table, -1) + 1
        if table in counts:
            table = (*table, counts[table])
    return table


def _end_of_value(text: str, position: int) -> int:
    """The position behind the line on which a value ends that begins behind `position`."""
    depth = 0
    while position < len(text):
        character = text[position]
        string = STRING.match(text, position) if character in "\"'" else None
        if string:
            position = string.end()
            continue
        if character == "#":
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
            continue
        if character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        elif character == "\n" and depth == 0:
            return position + 1
        position += 1
    return position


def _end_of_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1
