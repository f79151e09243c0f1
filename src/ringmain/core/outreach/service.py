"""Verbs on reminders. Engines (ringmain/outreach) make the attempts, through queue.py."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from ringmain.core.outreach import listing, store
from ringmain.core.outreach.checks import (
    check_date,
    check_email,
    check_name,
    check_number,
    check_reference,
    check_wishes,
)
from ringmain.core.outreach.course import close, decode, lock, logged, profile_of, settle, what_next
from ringmain.core.outreach.model import (
    CHANNELS,
    Answer,
    Channel,
    LogEntry,
    NewReminder,
    ProfileSettings,
    Reminder,
    ReminderChange,
    ReminderFilter,
    ReminderPage,
)
from ringmain.core.outreach.plan import Progress
from ringmain.core.outreach.profiles import Profiles
from ringmain.database.wakeup import EVENTS, OUTREACH

OFF: Final = "off"
PENDING: Final = "pending"
REACH: Final = frozenset({"phone_number", "email_address", *CHANNELS})
"""What says how somebody is reached."""


class Outreach(Profiles):
    """Profiles, and reminders that are made by them. `now` is for those who act at another time than this."""

    async def create(
        self, company_id: int, new: NewReminder, *, origin: str = "", now: datetime | None = None
    ) -> Reminder:
        """Somebody will be reminded. Raises NotFound("profile"), Invalid."""
        now = now or datetime.now(UTC)
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(store.PROFILE_FOR_NEW, company_id, new.profile_id)
            settings = profile_of(row).settings
            assert row is not None  # noqa: S101  (else it was not found)
            number = check_number("phone_number", new.phone_number, row["country"])
            email = check_email(new.email_address)
            date = check_date(new.reminder_date, now)
            wishes = check_wishes(settings, number, email, {"sms": new.sms, "voice": new.voice, "email": new.email})
            state, due_at = what_next(settings, row["timezone"], date, Progress(planned_at=now), now)
            made = await connection.fetchval(
                *(store.CREATE, company_id, new.profile_id, check_name(new.name), number, email, date),
                *(check_reference(new.reference), wishes["sms"], wishes["voice"], wishes["email"], state),
                *(*_states(wishes), now, due_at, _log(_entry(now, "created")), origin),
            )
        self._wake()
        return decode(made)

    async def get(self, company_id: int, reminder_id: int) -> Reminder:
        """Raises NotFound("reminder")."""
        return decode(await self._database.fetchval(store.GET, company_id, reminder_id))

    async def page(
        self, company_id: int, wanted: ReminderFilter, *, after: str | None = None, limit: int = 100
    ) -> ReminderPage:
        """Those that match, the earliest date first, behind `after`, a page's `next`. Raises Invalid("after")."""
        statement, values = listing.page(company_id, wanted, after, limit)
        found = [decode(row[0]) for row in await self._database.fetch(statement, *values)]
        items = found[:limit]
        return ReminderPage(items=items, next=listing.place_of(items[-1]) if len(found) > limit else None)

    async def update(
        self,
        company_id: int,
        reminder_id: int,
        change: ReminderChange,
        *,
        origin: str = "",
        now: datetime | None = None,
    ) -> Reminder:
        """Change what is given. A date that moves is planned anew, and must be confirmed anew.

        Raises NotFound("reminder"), Invalid.
        """
        now = now or datetime.now(UTC)
        async with self._database.transaction() as connection:
            locked = await lock(connection, company_id, reminder_id)
            old = locked.reminder
            row = await connection.fetchrow(store.PROFILE_FOR_KNOWN, company_id, old.profile_id)
            settings = profile_of(row).settings
            assert row is not None  # noqa: S101  (else it was not found)
            given = change.given()
            number = check_number("phone_number", given.get("phone_number", old.phone_number), row["country"])
            email = check_email(given.get("email_address", old.email_address))
            moved = given.get("reminder_date", old.reminder_date) != old.reminder_date
            date = check_date(given["reminder_date"], now) if moved else old.reminder_date
            checked = _wanted(old)
            if moved or not given.keys().isdisjoint(REACH):
                checked = check_wishes(settings, number, email, _wishes(old, given, settings, number, email))
            progress = Progress(planned_at=now) if moved else locked.progress
            state, due_at = old.state, None
            if moved or old.is_open:
                state, due_at = what_next(settings, row["timezone"], date, progress, now)
            changed = await connection.fetchval(
                *(store.UPDATE, company_id, reminder_id, check_name(given.get("name", old.name)), number, email, date),
                *(check_reference(given.get("reference", old.reference)), checked["sms"], checked["voice"]),
                *(checked["email"], state, *_kept(old, checked, moved, number, email)),
                *(logged(old, _entry(now, "moved" if moved else "updated")), due_at, moved, now, origin),
            )
        self._wake()
        return decode(changed)

    async def answer(
        self,
        company_id: int,
        reminder_id: int,
        answer: Answer,
        *,
        by: str,
        origin: str = "",
        now: datetime | None = None,
    ) -> Reminder:
        """Confirm or cancel. `by`: what the log says of who did. The same answer again changes nothing.

        Raises NotFound("reminder"), WrongState when it is over.
        """
        now = now or datetime.now(UTC)
        async with self._database.transaction() as connection:
            locked = await lock(connection, company_id, reminder_id)
            entry = _entry(now, "confirmed" if answer == "confirm" else "cancelled", detail=by)
            settled = await settle(connection, locked.reminder, answer, entry, now, origin=origin)
        self._wake()
        return settled

    async def delete(self, company_id: int, reminder_id: int, *, origin: str = "") -> None:
        """Forget it; an open one is cancelled first. Raises NotFound("reminder")."""
        async with self._database.transaction() as connection:
            reminder = (await lock(connection, company_id, reminder_id)).reminder
            if reminder.is_open:
                entry = _entry(datetime.now(UTC), "deleted")
                await close(connection, reminder, "cancelled", entry, origin=origin)
            await connection.execute(store.DELETE, company_id, reminder_id)
        self._wake()

    def _wake(self) -> None:
        self._wakeups.wake(EVENTS)
        self._wakeups.wake(OUTREACH)


