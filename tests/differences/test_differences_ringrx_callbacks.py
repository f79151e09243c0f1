"""RingRx: callbacks."""

import time
from typing import Any

import pytest

from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.groups.model import Group, GroupChange
from ringmain.delivery.signing import verify
from ringmain.dialects.ringrx import ids
from ringmain.dialects.ringrx.events import TRIES
from tests.conditions import eventually
from tests.delivery.receiver import Receiver
from tests.differences.conftest import Place


class Account:
    """A company with the group 800 of extension 101, and its owner at RingRx."""

    def __init__(self, place: Place, token: str, group: Group) -> None:
        self.place = place
        self.token = token
        self.group = group

    async def callback(self, status: int, **given: Any) -> None:
        url, headers = f"{self.place.base}/pbxcallbacks", {"Authorization": self.token}
        async with self.place.acme.http.post(url, json=given, headers=headers) as response:
            assert response.status == status, await response.read()

    async def call(self, **fields: Any) -> None:
        planned = PlannedCall(**({"source": "+18185551234", "destination": "800"} | fields))
        await self.place.core.sandbox_calls.place(self.group.company_id, planned)

    async def tried(self) -> dict[str, str]:
        """By event type, how deliveries stand: those whose first try is over."""
        subscriptions, company_id = self.place.core.subscriptions, self.group.company_id
        found: dict[str, str] = {}
        for one in await subscriptions.deliveries(company_id, limit=10):
            attempts = await subscriptions.attempts(company_id, one.event_id, one.subscription_id)
            if attempts and attempts[0].status:
                found[one.event_type] = one.state
        return found


@pytest.fixture
async def account(place: Place) -> Account:
    core, company_id = place.core, place.acme.office.company_id
    instance = await core.instances.create(company_id, name="pbx", domain=f"{company_id}.example.com")
    await core.extensions.create(company_id, instance.id, ExtensionChange(number=101, name="Olive"))
    group = await core.groups.create(company_id, instance.id, GroupChange(number=800, members=[101]))
    key = await core.credentials.create_api_key(company_id, "ringrx", "test")
    tokens = await core.grants.by_key("ringrx", key.key.token, key.secret, address="127.0.0.1")
    return Account(place, tokens.user_token, group)


async def test_145_signed_like_all_others(account: Account, receiver: Receiver) -> None:
    await account.callback(201, callback_type="cdr", url=receiver.url)
    select = "SELECT secret FROM endpoints WHERE company_id = $1"
    secret = await account.place.core.database.fetchval(select, account.group.company_id)
    await account.call()
    (post,) = await receiver.wait_for(1)
    verify([secret], post.headers, post.body, now=time.time())
    for name in ("webhook-id", "Host", "content-type"):
        await account.callback(400, callback_type="cdr", url=receiver.url, custom_headers=f"{name}: mine")


async def test_146_both_names_of_callers(account: Account, receiver: Receiver) -> None:
    url = f"{receiver.url}?a={{caller_nname}}&b={{caller_name}}&c={{dialed_user_emails}}"
    await account.callback(201, callback_type="call_alert", url=url, group=ids.encode(account.group.id))
    await account.call(source_name="Smith")
    (post,) = await receiver.wait_for(1)
    assert (post.json["caller_nname"], post.json["caller_name"]) == ("Smith", "Smith")
    assert post.query == "a=Smith&b=Smith&c="


async def test_147_tries(account: Account, receiver: Receiver) -> None:
    assert (len(TRIES), sum(TRIES) // 60) == (5, 36)
    receiver.status = 500
    await account.callback(201, callback_type="cdr", url=receiver.url)
    await account.callback(201, callback_type="call_alert", url=receiver.url, group=ids.encode(account.group.id))
    await account.call()

    async def both() -> dict[str, str] | None:
        found = await account.tried()
        return found if len(found) == 2 else None

    assert await eventually(both) == {"call.ended": "pending", "call.offered": "dead"}


async def test_148_a_token_fills_its_own_place(account: Account, receiver: Receiver) -> None:
    url = f"{receiver.url}/{{caller_id_name}}?n={{caller_id_name}}"
    await account.callback(201, callback_type="cdr", url=url, custom_headers="X-Name: {caller_id_name}")
    await account.call(source_name="a/b?c&d=é")
    (post,) = await receiver.wait_for(1)
    assert post.target.endswith("/a%2Fb%3Fc%26d%3D%C3%A9?n=a%2Fb%3Fc%26d%3D%C3%A9")
