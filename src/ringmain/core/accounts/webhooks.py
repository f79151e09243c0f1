"""Webhooks of keys: an address of a key is an endpoint in each company of its account."""

from typing import Any, Final

from ringmain.core.accounts import store
from ringmain.core.accounts.model import FACE, TOLD
from ringmain.core.subscriptions.model import Destination, Endpoint, EndpointState, Wanted
from ringmain.core.subscriptions.service import Subscriptions
from ringmain.database.pool import Database, Record
from ringmain.database.wakeup import Wakeups

KEY: Final = "key_id"
EVERYTHING: Final = Wanted(name="", event_types=TOLD, ordered=True)


async def cover(database: Database, wakeups: Wakeups, account_id: int) -> None:
    """Let every company of the account have exactly the endpoints that its keys' webhooks mean.

    `database` must be in a transaction (database/single.py). What fits already stays as it is, with what is pending.
    """
    await database.fetchval(store.LOCK, account_id)
    keys = await database.fetch(store.WEBHOOKS, account_id)
    for row in await database.fetch(store.COMPANY_IDS, account_id):
        await _cover(Subscriptions(database, wakeups), row["id"], keys)


async def _cover(subscriptions: Subscriptions, company_id: int, keys: list[Record]) -> None:
    there = {one.options.get(KEY): one for one in await subscriptions.list_destinations(company_id, face=FACE)}
    for key in keys:
        if key["webhook_url"] is None:
            continue
        found = there.pop(key["id"], None)
        given: dict[str, Any] = {"name": key["name"], "url": key["webhook_url"], "options": options_of(key)}
        endpoint: Endpoint
        if found is None:
            endpoint, _ = await subscriptions.create_endpoint(company_id, face=FACE, **given)
        elif differs(found, given):
            endpoint = await subscriptions.update_endpoint(company_id, found.id, **given, state="active")
        else:
            endpoint = found
        # One that its receiver has ended stays so until it gets another address.
        state: EndpointState = "active" if key["active"] else "paused"
        if endpoint.state not in ("gone", state):
            await subscriptions.update_endpoint(company_id, endpoint.id, state=state)
        await subscriptions.arrange(company_id, endpoint.id, [EVERYTHING])
    for gone in there.values():
        await subscriptions.delete_endpoint(company_id, gone.id)


def options_of(key: Record) -> dict[str, Any]:
    """What the face needs: which key its notifications say."""
    return {KEY: key["id"]}


def differs(endpoint: Destination, given: dict[str, Any]) -> bool:
    """Whether the endpoint is not as it should be."""
    return any(getattr(endpoint, name) != value for name, value in given.items())
