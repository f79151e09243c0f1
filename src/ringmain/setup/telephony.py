"""Applies the PBX instances and extensions of one company of a set-up file."""

from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from ringmain.core.companies.model import Company
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.extensions.model import CallerId, Extension, ExtensionChange
from ringmain.core.extensions.service import data_of, password_of
from ringmain.core.instances.model import Instance
from ringmain.core.system import Core
from ringmain.setup.difference import differs, differs_in, said
from ringmain.setup.document import ExtensionPart, InstancePart
from ringmain.setup.report import Action, Entry
from ringmain.setup.spellings import spell


class TelephonyApplier:
    """One company's. People and locations must have been applied."""

    def __init__(self, core: Core, company: Company) -> None:
        self._core = core
        self._company_id = company.id

    async def instance(self, part: InstancePart) -> Entry:
        """By name."""
        instances = self._core.instances
        uuid = None if part.uuid is UNSET else UUID(part.uuid)
        given = said(part, "domain", "outbound_proxy", "settings")
        found = await instances.find_by_name(self._company_id, part.name)
        action: Action = "unchanged"
        if found is None:
            found = await instances.create(
                self._company_id, name=part.name, adapter=part.adapter, uuid=uuid, profile=part.profile, **given
            )
            action = "created"
        else:
            if found.adapter != part.adapter or uuid not in (None, found.uuid):
                raise Invalid("instances", f"{part.name} is there already with another adapter or UUID")
            if differs(found, given) or differs_in(found.profile, part.profile):
                found = await instances.update(self._company_id, found.id, profile=part.profile, **given)
                action = "updated"
        return {"name": found.name, "uuid": str(found.uuid), "action": action, "ids": spell(found.id)}

    async def extension(self, part: ExtensionPart) -> Entry:
        """By instance and number. Its SIP password is shown when it was made just now."""
        extensions, instance = self._core.extensions, await instance_of(self._core, self._company_id, part.instance)
        change = await self._change(part)
        found = await extensions.find_by_number(self._company_id, instance.id, part.number)
        entry: Entry = {"number": part.number, "instance": instance.name}
        if found is None:
            made = await extensions.create(self._company_id, instance.id, change)
            secret = {} if "secret" in part.data else {"password": password_of(made)}
            return {**entry, "action": "created", "ids": spell(made.id), **secret}
        action: Action = "unchanged"
        if _changes(found, change):
            await extensions.update(self._company_id, instance.id, found.id, change)
            action = "updated"
        return {**entry, "action": action, "ids": spell(found.id)}

    async def _change(self, part: ExtensionPart) -> ExtensionChange:
        given: dict[str, Any] = {"number": part.number, **said(part, "name", "purpose")}
        if part.user is not UNSET:
            person = await self._core.people.find_by_email(self._company_id, part.user)
            if person is None:
                raise NotFound(f"person {part.user}")
            given["person_id"] = person.id
        if part.location is not UNSET:
            known = {location.name: location.id for location in await self._core.locations.list(self._company_id)}
            if part.location not in known:
                raise NotFound(f"location {part.location}")
            given["location_id"] = known[part.location]
        if part.caller_id is not UNSET:
            given["caller_id"] = CallerId(name=part.caller_id.name, number=part.caller_id.number)
        return ExtensionChange(data=part.data, **given)


async def instance_of(core: Core, company_id: int, name: str | UnsetType) -> Instance:
    """The instance of this name, or the only one. Raises NotFound, Invalid."""
    instances = await core.instances.list(company_id)
    if name is not UNSET:
        instances = [one for one in instances if one.name == name]
        if not instances:
            raise NotFound(f"instance {name}")
    if len(instances) != 1:
        raise Invalid("instance", "is needed unless the company has exactly one")
    return instances[0]


def _changes(found: Extension, change: ExtensionChange) -> bool:
    now = {
        "number": found.number,
        "name": found.name,
        "purpose": found.purpose,
        "person_id": found.person.id if found.person else None,
        "location_id": found.location.id if found.location else None,
        "caller_id": found.caller_id,
    }
    wanted = {name: getattr(change, name) for name in now}
    return any(value is not UNSET and value != now[name] for name, value in wanted.items()) or differs_in(
        data_of(found), change.data
    )
