"""The statement of a list of conversations: put together from what is asked for, so that each part has its index.

Lists have shelves: the pinned, the unread, the others. From each no more is read than the page needs. How many there
are is counted as conversations come and go, by number; those of one contact, or found by search, are few and counted.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from ringmain.core.listing import Arguments
from ringmain.core.texting.conversation_store import message_hits
from ringmain.core.word_search import prefix_queries

MAX_FOUND: Final = 1000
"""How many contacts a search looks at."""

OF_NUMBER: Final = "(SELECT id FROM numbers WHERE company_id = $1 AND number = {number})"
NUMBER_COUNTS: Final = "SELECT coalesce(sum(total), 0)::bigint FROM conversation_counts WHERE company_id = $1"
LIVE: Final = "c.company_id = $1 AND c.deleted_at IS NULL"
PINNED: Final = "c.pinned_at IS NOT NULL"
ORDER: Final = "last_activity_at DESC, id DESC"
NOTHING: Final = "SELECT 0 AS shelf, 0::bigint AS id, now() AS last_activity_at WHERE false"


class ConversationFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which conversations: None matches all. `numbers`: ours, E.164 with +. `search`: see `Found`."""

    numbers: tuple[str, ...] | None = None
    contact_id: int | None = None
    search: str | None = None

    @property
    def narrow(self) -> bool:
        """Whether few can match."""
        return self.contact_id is not None or self.search is not None


def page(
    company_id: int,
    wanted: ConversationFilter,
    *,
    unread_first: bool,
    pinned_first: bool,
    limit: int,
    offset: int,
) -> tuple[str, list[object]]:
    """A statement with one row, `total` and `items` (JSON texts in order), and its values."""
    arguments = Arguments(company_id)
    if wanted.narrow:
        statement = _narrow(arguments, wanted, unread_first, pinned_first, limit, offset)
    else:
        statement = _shelved(arguments, wanted.numbers, unread_first, pinned_first, limit, offset)
    return statement, arguments.values


def _shelved(
    arguments: Arguments,
    numbers: Sequence[str] | None,
    unread_first: bool,
    pinned_first: bool,
    limit: int,
    offset: int,
) -> str:
    most = arguments.add(offset + limit)
    places = [OF_NUMBER.format(number=arguments.add(number)) for number in dict.fromkeys(numbers or ())]
    # The pinned are few: read whole, they need no range for each number.
    of_numbers = f"c.number_id = ANY (ARRAY[{', '.join(places)}]::bigint[])" if places else "false"
    shelves: list[str] = []
    for condition in _shelves(unread_first, pinned_first):
        # Nothing is looked for on a shelf below those that fill the page.
        above = " + ".join(f"(SELECT count(*) FROM shelf{number})" for number in range(len(shelves)))  # noqa: S608
        common = [condition, *([f"{above} < {most}"] if above else [])]
        if numbers is None:
            ranges = [_range(len(shelves), common, most)]
        elif condition.startswith(PINNED):
            ranges = [_range(len(shelves), [*common, of_numbers], most)]
        else:
            ranges = [_range(len(shelves), [*common, f"c.number_id = {place}"], most) for place in places]
        shelves.append(" UNION ALL ".join(ranges) or NOTHING)
    total = NUMBER_COUNTS
    if numbers is not None:
        total += f" AND number_id = ANY (ARRAY[{', '.join(places)}]::bigint[])"
    given = ", ".join(f"shelf{number} AS MATERIALIZED ({shelf})" for number, shelf in enumerate(shelves))
    keys = " UNION ALL ".join(f"SELECT * FROM shelf{number}" for number in range(len(shelves)))  # noqa: S608
    return f"""
        WITH {given}
        SELECT ({total}) AS total, ARRAY(
            SELECT conversation_json(c)::text FROM (
                SELECT * FROM ({keys}) AS ranges
                ORDER BY shelf, {ORDER} LIMIT {arguments.add(limit)} OFFSET {arguments.add(offset)}
            ) AS k JOIN conversations c ON c.company_id = $1 AND c.id = k.id
            ORDER BY k.shelf, k.last_activity_at DESC, k.id DESC) AS items
    """  # noqa: S608


