"""The mail port: what carries letters away. Adapters are in `ringmain/mail/`; they never see SQL."""

from typing import Protocol

import msgspec


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One mail on its way. `key` is the same on every try and `content` is the whole RFC 5322 message.

    `sender` is the envelope's sender, where bounces go; `recipients` those whom it has yet to reach.
    """

    key: str
    sender: str
    recipients: list[str]
    content: bytes


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one try, by recipient: who is in none of the two lists has got it.

    `postponed`: to be tried again (4xx, no connection, wrong password). `refused`: never (5xx).
    """

    postponed: list[str] = []
    refused: list[str] = []
    text: str | None = None


class Mailer(Protocol):
    """Takes letters to their recipients' mail servers, or to the next one on the way."""

    name: str

    async def send(self, letter: Letter) -> Outcome:
        """Try once. Never raises for what a mail server may do."""
        ...
