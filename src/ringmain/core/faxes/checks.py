"""What may stand on a fax. Each raises Invalid."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ringmain.core.errors import Invalid
from ringmain.core.faxes.model import FaxChange, NewFax, ReceivedChange
from ringmain.core.faxes.transport import InboundFax
from ringmain.core.listing import EARLIEST, LATEST
from ringmain.core.mail.addresses import check_address
from ringmain.core.mail.model import MAX_RECIPIENTS

MAX_NAME: Final = 200
MAX_SUBJECT: Final = 500
MAX_REFERENCE: Final = 200
E164: Final = re.compile(r"\+[1-9][0-9]{1,14}")


def check_emails(emails: Sequence[str]) -> list[str]:
    """The bare addresses, each once, in the order given; addresses that differ in case only are one."""
    if len(emails) > MAX_RECIPIENTS:
        raise Invalid("emails", f"may have {MAX_RECIPIENTS} addresses")
    found: dict[str, str] = {}
    for email in emails:
        address = check_address("emails", email)
        found.setdefault(address.lower(), address)
    return list(found.values())


def check_outbound(given: NewFax | FaxChange) -> None:
    """Names, subject, the recipient's number, the moment."""
    _check_texts(given)
    if given.recipient is not None and not E164.fullmatch(given.recipient):
        raise Invalid("recipient", "must be a telephone number in E.164")
    _check_moment("send_at", given.send_at)


def check_received(given: ReceivedChange) -> None:
    """Names and subject."""
    _check_texts(given)


def check_inbound(given: InboundFax) -> None:
    """What a transport brings."""
    _check_texts(given)
    if given.sender and not E164.fullmatch(given.sender):
        raise Invalid("sender", "must be a telephone number in E.164, or empty")
    if given.reference is not None:
        _check_text("reference", given.reference, MAX_REFERENCE)
    _check_moment("received_at", given.received_at)


def _check_texts(given: object) -> None:
    for field, limit in (("sender_name", MAX_NAME), ("recipient_name", MAX_NAME), ("subject", MAX_SUBJECT)):
        text = getattr(given, field, None)
        if text is not None:
            _check_text(field, text, limit)


def _check_text(field: str, text: str, limit: int) -> None:
    if len(text) > limit or "\0" in text:
        raise Invalid(field, f"must be text of at most {limit} characters")


def _check_moment(field: str, moment: datetime | None) -> None:
    if moment is not None and (moment.tzinfo is None or not EARLIEST <= moment <= LATEST):
        raise Invalid(field, "must have a time zone and be a time of this age")
