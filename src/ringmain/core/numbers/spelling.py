"""Telephone numbers as others want them spelled."""

from functools import lru_cache
from typing import Final

import phonenumbers

DIGITS: Final = frozenset("0123456789")


@lru_cache(maxsize=65_536)
def spelled(number: str, form: str, country: str) -> str:
    """An E.164 number in this form: `e164` +12025550143, `international` 12025550143, `national` 2025550143.

    A number of another country than `country` has no national form: it is international. With an empty form, and for
    what is no E.164 number, it stays as it is.
    """
    if not form or not number.startswith("+"):
        return number
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    if form == "national" and parsed.country_code == phonenumbers.country_code_for_region(country):
        written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
        return "".join(character for character in written if character in DIGITS)
    return number if form == "e164" else number.removeprefix("+")
