"""The statement of a list of faxes: put together from what is asked for, so that each has the index it needs.

How many match is added up from counters by day; the days at the ends of a span are counted, and so is what one number,
name, subject or search finds.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from ringmain.core.faxes.model import FaxFilter, Folder
from ringmain.core.faxes.store import LIVE
from ringmain.core.listing import DAY, Arguments, clamped, midnight

COLUMNS: Final[Mapping[str, str]] = {
    "own_name": "lower(f.own_name)",
    "party_name": "lower(f.party_name)",
    "subject": "lower(f.subject)",
}
"""What is sorted in any case."""
TIES: Final = ("created_at", "id")
NUMBER: Final = re.compile(r"\+?[0-9 ().\-/]*[0-9][0-9 ().\-/]*")
WORD: Final = re.compile(r"\w+")
MAX_WORDS: Final = 20
MAX_WORD: Final = 500
"""Characters; as many as a subject has. PostgreSQL takes words of 2046 octets."""


def page(
    company_id: int, folder: Folder, wanted: FaxFilter, order: Sequence[tuple[str, bool]], limit: int, offset: int
) -> tuple[str, list[object]]:
    """A statement with one row, `total` and `items` (JSON texts in order), and its values.

    `order`: columns of `SORTS`, each with whether it is descending.
    """
    arguments = Arguments(company_id, folder)
    since, until = wanted.since and clamped(wanted.since), wanted.until and clamped(wanted.until)
    kept = [f"{LIVE} AND f.folder = $2", *_flags(arguments, wanted, "f"), *_words(arguments, wanted)]
    span = _span(arguments, since, until)
    by = _order_by(order)
    # The page is found in an index alone; only then are its rows read.
    hits = "" if wanted.search is None else _hits(arguments, wanted.search)
    statement = f"""{hits}
        SELECT {_total(arguments, wanted, kept, since, until)} AS total, ARRAY(
            SELECT fax_json(f)::text FROM (
                SELECT f.id FROM faxes f WHERE {" AND ".join([*kept, *span])}
                ORDER BY {by} LIMIT {arguments.add(limit)} OFFSET {arguments.add(offset)}
            ) AS k JOIN faxes f ON f.company_id = $1 AND f.id = k.id
            ORDER BY {by}) AS items
    """  # noqa: S608
    return statement, arguments.values


def _order_by(order: Sequence[tuple[str, bool]]) -> str:
    columns = dict(order)
    # Ties go the way of the last column: an index is read from one of its ends.
    descending = order[-1][1]
    for tie in TIES:
        if "id" not in columns:
            columns[tie] = columns.get(tie, descending)
    return ", ".join(f"{COLUMNS.get(name, f'f.{name}')} {'DESC' if down else 'ASC'}" for name, down in columns.items())


def _flags(arguments: Arguments, wanted: FaxFilter, table: str) -> list[str]:
    """What the counters know too."""
    conditions = []
    if wanted.is_read is not None:
        conditions.append(f"{table}.is_read = {arguments.add(wanted.is_read)}::boolean")
    if wanted.nameless is not None:
        conditions.append(f"{table}.nameless = {arguments.add(wanted.nameless)}::boolean")
    return conditions


def _words(arguments: Arguments, wanted: FaxFilter) -> list[str]:
    conditions = []
    if wanted.number is not None:
        conditions.append(f"f.party_number = {arguments.add(wanted.number)}")
    if wanted.name is not None:
        conditions.append(f"lower(f.party_name) = lower({arguments.add(wanted.name)}::text)")
    if wanted.subject is not None:
        conditions.append(f"lower(f.subject) = lower({arguments.add(wanted.subject)}::text)")
    if wanted.search is not None:
        conditions.append("f.id IN (SELECT id FROM hits)")
    return conditions


def _hits(arguments: Arguments, search: str) -> str:
    """Those that have words beginning with all the words; found first, by the index of words alone."""
    place = arguments.add(_spaced(search))
    return f"""
        WITH wanted AS (
            SELECT coalesce(string_agg('''' || word || ''':*', ' & '), '')::tsquery AS words
            FROM unnest(fax_words($1, {place}::text)) AS word
        ), hits AS MATERIALIZED (
            SELECT f.id FROM wanted CROSS JOIN LATERAL (
                SELECT f.id FROM faxes f WHERE f.search @@ wanted.words AND f.company_id = $1 OFFSET 0
            ) AS f WHERE numnode(wanted.words) > 0
        )"""  # noqa: S608


def _spaced(text: str) -> str:
    """Only words and blanks; the digits of one number are one word."""
    words = ["".join(WORD.findall(text))] if NUMBER.fullmatch(text.strip()) else WORD.findall(text)
    return " ".join(word[:MAX_WORD] for word in words[:MAX_WORDS])


def _span(arguments: Arguments, since: datetime | None, until: datetime | None) -> list[str]:
    conditions = []
    if since is not None:
        conditions.append(f"f.created_at >= {arguments.add(since)}")
    if until is not None:
        conditions.append(f"f.created_at <= {arguments.add(until)}")
    return conditions


def _total(
    arguments: Arguments, wanted: FaxFilter, kept: Sequence[str], since: datetime | None, until: datetime | None
) -> str:
    def counted(*span: str) -> str:
        return f"(SELECT count(*) FROM faxes f WHERE {' AND '.join([*kept, *span])})"  # noqa: S608

    counters_fall_short = any(one is not None for one in (wanted.number, wanted.name, wanted.subject, wanted.search))
    if counters_fall_short or (since and until and since.date() >= until.date()):
        return counted(*_span(arguments, since, until))
    days = ["c.company_id = $1 AND c.folder = $2", *_flags(arguments, wanted, "c")]
    ends = []
    if since is not None:
        days.append(f"c.day > {arguments.add(since.date())}")
        next_day = arguments.add(midnight(since) + DAY)
        ends.append(counted(*_span(arguments, since, None), f"f.created_at < {next_day}"))
    if until is not None:
        days.append(f"c.day < {arguments.add(until.date())}")
        ends.append(counted(*_span(arguments, midnight(until), until)))
    summed = f"(SELECT coalesce(sum(c.total), 0)::bigint FROM fax_counts c WHERE {' AND '.join(days)})"  # noqa: S608
    return " + ".join([summed, *ends])
