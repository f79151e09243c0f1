"""A telephone number (DID) of a company."""

from datetime import datetime

import msgspec


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """`number` is E.164 with +; `owner_emails` (lower case) are the people who text from it.

    `carrier`: what all texts from it go by; None: what is routed by the recipient.
    """

    id: int
    company_id: int
    number: str
    sms: bool
    mms: bool
    fax: bool
    voice: bool
    owner_emails: list[str]
    carrier: str | None = None
    created_at: datetime
    updated_at: datetime
