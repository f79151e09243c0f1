from pathlib import Path

from ringmain.core.mail.port import Letter, Outcome
from ringmain.mail.outbox import Outbox

LETTER = Letter(key="5.7", sender="a@b.example", recipients=["j@example.com"], content=b"Subject: Hi\r\n\r\nHello\r\n")


async def test_a_letter_is_one_file_however_often_it_is_sent(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "outbox"
    for _ in range(2):
        assert await Outbox(folder).send(LETTER) == Outcome()
    (file,) = folder.iterdir()
    assert file.name == "5.7.eml"
    assert file.read_bytes() == (
        b"X-Envelope-From: a@b.example\r\nX-Envelope-To: j@example.com\r\nSubject: Hi\r\n\r\nHello\r\n"
    )


async def test_a_folder_that_cannot_be_written_postpones(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    outbox = Outbox(folder)
    folder.rmdir()
    outcome = await outbox.send(LETTER)
    assert outcome.postponed == ["j@example.com"]
    assert "No such file" in (outcome.text or "")