def _entry(now: datetime, event: str, detail: str = "") -> LogEntry:
    return LogEntry(at=now, event=event, detail=detail)


def _log(entry: LogEntry) -> str:
    return msgspec.json.encode([entry]).decode()


def _states(wanted: Mapping[Channel, bool]) -> list[str]:
    return [PENDING if wanted[channel] else OFF for channel in CHANNELS]


def _wanted(reminder: Reminder) -> dict[Channel, bool]:
    return {"sms": reminder.sms, "voice": reminder.voice, "email": reminder.email}


def _wishes(
    old: Reminder, given: Mapping[str, Any], settings: ProfileSettings, number: str, email: str
) -> dict[Channel, bool | None]:
    """What is said, else what it was; a channel to which an address is new goes by the profile."""
    found: dict[Channel, bool | None] = {}
    for channel, was in _wanted(old).items():
        before, after = (old.email_address, email) if channel == "email" else (old.phone_number, number)
        kept = was and bool(after) and channel in settings.channels
        found[channel] = given.get(channel, None if after and not before else kept)
    return found


def _kept(old: Reminder, wanted: Mapping[Channel, bool], moved: bool, number: str, email: str) -> list[str]:
    """The states of the channels after a change: anew where the date or the address is another."""
    states = []
    for channel, state in zip(CHANNELS, (old.sms_state, old.call_state, old.email_state), strict=True):
        same = email == old.email_address if channel == "email" else number == old.phone_number
        fresh = moved or not same or state == OFF
        states.append(OFF if not wanted[channel] else PENDING if fresh else state)
    return states
