"""What a letter looks like, read back by the standard library."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from ringmain.core.errors import Invalid
from ringmain.core.mail.queue import Attached, Claim
from ringmain.core.system import Core
from ringmain.mail.letter import Sender, Writer
from tests.conftest import Office
from tests.mail.conftest import SENDER, file_link


def claim(company_id: int = 7, **fields: Any) -> Claim:
    values: dict[str, Any] = {
        "id": 5, "recipients": ["jane@example.com", "joe@example.com"], "pending": ["joe@example.com"],
        "subject": "Voicemail von Jürgen 📞", "text": "Grüße\n.\nFrom here\n", "reply_to": None,
        "calendar_method": None, "calendar": None, "attempts": 1,
        "created_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    }  # fmt: skip
    return Claim(company_id=company_id, **(values | fields))


async def write(core: Core, given: Claim, *attached: Attached, largest: int = 1000) -> EmailMessage:
    letter = await Writer(Sender(SENDER), core.files, file_link, largest=largest).write(given, attached)
    assert letter.content.isascii()
    assert all(len(line) <= 998 for line in letter.content.split(b"\r\n"))
    assert (letter.sender, letter.recipients, letter.key) == ("phone@ringmain.example", given.pending, "5.7")
    return message_from_bytes(letter.content, policy=SMTP)


def attached(name: str = "a.bin", content: bytes | None = b"x", **fields: Any) -> Attached:
    values: dict[str, Any] = {"mimetype": "application/octet-stream", "file_id": None, "size": None, "readable": False}
    return Attached(name=name, content=content, **(values | fields))


async def test_the_head(core: Core) -> None:
    message = await write(core, claim(reply_to="boss@example.com"))
    assert message["From"] == SENDER
    assert message["To"] == "jane@example.com, joe@example.com"
    assert message["Subject"] == "Voicemail von Jürgen 📞"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<5.7@ringmain.example>"
    assert message["Reply-To"] == "boss@example.com"
    assert message["Date"] == "Fri, 02 Jan 2026 03:04:05 +0000"
    assert message.get_content().replace("\r\n", "\n") == "Grüße\n.\nFrom here\n"


async def test_attachments_are_the_same_bytes(core: Core) -> None:
    sound = bytes(range(256))
    message = await write(
        core, claim(), attached("Grüße.wav", sound, mimetype="audio/wav"), attached("m.eml", mimetype="message/rfc822")
    )
    first, second = message.iter_attachments()
    assert (first.get_filename(), first.get_content_type(), first.get_content()) == ("Grüße.wav", "audio/wav", sound)
    assert second.get_content_type() == "application/octet-stream"


async def test_an_invitation(core: Core) -> None:
    ics = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Grüße\r\nEND:VCALENDAR\r\n"
    message = await write(core, claim(calendar_method="REQUEST", calendar=ics))
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/calendar", "application/ics"]
    calendar = next(part for part in message.walk() if part.get_content_type() == "text/calendar")
    assert calendar.get_param("method") == "REQUEST"
    assert "Grüße" in calendar.get_content()
    (file,) = message.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("invite.ics", ics.encode())


async def test_files_over_the_limit_become_links(core: Core, office: Office) -> None:
    files, company = core.files, office.company_id
    ids = []
    for size in (600, 500, 300):
        made = await files.create(company, name=f"{size}.bin")
        await files.upload(company, made.id, content=b"x" * size, uploaded_name=None, mimetype=None)
        ids.append(made.id)
    given = [
        attached(f"{size}.bin", None, file_id=file_id, size=size, readable=True)
        for size, file_id in zip((600, 500, 300), ids, strict=True)
    ]
    letter = await Writer(Sender(SENDER), files, file_link, largest=1000).write(
        claim(company), [*given, attached("gone.bin", None, file_id=12345)]
    )
    message = message_from_bytes(letter.content, policy=SMTP)
    assert [part.get_filename() for part in message.iter_attachments()] == ["600.bin", "300.bin"]
    body = message.get_body()
    assert body is not None
    text = body.get_content()
    assert f"500.bin: https://phone.example.com/files/{company}/{ids[1]}" in text
    assert "gone.bin has been deleted." in text


@pytest.mark.parametrize("text", ["", "Jane", "Jane <>", "a@b\r\nBcc: x@y.example", "Ja\nne <a@b.example>"])
def test_senders_that_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Sender(text)
