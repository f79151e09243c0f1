"""A person's calendar at Google or Outlook, connected by OAuth 2.0."""

from datetime import datetime
from typing import Literal

import msgspec

Provider = Literal["google", "outlook"]


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A connected calendar. `account` is the e-mail address that the provider knows it by.

    `updated_at`: when the provider last confirmed the connection.
    """

    company_id: int
    person_id: int
    provider: Provider
    account: str
    connected_at: datetime
    updated_at: datetime
