"""Logging in as web clients do (specs/ringplan.md 5), and invitations, whose routes are ours."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pyotp
import pytest

from ringmain.core.system import Core
from ringmain.dialects.ringplan import ids
from ringmain.dialects.ringplan.app import build
from ringmain.front import Front
from ringmain.realtime.socketio import SocketServer
from tests.dialects.ringplan.conftest import PUBLIC_URL, Caller, Reply, World, counts
from tests.dialects.ringplan.test_ringplan_users import as_user, made
from tests.realtime.conftest import serving

EMAIL = "owner@acme.example"
PASSWORD = "correct horse battery"
APP = "https://app.example.com"
NOBODY = {"Authorization": None, "X-User-Id": None}


@pytest.fixture
async def owner(acme: Caller, world: World) -> Caller:
    await world.core.credentials.set_password(acme.office.company_id, acme.office.owner_id, PASSWORD)
    return acme


async def log_in(caller: Caller, email: str = EMAIL, password: str = PASSWORD) -> Reply:
    return await caller("POST", "/login", headers=NOBODY, json={"email": email, "password": password})


async def refresh(caller: Caller, token: str, access: str = "") -> Reply:
    body = {"access_token": access, "refresh_token": token}
    return await caller("POST", "/refresh-token", headers=NOBODY, json=body)


async def whoami(caller: Caller, token: str) -> Reply:
    return await caller("GET", "/system/account", headers={"Authorization": token, "X-User-Id": None})


async def test_a_login_gives_tokens_that_work_alone(owner: Caller, world: World) -> None:
    reply = await log_in(owner)
    assert reply.status == 200
    assert reply.headers["Cache-Control"] == "no-store"
    tokens = reply.json()
    assert set(tokens) == {"id_token", "access_token", "refresh_token", "token_type", "expires_in"}
    account = await whoami(owner, tokens["id_token"])
    assert account.json()["id"] == ids.encode(owner.office.owner_id)
    assert account.json()["last_enter"]
    (await whoami(owner, tokens["refresh_token"])).problem(401)
    stored = await world.core.database.fetchval("SELECT row_to_json(s)::text FROM sessions s")
    assert tokens["refresh_token"] not in stored


async def test_refresh_gives_a_new_id_token_for_as_long_as_the_client_comes_back(owner: Caller) -> None:
    first = (await log_in(owner)).json()
    token = first["refresh_token"]
    for _ in range(3):  # a client that reads id_token alone
        reply = await refresh(owner, token, first["access_token"])
        assert reply.status == 200
        assert (await whoami(owner, reply.json()["id_token"])).status == 200
    for _ in range(3):  # one that takes what it is offered
        token = (await refresh(owner, token)).json()["refresh_token"]
    assert token != first["refresh_token"]


async def test_answers_may_cross(owner: Caller) -> None:
    token = (await log_in(owner)).json()["refresh_token"]
    replies = await asyncio.gather(*(refresh(owner, token) for _ in range(4)))
    assert [reply.status for reply in replies] == [200] * 4
    (successor,) = {reply.json()["refresh_token"] for reply in replies}
    assert (await refresh(owner, successor)).status == 200
    late = await refresh(owner, token)
    assert (late.status, late.json()["refresh_token"]) == (200, successor)


async def test_a_replaced_token_that_comes_late_ends_the_session(owner: Caller, world: World) -> None:
    stolen = (await log_in(owner)).json()["refresh_token"]
    other = (await log_in(owner)).json()["refresh_token"]
    token = (await refresh(owner, stolen)).json()["refresh_token"]
    token = (await refresh(owner, token)).json()["refresh_token"]
    await world.core.database.execute("UPDATE sessions SET turned_at = now() - interval '61 seconds'")
    (await refresh(owner, stolen)).problem(401)
    (await refresh(owner, token)).problem(401)
    assert (await refresh(owner, other)).status == 200


async def test_what_ends_sessions(owner: Caller, world: World) -> None:
    core, company_id, person_id = world.core, owner.office.company_id, owner.office.owner_id

    async def ended(how: str) -> None:
        token = (await log_in(owner)).json()["refresh_token"]
        if how == "logout":
            body = {"refresh_token": token}
            assert (await owner("POST", "/logout", headers=NOBODY, json=body)).status == 204
            assert (await owner("POST", "/logout", headers=NOBODY, json=body)).status == 204
        elif how == "password":
            await core.credentials.set_password(company_id, person_id, PASSWORD)
        else:
            await core.database.execute("UPDATE sessions SET expires_at = now()")
        (await refresh(owner, token)).problem(401)

    for how in ("logout", "password", "time"):
        await ended(how)


async def test_deactivation_ends_sessions(acme: Caller, world: World) -> None:
    jane = await made(acme)
    await world.core.credentials.set_password(acme.office.company_id, ids.decode(jane["id"], "user"), PASSWORD)
    tokens = (await log_in(acme, "Jane@Example.com")).json()
    for active in (False, True):
        await acme("PATCH", f"/company/contacts/{jane['id']}", json={"activated": active})
        (await refresh(acme, tokens["refresh_token"])).problem(401)
    (await log_in(acme, "jane@example.com", "wrong horse")).problem(401)


async def test_login_refusals(owner: Caller, world: World) -> None:
    before = await counts(world.core.database)
    known = (await log_in(owner, password="wrong horse")).problem(401)
    assert (await log_in(owner, "nobody@acme.example")).problem(401) == known
    body: object
    for body in ({}, {"email": EMAIL}, {"email": EMAIL, "password": ""}, {"email": 1, "password": "x"}, []):
        (await owner("POST", "/login", headers=NOBODY, json=body)).problem(400)
    for body in ({}, {"access_token": "x"}, {"refresh_token": ""}, {"refresh_token": None}, []):
        (await owner("POST", "/refresh-token", headers=NOBODY, json=body)).problem(400)
        (await owner("POST", "/logout", headers=NOBODY, json=body)).problem(400)
    for token in ("x", "é", "'; --"):
        (await refresh(owner, token)).problem(401)
    assert await counts(world.core.database) == before


async def test_guessing_is_throttled_and_the_right_password_too(owner: Caller, world: World) -> None:
    for _ in range(5):
        (await log_in(owner, password="wrong horse")).problem(401)
    reply = await log_in(owner)
    reply.problem(429)
    assert 0 < int(reply.headers["Retry-After"]) <= 900
    (await log_in(owner, EMAIL.upper())).problem(429)
    (await log_in(owner, "nobody@acme.example")).problem(401)
    await world.core.database.execute("UPDATE login_tries SET since = now() - interval '16 minutes'")
    assert (await log_in(owner)).status == 200


async def test_many_guesses_at_once_count_as_many(owner: Caller) -> None:
    replies = await asyncio.gather(*(log_in(owner, password=f"wrong horse {i}") for i in range(8)))
    assert sorted(reply.status for reply in replies) == [401] * 5 + [429] * 3


async def test_mistyping_now_and_then_locks_nobody_out(owner: Caller) -> None:
    for _ in range(3):
        for _ in range(3):
            (await log_in(owner, password="wrong horse")).problem(401)
        assert (await log_in(owner)).status == 200


# The page


async def test_who_shares_an_email_cannot_guess_on(owner: Caller, globex: Caller, world: World) -> None:
    """Their own logins, of another company, forget no guesses at the password of the first."""
    company_id, person_id = globex.office.company_id, globex.office.owner_id
    await world.core.people.update(company_id, person_id, email=EMAIL)
    await world.core.credentials.set_password(company_id, person_id, "mallory's own horse")
    replies = []
    for guess in range(3):
        replies += [await log_in(owner, password=f"wrong horse {guess} {again}") for again in range(2)]
        replies.append(await log_in(owner, password="mallory's own horse"))
    assert [reply.status for reply in replies] == [401, 401, 200, 401, 401, 200, 401, 429, 429]


@pytest.fixture
async def page(owner: Caller, core: Core) -> AsyncIterator[Caller]:
    """A server that knows one application's origin."""
    sockets = SocketServer()
    app = Front(build(core, PUBLIC_URL, sockets, login_origins=[f"{APP}/"]))
    async with serving(app) as base, aiohttp.ClientSession() as http:
        caller = Caller(http, base, owner.office, owner.key)
        caller.headers = {}
        yield caller
        await sockets.close()


