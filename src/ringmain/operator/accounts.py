"""Operations on accounts, which own companies, and on their keys."""

from typing import Final

from ringmain.core.accounts.model import Account, AccountKey, NewAccountKey
from ringmain.core.companies.model import Company
from ringmain.operator.routing import Call, Operation
from ringmain.operator.shapes import AccountKeyBody, AccountKeyChange, Listed


async def list_accounts(call: Call) -> Listed[Account]:
    """All accounts, oldest first."""
    return Listed(items=await call.core.accounts.list_all())


async def list_account_companies(call: Call) -> Listed[Company]:
    """The companies of an account, oldest first."""
    account = await call.core.accounts.get(call.ids["account_id"])
    return Listed(items=await call.core.accounts.companies(account.id))


async def list_account_keys(call: Call) -> Listed[AccountKey]:
    """The keys of an account, without their secrets."""
    account = await call.core.accounts.get(call.ids["account_id"])
    return Listed(items=await call.core.accounts.list_keys(account.id))


async def create_account_key(call: Call) -> NewAccountKey:
    """Make a key of an account; its secret is shown this once."""
    body: AccountKeyBody = call.body
    return await call.core.accounts.create_key(
        call.ids["account_id"], name=body.name, webhook_url=body.webhook_url or None
    )


async def update_account_key(call: Call) -> AccountKey:
    """Let a key rest or work, and be told elsewhere; what is absent stays."""
    accounts, body = call.core.accounts, call.body
    account_id, key_id = call.ids["account_id"], call.ids["key_id"]
    key = await accounts.get_key(account_id, key_id)
    if body.webhook_url is not None:
        key = await accounts.set_webhook(account_id, key_id, body.webhook_url, body.secret)
    if body.active is not None:
        key = await accounts.set_key_active(account_id, key_id, active=body.active)
    return key


async def rotate_account_key(call: Call) -> NewAccountKey:
    """Give a key another secret, shown this once; the old one ends at once."""
    return await call.core.accounts.rotate_key(call.ids["account_id"], call.ids["key_id"])


async def delete_account_key(call: Call) -> None:
    """End a key at once, with its webhooks."""
    await call.core.accounts.delete_key(call.ids["account_id"], call.ids["key_id"])


ACCOUNT: Final = "/ringmain/v1/accounts/{account_id}"
KEY: Final = f"{ACCOUNT}/keys/{{key_id}}"

OPERATIONS: Final = (
    Operation(method="GET", path="/ringmain/v1/accounts", handler=list_accounts, result=Listed[Account]),
    Operation(method="GET", path=f"{ACCOUNT}/companies", handler=list_account_companies, result=Listed[Company]),
    Operation(method="GET", path=f"{ACCOUNT}/keys", handler=list_account_keys, result=Listed[AccountKey]),
    Operation(
        method="POST",
        path=f"{ACCOUNT}/keys",
        handler=create_account_key,
        result=NewAccountKey,
        body=AccountKeyBody,
        status=201,
    ),
    Operation(method="PATCH", path=KEY, handler=update_account_key, result=AccountKey, body=AccountKeyChange),
    Operation(method="POST", path=f"{KEY}/rotate", handler=rotate_account_key, result=NewAccountKey),
    Operation(method="DELETE", path=KEY, handler=delete_account_key, result=None, status=204),
)
