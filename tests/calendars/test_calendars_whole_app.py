"""Calendars in a server of its own, set up as an operator does it: by settings, with a provider at both issuers."""

from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ringmain.core.system import Core
from ringmain.dialects.ringplan import ids
from tests.clients.openid_provider import OpenIdServer
from tests.conditions import eventually
from tests.conftest import furnish
from tests.processes.node import Node

pytestmark = pytest.mark.xdist_group("processes")

PUBLIC_URL = "https://phone.example.com"
AUTH_URLS = {"google": "/meet/app/calendar/get-auth-url", "outlook": "/meet/app/outlook/get-auth-url"}


class Browser:
    """Somebody with a key of the company, and the pages that they come back to without it."""

    def __init__(self, http: aiohttp.ClientSession, base: str, key: str) -> None:
        self._http = http
        self._base = base
        self._headers = {"Authorization": f"Bearer {key}", "X-User-Id": "primary"}

    async def __call__(self, method: str, path: str, status: int, **options: Any) -> Any:
        async with self._http.request(method, f"{self._base}{path}", headers=self._headers, **options) as reply:
            assert reply.status == status, await reply.text()
            return await reply.json(content_type=None)

    async def connect(self, provider: OpenIdServer, name: str, login: str) -> None:
        """Follow the link, grant access, come back."""
        url = (await self("GET", AUTH_URLS[name], 200))["auth_url"]
        assert url.startswith(f"{provider.issuer}/auth?")
        back = await provider.visit(url, login=login)
        async with self._http.get(f"{self._base}/meet/{name}/callback", params=back) as reply:
            page = await reply.text()
            assert (reply.status, f"{login}@gmail.example is connected" in page) == (200, True), page


def settings(provider: OpenIdServer) -> dict[str, str]:
    """A client at each issuer. Tokens are sealed with a key that the server makes itself."""
    given = {"public_url": PUBLIC_URL}
    for name in AUTH_URLS:
        given |= {f"{name}_client_id": f"{name}-client", f"{name}_client_secret": f"{name}-client-secret"}
        given[f"{name}_issuer"] = provider.issuer
    return given


async def test_from_settings_to_a_revoked_calendar(core: Core, dsn: str, tmp_path: Path) -> None:
    """Connect, look, arrange a meeting that is invited to by mail, outlive a kill, revoke."""
    office = await furnish(core)
    key = await core.credentials.create_api_key(office.company_id, "ringplan", "test")
    redirects = [f"{PUBLIC_URL}/meet/{name}/callback" for name in AUTH_URLS]
    async with (
        OpenIdServer(redirects=redirects) as provider,
        aiohttp.ClientSession() as http,
        Node(tmp_path, database_url=dsn, pool_size=6, **settings(provider)) as node,
    ):
        call = Browser(http, node.base, key.secret)
        await call("GET", "/meet/app/calendar", 404)
        await call.connect(provider, "outlook", "kim")
        assert (await call("GET", "/meet/app/calendar", 200))["calendar"] == "kim@gmail.example"
        await call.connect(provider, "google", "jane")
        shown = await call("GET", "/meet/app/calendar", 200)
        assert (shown["calendar"], shown["user_id"]) == ("jane@gmail.example", ids.encode(office.owner_id))

        attendees = [{"email": "guest@example.com"}]
        (event,) = await call("POST", "/meet/v2/events", 201, json={"title": "Plan", "attendees": attendees})
        assert await call("GET", "/meet/v2/events", 200) == [event]

        async def invited() -> list[Path]:
            return list((tmp_path / "outbox").glob("*.eml"))

        (letter,) = await eventually(invited)
        message = message_from_bytes(letter.read_bytes(), policy=SMTP)
        assert (message["To"], message["Subject"]) == ("guest@example.com", "Invitation: Plan")

        await node.restart()
        assert await call("GET", "/meet/app/calendar", 200) == shown
        wrong = {"calendar": "kim@gmail.example"}
        assert await call("POST", "/meet/google/revoke", 400, json=wrong) == {"result": False}
        revoked = {"calendar": "jane@gmail.example"}
        assert await call("POST", "/meet/google/revoke", 200, json=revoked) == {"result": True}
        assert (await call("GET", "/meet/app/calendar", 200))["calendar"] == "kim@gmail.example"
        assert await call("DELETE", "/meet/outlook/revoke", 200) == {"result": True}
        await call("GET", "/meet/app/calendar", 404)
        assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
        log = node.log.read_text()
    assert "client-secret" not in log
    assert await core.database.fetchval("SELECT count(*) FROM calendar_connections") == 0
