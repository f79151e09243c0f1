"""How a reminder stands while its row is locked, and where that leads."""

from datetime import datetime
from typing import Final

import msgspec

from ringmain.core.errors import NotFound, WrongState
from ringmain.core.outreach import store
from ringmain.core.outreach.model import MAX_LOG, Answer, LogEntry, Profile, ProfileSettings, Reminder, State
from ringmain.core.outreach.plan import Progress, next_attempt, quiet_hours
from ringmain.database.pool import Connection, Record

_reminder: Final = msgspec.json.Decoder(Reminder)
_settings: Final = msgspec.json.Decoder(ProfileSettings)


class Locked(msgspec.Struct, frozen=True, kw_only=True):
    """A reminder that nobody else can change until the transaction ends.

    `attempting`: its last attempt is not over. `leased`: somebody, who knows the token `claim`, works on it.
    """

    reminder: Reminder
    progress: Progress
    attempting: bool
    leased: bool
    claim: int


async def find(connection: Connection, company_id: int, reminder_id: int) -> Locked | None:
    """Lock it, if it is there."""
    row = await connection.fetchrow(store.LOCK, company_id, reminder_id)
    if row is None:
        return None
    progress = Progress(
        planned_at=row["planned_at"],
        lead_at=row["lead_at"],
        lead_attempts=row["lead_attempts"],
        attempted_at=row["attempted_at"],
    )
    return Locked(
        reminder=decode(row["reminder"]),
        progress=progress,
        attempting=row["attempting"],
        leased=row["leased"],
        claim=row["claim"],
    )


async def lock(connection: Connection, company_id: int, reminder_id: int) -> Locked:
    """Raises NotFound("reminder")."""
    found = await find(connection, company_id, reminder_id)
    if found is None:
        raise NotFound("reminder")
    return found


def what_next(
    settings: ProfileSettings, timezone: str, reminder_date: datetime, progress: Progress, now: datetime
) -> tuple[State, datetime]:
    """The state while nobody works on it, and when somebody must: at the next attempt, or on the date itself."""
    quiet = quiet_hours(settings, timezone)
    planned = next_attempt(settings, quiet, reminder_date, progress)
    if planned is not None:
        # An attempt may be late: then it must still not come in quiet hours.
        at = quiet.next_allowed(max(planned.at, now))
        if at < reminder_date:
            return "scheduled", at
    return "waiting", reminder_date


async def close(connection: Connection, reminder: Reminder, state: State, entry: LogEntry, *, origin: str) -> Reminder:
    """End a locked reminder: nobody is contacted any more."""
    log = logged(reminder, entry)
    return decode(await connection.fetchval(store.CLOSE, reminder.company_id, reminder.id, state, log, origin))


async def settle(
    connection: Connection, reminder: Reminder, answer: Answer, entry: LogEntry, now: datetime, *, origin: str
) -> Reminder:
    """Confirm or cancel a locked reminder; the same answer again changes nothing.

    What is confirmed may still be cancelled. Raises WrongState for one that is over otherwise.
    """
    state: State = "confirmed" if answer == "confirm" else "cancelled"
    if reminder.state == state:
        return reminder
    if reminder.reminder_date <= now:
        raise WrongState("the date of the appointment has passed")
    if not reminder.is_open and (reminder.state, state) != ("confirmed", "cancelled"):
        raise WrongState(f"the appointment is {reminder.state}")
    return await close(connection, reminder, state, entry, origin=origin)


def logged(reminder: Reminder, *entries: LogEntry) -> str:
    """The log with these at its end, as JSON."""
    return msgspec.json.encode([*reminder.event_log, *entries][-MAX_LOG:]).decode()


def decode(text: str | None) -> Reminder:
    """Raises NotFound("reminder")."""
    if text is None:
        raise NotFound("reminder")
    return _reminder.decode(text)


def profile_of(row: Record | None) -> Profile:
    """Raises NotFound("profile")."""
    if row is None:
        raise NotFound("profile")
    return Profile(
        id=row["id"],
        company_id=row["company_id"],
        name=row["name"],
        settings=_settings.decode(row["settings"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
