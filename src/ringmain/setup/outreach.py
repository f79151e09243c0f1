"""Applies the outreach profiles of one company of a set-up file."""

from collections.abc import Mapping
from typing import Any, Final

from ringmain.core.companies.model import Company
from ringmain.core.outreach.checks import settings_of
from ringmain.core.outreach.model import ProfileSettings
from ringmain.core.system import Core
from ringmain.setup.document import OutreachProfilePart
from ringmain.setup.report import Action, Entry
from ringmain.setup.spellings import spell

OPTIONAL: Final = ("quiet_from", "quiet_until", "timezone")
"""Settings that TOML, which knows no null, says by ""."""


class OutreachApplier:
    """One company's. Numbers must have been applied."""

    def __init__(self, core: Core, company: Company) -> None:
        self._outreach = core.outreach
        self._company_id = company.id

    async def profile(self, part: OutreachProfilePart) -> Entry:
        """By name."""
        given = settings_given(part.settings)
        found = await self._outreach.find_profile(self._company_id, part.name)
        action: Action = "unchanged"
        if found is None:
            settings = settings_of(ProfileSettings(), given)
            found = await self._outreach.create_profile(self._company_id, part.name, settings)
            action = "created"
        else:
            settings = settings_of(found.settings, given)
            checked = await self._outreach.check(self._company_id, settings)
            if checked != found.settings:
                found = await self._outreach.update_profile(self._company_id, found.id, settings=settings)
                action = "updated"
        return {"name": found.name, "action": action, "ids": spell(found.id)}


def settings_given(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the file says, "" standing for nothing."""
    return {name: None if name in OPTIONAL and value == "" else value for name, value in settings.items()}
