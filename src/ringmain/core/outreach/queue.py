"""The side of outreach that makes reminders: claims under a lease, tries of channels, what comes of them.

Any number of nodes take from it. A try is written down before it is made, so that a process may die at any moment: a
text is then sent again under the same reference, which makes it no second text; a mail leaves with its try or not at
all; a call may have been made, and counts.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from ringmain.core.mail.model import Mail
from ringmain.core.mail.service import Mails
from ringmain.core.outreach import queue_store as store
from ringmain.core.outreach.course import Locked, close, find, lock, logged, settle, what_next
from ringmain.core.outreach.model import CHANNELS, Answer, Channel, LogEntry, ProfileSettings, Reminder, State
from ringmain.core.outreach.plan import next_attempt, quiet_hours
from ringmain.database.pool import Connection, Database
from ringmain.database.wakeup import EVENTS, OUTREACH, Wakeups

log = structlog.get_logger()

LEASE: Final = timedelta(seconds=30)
ORIGIN: Final = "outreach"
NOT_REACHED: Final = frozenset({"failed", "opted_out"})
"""Results after which the next channel is tried at once. After others the attempt is over."""
STATES: Final[Mapping[Channel, str]] = {"sms": "sms_state", "voice": "call_state", "email": "email_state"}

_settings: Final = msgspec.json.Decoder(ProfileSettings)


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A reminder that this process may work on now. `claim` is its token; `company` the company's name."""

    company_id: int
    id: int
    claim: int
    settings: ProfileSettings
    company: str
    timezone: str


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """One channel that is to be tried, and what is said there. `resumed`: its process died, and it may be done."""

    id: int
    channel: Channel
    sender: str
    recipient: str
    subject: str
    text: str
    resumed: bool = False

    @property
    def reference(self) -> str:
        """The same however often it is made."""
        return f"{ORIGIN}:{self.id}"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done next: begin a try of `channel`, or `resume` one. `lead_at`: the round of a new attempt."""

    reminder: Reminder
    number: int
    channel: Channel
    lead_at: datetime | None = None
    resume: Try | None = None


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What is said in a try, to whom and from where."""

    sender: str
    recipient: str
    subject: str
    text: str


