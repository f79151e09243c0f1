import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from ringmain.core.mail.port import Mailer
from ringmain.core.mail.queue import MailQueue
from ringmain.core.system import Core
from ringmain.mail.dispatch import MailDispatcher
from ringmain.mail.letter import Sender, Writer

SENDER = "Ringmain <phone@ringmain.example>"
Running = Callable[..., AbstractAsyncContextManager[MailDispatcher]]


class Certificates:
    """A certificate authority of the test, as a file and as a server's context."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca))
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(self.server)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


async def file_link(company_id: int, file_id: int) -> str:
    return f"https://phone.example.com/files/{company_id}/{file_id}"


@pytest.fixture
def running(core: Core) -> Running:
    """Run a dispatcher: `async with running(mailer, retries=..., lease=..., largest=...)`."""

    @asynccontextmanager
    async def run(
        mailer: Mailer, *, retries: tuple[float, ...] = (0.02, 0.02), lease: float = 30, largest: int = 1 << 20
    ) -> AsyncIterator[MailDispatcher]:
        queue = MailQueue(core.database, lease=timedelta(seconds=lease), retries=retries)
        writer = Writer(Sender(SENDER), core.files, file_link, largest=largest)
        dispatcher = MailDispatcher(queue, core.wakeups, writer, mailer)
        await dispatcher.start()
        try:
            yield dispatcher
        finally:
            await dispatcher.stop()

    return run
