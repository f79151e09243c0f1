"""Calendars: rows 51 and 53 to 56 of specs/ringplan.md, readings 14 and 32, against a real OpenID provider."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from ringmain.calendars.build import connecting
from ringmain.core.calendars.service import Calendars
from ringmain.core.files.storage import open_storage
from ringmain.core.seal import Seal
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups
from ringmain.dialects.ringplan import ids
from ringmain.pbx.build import adapters
from ringmain.settings import Settings
from tests.clients.openid_provider import OpenIdServer
from tests.conditions import eventually
from tests.conftest import SEAL
from tests.dialects.ringplan.conftest import PUBLIC_URL, Caller, Reply, World, counts

GOOGLE, OUTLOOK = "/meet/app/calendar/get-auth-url", "/meet/app/outlook/get-auth-url"
REDIRECTS = [f"{PUBLIC_URL}/meet/{name}/callback" for name in ("google", "outlook")]
NOBODY: dict[str, str | None] = {"Authorization": None, "X-User-Id": None}


@pytest.fixture
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[OpenIdServer]:
    async with OpenIdServer(redirects=REDIRECTS, **getattr(request, "param", {})) as server:
        yield server


@pytest.fixture
def core(database: Database, wakeups: Wakeups, tmp_path: Path, provider: OpenIdServer) -> Core:
    settings = Settings(
        google_client_id="google-client",
        google_client_secret="google-client-secret",
        google_issuer=provider.issuer,
        outlook_client_id="outlook-client",
        outlook_client_secret="outlook-client-secret",
        outlook_issuer=f"{provider.issuer}/",
    )
    storage = open_storage(str(tmp_path / "files"))
    return Core(database, wakeups, storage, pbx=adapters(database), calendars=connecting(settings, SEAL))


async def auth_url(caller: Caller, path: str = GOOGLE) -> str:
    reply = await caller("GET", path)
    assert reply.status == 200, reply.body
    (url,) = reply.json().values()
    assert reply.json() == {"auth_url": url}
    assert reply.headers["Cache-Control"] == "no-store"
    return str(url)


async def come_back(caller: Caller, query: dict[str, str], name: str = "google") -> Reply:
    """The browser, which has no key, follows the provider's redirect to us."""
    reply = await caller("GET", f"/meet/{name}/callback?{urlencode(query)}", headers=NOBODY)
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    return reply


async def connect(
    caller: Caller, provider: OpenIdServer, path: str = GOOGLE, name: str = "google", login: str = "jane"
) -> None:
    back = await provider.visit(await auth_url(caller, path), login=login)
    reply = await come_back(caller, back, name)
    assert reply.status == 200, reply.body
    assert f"{login}@gmail.example is connected".encode() in reply.body


async def refresh_token(world: World, name: str = "google") -> str:
    sealed = await world.core.database.fetchval(
        "SELECT refresh_token FROM calendar_connections WHERE provider = $1", name
    )
    return SEAL.open(sealed)


async def test_row_53_google_authentication_link(acme: Caller, provider: OpenIdServer) -> None:
    """With a state, PKCE and what makes Google give a refresh token."""
    url = await auth_url(acme)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{provider.issuer}/auth?")
    assert (asked["response_type"], asked["client_id"], asked["redirect_uri"]) == (
        "code",
        "google-client",
        REDIRECTS[0],
    )
    assert (asked["access_type"], asked["prompt"], asked["code_challenge_method"]) == ("offline", "consent", "S256")
    assert "https://www.googleapis.com/auth/calendar" in asked["scope"].split()
    assert len(asked["state"]) >= 43 and len(asked["code_challenge"]) == 43 and asked["nonce"]
    assert (await auth_url(acme)) != url
    (await acme("GET", GOOGLE, headers=NOBODY)).problem(401)


async def test_row_54_outlook_authentication_link(acme: Caller, provider: OpenIdServer) -> None:
    asked = parse_qs(urlsplit(await auth_url(acme, OUTLOOK)).query)
    assert (asked["client_id"], asked["redirect_uri"]) == (["outlook-client"], [REDIRECTS[1]])
    assert {"offline_access", "Calendars.ReadWrite"} <= set(asked["scope"][0].split())
    (await acme("GET", OUTLOOK, headers=NOBODY)).problem(401)


async def test_row_51_no_calendar(acme: Caller) -> None:
    (await acme("GET", "/meet/app/calendar")).problem(404)
    (await acme("GET", "/meet/app/calendar", headers=NOBODY)).problem(401)


async def test_row_51_reading_14_the_calendar_object(acme: Caller, globex: Caller, provider: OpenIdServer) -> None:
    """`update` is a date; another company's users, and other users of this one, have calendars of their own."""
    await connect(acme, provider)
    reply = await acme("GET", "/meet/app/calendar")
    assert reply.status == 200
    assert reply.json() == {
        "calendar": "jane@gmail.example",
        "update": datetime.now(UTC).date().isoformat(),
        "user_id": ids.encode(acme.office.owner_id),
    }
    (await globex("GET", "/meet/app/calendar")).problem(404)
    body = {"contacts": {"email": "kim@example.com"}, "activated": True}
    kim = (await acme("POST", "/company/contacts", json=body)).json()["id"]
    (await acme("GET", "/meet/app/calendar", headers={"X-User-Id": kim})).problem(404)
    reply = await acme(
        "POST", "/meet/google/revoke", json={"calendar": "jane@gmail.example"}, headers={"X-User-Id": kim}
    )
    assert (reply.status, reply.json()) == (400, {"result": False})


