import asyncio
import time

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from ringmain.core.companies.model import Company
from ringmain.core.credentials.service import Credentials
from ringmain.core.errors import AlreadyExists, Forbidden, Invalid, NotFound, Unauthenticated
from ringmain.core.people.model import Person
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups


@pytest.fixture
async def company(core: Core) -> Company:
    return await core.companies.create(name="Acme", timezone="Europe/Berlin", country="DE")


@pytest.fixture
async def owner(core: Core, company: Company) -> Person:
    return await core.people.create(company.id, email="ann@example.com", owner=True)


@pytest.fixture
async def stranger(core: Core) -> Person:
    other = await core.companies.create(name="Other")
    return await core.people.create(other.id, email="eve@example.com", owner=True)


async def until_listening(wakeups: Wakeups) -> None:
    async with asyncio.timeout(30):
        while not wakeups.connected:
            await asyncio.sleep(0.005)


async def is_known(credentials: Credentials, secret: str) -> bool:
    try:
        await credentials.caller_by_api_key("ringplan", secret, "primary")
    except Unauthenticated:
        return False
    return True


async def test_a_key_names_its_caller(core: Core, company: Company, owner: Person) -> None:
    bob = await core.people.create(company.id, email="bob@example.com", timezone="Asia/Tokyo")
    made = await core.credentials.create_api_key(company.id, "ringplan", "CRM")
    assert len(made.secret) == 43
    primary = await core.credentials.caller_by_api_key("ringplan", made.secret, "primary")
    assert (primary.company_id, primary.person_id, primary.owner) == (company.id, owner.id, True)
    assert (primary.email, primary.timezone, primary.country) == ("ann@example.com", "Europe/Berlin", "DE")
    assert primary.key_id == made.key.id
    second = await core.credentials.caller_by_api_key("ringplan", made.secret, str(bob.id))
    assert (second.person_id, second.owner, second.timezone) == (bob.id, False, "Asia/Tokyo")
    assert await core.credentials.caller_by_api_key("ringplan", made.secret, bob.id) == second


async def test_who_is_refused(core: Core, company: Company, owner: Person, stranger: Person) -> None:
    made = await core.credentials.create_api_key(company.id, "ringplan", "CRM")
    await until_listening(core.wakeups)
    for person in (None, "", "nobody", str(stranger.id), -1, 2**70, owner.id + 1):
        with pytest.raises(Unauthenticated):
            await core.credentials.caller_by_api_key("ringplan", made.secret, person)
    for dialect, secret in (
        ("ringrx", made.secret),
        ("ringplan", made.secret[:-1]),
        ("ringplan", ""),
        ("ringplan", "\udcff"),
        ("ringplan", made.key.token),
    ):
        with pytest.raises(Unauthenticated):
            await core.credentials.caller_by_api_key(dialect, secret, "primary")


async def test_a_bound_key_acts_for_its_person_only(core: Core, company: Company, owner: Person) -> None:
    bob = await core.people.create(company.id, email="bob@example.com")
    made = await core.credentials.create_api_key(company.id, "ringrx", "Bob's", person_id=bob.id)
    assert (await core.credentials.caller_by_api_key("ringrx", made.secret, None)).person_id == bob.id
    assert (await core.credentials.caller_by_api_key("ringrx", made.secret, bob.id)).person_id == bob.id
    for person in ("primary", owner.id):
        with pytest.raises(Unauthenticated):
            await core.credentials.caller_by_api_key("ringrx", made.secret, person)


async def test_inactive_people_call_no_more(core: Core, company: Company, owner: Person) -> None:
    bob = await core.people.create(company.id, email="bob@example.com")
    made = await core.credentials.create_api_key(company.id, "ringplan", "CRM")
    token = await core.credentials.issue_user_token(company.id, bob.id, 60)
    await until_listening(core.wakeups)
    await core.credentials.caller_by_api_key("ringplan", made.secret, bob.id)
    await core.credentials.caller_by_user_token(token)
    await core.people.update(company.id, bob.id, active=False)
    with pytest.raises(Unauthenticated):
        await core.credentials.caller_by_api_key("ringplan", made.secret, bob.id)
    with pytest.raises(Unauthenticated):
        await core.credentials.caller_by_user_token(token)


async def test_only_hashes_are_stored(core: Core, company: Company, owner: Person) -> None:
    made = await core.credentials.create_api_key(company.id, "ringplan", "CRM")
    token = await core.credentials.create_operator_token("ops")
    await core.credentials.set_password(company.id, owner.id, "correct horse")
    rows = await core.database.fetch(
        "SELECT row_to_json(k)::text FROM api_keys k UNION ALL SELECT row_to_json(o)::text FROM operator_tokens o "
        "UNION ALL SELECT row_to_json(p)::text FROM people p"
    )
    stored = "".join(row[0] for row in rows)
    for secret in (made.secret, token, "correct horse"):
        assert secret not in stored
        assert secret.encode().hex() not in stored
    assert "$argon2id$" in stored


