"""Who is called, texted or faxed, and by whom, as operators write it."""

from typing import Final

from ringmain.core.calls.rehearsal import INTERNAL
from ringmain.core.errors import Invalid
from ringmain.core.numbers.normalise import normalise

WITHHELD: Final = frozenset({"", "anonymous"})


def number(field: str, text: str, country: str) -> str:
    """A telephone number as E.164. Raises Invalid, which names the body's field."""
    try:
        return normalise(text, country)
    except Invalid as error:
        raise Invalid(field, error.reason) from error


def party(field: str, text: str, country: str) -> str:
    """An extension's number as it is, else a telephone number. Raises Invalid."""
    given = text.strip()
    return given if INTERNAL.fullmatch(given) else number(field, given, country)


def caller(field: str, text: str, country: str) -> str:
    """Whoever calls: a party, or "" for one who withholds the number. Raises Invalid."""
    return "" if text.strip() in WITHHELD else party(field, text, country)
