"""uvicorn's HTTP/1.1 with an end to what anybody may send before it is a request: octets and seconds.

Its parser has neither: headers without end would fill the memory, and connections that never ask would be kept.
"""

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_LIMIT: Final = 64 * 1024
"""Octets of a request's first line and headers, looked at after each piece that comes."""
HEAD_SECONDS: Final = 30.0
REFUSAL: Final = STATUS_LINE[431] + b"connection: close\r\ncontent-length: 0\r\n\r\n"


class PatientHttp(HttpToolsProtocol):
    """Answers 431 to a head that is too long, and closes connections whose head does not come in `head_seconds`."""

    head_seconds: ClassVar[float] = HEAD_SECONDS

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Octets that came of a head; None from its end to that of its body.
        self._head: int | None = 0
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes until the headers have ended."""
        if self._head is not None:
            if self._head == 0:
                self._wait()
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > HEAD_LIMIT and not self.transport.is_closing():
            self.transport.write(REFUSAL)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """It is a request now, or a WebSocket, which has limits of its own."""
        self._head = None
        self._rest()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes next is another head."""
        super().on_message_complete()
        self._head = 0

    def _wait(self) -> None:
        self._rest()
        self._deadline = self.loop.call_later(self.head_seconds, self._give_up)

    def _rest(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        # The one before is being answered: the next may come meanwhile.
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait()
        else:
            self.transport.close()
