"""What texting refuses before it asks the database."""

import re
from collections.abc import Sequence
from typing import Final

from ringmain.core.errors import Invalid
from ringmain.core.texting import segments
from ringmain.core.texting.model import MAX_TEXT, Encoding

ADDRESS: Final = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}")
SENDER: Final = re.compile(r"\+?[\w .&@:/=+-]{1,64}")
MAX_NAME: Final = 200
MAX_REFERENCE: Final = 200


def check_address(number: str) -> str:
    """A number that can be texted: E.164 with +, or a short code of 3 to 8 digits. Raises Invalid."""
    if not ADDRESS.fullmatch(number) or not number.isascii():
        raise Invalid("number", "must be E.164 with +, or a short code")
    return number


def check_sender(sender: str) -> str:
    """What inbound texts come from: also names, as banks use, and ids of an API's own. Raises Invalid."""
    if not SENDER.fullmatch(sender):
        raise Invalid("sender", "must be a number or a name of 1 to 64 characters")
    return sender


def check_text(field: str, text: str) -> str:
    """Refuse what PostgreSQL and carriers cannot hold: NUL, and halves of surrogate pairs. Raises Invalid."""
    if "\0" in text:
        raise Invalid(field, "must not contain the NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid(field, "is not valid Unicode") from None
    return text


def measure(text: str) -> tuple[Encoding, int]:
    """Encoding and number of segments of an outbound text. Raises Invalid when SMS cannot carry it."""
    if len(check_text("text", text)) > MAX_TEXT:
        raise Invalid("text", f"must not be longer than {MAX_TEXT} characters")
    try:
        encoding, parts = segments.count(text)
    except segments.TooManySegments:
        raise Invalid("text", "needs more than 255 segments") from None
    return encoding, parts


def check_outgoing(text: str, file_ids: Sequence[int], reference: str | None) -> tuple[Encoding, int]:
    """Encoding and number of segments of what a client wants sent. Raises Invalid when nobody could send it."""
    if not text and not file_ids:
        raise Invalid("text", "a message needs a text or a file")
    measured = measure(text)
    if reference is not None and not 0 < len(check_text("reference", reference)) <= MAX_REFERENCE:
        raise Invalid("reference", f"must have 1 to {MAX_REFERENCE} characters")
    return measured


def measure_inbound(text: str) -> tuple[Encoding, int]:
    """The same for a text that is there already, however long it is."""
    try:
        return segments.count(text)
    except segments.TooManySegments:
        return segments.encoding_of(text), 255


def check_name(field: str, name: str) -> str:
    """A person's name. Raises Invalid."""
    if len(name) > MAX_NAME:
        raise Invalid(field, f"must not be longer than {MAX_NAME} characters")
    return check_text(field, name)