async def test_row_51_google_before_outlook(acme: Caller, provider: OpenIdServer) -> None:
    await connect(acme, provider, OUTLOOK, "outlook", login="kim")
    assert (await acme("GET", "/meet/app/calendar")).json()["calendar"] == "kim@gmail.example"
    await connect(acme, provider)
    assert (await acme("GET", "/meet/app/calendar")).json()["calendar"] == "jane@gmail.example"
    await connect(acme, provider, login="lee")
    assert (await acme("GET", "/meet/app/calendar")).json()["calendar"] == "lee@gmail.example"


async def test_tokens_cannot_be_read_in_the_database(acme: Caller, world: World, provider: OpenIdServer) -> None:
    await connect(acme, provider)
    row = await world.core.database.fetchrow("SELECT access_token, refresh_token FROM calendar_connections")
    assert row is not None
    token = await refresh_token(world)
    for sealed in row:
        assert sealed.startswith("eyJ") and sealed.count(".") == 4 and token not in sealed


@pytest.mark.parametrize("name", ["google", "outlook"])
async def test_row_55_row_56_revoke(acme: Caller, world: World, provider: OpenIdServer, name: str) -> None:
    """The provider is told: the refresh token is worth nothing afterwards."""
    await connect(acme, provider, GOOGLE if name == "google" else OUTLOOK, name)
    token = await refresh_token(world, name)
    other = "outlook" if name == "google" else "google"
    wrong: tuple[object, ...] = ({"calendar": "kim@gmail.example"}, {"calendar": ""}, {"calendar": None}, {}, [], None)
    for path, body in [*((name, body) for body in wrong), (other, {"calendar": "jane@gmail.example"})]:
        reply = await acme("POST", f"/meet/{path}/revoke", json=body)
        assert (reply.status, reply.json()) == (400, {"result": False})
    for content in (b"", b"{", b'"\xff"', b'{"calendar": "\\u0000"}'):
        reply = await acme("POST", f"/meet/{name}/revoke", data=content)
        assert (reply.status, reply.json()) == (400, {"result": False})
    (await acme("POST", f"/meet/{name}/revoke", json={"calendar": "x"}, headers=NOBODY)).problem(401)
    assert (await acme("GET", "/meet/app/calendar")).status == 200
    reply = await acme("POST", f"/meet/{name}/revoke", json={"calendar": "Jane@Gmail.Example"})
    assert (reply.status, reply.json()) == (200, {"result": True})
    status, answer = await provider.token(f"{name}-client", grant_type="refresh_token", refresh_token=token)
    assert (status, answer["error"]) == (400, "invalid_grant")
    (await acme("GET", "/meet/app/calendar")).problem(404)
    reply = await acme("POST", f"/meet/{name}/revoke", json={"calendar": "jane@gmail.example"})
    assert (reply.status, reply.json()) == (400, {"result": False})


async def test_reading_32_clients_revoke_by_delete(acme: Caller, provider: OpenIdServer) -> None:
    """With the calendar in a body, or without a body."""
    assert (await acme("DELETE", "/meet/google/revoke")).json() == {"result": False}
    await connect(acme, provider)
    reply = await acme("DELETE", "/meet/google/revoke", json={"calendar": "kim@gmail.example"})
    assert (reply.status, reply.json()) == (400, {"result": False})
    reply = await acme("DELETE", "/meet/google/revoke", json={"calendar": "jane@gmail.example"})
    assert (reply.status, reply.json()) == (200, {"result": True})
    await connect(acme, provider, OUTLOOK, "outlook")
    reply = await acme("DELETE", "/meet/outlook/revoke")
    assert (reply.status, reply.json()) == (200, {"result": True})
    (await acme("GET", "/meet/app/calendar")).problem(404)
    (await acme("DELETE", "/meet/outlook/revoke", headers=NOBODY)).problem(401)


async def test_a_state_works_once_for_one_provider_and_not_for_long(
    acme: Caller, world: World, provider: OpenIdServer
) -> None:
    back = await provider.visit(await auth_url(acme))
    before = await world.core.database.fetchval("SELECT count(*) FROM calendar_connections")
    for query, name in (
        (back | {"state": "x" * 43}, "google"),
        (back | {"state": back["state"][:-1]}, "google"),
        (back, "outlook"),
        (back | {"state": "\0"}, "google"),
    ):
        assert (await come_back(acme, query, name)).status == 400
    (await acme("GET", f"/meet/google/callback?code={back['code']}", headers=NOBODY)).problem(400)
    assert await world.core.database.fetchval("SELECT count(*) FROM calendar_connections") == before == 0
    assert (await come_back(acme, back)).status == 200
    reply = await come_back(acme, back)
    assert reply.status == 400 and b"used already" in reply.body
    assert (await acme("GET", "/meet/app/calendar")).status == 200
    back = await provider.visit(await auth_url(acme))
    await world.core.database.execute("UPDATE calendar_requests SET expires_at = now() - interval '1 second'")
    assert (await come_back(acme, back)).status == 400


