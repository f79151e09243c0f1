"""Documents fetched from addresses that customers choose, past the same guard as webhooks (egress.py)."""

import re
from typing import Final
from urllib.parse import unquote

import aiohttp
import msgspec
import structlog
import yarl

from ringmain.core.errors import TooLarge as OverLimit
from ringmain.core.errors import Unavailable
from ringmain.delivery.egress import (
    BadUrl,
    EgressGuard,
    EgressRefused,
    Response,
    TooLarge,
    check_url,
    fetch,
    open_session,
)

log = structlog.get_logger()

TIMEOUT: Final = 20.0
"""Seconds for all of it: the client waits meanwhile."""
CONNECTIONS: Final = 16
REDIRECTS: Final = 3
"""Stores of files often send on to a signed address; each is checked anew."""
REDIRECTING: Final = (301, 302, 303, 307, 308)
NAMELESS: Final = "file"
FILE_NAME: Final = re.compile(r"""filename="?([^";]+)"?""", re.IGNORECASE)


class Document(msgspec.Struct, frozen=True):
    """What was fetched, and what it is called and said to be there."""

    content: bytes
    name: str
    mimetype: str | None


class Downloader:
    """Fetches documents over one session. `start` it first, inside the event loop."""

    def __init__(self, guard: EgressGuard, *, timeout: float = TIMEOUT) -> None:
        self._guard = guard
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Connects to nobody yet."""
        self._session = open_session(self._guard, connections=CONNECTIONS, timeout=self._timeout)

    async def stop(self) -> None:
        """Downloads under way fail."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __call__(self, url: str, *, limit: int) -> Document:
        """The document, of at most `limit` octets. Raises Unavailable, which says why, and the core's TooLarge."""
        try:
            response, found = await self._fetch(url, limit)
        except TooLarge as error:
            raise OverLimit(f"the document is {error}") from error
        except BadUrl as error:
            raise Unavailable(f"the link cannot be followed: {error}") from error
        except TimeoutError as error:
            raise Unavailable("the document did not come in time") from error
        except (EgressRefused, aiohttp.ClientError, ValueError) as error:
            log.info("download failed", error=type(error).__name__)
            raise Unavailable(f"the document cannot be fetched: {error}") from error
        if response.status != 200:
            raise Unavailable(f"the document cannot be fetched: HTTP {response.status}")
        return Document(response.body, _name(response, found), response.headers.get("content-type"))

    async def _fetch(self, url: str, limit: int) -> tuple[Response, str]:
        """The answer, and the address that it came from."""
        assert self._session is not None  # noqa: S101 - started
        for _ in range(REDIRECTS):
            check_url(url)
            response = await fetch(self._session, url, limit=limit, timeout=self._timeout)
            target = response.headers.get("location") if response.status in REDIRECTING else None
            if target is None:
                return response, url
            url = str(yarl.URL(url).join(yarl.URL(target)))
        raise BadUrl("it is sent on too often")


def _name(response: Response, url: str) -> str:
    """As the answer says, else as the address ends."""
    given = FILE_NAME.search(response.headers.get("content-disposition", ""))
    if given:
        return given[1]
    return unquote(yarl.URL(url).raw_path.rpartition("/")[2]) or NAMELESS
