"""Applies the groups of one company of a set-up file."""

from typing import Any

from msgspec import UNSET

from ringmain.core.companies.model import Company
from ringmain.core.groups.model import GroupChange
from ringmain.core.system import Core
from ringmain.setup.difference import differs, said
from ringmain.setup.document import GroupPart
from ringmain.setup.report import Action, Entry
from ringmain.setup.spellings import spell
from ringmain.setup.telephony import instance_of


class GroupApplier:
    """One company's. Extensions must have been applied."""

    def __init__(self, core: Core, company: Company) -> None:
        self._core = core
        self._company_id = company.id

    async def group(self, part: GroupPart) -> Entry:
        """By instance and number."""
        groups, instance = self._core.groups, await instance_of(self._core, self._company_id, part.instance)
        given: dict[str, Any] = said(part, "name", "strategy", "members", "otherwise", "otherwise_to", "tags")
        if part.ring_seconds is not UNSET:
            given["ring_s"] = part.ring_seconds
        found = await groups.find(self._company_id, part.number, instance_id=instance.id)
        action: Action = "unchanged"
        if found is None:
            found = await groups.create(self._company_id, instance.id, GroupChange(number=part.number, **given))
            action = "created"
        elif differs(found, given):
            found = await groups.update(self._company_id, found.id, GroupChange(**given))
            action = "updated"
        return {"number": found.number, "instance": instance.name, "action": action, "ids": spell(found.id)}
