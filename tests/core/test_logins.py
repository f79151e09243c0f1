"""Who logs in among many of one name, and what ends it."""

from typing import Any

import pytest

from ringmain.core.credentials import store
from ringmain.core.credentials.passwords import hash_password, kind_of
from ringmain.core.credentials.service import OTHER_HASHES
from ringmain.core.credentials.throttle import place_of
from ringmain.core.errors import Unauthenticated
from ringmain.core.system import Core
from tests.overlapping import behind

EMAIL = "ann@example.com"
RIGHT = "correct horse"
THEIRS = "mallory's horse"


async def person(core: Core, email: str = EMAIL, password: str | None = RIGHT, **fields: Any) -> tuple[int, int]:
    """Somebody of a company of their own."""
    company = await core.companies.create(name="Acme")
    return company.id, (await core.people.create(company.id, email=email, password=password, **fields)).id


async def tried(core: Core, name: str) -> int:
    """How many hashes a login under this name costs at most."""
    rows = await core.database.fetch(store.PASSWORDS_OF_NAME, name, OTHER_HASHES)
    return len({kind_of(row["password_hash"]) for row in rows})


async def who(core: Core, name: str, password: str = RIGHT) -> int:
    return (await core.credentials.log_in(name, password)).caller.person_id


async def test_however_many_have_a_name_each_logs_in_for_one_hash(core: Core) -> None:
    people = [(await person(core, password=f"horse number {number}"))[1] for number in range(7)]
    assert await tried(core, EMAIL.upper()) == 1
    for number in (6, 0):
        assert await who(core, EMAIL.upper(), f"horse number {number}") == people[number]
    with pytest.raises(Unauthenticated):
        await core.credentials.log_in(EMAIL, "horse number 7")
    hashes = await core.database.fetch("SELECT DISTINCT split_part(password_hash, '$', 5) FROM people")
    assert len(hashes) == 1
    _, other = await person(core, "bob@example.com")
    assert await who(core, "bob@example.com") == other
    assert len(await core.database.fetch("SELECT DISTINCT split_part(password_hash, '$', 5) FROM people")) == 2


async def test_nobody_is_crowded_out_by_those_who_take_their_name(core: Core) -> None:
    """Older ones, with salts of other names, who log in all the time."""
    for number in range(8):
        company_id, person_id = await person(core, f"mallory{number}@example.com", THEIRS, login=f"mallory{number}")
        await core.people.update(company_id, person_id, email=EMAIL)
    await core.database.execute("UPDATE people SET last_login_at = now()")
    company_id, victim = await person(core, password=None)
    await core.credentials.set_password(company_id, victim, RIGHT)
    assert await who(core, EMAIL) == victim
    assert await tried(core, EMAIL) == 1 + OTHER_HASHES


@pytest.mark.parametrize("old", ["random", "another name's"])
async def test_the_salt_is_that_of_the_name_that_was_used(core: Core, old: str) -> None:
    """Passwords from before, and those of people who got another name."""
    company_id, person_id = await person(core, "old@example.com", login="Ann")
    await core.people.update(company_id, person_id, email=EMAIL)
    salt = "SELECT split_part(password_hash, '$', 5) FROM people"
    wanted = "SELECT rtrim(encode(password_salt($1), 'base64'), '=')"
    assert await core.database.fetchval(salt) == await core.database.fetchval(wanted, "ANN")
    if old == "random":
        await core.database.execute("UPDATE people SET password_hash = $1", await hash_password(RIGHT))
    for name in (EMAIL, "ann", EMAIL):
        for _ in range(2):
            assert await who(core, name) == person_id
            assert await core.database.fetchval(salt) == await core.database.fetchval(wanted, name)
    await core.sessions.log_in("ann", RIGHT, address="")
    await core.grants.by_password("ringrx", EMAIL, RIGHT, address="")


async def test_what_is_no_hash_lets_nobody_in(core: Core) -> None:
    await person(core)
    for hashed in ("no hash", "", "$argon2id$v=19$m=8,t=1,p=1$x$y", "$argon2id$v=19$m=8,t=1,p=1$$", "$$$$$"):
        await core.database.execute("UPDATE people SET password_hash = $1", hashed)
        with pytest.raises(Unauthenticated):
            await core.credentials.log_in(EMAIL, RIGHT)
    with pytest.raises(Unauthenticated):
        await core.credentials.log_in(EMAIL, "x" * 5000)


async def ended(core: Core, token: str) -> bool:
    try:
        await core.credentials.caller_by_user_token(token)
    except Unauthenticated:
        return True
    return False


@pytest.mark.parametrize("how", ["password", "deactivation", "deletion", "logout"])
async def test_what_ends_a_session_ends_its_user_tokens(core: Core, how: str) -> None:
    company_id, person_id = await person(core)
    tokens = await core.sessions.log_in(EMAIL, RIGHT, address="")
    refreshed = await core.sessions.refresh(tokens.refresh_token)
    given = await core.credentials.issue_user_token(company_id, person_id, 60)
    other = await core.sessions.log_in(EMAIL, RIGHT, address="")
    every = [tokens.user_token, refreshed.user_token, given, other.user_token]
    assert [await ended(core, token) for token in every] == [False] * 4
    match how:
        case "password":
            await core.credentials.set_password(company_id, person_id, RIGHT)
        case "deactivation":
            await core.people.update(company_id, person_id, active=False)
            await core.people.update(company_id, person_id, active=True)
        case "deletion":
            await core.people.delete(company_id, person_id)
        case "logout":
            await core.sessions.log_out(refreshed.refresh_token)
    assert [await ended(core, token) for token in every] == [True, True, how != "logout", how != "logout"]


async def test_a_stolen_refresh_token_ends_the_user_tokens_of_both(core: Core) -> None:
    await person(core)
    stolen = await core.sessions.log_in(EMAIL, RIGHT, address="")
    tokens = await core.sessions.refresh(stolen.refresh_token)
    await core.sessions.refresh(tokens.refresh_token)
    await core.database.execute("UPDATE sessions SET turned_at = now() - interval '61 seconds'")
    with pytest.raises(Unauthenticated):
        await core.sessions.refresh(stolen.refresh_token)
    assert await ended(core, tokens.user_token)


@pytest.mark.parametrize("first", ["login", "password"])
async def test_who_logs_in_while_the_password_changes_is_out(core: Core, first: str) -> None:
    company_id, person_id = await person(core)
    async with behind(core.database, "SELECT FROM people WHERE id = $1 FOR UPDATE", person_id) as queue:
        verbs = [
            core.sessions.log_in(EMAIL, RIGHT, address=""),
            core.credentials.set_password(company_id, person_id, THEIRS),
        ]
        for verb in verbs if first == "login" else reversed(verbs):
            await queue.join(verb)
    for outcome in await queue.ended():
        if outcome is not None and not isinstance(outcome, Unauthenticated):
            assert await ended(core, outcome.user_token)
    assert await core.database.fetchval("SELECT count(*) FROM sessions") == 0
    assert await who(core, EMAIL, THEIRS) == person_id


def test_a_network_of_ipv6_counts_as_one_address() -> None:
    assert place_of("2001:db8:0:1::5") == place_of("2001:db8:0:1:ffff::") == "2001:db8:0:1::/64"
    assert place_of("2001:db8:0:2::5") != place_of("2001:db8:0:1::5")
    assert place_of("::ffff:192.0.2.7") == place_of("192.0.2.7") == "192.0.2.7"
    assert place_of("fe80::1%eth0") == "fe80::/64"
    for other in ("", "unix", "x" * 64):
        assert place_of(other) == other
