"""The mail that tells a user how to log in, for those who ask for it (section 5, reading 21)."""

from collections.abc import Sequence
from typing import Final

from ringmain.core.errors import Invalid
from ringmain.core.extensions.model import Extension
from ringmain.core.extensions.newcomer import Beside
from ringmain.core.extensions.service import password_of
from ringmain.core.instances.model import Instance
from ringmain.core.mail.addresses import check_address
from ringmain.core.mail.model import Mail
from ringmain.core.mail.service import Mails
from ringmain.core.people.service import check_email
from ringmain.database.pool import Connection
from ringmain.dialects.ringotel import users_wire as wire
from ringmain.dialects.ringotel.rpc import Org

TEXT: Final = """\
Hello {name},

this is how to log in at {organization}:

Domain: {domain}
Server: {server}
Username: {username}
{password}
"""
HIDDEN: Final = "Ask whoever looks after your phones for your password."
MOST_COPIES: Final = 20


def letter(mails: Mails, org: Org, branches: Sequence[Instance]) -> Beside:
    """Writes the mail in the transaction that it belongs to. Call `mails.wake` after the commit.

    `branches`: those that the user may be of.
    """
    servers = {one.id: one.outbound_proxy or one.domain for one in branches}

    async def write(connection: Connection, extension: Extension) -> None:
        email = wire.email_of(extension)
        if not email or extension.activation != "active":
            return
        params = org.company.params
        password = HIDDEN if params.get("hidePassInEmail") else f"Password: {password_of(extension)}"
        text = TEXT.format(
            name=_line(wire.name_of(extension)),
            organization=_line(org.company.name),
            domain=org.domain,
            server=servers.get(extension.instance_id, ""),
            username=wire.username_of(extension),
            password=password,
        )
        mail = Mail(to=[email, *_copies(params.get("emailcc"))], subject="Your phone", text=text)
        await mails.queue(connection, org.company_id, mail)

    return write


def checked_email(email: str) -> str:
    """An address that mail can be sent to. Raises Invalid."""
    check_email(email)
    return check_address("email", email)


def _copies(given: object) -> list[str]:
    """Of an organization's `emailcc` what is an address."""
    kept = []
    for one in given[:MOST_COPIES] if isinstance(given, list) else []:
        try:
            kept.append(checked_email(str(one)))
        except Invalid:
            continue
    return kept


def _line(text: str) -> str:
    return " ".join(text.split())
