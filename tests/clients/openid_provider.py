"""Drives `openid_provider.mjs`, the tests' OpenID provider; its head documents what it does."""

import asyncio
import contextlib
import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import aiohttp
from yarl import URL

_SCRIPT = Path(__file__).with_name("openid_provider.mjs")


class OpenIdServer:
    """A provider's process: `async with OpenIdServer(redirects=[...]) as server: ... server.issuer`."""

    def __init__(self, **configuration: Any) -> None:
        self.configuration = configuration
        self.issuer = ""
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        process = await asyncio.create_subprocess_exec(
            *("node", str(_SCRIPT), json.dumps(self.configuration)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        self._process = process
        assert process.stdout is not None
        async with asyncio.timeout(20):
            while not self.issuer:
                line = await process.stdout.readline()
                assert line, "the provider did not start"
                with contextlib.suppress(ValueError):
                    self.issuer = json.loads(line)["issuer"]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    async def kill(self) -> None:
        """End it: nobody answers any more."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        process.kill()
        process.stdin.close()
        await process.wait()
        await process.stdout.read()

    async def visit(self, url: str, *, login: str = "jane") -> dict[str, str]:
        """What a browser brings back from there: the query of the redirect to the client."""
        target = str(URL(url).update_query(login_hint=login))
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as browser:
            for _ in range(10):
                async with browser.get(URL(target, encoded=True), allow_redirects=False) as answer:
                    assert answer.status in (302, 303), (answer.status, await answer.text())
                    target = urljoin(target, answer.headers["Location"])
                if not target.startswith(self.issuer):
                    return dict(parse_qsl(urlsplit(target).query))
        raise AssertionError("the provider sent the browser in circles")

    async def token(self, client: str, **fields: str) -> tuple[int, Mapping[str, Any]]:
        """Ask the token endpoint as the client would."""
        headers = {"Authorization": f"Basic {b64encode(f'{client}:{client}-secret'.encode()).decode()}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(f"{self.issuer}/token", data=fields) as answer,
        ):
            return answer.status, await answer.json()