class OutreachQueue:
    """What is to be done, of all companies. `now` is the time that counts, also for leases."""

    def __init__(self, database: Database, wakeups: Wakeups, mails: Mails, *, lease: timedelta = LEASE) -> None:
        self._database = database
        self._wakeups = wakeups
        self._mails = mails
        self.lease = lease

    async def claim(self, limit: int, now: datetime) -> list[Claim]:
        """Lease up to `limit` reminders that are due."""
        claims = []
        for row in await self._database.fetch(store.CLAIM, now, limit, self.lease):
            try:
                claims.append(Claim(**{**row, "settings": _settings.decode(row["settings"])}))
            except msgspec.ValidationError:
                # Of another version than this, as while servers are brought up to date one by one.
                log.warning("a reminder's profile cannot be read", reminder=row["id"])
        return claims

    async def attend(self, claim: Claim, now: datetime) -> bool:
        """Renew the lease; False when it is not ours any more: the reminder was taken over, changed or answered."""
        until = now + self.lease
        return await self._database.fetchval(store.ATTEND, claim.company_id, claim.id, claim.claim, until) is not None

    async def look(self, claim: Claim, now: datetime) -> Step | None:
        """What to do about a claim; None when there is nothing now, which is written down."""
        async with self._database.transaction() as connection:
            locked = await self._ours(connection, claim)
            step = None if locked is None else await self._step(connection, claim, locked, now)
        if step is None:
            self._wake()
        return step

    async def begin(self, claim: Claim, step: Step, words: Words, now: datetime) -> Try | None:
        """Write down a try that is about to be made; None when the claim is not ours any more."""
        said = (words.sender, words.recipient, words.subject, words.text)
        attempt_id = await self._database.fetchval(
            *(store.BEGIN, claim.company_id, claim.id, claim.claim, step.number, step.channel, *said),
            *(now, step.lead_at),
        )
        return None if attempt_id is None else Try(id=attempt_id, channel=step.channel, **msgspec.structs.asdict(words))

    async def sent_before(self, claim: Claim, attempt: Try) -> bool:
        """Whether a resumed text has left already."""
        found: bool = await self._database.fetchval(store.SENT_BEFORE, claim.company_id, attempt.reference)
        return found

    async def opted_out(self, claim: Claim, attempt: Try) -> bool:
        """Whether who would be called has opted out of the number that texts, or of the one that calls."""
        numbers = [claim.settings.sender, claim.settings.caller_id]
        found: bool = await self._database.fetchval(store.OPTED_OUT, claim.company_id, attempt.recipient, numbers)
        return found

    async def end(
        self,
        claim: Claim,
        attempt: Try,
        result: str,
        now: datetime,
        *,
        detail: str = "",
        answer: Answer | None = None,
        mail: Mail | None = None,
    ) -> None:
        """Write down what came of a try, with its mail, or with the answer that was given on the telephone.

        Nothing more is done, and no mail sent, when the claim is not ours any more.
        """
        async with self._database.transaction() as connection:
            locked = await self._ours(connection, claim)
            known = await connection.fetchval(store.END, claim.company_id, attempt.id, result)
            if locked is not None and known is not None:
                if mail is not None:
                    mail_id = await self._mails.queue(connection, claim.company_id, mail)
                    await connection.execute(store.SET_MAIL, claim.company_id, attempt.id, mail_id)
                await self._conclude(connection, claim, locked, attempt.channel, known, now, detail)
                if answer is not None:
                    await self._answered(connection, claim, answer, attempt.channel, now)
        self._wake()
        if mail is not None:
            self._mails.wake()

    async def postpone(self, claim: Claim, until: datetime) -> None:
        """Give it back until then: a channel has no room."""
        await self._database.fetchval(
            *(store.RESCHEDULE, claim.company_id, claim.id, claim.claim, "scheduled", until, False)
        )

    async def _ours(self, connection: Connection, claim: Claim) -> Locked | None:
        found = await find(connection, claim.company_id, claim.id)
        return found if found is not None and found.claim == claim.claim and found.reminder.is_open else None

    async def _step(self, connection: Connection, claim: Claim, locked: Locked, now: datetime) -> Step | None:
        reminder = locked.reminder
        if reminder.reminder_date <= now:
            await close(connection, reminder, "expired", LogEntry(at=now, event="expired"), origin=ORIGIN)
            return None
        quiet = quiet_hours(claim.settings, claim.timezone)
        planned = None
        if not locked.attempting:
            state, at = what_next(claim.settings, claim.timezone, reminder.reminder_date, locked.progress, now)
            planned = next_attempt(claim.settings, quiet, reminder.reminder_date, locked.progress)
            if state == "waiting" or at > now or planned is None:
                await self._reschedule(connection, claim, reminder, state, at)
                return None
        elif not quiet.allows(now):
            at = min(quiet.next_allowed(now), reminder.reminder_date)
            await self._reschedule(connection, claim, reminder, reminder.state, at)
            return None
        number = reminder.attempt + (planned is not None)
        rows = await connection.fetch(store.TRIED, claim.company_id, claim.id, number)
        running = next((row for row in rows if not row["ended"]), None)
        if running is not None:
            attempt = Try(**{name: running[name] for name in Try.__struct_fields__ if name != "resumed"}, resumed=True)
            if attempt.channel != "voice":
                return Step(reminder=reminder, number=number, channel=attempt.channel, resume=attempt)
            await connection.fetchval(store.END, claim.company_id, attempt.id, "unknown")
            await self._conclude(connection, claim, locked, "voice", "unknown", now, "the server stopped")
            return None
        index = planned.index if planned is not None else max(0, locked.progress.lead_attempts - 1)
        left = untried(claim.settings, reminder, index, [row["channel"] for row in rows])
        if left:
            lead_at = planned.lead_at if planned is not None else None
            return Step(reminder=reminder, number=number, channel=left[0], lead_at=lead_at)
        # The profile has given up the channels that there were.
        state, at = "waiting", reminder.reminder_date
        if planned is None:
            state, at = what_next(claim.settings, claim.timezone, reminder.reminder_date, locked.progress, now)
        await self._over(connection, claim, reminder, state, at)
        return None

    async def _reschedule(
        self, connection: Connection, claim: Claim, reminder: Reminder, state: State, at: datetime
    ) -> None:
        await connection.fetchval(
            *(store.RESCHEDULE, claim.company_id, claim.id, claim.claim, state, at, state != reminder.state)
        )

    async def _conclude(
        self,
        connection: Connection,
        claim: Claim,
        locked: Locked,
        channel: Channel,
        result: str,
        now: datetime,
        detail: str,
    ) -> None:
        """After a try: on to the next channel at once, or the attempt is over."""
        reminder = locked.reminder
        entry = LogEntry(
            at=now,
            event="tried",
            channel=channel,
            attempt=reminder.attempt,
            detail=f"{result}: {detail}" if detail else result,
        )
        reminder = msgspec.structs.replace(
            reminder, **{STATES[channel]: result}, event_log=[*reminder.event_log, entry]
        )
        # To somebody who has opted out, YES means that they want texts again.
        silent = channel == "sms" and result == "opted_out"
        goes_on = False
        if result in NOT_REACHED:
            rows = await connection.fetch(store.TRIED, claim.company_id, claim.id, reminder.attempt)
            index = max(0, locked.progress.lead_attempts - 1)
            goes_on = bool(untried(claim.settings, reminder, index, [row["channel"] for row in rows]))
        if goes_on:
            await self._over(connection, claim, reminder, "scheduled", now, attempting=True, silent=silent)
            return
        state, at = what_next(claim.settings, claim.timezone, reminder.reminder_date, locked.progress, now)
        await self._over(connection, claim, reminder, state, at, silent=silent)

    async def _over(
        self,
        connection: Connection,
        claim: Claim,
        reminder: Reminder,
        state: State,
        at: datetime,
        *,
        attempting: bool = False,
        silent: bool = False,
    ) -> None:
        await connection.fetchval(
            *(store.PROGRESS, claim.company_id, claim.id, reminder.sms_state, reminder.call_state),
            *(reminder.email_state, logged(reminder), state, at, attempting, True, silent),
        )

    async def _answered(
        self, connection: Connection, claim: Claim, answer: Answer, channel: Channel, now: datetime
    ) -> None:
        reminder = (await lock(connection, claim.company_id, claim.id)).reminder
        event = "confirmed" if answer == "confirm" else "cancelled"
        entry = LogEntry(at=now, event=event, channel=channel, attempt=reminder.attempt)
        if reminder.reminder_date > now:
            await settle(connection, reminder, answer, entry, now, origin=ORIGIN)

    def _wake(self) -> None:
        self._wakeups.wake(EVENTS)
        self._wakeups.wake(OUTREACH)


def untried(settings: ProfileSettings, reminder: Reminder, index: int, tried: Sequence[Channel]) -> list[Channel]:
    """The channels that an attempt has left, in order: each attempt of a round begins with the next one."""
    usable = [channel for channel in settings.channels if channel in CHANNELS and reminder.wants(channel)]
    if not usable:
        return []
    first = index % len(usable)
    return [channel for channel in (*usable[first:], *usable[:first]) if channel not in tried]