async def test_keys_are_listed_and_revoked(core: Core, company: Company, owner: Person, stranger: Person) -> None:
    made = await core.credentials.create_api_key(company.id, "ringplan", "CRM")
    await until_listening(core.wakeups)
    await core.credentials.caller_by_api_key("ringplan", made.secret, "primary")
    assert await core.credentials.list_api_keys(company.id) == [made.key]
    with pytest.raises(NotFound):
        await core.credentials.revoke_api_key(stranger.company_id, made.key.id)
    assert await core.credentials.revoke_api_key(company.id, made.key.id) == made.key
    with pytest.raises(Unauthenticated):
        await core.credentials.caller_by_api_key("ringplan", made.secret, "primary")
    assert await core.credentials.list_api_keys(company.id) == []


async def test_what_keys_cannot_be(core: Core, company: Company, owner: Person, stranger: Person) -> None:
    given = "a-secret-of-the-customers-own-choice"
    made = await core.credentials.create_api_key(company.id, "ringplan", "CRM", secret=given)
    assert made.secret == given
    with pytest.raises(AlreadyExists, match="named"):
        await core.credentials.create_api_key(company.id, "ringplan", "CRM")
    with pytest.raises(AlreadyExists, match="secret"):
        await core.credentials.create_api_key(company.id, "ringplan", "ERP", secret=given)
    with pytest.raises(Invalid):
        await core.credentials.create_api_key(company.id, "ringplan", "ERP", secret="short")
    with pytest.raises(Invalid):
        await core.credentials.create_api_key(company.id, "other", "ERP")
    with pytest.raises(NotFound):
        await core.credentials.create_api_key(company.id, "ringplan", "ERP", person_id=stranger.id)
    with pytest.raises(NotFound):
        await core.credentials.create_api_key(1, "ringplan", "ERP")


async def test_another_process_hears_of_a_revoked_key(core: Core, dsn: str, company: Company, owner: Person) -> None:
    made = await core.credentials.create_api_key(company.id, "ringplan", "CRM")
    database = Database(dsn, size=2)
    wakeups = Wakeups(database)
    await wakeups.start()
    try:
        elsewhere = Credentials(database, wakeups)
        await until_listening(wakeups)
        assert await is_known(elsewhere, made.secret)
        await core.credentials.revoke_api_key(company.id, made.key.id)
        async with asyncio.timeout(30):
            while await is_known(elsewhere, made.secret):
                await asyncio.sleep(0.002)
    finally:
        await wakeups.stop()
        await database.close()


async def test_without_wakeups_nothing_cached_is_trusted(
    database: Database, core: Core, company: Company, owner: Person
) -> None:
    deaf = Credentials(database, Wakeups(database))
    made = await core.credentials.create_api_key(company.id, "ringplan", "CRM")
    await deaf.caller_by_api_key("ringplan", made.secret, "primary")
    await core.credentials.revoke_api_key(company.id, made.key.id)
    with pytest.raises(Unauthenticated):
        await deaf.caller_by_api_key("ringplan", made.secret, "primary")


async def test_a_known_key_costs_no_query(core: Core, company: Company, owner: Person) -> None:
    made = await core.credentials.create_api_key(company.id, "ringplan", "CRM")
    await until_listening(core.wakeups)
    first = await core.credentials.caller_by_api_key("ringplan", made.secret, "primary")
    # Behind the service's back: nothing says that credentials changed.
    await core.database.execute("UPDATE people SET email = 'changed@example.com'")
    assert await core.credentials.caller_by_api_key("ringplan", made.secret, "primary") == first
    await core.companies.update(company.id, timezone="UTC")
    changed = await core.credentials.caller_by_api_key("ringplan", made.secret, "primary")
    assert (changed.email, changed.timezone) == ("changed@example.com", "UTC")


async def test_user_tokens(core: Core, company: Company, owner: Person) -> None:
    token = await core.credentials.issue_user_token(company.id, owner.id, 60)
    caller = await core.credentials.caller_by_user_token(token)
    assert (caller.person_id, caller.key_id, caller.owner) == (owner.id, None, True)
    # A process that never saw the key reads it.
    assert await Credentials(core.database, core.wakeups).caller_by_user_token(token) == caller


