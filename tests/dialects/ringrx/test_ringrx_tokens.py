"""POST /auth/token and /auth/refresh, and how tokens are shown (specs/ringrx.md 1)."""

import asyncio
from base64 import urlsafe_b64decode
from typing import Any

import aiohttp
import msgspec
import pyotp
import pytest

from ringmain.core.credentials.model import NewApiKey
from ringmain.core.errors import Invalid, Unauthenticated
from ringmain.core.system import Core
from tests.dialects.ringrx.conftest import PASSWORD, Caller, Reply, World, counts

EMAIL = "owner@acme.example"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NOT_AUTHENTICATED = {"error": "Not Authenticated"}


@pytest.fixture
async def owner(world: World) -> Caller:
    """Acme's, with a password."""
    await world.core.credentials.set_password(world.acme.company_id, world.acme.office.owner_id, PASSWORD)
    return world.acme


@pytest.fixture
async def key(world: World) -> NewApiKey:
    return await world.core.credentials.create_api_key(world.acme.company_id, "ringrx", "fetcher")


async def ask(caller: Caller, path: str = "/auth/token", **options: Any) -> Reply:
    headers = {"Authorization": None, **options.pop("headers", {})}
    return await caller("POST", path, headers=headers, **options)


async def log_in(caller: Caller, name: str = EMAIL, password: str = PASSWORD, **more: str) -> Reply:
    return await ask(caller, json={"username": name, "password": password, **more})


async def whoami(caller: Caller, token: str) -> int:
    reply = await caller("GET", "/myphones", headers={"Authorization": token})
    if reply.status != 200:
        reply.error(401)
    return reply.status


def claims(token: str) -> dict[str, Any]:
    """What a JWT says."""
    payload = token.split(".")[1]
    decoded: dict[str, Any] = msgspec.json.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return decoded


def encodings(credentials: dict[str, str]) -> list[dict[str, Any]]:
    """What clients send, and what they might."""
    multipart = aiohttp.FormData(credentials, default_to_multipart=True)
    return [
        {"params": credentials, "headers": JSON},  # Duo: query, JSON with nothing in it
        {"params": credentials, "headers": FORM, "data": b""},  # Google Apps Script
        {"params": credentials, "headers": JSON, "data": b" \r\n"},
        {"params": credentials},
        {"json": credentials},  # the vendor's own clients
        {"data": credentials},
        {"data": msgspec.json.encode(credentials), "headers": FORM},  # curl -d with JSON
        {"data": msgspec.json.encode(credentials), "headers": {"Content-Type": "text/plain"}},
        {"data": multipart},
        {"params": credentials, "json": credentials},
        {"params": dict.fromkeys(credentials, "wrong"), "json": credentials},  # the body wins
        {"params": dict.fromkeys(credentials, "wrong"), "data": credentials},
        {"params": dict(list(credentials.items())[:1]), "json": dict(list(credentials.items())[1:])},
        {"params": {**credentials, "grant_type": "x"}, "json": {"other": [1, {}], "otp": None}},
    ]


async def test_row_1_a_token_for_a_password_in_every_encoding(owner: Caller) -> None:
    for options in encodings({"username": EMAIL, "password": PASSWORD}):
        reply = await ask(owner, **options)
        assert reply.status == 200, options
        tokens = reply.json()
        assert set(tokens) == {"token_type", "access_token", "expires_in", "refresh_token"}
        assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
        assert await whoami(owner, f"Bearer {tokens['access_token']}") == 200
    assert reply.headers["Cache-Control"] == "no-store"


async def test_row_1_a_token_for_a_key_in_every_encoding(acme: Caller, key: NewApiKey) -> None:
    for options in encodings({"token": key.key.token, "secret": key.secret}):
        reply = await ask(acme, **options)
        assert reply.status == 200, options
        assert await whoami(acme, reply.json()["access_token"]) == 200


async def test_row_1_a_login_name_is_as_good_as_an_e_mail(world: World, acme: Caller) -> None:
    person = await world.core.people.create(acme.company_id, email="sam@acme.example", login="sam", password=PASSWORD)
    assert (await log_in(acme, "SAM")).status == 200
    assert (await log_in(acme, "Sam@Acme.example")).status == 200
    shown = await world.core.people.get(acme.company_id, person.id)
    assert shown.last_login_at is not None
    await world.core.people.update(acme.company_id, person.id, login="")
    (await log_in(acme, "sam")).error(401)


