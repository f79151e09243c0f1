"""Writing mail: it is kept in the caller's transaction and sent by any node that has the mail role."""

from collections.abc import Sequence

import msgspec

from ringmain.core.errors import Invalid, NotFound, TooLarge
from ringmain.core.files.mimetype import TYPE, UNKNOWN
from ringmain.core.files.names import clean_name
from ringmain.core.ids import MAX_ID
from ringmain.core.mail import store
from ringmain.core.mail.addresses import check_address, check_line
from ringmain.core.mail.model import MAX_ATTACHED, MAX_RECIPIENTS, MAX_SUBJECT, MAX_TEXT, Attachment, Mail, QueuedMail
from ringmain.database.pool import Connection, Database
from ringmain.database.wakeup import MAILS, Wakeups


class Mails:
    """The mail of all companies."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def queue(self, connection: Connection | None, company_id: int, mail: Mail) -> int:
        """Keep a mail to be sent; returns its id. It goes out once the transaction of `connection` has committed.

        Inside a transaction call `wake` after the commit, else it waits for a poll (a second). Without a connection
        it is kept, and on its way, when this returns.

        Raises Invalid for an address or a header that cannot be (line breaks would be more headers), TooLarge when
        contents (not files) are over `MAX_ATTACHED` bytes together, NotFound("company").
        """
        arguments = _arguments(mail)
        if connection is None:
            mail_id = await self._database.fetchval(store.QUEUE, company_id, *arguments)
        else:
            mail_id = await connection.fetchval(store.QUEUE, company_id, *arguments)
        if mail_id is None:
            raise NotFound("company")
        if connection is None:
            self.wake()
        return int(mail_id)

    def wake(self) -> None:
        """Tell the dispatchers that there is mail. Call it after the commit."""
        self._wakeups.wake(MAILS)

    async def page(self, company_id: int, *, before: int = MAX_ID + 1, limit: int = 100) -> list[QueuedMail]:
        """A company's mail, newest first, that with ids below `before`; for operators."""
        rows = await self._database.fetch(store.PAGE, company_id, before, limit)
        return [msgspec.convert(dict(row), QueuedMail) for row in rows]


def _arguments(mail: Mail) -> tuple[object, ...]:
    recipients = list(dict.fromkeys(check_address("to", address) for address in mail.to))
    if not 0 < len(recipients) <= MAX_RECIPIENTS:
        raise Invalid("to", f"must have 1 to {MAX_RECIPIENTS} addresses")
    for field, text in (("text", mail.text), ("calendar", mail.calendar.ics if mail.calendar else "")):
        if len(text) > MAX_TEXT:
            raise TooLarge(f"a mail's {field} may have {MAX_TEXT} characters")
        if not _writable(text):
            raise Invalid(field, "has characters that no text can hold")
    _check_attachments(mail.attachments)
    calendar = mail.calendar
    attached = mail.attachments
    return (
        recipients,
        check_line("subject", mail.subject, MAX_SUBJECT),
        mail.text,
        check_address("reply_to", mail.reply_to) if mail.reply_to else None,
        calendar.method if calendar else None,
        calendar.ics if calendar else None,
        list(range(len(attached))),
        [clean_name(one.name) for one in attached],
        [one.mimetype if TYPE.fullmatch(one.mimetype) else UNKNOWN for one in attached],
        [one.file_id for one in attached],
        [one.content for one in attached],
    )


def _check_attachments(attachments: Sequence[Attachment]) -> None:
    if any((one.file_id is None) == (one.content is None) for one in attachments):
        raise Invalid("attachments", "each must be a file or a content")
    if sum(len(one.content or b"") for one in attachments) > MAX_ATTACHED:
        raise TooLarge(f"contents attached to a mail may have {MAX_ATTACHED} bytes together; files may have more")


def _writable(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False
