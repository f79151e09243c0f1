"""The SMTP adapter against a real server: what it says to each answer."""

import socket
import ssl

import pytest

from ringmain.core.mail.port import Letter, Outcome
from ringmain.mail.smtp import SmtpMailer, read_url
from tests.mail.conftest import Certificates
from tests.mail.server import mail_server

CONTENT = b"From: a@b.example\r\nTo: jane@example.com\r\nSubject: Hi\r\n\r\nHello\r\n.\r\nnot the end\r\n"
LETTER = Letter(key="1.1", sender="phone@ringmain.example", recipients=["jane@example.com"], content=CONTENT)
BOTH = Letter(key="1.1", sender="a@b.example", recipients=["jane@example.com", "joe@example.com"], content=CONTENT)


def mailer(url: str) -> SmtpMailer:
    return SmtpMailer(read_url(url), timeout=5)


async def test_a_letter_arrives_as_it_was_written() -> None:
    async with mail_server() as inbox:
        assert await mailer(f"smtp://127.0.0.1:{inbox.port}").send(LETTER) == Outcome()
    (letter,) = inbox.letters
    assert (letter.mail_from, letter.rcpt_tos) == ("phone@ringmain.example", ["jane@example.com"])
    assert letter.content == CONTENT


async def test_starttls_and_a_password(certificates: Certificates) -> None:
    async with mail_server(tls=certificates.server, auth=True) as inbox:
        url = f"smtp://jane%40example.com:right@127.0.0.1:{inbox.port}/?ca={certificates.ca}"
        assert await mailer(url).send(LETTER) == Outcome()
        assert (inbox.encrypted, inbox.logins) == ([True], ["jane@example.com"])


async def test_tls_from_the_first_octet(certificates: Certificates) -> None:
    async with mail_server(tls=certificates.server, implicit=True) as inbox:
        assert await mailer(f"smtps://127.0.0.1:{inbox.port}?ca={certificates.ca}").send(LETTER) == Outcome()
        assert inbox.encrypted == [True]


async def test_a_wrong_password_is_not_the_letters_fault(certificates: Certificates) -> None:
    async with mail_server(tls=certificates.server, auth=True) as inbox:
        outcome = await mailer(f"smtp://jane:wrong@127.0.0.1:{inbox.port}?ca={certificates.ca}").send(LETTER)
        assert (outcome.postponed, outcome.refused) == (LETTER.recipients, [])
        assert outcome.text is not None and outcome.text.startswith("535")
        no_password = await mailer(f"smtp://127.0.0.1:{inbox.port}?ca={certificates.ca}").send(LETTER)
        assert no_password.postponed == LETTER.recipients
        assert inbox.letters == []


async def test_a_certificate_that_nobody_trusts(certificates: Certificates) -> None:
    async with mail_server(tls=certificates.server) as inbox:
        outcome = await mailer(f"smtp://jane:right@127.0.0.1:{inbox.port}").send(LETTER)
        assert outcome.postponed == LETTER.recipients
        assert "CERTIFICATE_VERIFY_FAILED" in (outcome.text or "")


async def test_a_password_is_never_sent_in_clear() -> None:
    async with mail_server(auth=True) as inbox:
        outcome = await mailer(f"smtp://jane:right@127.0.0.1:{inbox.port}").send(LETTER)
        assert outcome.postponed == LETTER.recipients
        assert inbox.logins == []
        assert await mailer(f"smtp://jane:right@127.0.0.1:{inbox.port}?tls=none").send(LETTER) == Outcome()


async def test_too_large_for_the_server() -> None:
    async with mail_server(size=1000) as inbox:
        letter = Letter(key="1.1", sender="a@b.example", recipients=["j@example.com"], content=CONTENT + b"x\r\n" * 400)
        outcome = await mailer(f"smtp://127.0.0.1:{inbox.port}").send(letter)
        assert (outcome.postponed, outcome.refused) == ([], ["j@example.com"])
        assert (outcome.text or "").startswith("552")


@pytest.mark.parametrize(("answer", "is_postponed"), [("451 Try later", True), ("554 No", False), ("421 Bye", True)])
async def test_answers_to_the_content(answer: str, is_postponed: bool) -> None:
    async with mail_server() as inbox:
        inbox.data = [answer]
        outcome = await mailer(f"smtp://127.0.0.1:{inbox.port}").send(BOTH)
    assert outcome.postponed == (BOTH.recipients if is_postponed else [])
    assert outcome.refused == ([] if is_postponed else BOTH.recipients)
    assert outcome.text == answer


async def test_each_recipient_has_an_answer_of_its_own() -> None:
    jane, joe = BOTH.recipients
    async with mail_server() as inbox:
        inbox.rcpt = {jane: ["550 Who?", "550 Who?"], joe: ["250 OK", "450 Greylisted"]}
        some = await mailer(f"smtp://127.0.0.1:{inbox.port}").send(BOTH)
        assert some == Outcome(refused=[jane], text="550 Who?")
        assert inbox.letters[0].rcpt_tos == [joe]
        none = await mailer(f"smtp://127.0.0.1:{inbox.port}").send(BOTH)
        assert none == Outcome(postponed=[joe], refused=[jane], text="550 Who?; 450 Greylisted")


async def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        outcome = await mailer(f"smtp://127.0.0.1:{taken.getsockname()[1]}").send(LETTER)
    assert outcome.postponed == LETTER.recipients
    assert outcome.text


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example", "smtp://", "smtp://mail.example:x", "smtp://mail.example/path", "mail.example",
        "smtp://mail.example?tls=maybe", "smtp://mail.example?timeout=5", "smtp://mail.example:99999",
    ],
)  # fmt: skip
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"must|may|cannot"):
        read_url(url)


def test_what_urls_mean() -> None:
    server = read_url("smtp://jane%40example.com:p%2Fw@mail.example")
    assert (server.username, server.password, server.port) == ("jane@example.com", "p/w", 587)
    assert (server.start_tls, server.implicit_tls) == (True, False)
    assert (read_url("smtp://mail.example").port, read_url("smtp://mail.example").start_tls) == (25, None)
    assert (read_url("smtps://mail.example").port, read_url("smtps://mail.example").implicit_tls) == (465, True)
    assert read_url("smtp://jane@mail.example?tls=none").start_tls is False


def test_a_ca_file_that_is_not_there() -> None:
    with pytest.raises((OSError, ssl.SSLError)):
        mailer("smtp://mail.example?ca=/nonexistent/ca.pem")