async def test_row_1_refusals_are_all_the_same(world: World, owner: Caller, key: NewApiKey) -> None:
    foreign = await world.core.credentials.create_api_key(owner.company_id, "ringplan", "crm")
    before = await counts(world.core.database)
    token = key.key.token
    for credentials in (
        {},
        {"username": EMAIL},
        {"password": PASSWORD},
        {"username": EMAIL, "password": "wrong horse"},
        {"username": EMAIL, "password": ""},
        {"username": "nobody@acme.example", "password": PASSWORD},
        {"token": token},
        {"secret": key.secret},
        {"token": token, "secret": key.secret[:-1]},
        {"token": key.secret, "secret": token},
        {"token": foreign.key.token, "secret": foreign.secret},
        {"token": foreign.key.token, "secret": key.secret},
        {"username": token, "password": key.secret},
        {"token": None, "secret": None},
    ):
        reply = await ask(owner, json=credentials)
        assert reply.error(401) == "Not Authenticated"
        assert reply.json() == NOT_AUTHENTICATED
    for body in (b"{", b"[]", b"1", b'{"username": {"a": 1}, "password": "x"}', b'{"username": "a\\u0000", "b": ""}'):
        (await ask(owner, data=body, headers=JSON)).error(400)
    (await ask(owner, data=b"\xff=\xff", headers=FORM)).error(400)
    (await ask(owner, data=b"x", headers={"Content-Type": "multipart/form-data"})).error(400)
    (await ask(owner, data=b"{" + b" " * 20_000)).error(413)
    (await owner("GET", "/auth/token")).error(405)
    assert await counts(world.core.database) == before


async def test_row_2_refresh_in_every_encoding_and_the_old_token_goes_on(owner: Caller) -> None:
    first = (await log_in(owner)).json()["refresh_token"]
    seen = {first}
    for options in encodings({"refresh_token": first}):
        reply = await ask(owner, "/auth/refresh", **options)
        assert reply.status == 200, options
        tokens = reply.json()
        assert set(tokens) == {"token_type", "access_token", "expires_in", "refresh_token"}
        assert await whoami(owner, tokens["access_token"]) == 200
        seen.add(tokens["refresh_token"])
    assert len(seen) == len(encodings({"refresh_token": first})) + 1
    for token in seen:
        assert (await ask(owner, "/auth/refresh", params={"refresh_token": token})).status == 200


async def test_row_2_refusals(world: World, owner: Caller) -> None:
    tokens = (await log_in(owner)).json()
    await world.core.database.execute("UPDATE refresh_tokens SET expires_at = now()")
    for token in ("", "x", "é", tokens["access_token"], tokens["refresh_token"]):
        reply = await ask(owner, "/auth/refresh", json={"refresh_token": token})
        assert reply.error(401) == "Not Authenticated"
    (await ask(owner, "/auth/refresh")).error(401)
    # What RingPlan gave out refreshes nothing here.
    session = await world.core.sessions.log_in(EMAIL, PASSWORD, address="127.0.0.1")
    (await ask(owner, "/auth/refresh", json={"refresh_token": session.refresh_token})).error(401)


async def test_secrets_are_stored_as_hashes_only(world: World, owner: Caller, key: NewApiKey) -> None:
    by_key = (await ask(owner, json={"token": key.key.token, "secret": key.secret})).json()
    by_password = (await log_in(owner)).json()
    stored = await world.core.database.fetchval(
        "SELECT (SELECT json_agg(k) FROM api_keys k)::text || (SELECT json_agg(g) FROM grants g)::text"
        " || (SELECT json_agg(r) FROM refresh_tokens r)::text"
    )
    for secret in (key.secret, by_key["refresh_token"], by_password["refresh_token"], by_key["access_token"]):
        assert secret not in stored


async def test_three_spellings_of_the_header(acme: Caller) -> None:
    for form in (
        "Bearer {}",
        "{}",
        "bearer: {}",
        "  Bearer   {} ",
        "Token {}",
        "BEARER {}",
        "Authorization: Bearer {}",
    ):
        assert await whoami(acme, form.format(acme.token)) == 200, form
    for form in ("", "Bearer", "Bearer ", "{}x", "{} Bearer", "eyJ.x.y", "\xff\xfe", "Basic eDp5"):
        assert await whoami(acme, form.format(acme.token)) == 401, form
    (await acme("GET", "/myphones", headers={"Authorization": None})).error(401)


async def test_reading_14_the_jwt_expires_when_expires_in_says(world: World, acme: Caller, key: NewApiKey) -> None:
    tokens = (await ask(acme, json={"token": key.key.token, "secret": key.secret})).json()
    said = claims(tokens["access_token"])
    assert said["exp"] == said["iat"] + tokens["expires_in"] == said["iat"] + 3600
    assert said["key"] == str(key.key.id)
    old = await world.core.credentials._signing.issue_token(
        acme.company_id, acme.office.owner_id, -1, aud="ringrx", grant=said["grant"], key=said["key"]
    )
    reply = await acme("GET", "/myphones", headers={"Authorization": old})
    assert reply.error(401) == "Not Authenticated"
    assert "location" not in reply.headers


