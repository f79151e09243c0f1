"""What may be mailed. Everything else is refused before it is kept."""

from typing import Any

import pytest

from ringmain.core.errors import CoreError, Invalid, NotFound, TooLarge
from ringmain.core.mail.model import MAX_ATTACHED, MAX_TEXT, Attachment, Calendar, Mail
from ringmain.core.system import Core
from tests.conftest import Office


def mail(**fields: Any) -> Mail:
    return Mail(**({"to": ["jane@example.com"], "subject": "Hi", "text": "Hello"} | fields))


BAD_ADDRESSES = (
    "", " ", "jane", "@example.com", "jane@", "jane@example.com\r\nBcc: x@example.com", "jane@example.com\nX: y",
    "a@b.example, c@d.example", "Jane <jane@example.com>", "jane@exa mple.com", "jane@example..com",
    "a" * 250 + "@b.de", "jane@example.com\x00", "jürgen@example.com", "jane@example.com\u2028", "\ud800@example.com",
)  # fmt: skip


@pytest.mark.parametrize("address", BAD_ADDRESSES)
async def test_addresses_that_are_refused(core: Core, office: Office, address: str) -> None:
    for refused in (mail(to=[address]), mail(to=["jane@example.com", address])):
        with pytest.raises(Invalid):
            await core.mails.queue(None, office.company_id, refused)
    assert await core.mails.page(office.company_id) == []


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"to": []}, Invalid),
        ({"to": [f"a{n}@example.com" for n in range(101)]}, Invalid),
        ({"subject": "Hi\r\nBcc: x@example.com"}, Invalid),
        ({"subject": "Hi\nthere"}, Invalid),
        ({"subject": "x" * 401}, Invalid),
        ({"reply_to": "x\n@example.com"}, Invalid),
        ({"text": "\x00"}, Invalid),
        ({"text": "\ud800"}, Invalid),
        ({"calendar": Calendar(method="REQUEST", ics="\ud800")}, Invalid),
        ({"calendar": Calendar(method="REQUEST", ics="x" * (MAX_TEXT + 1))}, TooLarge),
        ({"text": "x" * (MAX_TEXT + 1)}, TooLarge),
        ({"attachments": [Attachment(name="a", mimetype="a/b")]}, Invalid),
        ({"attachments": [Attachment(name="a", mimetype="a/b", file_id=1, content=b"")]}, Invalid),
        ({"attachments": [Attachment(name="a", mimetype="a/b", content=b"x" * (MAX_ATTACHED + 1))]}, TooLarge),
    ],
)
async def test_mail_that_is_refused(core: Core, office: Office, fields: dict[str, Any], error: type[CoreError]) -> None:
    with pytest.raises(error):
        await core.mails.queue(None, office.company_id, mail(**fields))
    assert await core.mails.page(office.company_id) == []


async def test_mail_of_no_company(core: Core) -> None:
    with pytest.raises(NotFound):
        await core.mails.queue(None, 1, mail())


async def test_mail_is_listed_newest_first(core: Core, office: Office) -> None:
    ids = [await core.mails.queue(None, office.company_id, mail(subject=f"{n}")) for n in range(3)]
    first = await core.mails.page(office.company_id, limit=2)
    assert [one.id for one in first] == [ids[2], ids[1]]
    assert [one.subject for one in await core.mails.page(office.company_id, before=ids[1])] == ["0"]
    assert (first[0].recipients, first[0].state, first[0].attempts) == (["jane@example.com"], "queued", 0)


async def test_a_domain_of_other_letters_is_written_as_mail_servers_know_it(core: Core, office: Office) -> None:
    await core.mails.queue(None, office.company_id, mail(to=["Jane@MÜLLER.example"]))
    assert (await core.mails.page(office.company_id))[0].recipients == ["Jane@xn--mller-kva.example"]