async def test_a_code_that_is_none(acme: Caller, provider: OpenIdServer) -> None:
    for code in ("nonsense", "x" * 5000, "\0"):
        state = parse_qs(urlsplit(await auth_url(acme)).query)["state"][0]
        reply = await come_back(acme, {"state": state, "code": code})
        assert reply.status == 400, reply.body
    (await acme("GET", "/meet/app/calendar")).problem(404)


async def test_a_code_of_somebody_elses_request(acme: Caller, globex: Caller, provider: OpenIdServer) -> None:
    """PKCE: the code belongs to the verifier of the request that it came of."""
    stolen = await provider.visit(await auth_url(acme))
    state = parse_qs(urlsplit(await auth_url(globex)).query)["state"][0]
    assert (await come_back(globex, {"state": state, "code": stolen["code"]})).status == 400
    (await globex("GET", "/meet/app/calendar")).problem(404)


@pytest.mark.parametrize("provider", [{"code_seconds": 1}], indirect=True)
async def test_an_expired_code(acme: Caller, provider: OpenIdServer) -> None:
    back = await provider.visit(await auth_url(acme))
    issued = time.time()

    async def over() -> bool:
        return time.time() > issued + 2

    assert await eventually(over)
    reply = await come_back(acme, back)
    assert reply.status == 400 and b"refused" in reply.body
    (await acme("GET", "/meet/app/calendar")).problem(404)


async def test_who_grants_nothing_has_no_calendar(acme: Caller, provider: OpenIdServer) -> None:
    back = await provider.visit(await auth_url(acme), login="nobody")
    assert back["error"] == "access_denied"
    back["error_description"] = "<script>alert(1)</script>"
    reply = await come_back(acme, back)
    assert reply.status == 400 and b"not granted" in reply.body and b"script" not in reply.body
    (await acme("GET", "/meet/app/calendar")).problem(404)


@pytest.mark.parametrize("provider", [{"token_seconds": 30}], indirect=True)
async def test_access_that_runs_out_is_renewed(acme: Caller, world: World, provider: OpenIdServer) -> None:
    """The provider's refresh tokens work once, so each renewal is proved by the next."""
    await connect(acme, provider)
    seen = {await refresh_token(world)}
    for _ in range(3):
        assert (await acme("GET", "/meet/app/calendar")).status == 200
        seen.add(await refresh_token(world))
    assert len(seen) == 4
    replies = await asyncio.gather(*(acme("GET", "/meet/app/calendar") for _ in range(8)))
    assert {reply.status for reply in replies} == {200}
    assert (await acme("GET", "/meet/app/calendar")).status == 200


@pytest.mark.parametrize("provider", [{"token_seconds": 30}], indirect=True)
async def test_a_grant_that_was_withdrawn_at_the_provider(acme: Caller, world: World, provider: OpenIdServer) -> None:
    await connect(acme, provider)
    token = await refresh_token(world)
    for _ in range(2):  # the second use of a refresh token ends the grant
        await provider.token("google-client", grant_type="refresh_token", refresh_token=token)
    (await acme("GET", "/meet/app/calendar")).problem(404)
    assert await world.core.database.fetchval("SELECT count(*) FROM calendar_connections") == 0


@pytest.mark.parametrize("provider", [{"token_seconds": 30}], indirect=True)
async def test_while_the_provider_is_down(acme: Caller, provider: OpenIdServer) -> None:
    """What is connected stays connected; nothing is revoked that the provider was not told of."""
    await connect(acme, provider)
    back = await provider.visit(await auth_url(acme, OUTLOOK))
    await provider.kill()
    reply = await come_back(acme, back, "outlook")
    assert reply.status == 502 and b"try again" in reply.body
    assert (await acme("GET", "/meet/app/calendar")).json()["calendar"] == "jane@gmail.example"
    reply = await acme("POST", "/meet/google/revoke", json={"calendar": "jane@gmail.example"})
    assert (reply.status, reply.json()) == (400, {"result": False})
    assert (await acme("GET", "/meet/app/calendar")).status == 200


async def test_a_provider_that_was_never_there(acme: Caller, provider: OpenIdServer, world: World) -> None:
    await provider.kill()
    before = await counts(world.core.database)
    (await acme("GET", GOOGLE)).problem(502)
    assert await counts(world.core.database) == before


async def test_under_another_key_a_calendar_is_lost(acme: Caller, world: World, provider: OpenIdServer) -> None:
    await connect(acme, provider)
    settings = Settings(google_client_id="google-client", google_issuer=provider.issuer)
    calendars = Calendars(world.core.database, connecting(settings, Seal.passing()))
    made = await calendars.revoke(acme.office.company_id, acme.office.owner_id, "google")
    assert made.account == "jane@gmail.example"
    (await acme("GET", "/meet/app/calendar")).problem(404)
