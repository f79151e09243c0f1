"""Operations on outreach: profiles and reminders of a company."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ringmain.core.errors import Invalid
from ringmain.core.outreach.checks import settings_of
from ringmain.core.outreach.model import (
    NewReminder,
    Profile,
    ProfileSettings,
    Reminder,
    ReminderChange,
    ReminderFilter,
    ReminderPage,
    State,
)
from ringmain.operator.companies import COMPANY
from ringmain.operator.routing import Call, Operation
from ringmain.operator.shapes import Body, Id, Limit, Listed, Moment, Name, Query

ORIGIN: Final = "operator"

Address = Annotated[str, Meta(max_length=254)]


class ProfileBody(Body, frozen=True, kw_only=True):
    """A profile; settings that are left out have their defaults."""

    name: Name
    settings: ProfileSettings = ProfileSettings()


class ProfileChangeBody(Body, frozen=True, kw_only=True):
    """What to change of a profile: its name, and those of its settings that are given."""

    name: Name | UnsetType = UNSET
    settings: dict[str, Any] = msgspec.field(default_factory=dict)


class ReminderQuery(Query, frozen=True, kw_only=True):
    """Reminders by date, the earliest first: of one profile, in one state, from `since` to before `until`."""

    profile_id: Id | None = None
    state: State | None = None
    since: Moment | None = None
    until: Moment | None = None
    after: Annotated[str, Meta(max_length=40, description="`next` of the page before")] | None = None
    limit: Limit = 100


class ReminderBody(Body, frozen=True, kw_only=True):
    """Whom to remind of what. Channels that are not said are wanted where the profile has them."""

    profile_id: Id
    name: Name
    reminder_date: Moment
    phone_number: Address = ""
    email_address: Address = ""
    reference: Annotated[str, Meta(max_length=200)] = ""
    sms: bool | None = None
    voice: bool | None = None
    email: bool | None = None


class ReminderChangeBody(Body, frozen=True, kw_only=True):
    """What to change of a reminder. A date that moves is planned, and must be confirmed, anew."""

    name: Name | UnsetType = UNSET
    reminder_date: Moment | UnsetType = UNSET
    phone_number: Address | UnsetType = UNSET
    email_address: Address | UnsetType = UNSET
    reference: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    sms: bool | UnsetType = UNSET
    voice: bool | UnsetType = UNSET
    email: bool | UnsetType = UNSET


async def list_outreach_profiles(call: Call) -> Listed[Profile]:
    """The profiles of a company, oldest first."""
    return Listed(items=await call.core.outreach.list_profiles(call.company_id))


async def create_outreach_profile(call: Call) -> Profile:
    """Make a profile."""
    body: ProfileBody = call.body
    return await call.core.outreach.create_profile(call.company_id, body.name, body.settings)


async def get_outreach_profile(call: Call) -> Profile:
    """One profile."""
    return await call.core.outreach.get_profile(call.company_id, call.ids["profile_id"])


async def update_outreach_profile(call: Call) -> Profile:
    """Change a profile; attempts that are to come follow it."""
    body: ProfileChangeBody = call.body
    known = await call.core.outreach.get_profile(call.company_id, call.ids["profile_id"])
    return await call.core.outreach.update_profile(
        *(call.company_id, known.id),
        name=None if body.name is UNSET else body.name,
        settings=settings_of(known.settings, body.settings) if body.settings else None,
    )


async def delete_outreach_profile(call: Call) -> None:
    """Delete a profile that no open reminder has."""
    await call.core.outreach.delete_profile(call.company_id, call.ids["profile_id"])


async def list_reminders(call: Call) -> ReminderPage:
    """The reminders of a company by date, in pages by key."""
    query: ReminderQuery = call.query
    wanted = ReminderFilter(profile_id=query.profile_id, state=query.state, since=query.since, until=query.until)
    return await call.core.outreach.page(call.company_id, wanted, after=query.after, limit=query.limit)


async def create_reminder(call: Call) -> Reminder:
    """Let somebody be reminded."""
    body: ReminderBody = call.body
    new = NewReminder(**msgspec.structs.asdict(body))
    return await call.core.outreach.create(call.company_id, new, origin=ORIGIN)


async def get_reminder(call: Call) -> Reminder:
    """One reminder with what happened to it."""
    return await call.core.outreach.get(call.company_id, call.ids["reminder_id"])


async def update_reminder(call: Call) -> Reminder:
    """Change a reminder."""
    change = ReminderChange(**msgspec.structs.asdict(call.body))
    if not change.given():
        raise Invalid("body", "has nothing to change")
    return await call.core.outreach.update(call.company_id, call.ids["reminder_id"], change, origin=ORIGIN)


async def confirm_reminder(call: Call) -> Reminder:
    """Confirm for the one who is reminded."""
    return await call.core.outreach.answer(
        call.company_id, call.ids["reminder_id"], "confirm", by=ORIGIN, origin=ORIGIN
    )


async def cancel_reminder(call: Call) -> Reminder:
    """Cancel: nobody is reminded any more."""
    return await call.core.outreach.answer(call.company_id, call.ids["reminder_id"], "cancel", by=ORIGIN, origin=ORIGIN)


async def delete_reminder(call: Call) -> None:
    """Forget a reminder; an open one is cancelled first."""
    await call.core.outreach.delete(call.company_id, call.ids["reminder_id"], origin=ORIGIN)


PROFILES: Final = f"{COMPANY}/outreach/profiles"
PROFILE: Final = f"{PROFILES}/{{profile_id}}"
REMINDERS: Final = f"{COMPANY}/outreach/reminders"
REMINDER: Final = f"{REMINDERS}/{{reminder_id}}"

OPERATIONS: Final = (
    Operation(method="GET", path=PROFILES, handler=list_outreach_profiles, result=Listed[Profile]),
    Operation(
        method="POST", path=PROFILES, handler=create_outreach_profile, result=Profile, body=ProfileBody, status=201
    ),
    Operation(method="GET", path=PROFILE, handler=get_outreach_profile, result=Profile),
    Operation(method="PATCH", path=PROFILE, handler=update_outreach_profile, result=Profile, body=ProfileChangeBody),
    Operation(method="DELETE", path=PROFILE, handler=delete_outreach_profile, result=None, status=204),
    Operation(method="GET", path=REMINDERS, handler=list_reminders, result=ReminderPage, query=ReminderQuery),
    Operation(method="POST", path=REMINDERS, handler=create_reminder, result=Reminder, body=ReminderBody, status=201),
    Operation(method="GET", path=REMINDER, handler=get_reminder, result=Reminder),
    Operation(method="PATCH", path=REMINDER, handler=update_reminder, result=Reminder, body=ReminderChangeBody),
    Operation(method="DELETE", path=REMINDER, handler=delete_reminder, result=None, status=204),
    Operation(method="POST", path=f"{REMINDER}/confirm", handler=confirm_reminder, result=Reminder),
    Operation(method="POST", path=f"{REMINDER}/cancel", handler=cancel_reminder, result=Reminder),
)
