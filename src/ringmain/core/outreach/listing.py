"""The list of reminders by date, page after page: each is found in one index, however long the list is."""

import re
from datetime import datetime, timedelta
from typing import Final

from ringmain.core.errors import Invalid
from ringmain.core.ids import MAX_ID
from ringmain.core.listing import EARLIEST, Arguments, clamped
from ringmain.core.outreach.model import Reminder, ReminderFilter

PLACE: Final = re.compile(r"(\d{1,17})\.(\d{1,16})", re.ASCII)


def page(company_id: int, wanted: ReminderFilter, after: str | None, limit: int) -> tuple[str, list[object]]:
    """The statement and its values, for one item more than `limit`. Raises Invalid("after")."""
    arguments = Arguments(company_id)
    where = ["r.company_id = $1"]
    if wanted.profile_id is not None:
        where.append(f"r.profile_id = {arguments.add(wanted.profile_id)}")
    if wanted.state is not None:
        where.append(f"r.state = {arguments.add(wanted.state)}")
    if wanted.since is not None:
        where.append(f"r.reminder_date >= {arguments.add(clamped(wanted.since))}")
    if wanted.until is not None:
        where.append(f"r.reminder_date < {arguments.add(clamped(wanted.until))}")
    if after is not None:
        moment, last_id = _read(after)
        where.append(f"(r.reminder_date, r.id) > ({arguments.add(moment)}, {arguments.add(last_id)})")
    statement = (
        f"SELECT reminder_json(r)::text FROM outreach_reminders r WHERE {' AND '.join(where)} "  # noqa: S608
        f"ORDER BY r.reminder_date, r.id LIMIT {arguments.add(limit + 1)}"
    )
    return statement, arguments.values


def place_of(last: Reminder) -> str:
    """Where the page after this reminder begins."""
    return f"{(last.reminder_date - EARLIEST) // timedelta(microseconds=1)}.{last.id}"


def _read(text: str) -> tuple[datetime, int]:
    found = PLACE.fullmatch(text)
    if found is None:
        raise Invalid("after", "must be the `next` of a page")
    return EARLIEST + timedelta(microseconds=int(found[1])), min(int(found[2]), MAX_ID)