async def test_tokens_of_other_dialects_are_refused_and_ours_there(world: World, acme: Caller) -> None:
    core, company_id, owner_id = world.core, acme.company_id, acme.office.owner_id
    theirs = await core.credentials.issue_user_token(company_id, owner_id, 3600)
    assert await whoami(acme, theirs) == 401
    ringplan = await core.credentials.create_api_key(company_id, "ringplan", "crm")
    assert await whoami(acme, ringplan.secret) == 401
    with pytest.raises(Unauthenticated):
        await core.credentials.caller_by_user_token(acme.token)
    with pytest.raises(Unauthenticated):
        await core.credentials.caller_by_access_token("ringotel", acme.token)


async def test_a_key_inherits_its_owners_role(world: World, acme: Caller) -> None:
    person, _ = await world.user()
    for person_id, admin, role in ((None, False, "owner"), (person.id, False, "user"), (person.id, True, "admin")):
        await world.core.people.update(acme.company_id, person.id, admin=admin)
        name = f"{role} key"
        made = await world.core.credentials.create_api_key(acme.company_id, "ringrx", name, person_id=person_id)
        tokens = (await ask(acme, json={"token": made.key.token, "secret": made.secret})).json()
        me = (await acme.acting(tokens["access_token"])("GET", "/myphones")).json()
        assert me["role"] == role
        assert me["email"] == ("owner@acme.example" if person_id is None else person.email)