async def submit(page: Caller, headers: dict[str, str | None] | None = None, **fields: str) -> Reply:
    return await page("POST", "/login", headers=headers or {}, data=fields, allow_redirects=False)


async def test_the_page_leads_back_with_tokens_behind_the_hash(page: Caller) -> None:
    back = f"{APP}/phone?tab=1#old"
    reply = await page("GET", "/login", params={"back": back})
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"form-action 'self' {APP}" in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert f'value="{back}"'.encode() in reply.body
    assert b"<script" not in reply.body
    reply = await submit(page, back=back, email=EMAIL, password=PASSWORD)
    assert reply.status == 303
    target = urlsplit(reply.headers["Location"])
    assert target._replace(fragment="").geturl() == f"{APP}/phone?tab=1"
    tokens = {name: value for name, [value] in parse_qs(target.fragment).items()}
    assert (await whoami(page, tokens["id_token"])).status == 200
    assert (await refresh(page, tokens["refresh_token"])).status == 200
    own = await submit(page, back=f"{PUBLIC_URL}/console", email=EMAIL, password=PASSWORD)
    assert own.headers["Location"].startswith(f"{PUBLIC_URL}/console#")


@pytest.mark.parametrize(
    "back",
    [
        "",
        "/console",
        "https://evil.example/",
        f"{APP}.evil.example/",
        f"{APP}@evil.example/",
        f"{APP}:8443/",
        f"{APP}\\@evil.example/",
        "http://app.example.com/",
        "javascript:alert(1)",
        f"{APP}/\r\nX: y",
        f"{APP}/é",
        "https://[::1",
        "//app.example.com/",
    ],
)
async def test_the_page_leads_nowhere_else(page: Caller, back: str) -> None:
    (await page("GET", "/login", params={"back": back})).problem(400)
    reply = await submit(page, back=back, email=EMAIL, password=PASSWORD)
    reply.problem(400)
    assert "Location" not in reply.headers


