"""Telephone numbers as people write them -> E.164. Rules of specs/messaging.md 3."""

import re
from functools import lru_cache

import phonenumbers

from ringmain.core.errors import Invalid

LONGEST = 40
# The library would read extensions, letters (vanity numbers) and other scripts' digits; we only take plain numbers.
PLAIN = re.compile(r"\+?[0-9 ().\-/\u00a0]+")


@lru_cache(maxsize=65_536)
def normalise(text: str, country: str) -> str:
    """The number in E.164, as in +12025550143. `country` (ISO 3166 alpha-2) is how a number without + is read.

    Raises Invalid for what is no number of the world's numbering plans: extensions, feature and emergency codes
    (which the library alone would turn into +1911), short codes, letters.
    """
    text = text.strip()
    if len(text) > LONGEST or not PLAIN.fullmatch(text):
        raise Invalid("number", "is not a telephone number")
    # 11235554321 is +1 123 555 4321 as the vendors write it; read as national it would lose both ones.
    for spelling in (text, f"+{text}"):
        try:
            parsed = phonenumbers.parse(spelling, country)
        except phonenumbers.NumberParseException:
            continue
        # Possible, not valid: the vendors' own examples and new ranges are not in the library's lists of valid numbers.
        possible = phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE
        if possible and (spelling is text or parsed.country_code == phonenumbers.country_code_for_region(country)):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    raise Invalid("number", "is not a possible telephone number")


@lru_cache(maxsize=65_536)
def national(e164: str) -> str:
    """The national significant digits of an E.164 number, as in 2025550143. Raises Invalid."""
    try:
        parsed = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException as error:
        raise Invalid("number", "is not in E.164") from error
    return phonenumbers.national_significant_number(parsed)
