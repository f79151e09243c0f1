"""Phone books as five makers' phones read them (specs/ringotel.md 3, getPhoneBookURL)."""

import re
from collections.abc import Callable, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec

IMPOSSIBLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot have."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can be called. Each has numbers, and what kind each is: Work, Mobile or Other."""

    first_name: str
    last_name: str
    numbers: Sequence[tuple[str, str]]

    @property
    def name(self) -> str:
        """The whole name."""
        return f"{self.first_name} {self.last_name}".strip()


def yealink(entries: Sequence[Entry]) -> Element:
    """A `Telephone` for each number."""
    return _directory("YealinkIPPhoneDirectory", entries)


def cisco(entries: Sequence[Entry]) -> Element:
    """An entry has one `Telephone`: who has several numbers has several entries."""
    book = Element("CiscoIPPhoneDirectory")
    _add(book, "Title", "Phone book")
    _add(book, "Prompt", "Select a contact")
    for entry in entries:
        for number, kind in entry.numbers:
            one = SubElement(book, "DirectoryEntry")
            _add(one, "Name", entry.name if len(entry.numbers) == 1 else f"{entry.name} ({kind})")
            _add(one, "Telephone", number)
    return book


def fanvil(entries: Sequence[Entry]) -> Element:
    """`Telephone`, `Mobile` and `Other`, one each."""
    book = Element("FanvilIPPhoneDirectory")
    for entry in entries:
        one = SubElement(book, "DirectoryEntry")
        _add(one, "Name", entry.name)
        left = list(entry.numbers)
        for tag, kind in (("Telephone", "Work"), ("Mobile", "Mobile"), ("Other", "")):
            found = next((pair for pair in left if kind in ("", pair[1])), None)
            if found:
                left.remove(found)
            _add(one, tag, found[0] if found else "")
    return book


def polycom(entries: Sequence[Entry]) -> Element:
    """An item has one contact: who has several numbers has several items."""
    book = Element("directory")
    items = SubElement(book, "item_list")
    for entry in entries:
        for number, _ in entry.numbers:
            one = SubElement(items, "item")
            _add(one, "ln", entry.last_name)
            _add(one, "fn", entry.first_name)
            _add(one, "ct", number)
    return book


def grandstream(entries: Sequence[Entry]) -> Element:
    """A `Phone` for each number, at the first account."""
    book = Element("AddressBook")
    _add(book, "version", "1")
    for index, entry in enumerate(entries, 1):
        one = SubElement(book, "Contact")
        _add(one, "id", str(index))
        _add(one, "FirstName", entry.first_name)
        _add(one, "LastName", entry.last_name)
        for number, kind in entry.numbers:
            phone = SubElement(one, "Phone", type={"Mobile": "Cell"}.get(kind, "Work"))
            _add(phone, "phonenumber", number)
            _add(phone, "accountindex", "1")
    return book


FORMATS: Final[dict[str, Callable[[Sequence[Entry]], Element]]] = {
    "Yealink": yealink,
    "Polycom": polycom,
    "Cisco": cisco,
    "Grandstream": grandstream,
    "Fanvil": fanvil,
}


def written(entries: Sequence[Entry], name: str) -> bytes:
    """The book in the format of this name, as XML in UTF-8."""
    content: bytes = tostring(FORMATS[name](entries), encoding="utf-8", xml_declaration=True)
    return content


def _directory(root: str, entries: Sequence[Entry]) -> Element:
    book = Element(root)
    for entry in entries:
        one = SubElement(book, "DirectoryEntry")
        _add(one, "Name", entry.name)
        for number, _ in entry.numbers:
            _add(one, "Telephone", number)
    return book


def _add(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = IMPOSSIBLE.sub("", text)