async def test_the_page_says_what_is_wrong(page: Caller) -> None:
    shown = '"><script>alert(1)</script>'
    reply = await submit(page, back=f"{APP}/", email=shown, password="wrong horse")
    assert reply.status == 401
    assert b"wrong" in reply.body
    assert b"<script" not in reply.body
    for _ in range(6):
        reply = await submit(page, back=f"{APP}/", email=EMAIL, password="wrong horse")
    assert (reply.status, b"minutes" in reply.body) == (429, True)
    assert int(reply.headers["Retry-After"]) > 0


async def test_forms_of_other_sites_are_refused(page: Caller) -> None:
    for site in ("cross-site", "same-site"):
        headers: dict[str, str | None] = {"Sec-Fetch-Site": site}
        (await submit(page, headers, back=f"{APP}/", email=EMAIL, password=PASSWORD)).problem(403)
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert (await submit(page, headers, back=f"{APP}/", email=EMAIL, password=PASSWORD)).status == 303
    form: dict[str, str | None] = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"back=%ff", b"back=%00", b"&".join(b"a=1" for _ in range(50))):
        (await page("POST", "/login", headers=form, data=body)).problem(400)
    (await page("POST", "/login", headers=form, data=b"x" * 20_000)).problem(413)


async def test_one_time_codes_are_asked_for_where_they_are_on(page: Caller, world: World) -> None:
    codes, who = world.core.credentials.one_time_codes, (page.office.company_id, page.office.owner_id)
    secret, _ = await codes.begin(*who, account=EMAIL, issuer="Acme")
    totp = pyotp.TOTP(secret)
    await codes.confirm(*who, totp.now())
    (await log_in(page)).problem(401)
    (await page("POST", "/login", json={"email": EMAIL, "password": PASSWORD, "otp": "12345x"})).problem(401)
    reply = await submit(page, back=f"{APP}/", email=EMAIL, password=PASSWORD, otp="")
    assert (reply.status, b"one-time code" in reply.body) == (401, True)

    async def unused() -> str:
        await world.core.database.execute("UPDATE one_time_codes SET last_step = 0")
        return totp.now()

    body = {"email": EMAIL, "password": PASSWORD, "otp": await unused()}
    assert (await page("POST", "/login", json=body)).status == 200
    (await page("POST", "/login", json=body)).problem(401)
    assert (await submit(page, back=f"{APP}/", email=EMAIL, password=PASSWORD, otp=await unused())).status == 303


# Invitations


async def mail_of(world: World, email: str) -> dict[str, Any]:
    row = await world.core.database.fetchrow(
        "SELECT subject, text FROM mails WHERE recipients = ARRAY[$1] ORDER BY id DESC LIMIT 1", email
    )
    assert row is not None
    return dict(row)


async def invited(acme: Caller, world: World) -> tuple[dict[str, Any], str, str]:
    """A user, the path in their mail, and the token."""
    user = (await acme("POST", "/company/contacts", json={"contacts": {"email": "jane@example.com"}})).json()
    return user, *await link_of(world)


async def link_of(world: World) -> tuple[str, str]:
    text = (await mail_of(world, "jane@example.com"))["text"]
    (link,) = re.findall(rf"{PUBLIC_URL}(\S+)", text)
    path, _, token = link.partition("?token=")
    return path, token


async def accept(caller: Caller, path: str, token: str, password: str = PASSWORD) -> Reply:
    return await caller("POST", path, headers=NOBODY, json={"token": token, "password": password})


