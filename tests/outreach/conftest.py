"""A clinic that reminds, and engines that remind at the time that a test says."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ringmain.core.outreach.caller import Caller
from ringmain.core.outreach.links import AnswerLinks
from ringmain.core.outreach.model import NewReminder, OutreachEvent, Profile, ProfileSettings, Reminder
from ringmain.core.outreach.news import News
from ringmain.core.outreach.queue import OutreachQueue
from ringmain.core.system import Core
from ringmain.core.texting.carrier import InboundText
from ringmain.core.texting.model import Message
from ringmain.outreach.contact import Contact
from ringmain.outreach.engine import Engine
from ringmain.outreach.sandbox import SandboxCaller
from tests.conditions import eventually
from tests.conftest import Office

URL = "https://phone.example.com"
PATIENT = "+13105550177"
ALL_DAY: dict[str, Any] = {"quiet_from": None, "quiet_until": None}
HOUR = timedelta(hours=1)


def make_engine(core: Core, caller: Caller | None = None, lease: float = 30.0) -> Engine:
    queue = OutreachQueue(core.database, core.wakeups, core.mails, lease=timedelta(seconds=lease))
    contact = Contact(queue, core.texting, AnswerLinks(core.credentials, URL))
    return Engine(queue, News(core.database, core.wakeups), core.wakeups, contact, caller or SandboxCaller())


class Clinic(msgspec.Struct):
    """A company that reminds. `now` is when everything happens; `pass_time` lets time go by."""

    core: Core
    company_id: int
    number: str
    engine: Engine
    now: datetime

    async def profile(self, name: str = "Visits", **settings: Any) -> Profile:
        given = ALL_DAY | {"sender": self.number, "caller_id": self.number} | settings
        return await self.core.outreach.create_profile(self.company_id, name, ProfileSettings(**given))

    async def remind(self, profile: Profile, **fields: Any) -> Reminder:
        given: dict[str, Any] = {
            "profile_id": profile.id,
            "name": "Jane Doe",
            "phone_number": PATIENT,
            "reminder_date": self.now + 12 * HOUR,
        }
        return await self.core.outreach.create(self.company_id, NewReminder(**given | fields), now=self.now)

    async def work(self, **passed: float) -> None:
        self.now += timedelta(**passed)
        await self.engine.work(self.now)

    async def get(self, reminder: Reminder) -> Reminder:
        return await self.core.outreach.get(self.company_id, reminder.id)

    async def texts(self) -> list[Message]:
        rows = await self.core.database.fetch(
            "SELECT id FROM messages WHERE company_id = $1 AND direction = 'outbound' ORDER BY id", self.company_id
        )
        return [await self.core.texting.get_message(self.company_id, row["id"]) for row in rows]

    async def mails(self) -> list[tuple[list[str], str, str]]:
        rows = await self.core.database.fetch(
            "SELECT recipients, subject, text FROM mails WHERE company_id = $1 ORDER BY id", self.company_id
        )
        return [(row["recipients"], row["subject"], row["text"]) for row in rows]

    async def hears(self, text: str, sender: str = PATIENT, number: str | None = None) -> None:
        """A text comes in, and the engine reads it."""
        await self.core.texting.receive(
            InboundText(carrier="sandbox", sender=sender, recipient=number or self.number, text=text)
        )
        await self.engine.work(self.now)

    async def events(self, reminder: Reminder) -> list[tuple[str, Reminder]]:
        rows = await self.core.database.fetch(
            "SELECT type, payload::text AS payload FROM events WHERE company_id = $1 AND subject_id = $2 "
            "AND type LIKE 'outreach.%' ORDER BY id",
            self.company_id,
            reminder.id,
        )
        return [(row["type"], msgspec.json.decode(row["payload"], type=OutreachEvent).reminder) for row in rows]

    async def becomes(self, reminder: Reminder, **wanted: str) -> Reminder:
        """Wait for a receipt, which the engine then reads."""

        async def look() -> Reminder | None:
            await self.engine.work(self.now)
            found = await self.get(reminder)
            return found if all(getattr(found, name) == value for name, value in wanted.items()) else None

        return await eventually(look)


def tried(reminder: Reminder) -> list[tuple[str | None, int | None, str]]:
    return [(one.channel, one.attempt, one.detail) for one in reminder.event_log if one.event == "tried"]


@pytest.fixture
async def clinic(core: Core, office: Office) -> Clinic:
    return Clinic(core, office.company_id, office.number, make_engine(core), datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
async def node(core: Core) -> AsyncIterator[Callable[..., Engine]]:
    """Makes engines that work by the clock, each as if of a node of its own."""
    made: list[Engine] = []

    def make(caller: Caller | None = None, lease: float = 30.0) -> Engine:
        made.append(make_engine(core, caller, lease))
        return made[-1]

    yield make
    for engine in made:
        await engine.stop()
