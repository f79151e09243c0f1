"""The statement of a list of voicemails: put together from what is asked for, so that each has the index it needs.

How many match is added up from counters by day; only the days at the ends of a span, and one caller's, are counted.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ringmain.core.listing import Arguments, by_groups, clamped, order_by, total_by_days, within
from ringmain.core.voicemail.model import VoicemailFilter
from ringmain.core.voicemail.store import LIVE

MOMENT: Final = "v.received_at"
TIES: Final = ("received_at", "id")
FEW_VALUES: Final = frozenset(("extension_number", "email", "listened"))
BY_DURATION: Final = ("duration_s", "extension_number")
"""Voicemails of one duration may be many; an index has them in this order."""
INDEXED: Final = frozenset((*((few, "received_at") for few in FEW_VALUES), BY_DURATION))
ALL: Final = 0
"""The destination that stands for all in the counters; no extension has this number."""


def page(
    company_id: int, wanted: VoicemailFilter, order: Sequence[tuple[str, bool]], limit: int, offset: int
) -> tuple[str, list[object]]:
    """A statement with one row, `total` and `items` (JSON texts in order), and its values.

    `order`: columns of `SORTS`, each with whether it is descending.
    """
    arguments = Arguments(company_id)
    since, until = wanted.since and clamped(wanted.since), wanted.until and clamped(wanted.until)
    kept = [LIVE, *_parties(arguments, wanted)]
    conditions = [*kept, *within(arguments, MOMENT, since, until)]
    terms = _terms(order)
    most, skipped = arguments.add(limit), arguments.add(offset)
    names = tuple(name for name, _ in order)
    few_values = len(order) > 1 and names[0] in FEW_VALUES and wanted.source is None and wanted.destination is None
    by_duration = names == BY_DURATION and wanted == VoicemailFilter()
    # The page is found in an index alone; only then are its rows read.
    if few_values or by_duration:
        columns = dict.fromkeys(["id", "received_at", *names])
        keys = by_groups(
            "voicemails v",
            terms,
            every=LIVE,
            wanted=" AND ".join(conditions),
            columns=[*columns],
            of_group=names in INDEXED,
            many_groups=by_duration,
            limit=most,
            offset=skipped,
        )
    else:
        keys = f"""SELECT v.id FROM voicemails v WHERE {" AND ".join(conditions)}
            ORDER BY {order_by(terms)} LIMIT {most} OFFSET {skipped}"""  # noqa: S608
    statement = f"""
        SELECT {_total(arguments, wanted, kept, since, until)} AS total, ARRAY(
            SELECT voicemail_json(v)::text FROM ({keys}) AS k JOIN voicemails v ON v.company_id = $1 AND v.id = k.id
            ORDER BY {order_by(terms)}) AS items
    """  # noqa: S608
    return statement, arguments.values


def _terms(order: Sequence[tuple[str, bool]]) -> list[tuple[str, bool]]:
    columns = dict(order)
    # Ties go the way of the last column: an index is read from one of its ends.
    for tie in TIES:
        columns.setdefault(tie, order[-1][1])
    return [(f"v.{name}", down) for name, down in columns.items()]


def _parties(arguments: Arguments, wanted: VoicemailFilter) -> list[str]:
    conditions = []
    if wanted.destination is not None:
        conditions.append(f"v.extension_number = {arguments.add(wanted.destination)}::bigint")
    if wanted.source is not None:
        conditions.append(f"v.source_digits = {arguments.add(wanted.source)}::bigint")
    return conditions


def _total(
    arguments: Arguments, wanted: VoicemailFilter, kept: Sequence[str], since: datetime | None, until: datetime | None
) -> str:
    def days() -> str:
        destination = arguments.add(wanted.destination or ALL)
        return f"voicemail_counts c WHERE c.company_id = $1 AND c.destination = {destination}::bigint"

    rows = f"voicemails v WHERE {' AND '.join(kept)}"
    uncounted = wanted.source is not None or wanted.destination == ALL
    return total_by_days(arguments, MOMENT, since, until, rows=rows, days=None if uncounted else days)
