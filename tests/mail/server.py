"""A real SMTP server (aiosmtpd) on a free port of this event loop, that says what a test wants it to say."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

OK = "250 OK"
Say = Callable[[str], Awaitable[str] | str]


class Inbox:
    """`rcpt` answers RCPT for an address, `data` answers DATA; `letters` are those that were taken."""

    def __init__(self) -> None:
        self.letters: list[Envelope] = []
        self.rcpt: dict[str, list[str]] = {}
        self.data: list[str] = []
        self.waiting = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.encrypted: list[bool] = []
        self.logins: list[str] = []
        self.port = 0

    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(cast(bytes, letter.content), policy=SMTP_POLICY) for letter in self.letters]

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answers = self.rcpt.get(address, [])
        answer = answers.pop(0) if answers else OK
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.waiting.set()
        await self.go_on.wait()
        answer = self.data.pop(0) if self.data else OK
        if answer == OK:
            self.encrypted.append(
                server.transport is not None and server.transport.get_extra_info("ssl_object") is not None
            )
            self.letters.append(envelope)
        return answer

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.logins.append(given.login.decode())
        # With handled=True the client would wait for an answer that does not come (specs/messaging.md 5).
        return AuthResult(success=given.password == b"right", handled=False)


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, implicit: bool = False, auth: bool = False, size: int | None = None
) -> AsyncIterator[Inbox]:
    inbox = Inbox()
    loop = asyncio.get_running_loop()

    def make() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that passwords in clear are unwise
            return SMTP(
                inbox,
                hostname="mail.example",
                data_size_limit=size,
                tls_context=None if implicit else tls,
                require_starttls=tls is not None and not implicit,
                authenticator=inbox.authenticate if auth else None,
                auth_required=auth,
                auth_require_tls=tls is not None and not implicit,
                loop=loop,
            )

    server = await loop.create_server(make, "127.0.0.1", 0, ssl=tls if implicit else None)
    inbox.port = server.sockets[0].getsockname()[1]
    try:
        yield inbox
    finally:
        inbox.go_on.set()
        server.close()
        await server.wait_closed()
