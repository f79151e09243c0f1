"""SMTP: letters go to a mail server, over TLS and with a password where that is set up."""

import ssl
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
import msgspec
import structlog
from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from ringmain.core.mail.port import Letter, Outcome

log = structlog.get_logger()

TIMEOUT: Final = 30.0
"""Seconds that a server may take for one answer."""
OUR_FAULTS: Final = frozenset({530, 534, 535, 538})
"""5xx answers that say how we are set up (password, encryption), nothing about the letter."""


class SmtpServer(msgspec.Struct, frozen=True, kw_only=True):
    """A mail server and how to reach it. `start_tls`: True must, None if it is offered, False never."""

    host: str
    port: int
    username: str | None
    password: str | None
    implicit_tls: bool
    start_tls: bool | None
    ca: str | None


def read_url(url: str) -> SmtpServer:
    """Read `smtp://user:password@host:587` or `smtps://...` (TLS from the first octet).

    The query may have `tls=required|opportunistic|none` (smtp only; required when there is a password, else
    opportunistic) and `ca=/path/of/a/ca.pem`. User and password are percent-encoded. Raises ValueError, which says
    nothing of the password.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("must be smtp://user:password@host:port or smtps://...")
    try:
        port = parts.port
        query = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
    except ValueError:
        raise ValueError("its port or query cannot be read") from None
    if query.keys() - {"tls", "ca"}:
        raise ValueError("its query may have tls and ca")
    implicit = parts.scheme == "smtps"
    username = unquote(parts.username) if parts.username else None
    wanted = query.get("tls", ["required" if username else "opportunistic"])[-1]
    if wanted not in ("required", "opportunistic", "none"):
        raise ValueError("tls must be required, opportunistic or none")
    return SmtpServer(
        host=parts.hostname,
        port=port or (465 if implicit else 587 if username else 25),
        username=username,
        password=unquote(parts.password or "") if username else None,
        implicit_tls=implicit,
        start_tls=False if implicit else {"required": True, "opportunistic": None, "none": False}[wanted],
        ca=query["ca"][-1] if "ca" in query else None,
    )


class SmtpMailer:
    """Sends each letter over a connection of its own."""

    name = "smtp"

    def __init__(self, server: SmtpServer, *, timeout: float = TIMEOUT) -> None:
        """Raises OSError or ssl.SSLError when the CA file cannot be read."""
        self._server = server
        self._timeout = timeout
        self._tls = ssl.create_default_context(cafile=server.ca)

    async def send(self, letter: Letter) -> Outcome:
        """Try once. 5xx answers about this letter or recipient are for good; everything else may pass."""
        client = self._client()
        try:
            await client.connect()
        except (SMTPException, OSError, ValueError) as error:
            log.warning("the mail server cannot be used", host=self._server.host, error=_said(error))
            client.close()
            return Outcome(postponed=letter.recipients, text=_said(error))
        try:
            errors, _ = await client.sendmail(letter.sender, letter.recipients, letter.content)
            outcome = _by_recipient({address: (answer.code, answer.message) for address, answer in errors.items()})
        except SMTPRecipientsRefused as error:
            outcome = _by_recipient({one.recipient: (one.code, one.message) for one in error.recipients})
        except SMTPResponseException as error:
            outcome = _by_recipient(dict.fromkeys(letter.recipients, (error.code, error.message)))
        except (SMTPException, OSError) as error:
            outcome = Outcome(postponed=letter.recipients, text=_said(error))
        finally:
            with suppress(SMTPException, OSError):
                await client.quit(timeout=2)
            client.close()
        return outcome

    def _client(self) -> SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.implicit_tls,
            start_tls=server.start_tls,
            tls_context=self._tls,
            timeout=self._timeout,
        )


def _by_recipient(answers: dict[str, tuple[int, str]]) -> Outcome:
    postponed = [address for address, (code, _) in answers.items() if code < 500 or code in OUR_FAULTS]
    return Outcome(
        postponed=postponed,
        refused=[address for address in answers if address not in postponed],
        text="; ".join(dict.fromkeys(f"{code} {text}" for code, text in answers.values()))[:500] or None,
    )


def _said(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}"[:500]
    return f"{type(error).__name__}: {error}"[:500]
