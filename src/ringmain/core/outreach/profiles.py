"""The verbs of outreach on profiles."""

from datetime import UTC, datetime
from typing import Final

import asyncpg
import msgspec

from ringmain.core.companies import store as companies
from ringmain.core.errors import AlreadyExists, Invalid, NotFound, WrongState
from ringmain.core.outreach import store
from ringmain.core.outreach.checks import check_name, check_number, check_settings
from ringmain.core.outreach.course import profile_of
from ringmain.core.outreach.model import MAX_PROFILES, Profile, ProfileSettings
from ringmain.core.texting.checks import check_text
from ringmain.database.pool import Database
from ringmain.database.wakeup import OUTREACH, Wakeups

DEFAULT: Final = ProfileSettings()


class Profiles:
    """Ways of reminding: made, listed, changed, deleted. `Outreach` is this and the rest."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def create_profile(self, company_id: int, name: str, settings: ProfileSettings = DEFAULT) -> Profile:
        """Numbers in the settings are read as people of the company's country write them.

        Raises Invalid, AlreadyExists (the name, in any case), NotFound("company").
        """
        checked = await self.check(company_id, settings)
        arguments = (company_id, check_name(name), _json(checked), MAX_PROFILES)
        try:
            row = await self._database.fetchrow(store.CREATE_PROFILE, *arguments)
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists("a profile has this name") from error
        if row is None:
            raise WrongState(f"a company may have {MAX_PROFILES} profiles")
        return profile_of(row)

    async def get_profile(self, company_id: int, profile_id: int) -> Profile:
        """Raises NotFound("profile")."""
        return profile_of(await self._database.fetchrow(store.GET_PROFILE, company_id, profile_id))

    async def find_profile(self, company_id: int, name: str) -> Profile | None:
        """The profile of this name, in any case."""
        row = await self._database.fetchrow(store.FIND_PROFILE, company_id, check_text("name", name))
        return profile_of(row) if row else None

    async def list_profiles(self, company_id: int) -> list[Profile]:
        """All of a company, oldest first."""
        return [profile_of(row) for row in await self._database.fetch(store.LIST_PROFILES, company_id)]

    async def update_profile(
        self,
        company_id: int,
        profile_id: int,
        *,
        name: str | None = None,
        settings: ProfileSettings | None = None,
        now: datetime | None = None,
    ) -> Profile:
        """Change what is given; attempts that are to come follow the new settings.

        Raises NotFound("profile"), Invalid, AlreadyExists.
        """
        await self.get_profile(company_id, profile_id)
        checked = None if settings is None else await self.check(company_id, settings)
        wanted = None if name is None else check_name(name)
        try:
            async with self._database.transaction() as connection:
                old = profile_of(await connection.fetchrow(store.LOCK_PROFILE, company_id, profile_id))
                arguments = (company_id, profile_id, wanted or old.name, _json(checked or old.settings))
                changed = profile_of(await connection.fetchrow(store.UPDATE_PROFILE, *arguments))
                if changed.settings != old.settings:
                    await connection.execute(store.REPLAN, company_id, profile_id, now or datetime.now(UTC))
        except asyncpg.UniqueViolationError as error:
            raise AlreadyExists("a profile has this name") from error
        self._wakeups.wake(OUTREACH)
        return changed

    async def delete_profile(self, company_id: int, profile_id: int) -> None:
        """What it has reminded of stays. Raises NotFound("profile"), WrongState while a reminder of it is open."""
        async with self._database.transaction() as connection:
            profile_of(await connection.fetchrow(store.LOCK_PROFILE, company_id, profile_id))
            if await connection.fetchval(store.HAS_OPEN, company_id, profile_id):
                raise WrongState("reminders of this profile are open: cancel them first")
            await connection.execute(store.DELETE_PROFILE, company_id, profile_id)

    async def check(self, company_id: int, settings: ProfileSettings) -> ProfileSettings:
        """The settings as they would be kept, numbers in E.164. Raises Invalid, NotFound("company")."""
        row = await self._database.fetchrow(companies.GET, company_id)
        if row is None:
            raise NotFound("company")
        country = companies.company_of(row).country
        found = msgspec.structs.replace(
            settings,
            sender=check_number("sender", settings.sender, country),
            caller_id=check_number("caller_id", settings.caller_id, country),
        )
        check_settings(found)
        known = await self._database.fetchrow(store.NUMBERS, company_id, found.sender, found.caller_id)
        assert known is not None  # noqa: S101  (a SELECT without FROM)
        if found.sender and not known["sender"]:
            raise Invalid("sender", "must be a number of the company that can text")
        if found.caller_id and not known["caller_id"]:
            raise Invalid("caller_id", "must be a number of the company that can call")
        return found


def _json(settings: ProfileSettings) -> str:
    return msgspec.json.encode(settings).decode()
