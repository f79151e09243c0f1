"""What the database keeps and cannot read."""

import time

import pyotp
import pytest
from obstore.store import MemoryStore

from ringmain.core.errors import NotFound, Unavailable
from ringmain.core.seal import Seal, Unreadable
from ringmain.core.sealing import check
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups
from tests.conftest import Office, furnish

KEY = b"a key of the tests"
SECRETS = """
SELECT secret FROM one_time_codes UNION ALL SELECT webhook_secret FROM account_keys WHERE webhook_secret IS NOT NULL
"""
OPTIONS = "SELECT options::text FROM endpoints WHERE face = 'ringotel'"
LINK = "https://hooks.example.com/"


@pytest.fixture
def core(database: Database, wakeups: Wakeups) -> Core:
    return core_under(database, wakeups, Seal(KEY))


def core_under(database: Database, wakeups: Wakeups, seal: Seal | None) -> Core:
    return Core(database, wakeups, MemoryStore(), seal=seal)


async def both(core: Core, office: Office) -> tuple[str, str, int]:
    """A second factor that is on, and a key with a webhook: their secrets, and the key's id."""
    who = (office.company_id, office.owner_id)
    codes = core.credentials.one_time_codes
    secret, _ = await codes.begin(*who, account="ann", issuer="Acme")
    await codes.confirm(*who, pyotp.TOTP(secret).at(1_000_000), now=1_000_000)
    account_id = (await core.companies.get(office.company_id)).account_id
    made = await core.accounts.create_key(account_id, name="hooks", webhook_url=LINK)
    return secret, made.secret, made.key.id


async def passes(core: Core, office: Office, secret: str, now: int) -> bool:
    code = pyotp.TOTP(secret).at(now)
    return await core.credentials.one_time_codes.passes(office.company_id, office.owner_id, code, now=now)


def test_what_is_sealed_opens_under_its_key_alone() -> None:
    seal = Seal(KEY)
    assert seal.open(seal.close("x")) == "x"
    for wrong in (Seal(b"another").close("x"), "", "x", seal.close("x")[:-3] + "AAA"):
        with pytest.raises(Unreadable):
            seal.open(wrong)


async def test_secrets_are_sealed_and_read_again(core: Core, office: Office) -> None:
    secret, key, key_id = await both(core, office)
    stored = [row[0] for row in await core.database.fetch(SECRETS)]
    assert len(stored) == 2
    assert {Seal(KEY).open(one) for one in stored} == {secret, key}
    assert not {secret, key} & set(stored)
    assert key not in await core.database.fetchval(OPTIONS)
    assert await passes(core, office, secret, 2_000_000)
    assert not await passes(core, office, secret, 2_000_000)
    assert await core.accounts.webhook_secret(office.company_id, key_id) == key
    account_id = (await core.companies.get(office.company_id)).account_id
    rotated = await core.accounts.rotate_key(account_id, key_id)
    assert await core.accounts.webhook_secret(office.company_id, key_id) == rotated.secret
    other = await core.accounts.create_key(account_id, name="other")
    await core.accounts.set_webhook(account_id, other.key.id, LINK, other.secret)
    assert await core.accounts.webhook_secret(office.company_id, other.key.id) == other.secret


async def test_another_key_is_refused(core: Core, office: Office) -> None:
    for _ in range(2):
        await check(core.database, Seal(KEY))
    secret, _, key_id = await both(core, office)
    with pytest.raises(Unreadable, match="another key"):
        await check(core.database, Seal(b"another"))
    await check(core.database, Seal(KEY))
    stranger = core_under(core.database, core.wakeups, None)
    with pytest.raises(Unavailable):
        await passes(stranger, office, secret, int(time.time()))
    with pytest.raises(Unavailable):
        await stranger.accounts.webhook_secret(office.company_id, key_id)


async def test_a_key_is_said_in_companies_of_its_account_alone(core: Core, office: Office) -> None:
    _, _, key_id = await both(core, office)
    other = await furnish(core, name="Globex", number="+12025550145")
    with pytest.raises(NotFound):
        await core.accounts.webhook_secret(other.company_id, key_id)
