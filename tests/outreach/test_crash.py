"""A process that dies between a try and what came of it: nobody is texted or mailed twice, and calls count."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from ringmain.core.outreach.model import Reminder
from ringmain.outreach import sandbox
from tests.conditions import eventually
from tests.outreach.conftest import Clinic, tried

# A process with an engine that is stopped, by SIGSTOP of its own, at the place that it is told; then it is killed.
VICTIM = """
import asyncio, os, signal, sys
from datetime import UTC, datetime, timedelta
from ringmain.core.files.storage import open_storage
from ringmain.core.outreach.caller import CallOutcome
from ringmain.core.outreach.queue import OutreachQueue
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups
from tests.outreach.conftest import make_engine

dsn, folder, place = sys.argv[1:]

def freeze():
    os.kill(os.getpid(), signal.SIGSTOP)

class Frozen(OutreachQueue):
    async def begin(self, *arguments):
        made = await super().begin(*arguments)
        if place == "begun":
            freeze()
        return made

    async def end(self, *arguments, **options):
        if place == "done":
            freeze()
        await super().end(*arguments, **options)

class Caller:
    name = "victim"
    def capacity(self):
        return 8
    async def place(self, call):
        freeze()
        return CallOutcome(result="answered", digits="1")

async def main():
    database = Database(dsn, size=3)
    core = Core(database, Wakeups(database), open_storage(folder))
    engine = make_engine(core, Caller())
    engine._queue.__class__ = Frozen
    await engine.work(datetime.now(UTC))
    freeze()

asyncio.run(main())
"""


class Victim:
    """The process, and its death."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self._dsn = dsn
        self._folder = folder

    async def dies(self, place: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", VICTIM, self._dsn, str(self._folder), place), cwd=Path.cwd()
        )

        async def frozen() -> bool:
            assert process.returncode is None
            state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
            return state == "T"

        await eventually(frozen, timeout=60)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()


@pytest.fixture
def victim(dsn: str, tmp_path: Path) -> Victim:
    return Victim(dsn, tmp_path)


async def afterwards(clinic: Clinic, reminder: Reminder) -> Reminder:
    """What another engine makes of it when the lease has run out."""
    await clinic.work()
    assert (await clinic.get(reminder)).state == "scheduled"
    await clinic.work(minutes=1)
    return await clinic.get(reminder)


@pytest.mark.parametrize("place", ["begun", "done"])
async def test_a_text_is_sent_once(clinic: Clinic, victim: Victim, place: str) -> None:
    profile = await clinic.profile()
    made = await clinic.remind(profile)
    await victim.dies(place)
    assert len(await clinic.texts()) == (place == "done")
    # Other words now: what was begun is said as it was.
    settings = profile.settings
    await clinic.core.outreach.update_profile(
        clinic.company_id,
        profile.id,
        settings=type(settings)(quiet_from=None, quiet_until=None, sender=clinic.number, sms_template="Hello"),
    )
    # Nor does it matter that somebody has deleted the conversation.
    if place == "done":
        (text,) = await clinic.texts()
        await clinic.core.texting.delete_conversation(clinic.company_id, text.conversation_id)
    found = await afterwards(clinic, made)
    assert await clinic.core.database.fetchval("SELECT count(*) FROM messages WHERE direction = 'outbound'") == 1
    assert await clinic.core.database.fetchval("SELECT text FROM messages WHERE text LIKE 'Acme: Jane%'")
    assert (found.sms_state, found.attempt, found.state) == ("sending", 1, "waiting")


@pytest.mark.parametrize("place", ["begun", "done"])
async def test_a_mail_leaves_once(clinic: Clinic, victim: Victim, place: str) -> None:
    made = await clinic.remind(await clinic.profile(channels=["email"]), email_address="jane@example.com")
    await victim.dies(place)
    assert await clinic.mails() == []
    found = await afterwards(clinic, made)
    assert len(await clinic.mails()) == 1
    assert (found.email_state, found.attempt) == ("sending", 1)


async def test_a_call_whose_outcome_is_unknown_counts(clinic: Clinic, victim: Victim) -> None:
    profile = await clinic.profile(channels=["voice", "sms"], attempts=2, interval_minutes=60)
    made = await clinic.remind(profile, phone_number=sandbox.PRESSES_FIRST)
    await victim.dies("call")
    found = await afterwards(clinic, made)
    assert (found.call_state, found.attempt, found.state, found.confirmed) == ("unknown", 1, "scheduled", False)
    assert tried(found) == [("voice", 1, "unknown: the server stopped")]
    assert found.next_at is not None
    assert timedelta(minutes=59) < found.next_at - clinic.now < timedelta(minutes=61)
    await clinic.work(hours=1)
    assert (await clinic.get(made)).sms_state == "sending"
