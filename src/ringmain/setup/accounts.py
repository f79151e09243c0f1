"""Applies the account that one company of a set-up file belongs to, and the account's keys."""

from msgspec import UNSET

from ringmain.core.accounts.model import AccountKey
from ringmain.core.companies.model import Company
from ringmain.core.errors import Invalid
from ringmain.core.system import Core
from ringmain.setup.document import ApiKeyPart
from ringmain.setup.report import Action, Entry
from ringmain.setup.spellings import spell

DIALECT = "ringotel"


async def account_of(core: Core, key: str) -> int:
    """The id of the account of this key, made if there is none yet."""
    found = await core.accounts.find_by_key(key)
    return (found or await core.accounts.create(name=key, key=key)).id


class AccountApplier:
    """One company's account."""

    def __init__(self, core: Core, company: Company) -> None:
        self._core = core
        self._account_id = company.account_id

    async def api_key(self, part: ApiKeyPart) -> Entry:
        """By name. A secret is shown when it was made just now."""
        if part.person is not UNSET:
            raise Invalid("person", "a key of an account acts for nobody")
        accounts = self._core.accounts
        found = [key for key in await accounts.list_keys(self._account_id) if key.name == part.name]
        given = None if part.secret is UNSET else part.secret
        webhook = None if part.webhook is UNSET else part.webhook
        if not found:
            new = await accounts.create_key(self._account_id, name=part.name, secret=given, webhook_url=webhook)
            entry = _entry(new.key, "created")
            return entry if given else {**entry, "secret": new.secret}
        key, action = found[0], await self._change(found[0], given, webhook)
        return _entry(key, action)

    async def _change(self, key: AccountKey, secret: str | None, webhook: str | None) -> Action:
        accounts = self._core.accounts
        action: Action = "unchanged"
        if secret is not None and not await accounts.has_secret(self._account_id, key.id, secret):
            await accounts.rotate_key(self._account_id, key.id, secret=secret)
            action = "updated"
        if webhook is not None and webhook != (key.webhook_url or ""):
            await accounts.set_webhook(self._account_id, key.id, webhook, secret)
            action = "updated"
        return action


def _entry(key: AccountKey, action: Action) -> Entry:
    return {"dialect": DIALECT, "name": key.name, "action": action, "ids": spell(key.id)}