async def test_what_ends_tokens_at_once(world: World, acme: Caller) -> None:
    """The key is revoked, the password changes, the person is deactivated or deleted; others' tokens go on."""
    core, company_id = world.core, acme.company_id

    async def minted(email: str) -> tuple[int, list[dict[str, str]], int]:
        person = await core.people.create(company_id, email=email, password=PASSWORD)
        made = await core.credentials.create_api_key(company_id, "ringrx", email, person_id=person.id)
        by_password = (await log_in(acme, email)).json()
        by_key = (await ask(acme, json={"token": made.key.token, "secret": made.secret})).json()
        again = (await ask(acme, "/auth/refresh", json={"refresh_token": by_key["refresh_token"]})).json()
        for tokens in (by_password, by_key, again):
            assert await whoami(acme, tokens["access_token"]) == 200
        return person.id, [by_password, by_key, again], made.key.id

    async def works(tokens: dict[str, str]) -> bool:
        there = await whoami(acme, tokens["access_token"]) == 200
        refreshed = await ask(acme, "/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert there == (refreshed.status == 200)
        return there

    _, tokens, key_id = await minted("revoked@acme.example")
    await core.credentials.revoke_api_key(company_id, key_id)
    assert [await works(one) for one in tokens] == [True, False, False]

    person_id, tokens, _ = await minted("changed@acme.example")
    await core.credentials.set_password(company_id, person_id, "another horse")
    assert [await works(one) for one in tokens] == [False, True, True]

    person_id, tokens, _ = await minted("inactive@acme.example")
    await core.people.update(company_id, person_id, active=False)
    assert [await works(one) for one in tokens] == [False, False, False]
    (await log_in(acme, "inactive@acme.example")).error(401)
    await core.people.update(company_id, person_id, active=True)
    assert [await works(one) for one in tokens] == [False, False, False]

    person_id, tokens, _ = await minted("deleted@acme.example")
    await core.people.delete(company_id, person_id)
    assert [await works(one) for one in tokens] == [False, False, False]
    assert await whoami(acme, acme.token) == 200


async def test_guessing_is_throttled_by_name_and_by_key(world: World, owner: Caller, key: NewApiKey) -> None:
    for credentials in (
        {"username": EMAIL, "password": "wrong horse"},
        {"token": key.key.token, "secret": "wrong" * 9},
    ):
        for _ in range(5):
            (await ask(owner, json=credentials)).error(401)
        reply = await ask(owner, json=credentials)
        reply.error(429)
        assert 0 < int(reply.headers["Retry-After"]) <= 900
    (await ask(owner, json={"token": key.key.token, "secret": key.secret})).error(429)
    assert await whoami(owner, owner.token) == 200


async def test_logins_that_succeed_are_no_tries(owner: Caller, key: NewApiKey) -> None:
    """A client that gets a token for each thing it does is not one that guesses."""
    for _ in range(110):
        assert (await ask(owner, json={"token": key.key.token, "secret": key.secret})).status == 200


# The second factor


@pytest.fixture
async def totp(owner: Caller) -> pyotp.TOTP:
    begun = await owner("POST", "/myphones/otp")
    assert begun.status == 201
    made = pyotp.parse_uri(begun.json()["provisioning_uri"])
    assert isinstance(made, pyotp.TOTP)
    assert (made.secret, made.name, made.issuer) == (begun.json()["secret"], EMAIL, "Acme")
    assert (await log_in(owner)).status == 200  # not on before it is confirmed
    return made


async def at_step(core: Core, totp: pyotp.TOTP, offset: int = 0) -> str:
    """The code of a step near now."""
    now = await core.database.fetchval("SELECT extract(epoch FROM now())::bigint")
    return totp.at(int(now) + 30 * offset)


async def forget_use(world: World, step: int = 0) -> None:
    await world.core.database.execute("UPDATE one_time_codes SET last_step = $1", step)


async def test_otp_a_second_factor_from_beginning_to_end(world: World, owner: Caller, totp: pyotp.TOTP) -> None:
    (await owner("POST", "/myphones/otp/confirm", json={"otp": "000000x"})).error(400)
    (await owner("POST", "/myphones/otp/confirm")).error(400)
    code = await at_step(world.core, totp)
    confirmed = await owner("POST", "/myphones/otp/confirm", json={"otp": code})
    assert (confirmed.status, confirmed.json()) == (200, {"otp_enabled": True})
    assert (await owner("GET", "/myphones")).json()["otp_enabled"] is True
    (await owner("POST", "/myphones/otp/confirm", json={"otp": code})).error(409)
    (await owner("POST", "/myphones/otp")).error(409)

    await forget_use(world)
    missing, wrong = await log_in(owner), await log_in(owner, otp="12345x")
    assert missing.error(401) == wrong.error(401) == "Not Authenticated"
    assert (await log_in(owner, otp=await at_step(world.core, totp))).status == 200
    (await owner("DELETE", "/myphones/otp")).error(400)
    (await owner("DELETE", "/myphones/otp?otp=abcdef")).error(400)
    await forget_use(world)
    assert (await owner("DELETE", f"/myphones/otp?otp={await at_step(world.core, totp)}")).status == 204
    (await owner("DELETE", "/myphones/otp")).error(404)
    assert (await log_in(owner)).status == 200


async def test_otp_codes_work_once_and_one_step_early_or_late(world: World, owner: Caller, totp: pyotp.TOTP) -> None:
    codes = world.core.credentials.one_time_codes
    company_id, person_id = owner.company_id, owner.office.owner_id
    start = 1_800_000_000.0
    with pytest.raises(Invalid):
        await codes.confirm(company_id, person_id, totp.at(int(start) - 60), now=start)
    await codes.confirm(company_id, person_id, totp.at(int(start) - 30), now=start)

    async def passes(offset: int) -> bool:
        return await codes.passes(company_id, person_id, totp.at(int(start) + 30 * offset), now=start)

    assert not await passes(-1)  # the one that confirmed it
    assert not await passes(2)
    assert not await passes(-2)
    tries = await asyncio.gather(*(passes(0) for _ in range(8)))
    assert sorted(tries) == [False] * 7 + [True]
    assert await passes(1)
    assert not await passes(0)  # earlier than what was used
    assert not await passes(1)


async def test_otp_is_needed_by_ringplan_logins_too_and_never_by_keys(
    world: World, owner: Caller, totp: pyotp.TOTP, key: NewApiKey
) -> None:
    code = await at_step(world.core, totp)
    assert (await owner("POST", "/myphones/otp/confirm", params={"otp": code})).status == 200
    assert (await ask(owner, json={"token": key.key.token, "secret": key.secret})).status == 200
    with pytest.raises(Unauthenticated):
        await world.core.sessions.log_in(EMAIL, PASSWORD, address="127.0.0.1")
    await forget_use(world)
    code = await at_step(world.core, totp)
    await world.core.sessions.log_in(EMAIL, PASSWORD, address="127.0.0.1", code=code)


async def test_otp_guessing_is_throttled(world: World, owner: Caller, totp: pyotp.TOTP) -> None:
    code = await at_step(world.core, totp)
    assert (await owner("POST", "/myphones/otp/confirm", json={"otp": code})).status == 200
    for _ in range(5):
        (await owner("DELETE", "/myphones/otp?otp=abcdef")).error(400)
    reply = await owner("DELETE", "/myphones/otp?otp=abcdef")
    reply.error(429)
    assert int(reply.headers["Retry-After"]) > 0
