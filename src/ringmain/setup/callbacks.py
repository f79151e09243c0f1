"""Applies the RingRx callbacks of one company of a set-up file."""

import msgspec

from ringmain.core.companies.model import Company
from ringmain.core.errors import Invalid
from ringmain.core.subscriptions.model import Destination, Wanted
from ringmain.core.system import Core
from ringmain.dialects.ringrx import ids, templates
from ringmain.dialects.ringrx.auth import DIALECT
from ringmain.dialects.ringrx.bindings import Binder, kind_of
from ringmain.dialects.ringrx.events import CallbackOptions
from ringmain.setup.document import CallbackPart
from ringmain.setup.report import Action, Entry
from ringmain.setup.spellings import spell


class CallbackApplier:
    """One company's. What they are bound to must have been applied."""

    def __init__(self, core: Core, company: Company) -> None:
        self._core = core
        self._company = company
        self._subscriptions = core.subscriptions

    async def callback(self, part: CallbackPart) -> Entry:
        """By name. Raises Invalid."""
        url = templates.checked_address(part.url)
        templates.check_headers(part.headers)
        wanted = await self._wanted(part)
        options = msgspec.to_builtins(
            CallbackOptions(
                callback_type=part.type,
                use_basic_auth=bool(part.username),
                auth_username=part.username,
                auth_password=part.password,
                custom_headers=part.headers,
            )
        )
        company_id, found = self._company.id, await self._find(part.name)
        action: Action = "unchanged"
        if found is None:
            made, _ = await self._subscriptions.create_endpoint(
                company_id, face=DIALECT, url=url, name=part.name, options=options
            )
            endpoint_id, action = made.id, "created"
        else:
            endpoint_id = found.id
            if (found.url, found.options) != (url, options):
                await self._subscriptions.update_endpoint(company_id, endpoint_id, url=url, options=options)
                action = "updated"
        before = await self._told(endpoint_id)
        told = await self._subscriptions.arrange(company_id, endpoint_id, wanted)
        if action == "unchanged" and {one.id for one in told} != before:
            action = "updated"
        return {"name": part.name, "action": action, "ids": {**spell(endpoint_id), DIALECT: endpoint_id}}

    async def _find(self, name: str) -> Destination | None:
        known = await self._subscriptions.list_destinations(self._company.id, face=DIALECT)
        return next((one for one in known if one.name == name), None)

    async def _told(self, endpoint_id: int) -> set[int]:
        found = await self._subscriptions.list_subscriptions(self._company.id, face=DIALECT)
        return {one.id for one in found if one.endpoint_id == endpoint_id}

    async def _wanted(self, part: CallbackPart) -> list[Wanted]:
        field = kind_of(part.type).field
        bound = [await self._id_of(field, one) for one in part.bound]
        if bound and field is None:
            raise Invalid("bound", f"callbacks of type {part.type} are the whole company's")
        given = {} if field is None else {field: bound}
        return await Binder(self._core).wanted(self._company.id, self._company.country, part.type, given)

    async def _id_of(self, field: str | None, given: str) -> str:
        """Profiles are named by their name, groups by their number; everything else is as RingRx has it."""
        if field == "outreach_profile":
            profile = await self._core.outreach.find_profile(self._company.id, given)
            return given if profile is None else ids.encode(profile.id)
        if field == "group" and given.isdecimal() and len(given) <= 9:
            group = await self._core.groups.find(self._company.id, int(given))
            return given if group is None else ids.encode(group.id)
        return given