def _shelves(unread_first: bool, pinned_first: bool) -> list[str]:
    """The condition of each shelf, from the top."""
    shelves = ["c.unread_count > 0", "c.unread_count = 0"] if unread_first else ["true"]
    if not pinned_first:
        return shelves
    return [f"{PINNED} AND {shelf}" for shelf in shelves] + [f"c.pinned_at IS NULL AND {shelf}" for shelf in shelves]


def _range(shelf: int, conditions: Sequence[str], most: str) -> str:
    return f"""(
        SELECT {shelf} AS shelf, c.id, c.last_activity_at FROM conversations c
        WHERE {" AND ".join([LIVE, *conditions])} ORDER BY c.last_activity_at DESC, c.id DESC LIMIT {most})
    """  # noqa: S608


def _narrow(
    arguments: Arguments, wanted: ConversationFilter, unread_first: bool, pinned_first: bool, limit: int, offset: int
) -> str:
    add = arguments.add
    conditions = [LIVE]
    if wanted.contact_id is not None:
        conditions.append(
            f"""c.id IN (SELECT conversation_id FROM conversation_contacts
                WHERE company_id = $1 AND contact_id = {add(wanted.contact_id)})"""  # noqa: S608
        )
    if wanted.search is not None:
        conditions.append(f"c.id IN ({_found(arguments, wanted.search)})")
    if wanted.numbers is not None:
        numbers = f"SELECT id FROM numbers WHERE company_id = $1 AND number = ANY ({add(list(wanted.numbers))}::text[])"  # noqa: S608
        conditions.append(f"c.number_id IN ({numbers})")
    shelf = ", ".join(
        ([f"({PINNED}) DESC"] if pinned_first else []) + (["(c.unread_count > 0) DESC"] if unread_first else [])
    )
    order = f"{shelf}, c.last_activity_at DESC, c.id DESC" if shelf else "c.last_activity_at DESC, c.id DESC"
    return f"""
        WITH matching AS MATERIALIZED (
            SELECT c.id, row_number() OVER (ORDER BY {order}) AS position FROM conversations c
            WHERE {" AND ".join(conditions)}
        )
        SELECT (SELECT count(*) FROM matching) AS total, ARRAY(
            SELECT conversation_json(c)::text FROM (
                SELECT * FROM matching ORDER BY position LIMIT {add(limit)} OFFSET {add(offset)}
            ) AS k JOIN conversations c ON c.company_id = $1 AND c.id = k.id ORDER BY k.position) AS items
    """  # noqa: S608


def _found(arguments: Arguments, search: str) -> str:
    """Conversations with a contact whose name or number begins so, or with a message that has all the words."""
    add = arguments.add
    beginning = f"{add(search.lower())}::text"
    contacts = [
        f"""SELECT id FROM contacts WHERE company_id = $1 AND lower({column}) ~>=~ {beginning}
            AND lower({column}) ~<~ ({beginning} || chr(1114111)) LIMIT {MAX_FOUND}"""  # noqa: S608
        for column in ("first_name", "last_name")
    ]
    for number in _beginnings(search):
        contacts.append(
            f"""SELECT id FROM contacts WHERE company_id = $1 AND number ~>=~ {add(number)}
                AND number ~<~ {add(number + ":")} LIMIT {MAX_FOUND}"""  # noqa: S608
        )
    given = " UNION ".join(f"({one})" for one in contacts)
    found = f"""SELECT conversation_id FROM conversation_contacts
        WHERE company_id = $1 AND contact_id IN ({given})"""  # noqa: S608
    if words := prefix_queries(search):
        found += f" UNION (WITH {message_hits(add(words))} SELECT conversation_id FROM hits)"  # noqa: S608
    return found


def _beginnings(search: str) -> list[str]:
    """What a stored number begins with when its typed beginning is this: with a country's prefix, or without."""
    typed = re.sub(r"[\s().-]", "", search)
    digits = typed.removeprefix("+")
    if len(digits) < 3 or not (digits.isascii() and digits.isdigit()):
        return []
    return [f"+{digits}"] if typed.startswith("+") else [f"+{digits}", f"+1{digits}", digits]
