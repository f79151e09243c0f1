"""Grants: what RingRx's tokens live by (tests/dialects/ringrx/test_ringrx_tokens.py has them over HTTP)."""

import asyncio
from datetime import UTC, datetime

import pytest

from ringmain.core.credentials.model import NewApiKey, Tokens
from ringmain.core.errors import AlreadyExists, Invalid, NotFound, Throttled, Unauthenticated, WrongState
from ringmain.core.system import Core
from ringmain.delivery.upkeep import Upkeep
from tests.conftest import Office

HERE = "127.0.0.1"


@pytest.fixture
async def key(core: Core, office: Office) -> NewApiKey:
    return await core.credentials.create_api_key(office.company_id, "ringrx", "test")


async def mint(core: Core, key: NewApiKey) -> Tokens:
    return await core.grants.by_key("ringrx", key.key.token, key.secret, address=HERE)


async def test_a_key_that_goes_while_tokens_are_minted_leaves_none(core: Core, office: Office, key: NewApiKey) -> None:
    async def try_to_mint() -> Tokens | None:
        try:
            return await mint(core, key)
        except (Unauthenticated, Throttled):
            return None

    async def revoke() -> None:
        await core.credentials.revoke_api_key(office.company_id, key.key.id)

    made, _ = await asyncio.gather(asyncio.gather(*(try_to_mint() for _ in range(20))), revoke())
    for tokens in made:
        if tokens is not None:
            with pytest.raises(Unauthenticated):
                await core.credentials.caller_by_access_token("ringrx", tokens.user_token)
            with pytest.raises(Unauthenticated):
                await core.grants.refresh("ringrx", tokens.refresh_token)
    assert await core.database.fetchval("SELECT count(*) FROM grants") == 0


async def test_programs_log_in_side_by_side(core: Core, key: NewApiKey) -> None:
    made = await asyncio.gather(*(mint(core, key) for _ in range(20)))
    assert len({tokens.refresh_token for tokens in made}) == 20
    assert await core.database.fetchval("SELECT count(*) FROM login_tries") == 0


async def test_a_refresh_token_is_good_for_its_dialect_alone(core: Core, key: NewApiKey) -> None:
    tokens = await mint(core, key)
    with pytest.raises(Unauthenticated):
        await core.grants.refresh("ringotel", tokens.refresh_token)
    with pytest.raises(Unauthenticated):
        await core.credentials.caller_by_access_token("ringotel", tokens.user_token)
    assert (await core.grants.refresh("ringrx", tokens.refresh_token)).refresh_token != tokens.refresh_token


async def test_a_bound_key_acts_for_its_person_and_not_when_they_are_inactive(core: Core, office: Office) -> None:
    sam = await core.people.create(office.company_id, email="sam@acme.example", admin=True)
    key = await core.credentials.create_api_key(office.company_id, "ringrx", "Sam's", person_id=sam.id)
    tokens = await mint(core, key)
    caller = await core.credentials.caller_by_access_token("ringrx", tokens.user_token)
    assert (caller.person_id, caller.owner, caller.admin, caller.manages) == (sam.id, False, True, True)
    assert caller.key_id == key.key.id
    await core.people.update(office.company_id, sam.id, active=False)
    with pytest.raises(Unauthenticated):
        await mint(core, key)


async def test_what_has_expired_is_swept_up(core: Core, key: NewApiKey) -> None:
    old, new = await mint(core, key), await mint(core, key)
    await core.database.execute(
        "UPDATE grants SET expires_at = now() - interval '1 s' WHERE id = (SELECT min(id) FROM grants)"
    )
    await core.database.execute(
        "UPDATE refresh_tokens SET expires_at = now() - interval '1 s' WHERE grant_id = (SELECT min(id) FROM grants)"
    )
    later = await core.grants.refresh("ringrx", new.refresh_token)
    await Upkeep(core.database).step(datetime.now(UTC))
    assert await core.database.fetchval("SELECT count(*) FROM grants") == 1
    assert await core.database.fetchval("SELECT count(*) FROM refresh_tokens") == 2
    with pytest.raises(Unauthenticated):
        await core.grants.refresh("ringrx", old.refresh_token)
    for token in (new.refresh_token, later.refresh_token):
        await core.grants.refresh("ringrx", token)


async def test_login_names_are_unique_in_a_company_and_can_be_taken_back(core: Core, office: Office) -> None:
    company_id = office.company_id
    sam = await core.people.create(company_id, email="sam@acme.example", login="sam")
    with pytest.raises(AlreadyExists, match="login name"):
        await core.people.create(company_id, email="kim@acme.example", login="SAM")
    for login in ("a b", "x" * 65, "\0"):
        with pytest.raises(Invalid):
            await core.people.update(company_id, sam.id, login=login)
    assert (await core.people.update(company_id, sam.id, first_name="Sam")).login == "sam"
    assert (await core.people.update(company_id, sam.id, login="")).login is None
    await core.people.create(company_id, email="kim@acme.example", login="sam")
    other = await core.companies.create(name="Other")
    await core.people.create(other.id, email="sam@other.example", login="sam")
    payload = await core.database.fetchval(
        "SELECT payload->'person'->>'login' FROM events WHERE type = 'person.created' ORDER BY id LIMIT 1"
    )
    assert payload == "sam"


async def test_a_second_factor_is_begun_anew_until_it_is_on(core: Core, office: Office) -> None:
    codes, who = core.credentials.one_time_codes, (office.company_id, office.owner_id)
    with pytest.raises(WrongState):
        await codes.confirm(*who, "123456")
    first, _ = await codes.begin(*who, account="a@b.example", issuer="Acme")
    second, uri = await codes.begin(*who, account="a@b.example", issuer="Acme")
    assert first != second
    assert uri.startswith("otpauth://totp/Acme:a%40b.example?secret=")
    assert not await codes.is_on(*who)
    assert await codes.passes(*who, None)
    await codes.remove(*who)
    with pytest.raises(NotFound):
        await codes.remove(*who)
    with pytest.raises(NotFound):
        await codes.begin(office.company_id, 8192, account="x", issuer="y")