async def test_user_tokens_that_are_refused(core: Core, company: Company, owner: Person) -> None:
    good = await core.credentials.issue_user_token(company.id, owner.id, 60)
    header, claims, signature = good.split(".")
    kid = str(await core.database.fetchval("SELECT id FROM signing_keys"))
    forged_claims = {"iss": "ringmain", "sub": str(owner.id), "company": str(company.id), "exp": int(time.time()) + 60}
    other_key = OctKey.import_key(b"x" * 32)
    bad = [
        await core.credentials.issue_user_token(company.id, owner.id, -1),
        f"{header}.{claims}.{signature[:-2]}AA",
        f"{header}.{claims}.",
        f"{header}.{claims}",
        jwt.encode({"alg": "HS256", "kid": kid}, forged_claims, other_key),
        jwt.encode({"alg": "HS256", "kid": "1"}, forged_claims, other_key),
        jwt.encode({"alg": "HS256"}, forged_claims, other_key),
        # no algorithm at all
        f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.",
        "",
        ".",
        "...",
        "a.b.c",
        "\u00e9.b.c",
        "\udcff.b.c",
        "x" * 10_000,
    ]
    for token in bad:
        with pytest.raises(Unauthenticated):
            await core.credentials.caller_by_user_token(token)
    with pytest.raises(NotFound):
        await core.credentials.issue_user_token(company.id, owner.id + 1, 60)


async def test_two_processes_make_one_signing_key(core: Core, company: Company, owner: Person) -> None:
    several = [Credentials(core.database, core.wakeups) for _ in range(4)]
    tokens = await asyncio.gather(*(each.issue_user_token(company.id, owner.id, 60) for each in several))
    assert await core.database.fetchval("SELECT count(*) FROM signing_keys") == 1
    for token in tokens:
        assert (await core.credentials.caller_by_user_token(token)).person_id == owner.id


async def test_passwords(core: Core, company: Company, owner: Person, stranger: Person) -> None:
    await core.credentials.set_password(company.id, owner.id, "correct horse")
    login = await core.credentials.log_in("ANN@example.com", "correct horse")
    assert login.caller.person_id == owner.id
    assert (await core.people.get(company.id, owner.id)).last_login_at is not None
    for email, password in (
        ("ann@example.com", "wrong horse"),
        ("nobody@example.com", "correct horse"),
        ("eve@example.com", ""),
        ("ann@example.com", "x" * 5000),
    ):
        with pytest.raises(Unauthenticated):
            await core.credentials.log_in(email, password)
    with pytest.raises(NotFound):
        await core.credentials.set_password(stranger.company_id, owner.id, "correct horse")
    with pytest.raises(Invalid):
        await core.credentials.set_password(company.id, owner.id, "short")


async def test_operator_tokens(core: Core) -> None:
    await until_listening(core.wakeups)
    first = await core.credentials.create_operator_token("ops")
    assert await core.credentials.check_operator_token(first) == "ops"
    second = await core.credentials.create_operator_token("ops", "a-token-that-the-operator-chose")
    assert second == "a-token-that-the-operator-chose"
    assert await core.credentials.check_operator_token(second) == "ops"
    for token in (first, "", "x"):
        with pytest.raises(Unauthenticated):
            await core.credentials.check_operator_token(token)
    with pytest.raises(Invalid):
        await core.credentials.create_operator_token("ops", "short")
    with pytest.raises(AlreadyExists):
        await core.credentials.create_operator_token("other", second)


async def test_an_operator_token_of_one_process(core: Core) -> None:
    token = "a-token-from-the-environment"
    core.credentials.accept_operator_token("environment", token)
    assert await core.credentials.check_operator_token(token) == "environment"
    with pytest.raises(Unauthenticated):
        await Credentials(core.database, core.wakeups).check_operator_token(token)
    with pytest.raises(Invalid):
        core.credentials.accept_operator_token("environment", "short")


async def test_links_open_until_they_expire(core: Core) -> None:
    link = await core.credentials.sign_link("/files/1/a b.txt", 60)
    path, _, encoded = link.partition("?")
    query = dict(part.split("=") for part in encoded.split("&"))
    await core.credentials.check_link(path, query)
    expired = (await core.credentials.sign_link(path, -1)).partition("?")[2]
    for wrong_path, wrong in (
        ("/files/2/a b.txt", query),
        (path, {**query, "expires": str(int(query["expires"]) + 1)}),
        (path, {**query, "key": "1"}),
        (path, {**query, "key": "x"}),
        (path, {**query, "signature": "\u00e9"}),
        (path, {}),
        (path, dict(part.split("=") for part in expired.split("&"))),
    ):
        with pytest.raises(Forbidden):
            await core.credentials.check_link(wrong_path, wrong)
