"""From a claimed mail to the message that goes over the wire (RFC 5322, specs/messaging.md 5)."""

from collections.abc import Awaitable, Callable, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final

from ringmain.core.errors import NotFound
from ringmain.core.files.service import Files
from ringmain.core.mail.addresses import check_address, check_line
from ringmain.core.mail.model import MAX_ATTACHED
from ringmain.core.mail.port import Letter
from ringmain.core.mail.queue import Attached, Claim

Link = Callable[[int, int], Awaitable[str]]
"""Makes the address of a file, by company and file, that works without a key."""

POLICY: Final = SMTP.clone(cte_type="7bit")
"""Nothing is asked of servers on the way: every octet on the wire is ASCII."""
COMPOSED: Final = frozenset({"message", "multipart"})
"""Types that have rules of their own inside a message."""


class Sender:
    """Whom all mail is from: a display name and an address, as in `Ringmain <phone@example.com>`."""

    def __init__(self, text: str) -> None:
        """Raises Invalid for what is no address."""
        name, address = parseaddr(check_line("sender", text, 400))
        self.address = check_address("sender", address)
        self.header = Address(name, addr_spec=self.address)

    @property
    def domain(self) -> str:
        """What Message-IDs end with."""
        return self.header.domain


class Writer:
    """Writes letters. `largest`: bytes of attachments; files beyond it are linked to by `link`."""

    def __init__(self, sender: Sender, files: Files, link: Link, *, largest: int = MAX_ATTACHED) -> None:
        self._sender = sender
        self._files = files
        self._link = link
        self._largest = largest

    async def write(self, claim: Claim, attachments: Sequence[Attached]) -> Letter:
        """The letter of this claim. Raises Unavailable while a file cannot be read."""
        room = self._largest - sum(len(one.content or b"") for one in attachments)
        contents: list[tuple[Attached, bytes]] = []
        remarks: list[str] = []
        for one in attachments:
            if one.file_id is None:
                contents.append((one, one.content or b""))
                continue
            try:
                if (one.size or 0) > room:
                    remarks.append(f"{one.name}: {await self._link(claim.company_id, one.file_id)}")
                    continue
                content = await self._files.read(claim.company_id, one.file_id)
            except NotFound:
                remarks.append(f"{one.name} has been deleted.")
                continue
            contents.append((one, content))
            room -= len(content)
        key = f"{claim.id}.{claim.company_id}"
        message = self._head(claim, key)
        message.set_content("\n".join([claim.text.rstrip(), "", *remarks]) if remarks else claim.text)
        if claim.calendar is not None:
            message.add_alternative(claim.calendar, subtype="calendar", params={"method": claim.calendar_method or ""})
        for one, content in contents:
            _attach(message, one.name, one.mimetype, content)
        if claim.calendar is not None:
            _attach(message, "invite.ics", "application/ics", claim.calendar.encode())
        return Letter(key=key, sender=self._sender.address, recipients=claim.pending, content=message.as_bytes())

    def _head(self, claim: Claim, key: str) -> EmailMessage:
        message = EmailMessage(policy=POLICY)
        message["From"] = self._sender.header
        message["To"] = [Address(addr_spec=address) for address in claim.recipients]
        if claim.reply_to:
            message["Reply-To"] = Address(addr_spec=claim.reply_to)
        message["Subject"] = claim.subject
        message["Date"] = format_datetime(claim.created_at)
        message["Message-ID"] = f"<{key}@{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        return message


def _attach(message: EmailMessage, name: str, mimetype: str, content: bytes) -> None:
    maintype, _, subtype = mimetype.partition("/")
    if maintype in COMPOSED:
        maintype, subtype = "application", "octet-stream"
    message.add_attachment(content, maintype=maintype, subtype=subtype, filename=name)