async def test_an_invitation_is_accepted_once_and_activates(acme: Caller, world: World) -> None:
    user, path, token = await invited(acme, world)
    assert path == f"/company/contacts/{user['id']}/invitation/accept"
    (await acme("GET", "/company", headers=as_user(user))).problem(401)
    (await log_in(acme, "jane@example.com")).problem(401)
    reply = await accept(acme, path, token)
    assert reply.status == 200
    shown = reply.json()
    assert (shown["activated"], shown["invitation"]["status"]) == (True, "accepted")
    assert shown["invitation"]["accepted_at"]
    assert (await acme("GET", "/company", headers=as_user(user))).status == 200
    assert (await log_in(acme, "jane@example.com")).status == 200
    (await accept(acme, path, token, "another password")).problem(404)
    (await acme("GET", f"{path}?token={token}", headers=NOBODY)).problem(404)
    stored = await world.core.database.fetch("SELECT row_to_json(p)::text FROM people p")
    assert token not in str(stored)


async def test_the_page_of_an_invitation(acme: Caller, world: World) -> None:
    _, path, token = await invited(acme, world)
    reply = await acme("GET", f"{path}?token={token}", headers=NOBODY)
    assert reply.status == 200
    assert b"jane@example.com" in reply.body
    form = {"token": token, "password": "short"}
    assert (await acme("POST", path, headers=NOBODY, data=form)).status == 400
    reply = await acme("POST", path, headers=NOBODY, data={**form, "password": PASSWORD})
    assert (reply.status, b"is set" in reply.body) == (200, True)
    assert (await log_in(acme, "jane@example.com")).status == 200


async def test_invitations_expire_and_are_issued_again(acme: Caller, world: World) -> None:
    user, path, token = await invited(acme, world)
    await world.core.database.execute("UPDATE people SET invitation_expires_at = now() WHERE NOT owner")
    assert "expired" in (await accept(acme, path, token)).problem(400)
    (shown,) = (await acme("GET", "/company/contacts?work_email=jane@example.com")).json()
    assert (shown["invitation"]["status"], shown["activated"]) == ("expired", False)
    again = await acme("POST", f"/company/contacts/{user['id']}/invitation")
    assert (again.status, again.json()["invitation"]["status"]) == (200, "pending")
    path, newer = await link_of(world)
    assert newer != token
    (await accept(acme, path, token)).problem(404)
    assert (await accept(acme, path, newer)).status == 200
    (await acme("POST", f"/company/contacts/{user['id']}/invitation")).problem(400)


async def test_who_may_invite_again(acme: Caller, globex: Caller, world: World) -> None:
    user, *_ = await invited(acme, world)
    joe = await made(acme, "joe")
    before = await counts(world.core.database)
    path = f"/company/contacts/{user['id']}/invitation"
    (await acme("POST", path, headers=as_user(joe))).problem(403)
    (await globex("POST", path)).problem(404)
    assert await counts(world.core.database) == before


async def test_wrong_acceptances_change_nothing(acme: Caller, world: World) -> None:
    user, path, token = await invited(acme, world)
    other = await made(acme, "joe")
    before = await counts(world.core.database)
    for wrong in (token[:-1], "x", "é"):
        (await accept(acme, path, wrong)).problem(404)
    elsewhere = path.replace(user["id"], other["id"])
    (await accept(acme, elsewhere, token)).problem(404)
    (await accept(acme, path, token, "short")).problem(400)
    (await accept(acme, path, token, "x" * 1025)).problem(400)
    assert await counts(world.core.database) == before


@pytest.mark.parametrize("change", [{"contacts": {"email": "jane.doe@example.com"}}, {"activated": False}])
async def test_another_address_or_deactivation_ends_an_invitation(
    acme: Caller, world: World, change: dict[str, Any]
) -> None:
    user, path, token = await invited(acme, world)
    await acme("PATCH", f"/company/contacts/{user['id']}", json={"activated": True})
    shown = (await acme("PATCH", f"/company/contacts/{user['id']}", json=change)).json()
    assert shown["invitation"]["status"] == "expired"
    (await accept(acme, path, token)).problem(404)


async def test_a_user_whose_mail_cannot_be_written_is_not_made(acme: Caller, world: World) -> None:
    before = await counts(world.core.database)
    for email in ("jané@example.com", "jane@exa..mple", f"{'x' * 64}@{'y' * 190}"):
        (await acme("POST", "/company/contacts", json={"contacts": {"email": email}})).problem(400)
    assert await counts(world.core.database) == before


async def test_names_make_no_headers(acme: Caller, world: World) -> None:
    await acme("PATCH", "/company", json={"name": "Acme\r\nBcc: eve@example.com"})
    await invited(acme, world)
    mail = await mail_of(world, "jane@example.com")
    assert mail["subject"] == "Your phone system account at Acme Bcc: eve@example.com"
