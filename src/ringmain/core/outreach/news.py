"""What became of texts and mails, and texts that answer them: written by triggers (migration 0013), read here.

Each is read once, in the transaction of what it leads to.
"""

from datetime import datetime
from typing import Final

import msgspec
import structlog

from ringmain.core.errors import WrongState
from ringmain.core.outreach import queue_store as store
from ringmain.core.outreach.course import Locked, find, logged, settle
from ringmain.core.outreach.model import LogEntry, ProfileSettings, Reminder, State
from ringmain.core.outreach.plan import quiet_hours
from ringmain.core.outreach.queue import NOT_REACHED, ORIGIN, STATES, untried
from ringmain.core.outreach.words import answer_of
from ringmain.database.pool import Connection, Database, DatabaseUnavailable, Record
from ringmain.database.wakeup import EVENTS, OUTREACH, Wakeups

log = structlog.get_logger()

RANKS: Final = {None: 0, "sending": 0, "sent": 1, "unknown": 1}
"""News may come in any order; what is not here is final."""
FINAL: Final = 2

_settings: Final = msgspec.json.Decoder(ProfileSettings)


class News:
    """Any number of nodes read it; each piece is one node's."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups

    async def read(self, now: datetime) -> int:
        """Read all that there is; returns how many pieces. One that cannot be read stays, and the others are read."""
        read = seen = 0
        while True:
            try:
                async with self._database.transaction() as connection:
                    row = await connection.fetchrow(store.TAKE_NEWS, seen)
                    if row is None:
                        break
                    seen = row["id"]
                    await self._take(connection, row, now)
                read += 1
            except DatabaseUnavailable:
                raise
            except Exception:
                log.exception("news of a reminder cannot be read", news=seen)
                if not seen:
                    raise
        if read:
            self._wakeups.wake(EVENTS)
            self._wakeups.wake(OUTREACH)
        return read

    async def _take(self, connection: Connection, row: Record, now: datetime) -> None:
        if row["attempt_id"] is None:
            await self._reply(connection, row, now)
            return
        attempt = await connection.fetchrow(store.ATTEMPT, row["company_id"], row["attempt_id"])
        if attempt is None:
            return
        locked = await find(connection, row["company_id"], attempt["reminder_id"])
        if locked is None:
            return
        state: str = row["state"]
        if attempt["result"] == state or RANKS.get(attempt["result"], FINAL) > RANKS.get(state, FINAL):
            return
        await connection.execute(store.SET_RESULT, row["company_id"], row["attempt_id"], state)
        # An older text than the last, or one about a date that is not so any more, says nothing of how it stands.
        if not attempt["overtaken"] and attempt["created_at"] >= locked.progress.planned_at:
            await self._progress(connection, locked, attempt, state, now)

    async def _progress(
        self, connection: Connection, locked: Locked, attempt: Record, result: str, now: datetime
    ) -> None:
        old = locked.reminder
        channel, number = attempt["channel"], attempt["number"]
        entry = LogEntry(at=now, event="receipt", channel=channel, attempt=number, detail=result)
        reminder: Reminder = msgspec.structs.replace(
            old, **{STATES[channel]: result}, event_log=[*old.event_log, entry]
        )
        state: State = old.state
        due_at, attempting = None, locked.attempting
        idle = old.is_open and not locked.leased and not locked.attempting
        if result in NOT_REACHED and idle and number == old.attempt:
            found = await self._next_channel(connection, locked, now)
            if found is not None:
                state, due_at, attempting = "scheduled", found, True
        await connection.fetchval(
            *(store.PROGRESS, old.company_id, old.id, reminder.sms_state, reminder.call_state, reminder.email_state),
            *(logged(reminder), state, due_at, attempting, False, False),
        )

    async def _next_channel(self, connection: Connection, locked: Locked, now: datetime) -> datetime | None:
        """When the attempt that has not reached anybody goes on; None when it has no channel left."""
        reminder = locked.reminder
        profile = await connection.fetchrow(store.PROFILE_OF, reminder.company_id, reminder.id)
        assert profile is not None  # noqa: S101  (the reminder is locked)
        settings = _settings.decode(profile["settings"])
        rows = await connection.fetch(store.TRIED, reminder.company_id, reminder.id, reminder.attempt)
        index = max(0, locked.progress.lead_attempts - 1)
        if not untried(settings, reminder, index, [row["channel"] for row in rows]):
            return None
        at = quiet_hours(settings, profile["timezone"]).next_allowed(now)
        return at if at < reminder.reminder_date else None

    async def _reply(self, connection: Connection, row: Record, now: datetime) -> None:
        """Confirm or cancel what was last reminded of and has no answer, if the text is one of its words."""
        company_id = row["company_id"]
        for one in await connection.fetch(store.TEXTED, company_id, row["sender"], row["recipient"], now):
            answer = answer_of(row["text"], _settings.decode(one["settings"]))
            locked = answer and await find(connection, company_id, one["id"])
            if not answer or not locked or not locked.reminder.is_open:
                continue
            event = "confirmed" if answer == "confirm" else "cancelled"
            entry = LogEntry(at=now, event=event, channel="sms", attempt=locked.reminder.attempt)
            try:
                await settle(connection, locked.reminder, answer, entry, now, origin=ORIGIN)
            except WrongState:
                continue
            return
