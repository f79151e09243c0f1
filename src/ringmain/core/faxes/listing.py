"""The statement of a list of faxes: put together from what is asked for, so that each has the index it needs.

How many match is added up from counters by day; the days at the ends of a span are counted, and so is what one number,
name, subject or search finds.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from ringmain.core.faxes.model import SORTS, FaxFilter, Folder
from ringmain.core.faxes.store import LIVE
from ringmain.core.listing import Arguments, by_groups, clamped, hidden, order_by, total_by_days, within
from ringmain.core.word_search import hits

COLUMNS: Final[Mapping[str, str]] = {
    "own_name": "lower(f.own_name)",
    "party_name": "lower(f.party_name)",
    "subject": "lower(f.subject)",
}
"""What is sorted in any case."""
FEW_VALUES: Final = frozenset(("own_number", "own_name", "pages", "is_read", "state"))
INDEXED: Final = frozenset((*((few, "created_at") for few in FEW_VALUES), ("is_read", "subject")))
"""Orders of two fields, the first of few values, for which there is an index."""
SEARCHED: Final = (
    *("company_id", "folder", "deleted_at", "nameless"),
    *SORTS,
)
"""What is known of the faxes that a search finds, to sort and filter them."""
FOLDER: Final = f"{LIVE} AND f.folder = $2"
MAX_FOUND: Final = 5000
MIN_FOUND: Final = 1000
"""A search finds all up to here; of more, as many as it sees at once, up to `MAX_FOUND`."""
MOMENT: Final = "f.created_at"
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
    names = tuple(name for name, _ in order)
    few_values = len(order) > 1 and names[0] in FEW_VALUES and not _narrow(wanted)
    its_folder = FOLDER.replace("$2", hidden("$2")) if few_values and names in INDEXED else FOLDER
    kept = [its_folder, *_flags(arguments, wanted, "f"), *_words(arguments, wanted)]
    source, found = "faxes f", ""
    if wanted.search is not None:
        source, found = "hits f", f"WITH {_hits(arguments, wanted.search)}"
    conditions = " AND ".join([*kept, *within(arguments, MOMENT, since, until)])
    terms = _terms(order)
    most, skipped = arguments.add(limit), arguments.add(offset)
    # The page is found in an index alone; only then are its rows read.
    if few_values:
        columns = dict.fromkeys(["id", "created_at", *names])
        keys = by_groups(
            source,
            terms,
            every=its_folder,
            wanted=conditions,
            columns=[*columns],
            of_group=names in INDEXED,
            limit=most,
            offset=skipped,
        )
    else:
        keys = f"""SELECT f.id FROM {source} WHERE {conditions}
            ORDER BY {order_by(terms)} LIMIT {most} OFFSET {skipped}"""  # noqa: S608
    statement = f"""{found}
        SELECT {_total(arguments, wanted, source, kept, since, until)} AS total, ARRAY(
            SELECT fax_json(f)::text FROM ({keys}) AS k JOIN faxes f ON f.company_id = $1 AND f.id = k.id
            ORDER BY {order_by(terms)}) AS items
    """  # noqa: S608
    return statement, arguments.values


def _terms(order: Sequence[tuple[str, bool]]) -> list[tuple[str, bool]]:
    columns = dict(order)
    # Ties go the way of the last column: an index is read from one of its ends.
    descending = order[-1][1]
    for tie in TIES:
        if "id" not in columns:
            columns[tie] = columns.get(tie, descending)
    return [(COLUMNS.get(name, f"f.{name}"), down) for name, down in columns.items()]


def _narrow(wanted: FaxFilter) -> bool:
    """Whether it asks for what the counters do not know."""
    return any(one is not None for one in (wanted.number, wanted.name, wanted.subject, wanted.search))


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
    return conditions


def _hits(arguments: Arguments, search: str) -> str:
    """The newest that have words beginning with all the words."""
    words = f"""SELECT ('''' || word || ''':*')::tsquery AS q
        FROM unnest(fax_words($1, {arguments.add(_spaced(search))}::text)) AS word"""  # noqa: S608
    return hits(
        words,
        table="faxes f",
        columns=", ".join(SEARCHED),
        where=FOLDER,
        order="created_at DESC, id DESC",
        limit=MAX_FOUND,
        enough=MIN_FOUND,
    )


def _spaced(text: str) -> str:
    """Only words and blanks; the digits of one number are one word."""
    words = ["".join(WORD.findall(text))] if NUMBER.fullmatch(text.strip()) else WORD.findall(text)
    return " ".join(word[:MAX_WORD] for word in words[:MAX_WORDS])


def _total(
    arguments: Arguments,
    wanted: FaxFilter,
    source: str,
    kept: Sequence[str],
    since: datetime | None,
    until: datetime | None,
) -> str:
    def days() -> str:
        return " AND ".join(["fax_counts c WHERE c.company_id = $1 AND c.folder = $2", *_flags(arguments, wanted, "c")])

    rows = f"{source} WHERE {' AND '.join(kept)}"
    return total_by_days(arguments, MOMENT, since, until, rows=rows, days=None if _narrow(wanted) else days)
