"""Telephone numbers as RingRx writes and reads them (specs/ringrx.md 5, row 9).

It has a style for each kind of thing: ten digits for texts, eleven for voicemail, fax and call records, E.164 for call
alerts. Extensions are bare in all of them. Inside they are all E.164.
"""

import re
from typing import Final

from ringmain.core.errors import Invalid
from ringmain.core.numbers.normalise import normalise

NORTH_AMERICAN: Final = re.compile(r"\+1[0-9]{10}")
NOT_DIGITS: Final = re.compile(r"[^0-9]+")
LETTERS: Final = re.compile(r"[^\W0-9_]")
LONG: Final = 11
"""Digits from which a number may have its country code without a plus."""


def ten_digits(number: str) -> str:
    """As texts have it: 8185551234. A number of another numbering plan keeps its country code."""
    return number[2:] if NORTH_AMERICAN.fullmatch(number) else eleven_digits(number)


def eleven_digits(number: str) -> str:
    """As voicemail, fax and call records have it: 18185551234."""
    return number.removeprefix("+")


def international(number: str) -> str:
    """As call alerts have it: +18185551234."""
    return number


def read(text: str, country: str) -> str:
    """E.164, of a number in any of the styles, with blanks and punctuation, or with the blank that a + becomes in
    a query. Raises Invalid.
    """
    digits = NOT_DIGITS.sub("", text)
    if text.strip().startswith("+"):
        return normalise(f"+{digits}", country)
    try:
        return normalise(digits, country)
    except Invalid:
        # A name or an extension behind the number would make it another country's.
        if len(digits) < LONG or LETTERS.search(text):
            raise
        return normalise(f"+{digits}", country)
