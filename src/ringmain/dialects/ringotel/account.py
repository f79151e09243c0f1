"""The caller's account: who it is, its admins, history and statistics (specs/ringotel.md 3, group Account).

The reference says nothing of results here: the shapes are ours.
"""

import msgspec

from ringmain.core.accounts.model import AccountCaller, Admin, Change, CompanyStatistics
from ringmain.core.ids import milliseconds_of
from ringmain.core.system import Core
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.params import Flag, Id, NoParams, Word
from ringmain.dialects.ringotel.rpc import Method, Org
from ringmain.dialects.ringotel.spans import Span


class NewAdmin(msgspec.Struct, frozen=True):
    """Of createAccountAdmin."""

    name: Word
    login: Word
    passwd: Word


class AdminChange(msgspec.Struct, frozen=True):
    """Of updateAccountAdmin. What is absent stays."""

    id: Id
    name: Word | None = None
    login: Word | None = None
    passwd: Word | None = None
    status: Flag | None = None


class Known(msgspec.Struct, frozen=True):
    """Of deleteAccountAdmin."""

    id: Id


class WireAdmin(msgspec.Struct, frozen=True, kw_only=True):
    """An admin; `status` 1 may log in."""

    id: str
    name: str
    login: str
    status: int
    created: int


class WireChange(msgspec.Struct, frozen=True, kw_only=True):
    """A call that changed something: when, by which key, which method, in which organization, to what."""

    id: str
    time: int
    user: str
    method: str
    orgid: str | None
    objectid: str


class WireStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """What an organization has, and what passed through it; calls in number and in seconds."""

    orgid: str
    branches: int
    users: int
    people: int
    numbers: int
    messagesin: int
    messagesout: int
    calls: int
    callseconds: int


class AccountMethods:
    """What an account keeps of itself."""

    def __init__(self, core: Core) -> None:
        self._accounts = core.accounts
        self._records = core.account_records
        self.methods = [
            Method("getAccount", NoParams, self.show, account_level=True),
            Method("getAccountUsers", NoParams, self.list_admins, account_level=True),
            Method("createAccountAdmin", NewAdmin, self.create_admin, account_level=True, changes=True),
            Method("updateAccountAdmin", AdminChange, self.update_admin, account_level=True, changes=True),
            Method("deleteAccountAdmin", Known, self.delete_admin, account_level=True, changes=True),
            Method("getAccountHistory", Span, self.list_history, account_level=True),
            Method("getAccountStatistics", Span, self.show_statistics, account_level=True),
            Method("getAIUsageInfo", Span, self.show_ai_usage, blocked_too=True),
        ]

    async def show(self, caller: AccountCaller, _: NoParams) -> dict[str, object]:
        """The account, and the key that asks."""
        account = await self._accounts.get(caller.account_id)
        organizations = await self._accounts.companies(caller.account_id)
        return {
            "id": ids.encode(account.id),
            "name": account.name,
            "created": milliseconds_of(account.id),
            "apikey": caller.key_name,
            "organizations": len(organizations),
        }

    async def list_admins(self, caller: AccountCaller, _: NoParams) -> list[WireAdmin]:
        """Everybody who looks after the account."""
        return [admin_of(admin) for admin in await self._records.list_admins(caller.account_id)]

    async def create_admin(self, caller: AccountCaller, given: NewAdmin) -> WireAdmin:
        """Make one. The login is its alone among all accounts."""
        made = await self._records.create_admin(
            caller.account_id, name=given.name, login=given.login, password=given.passwd
        )
        return admin_of(made)

    async def update_admin(self, caller: AccountCaller, given: AdminChange) -> None:
        """Change what is given."""
        await self._records.update_admin(
            caller.account_id,
            ids.decode(given.id, "admin"),
            name=given.name,
            login=given.login,
            password=given.passwd,
            active=None if given.status is None else given.status == 1,
        )

    async def delete_admin(self, caller: AccountCaller, given: Known) -> None:
        """Let them look after it no more."""
        await self._records.delete_admin(caller.account_id, ids.decode(given.id, "admin"))

    async def list_history(self, caller: AccountCaller, given: Span) -> list[WireChange]:
        """What was changed in this span, the latest first."""
        since, until = given.moments
        found = await self._records.history(caller.account_id, since=since, until=until)
        return [change_of(change) for change in found]

    async def show_statistics(self, caller: AccountCaller, given: Span) -> dict[str, object]:
        """Of each organization, and of all together."""
        since, until = given.moments
        found = await self._records.statistics(caller.account_id, since=since, until=until)
        rows = [statistics_of(one) for one in found]
        names = [name for name in WireStatistics.__struct_fields__ if name != "orgid"]
        total = {name: sum(getattr(row, name) for row in rows) for name in names}
        return {"organizations": rows, "total": {"organizations": len(rows), **total}}

    async def show_ai_usage(self, org: Org, given: Span) -> dict[str, object]:
        """What of an organization's calls and voicemail was put into words in this span."""
        since, until = given.moments
        found = await self._records.transcriptions(org.company_id, since=since, until=until)
        counted = {"calls": found.calls, "voicemails": found.voicemails}
        return {"orgid": org.id, "domain": org.domain, "transcriptions": counted}


def admin_of(admin: Admin) -> WireAdmin:
    """Without the password."""
    return WireAdmin(
        id=ids.encode(admin.id),
        name=admin.name,
        login=admin.login,
        status=1 if admin.active else 0,
        created=milliseconds_of(admin.id),
    )


def change_of(change: Change) -> WireChange:
    """A line of the history."""
    return WireChange(
        id=ids.encode(change.id),
        time=milliseconds_of(change.id),
        user=change.key_name,
        method=change.action,
        orgid=ids.encode(change.company_id) if change.company_id else None,
        objectid=change.subject,
    )


def statistics_of(one: CompanyStatistics) -> WireStatistics:
    """Of one organization."""
    return WireStatistics(
        orgid=ids.encode(one.company_id),
        branches=one.instances,
        users=one.extensions,
        people=one.people,
        numbers=one.numbers,
        messagesin=one.messages_in,
        messagesout=one.messages_out,
        calls=one.calls,
        callseconds=one.call_seconds,
    )
