"""SQL of contacts, and of searches for them: by the beginning of a name, or by digits from anywhere in the number.

What many match is found among the newest contacts; what few match, by its index: neither walks through all contacts.
"""

import re
from typing import Final

LONGEST: Final = 7
"""Digits that one entry of the index has (migration 0008)."""
PAIR: Final = 2
"""Digits that so many numbers have that the index is asked for them with each further digit in turn."""

CONTACT = """
SELECT id, company_id, number, first_name, last_name FROM contacts WHERE company_id = $1 AND id = $2
"""

CREATE_CONTACT = """
WITH made AS (
    INSERT INTO contacts (company_id, number, first_name, last_name) VALUES ($1, $2, $3, $4)
    ON CONFLICT (company_id, number) DO NOTHING
    RETURNING id, company_id, number, first_name, last_name
)
SELECT *, true AS created FROM made
UNION ALL
SELECT id, company_id, number, first_name, last_name, false FROM contacts
WHERE company_id = $1 AND number = $2 AND NOT EXISTS (SELECT FROM made)
"""

UPDATE_CONTACT = """
UPDATE contacts SET
    number = coalesce($3, number), first_name = coalesce($4, first_name), last_name = coalesce($5, last_name),
    updated_at = now()
WHERE company_id = $1 AND id = $2
RETURNING id, company_id, number, first_name, last_name
"""

COLUMNS: Final = "id, company_id, number, first_name, last_name"
NAMED: Final = "lower(first_name || ' ' || last_name) LIKE $4::text OR lower(last_name) LIKE $4"
# Digits have no case: to make ten thousand names lower-case takes longer than all else.
NUMBERED: Final = "number LIKE $6::text OR last_name LIKE $4::text OR first_name || ' ' || last_name LIKE $4"


def _search(near: str, *more: tuple[str, str]) -> str:
    """$2 limit, $3 lower-case beginning of a name, $4 a LIKE pattern of it, $5 its first word."""
    missing = "(SELECT count(*) FROM near) < $2 AND company_id = $1"
    by_index = [
        f"""SELECT {COLUMNS} FROM contacts
        WHERE {missing} AND lower(first_name) ~>=~ $5::text AND lower(first_name) ~<~ ($5 || chr(1114111))
            AND lower(first_name || ' ' || last_name) LIKE $4 LIMIT $2""",
        f"""SELECT {COLUMNS} FROM contacts
        WHERE {missing} AND lower(last_name) ~>=~ $3::text AND lower(last_name) ~<~ ($3 || chr(1114111)) LIMIT $2""",
        *(f"SELECT {COLUMNS} FROM {source} WHERE {missing} AND {condition} LIMIT $2" for source, condition in more),
    ]
    return f"""
    WITH newest AS MATERIALIZED (
        SELECT {COLUMNS} FROM contacts WHERE company_id = $1 ORDER BY id DESC LIMIT 10000
    ), near AS MATERIALIZED (
        SELECT * FROM newest WHERE {near} ORDER BY id DESC LIMIT $2
    ), by_index AS (
        {" UNION ALL ".join(f"({one})" for one in by_index)}
    )
    SELECT * FROM near UNION SELECT * FROM by_index ORDER BY id DESC LIMIT $2
    """


ALL: Final = f"SELECT {COLUMNS} FROM contacts WHERE company_id = $1 ORDER BY id DESC LIMIT $2"
BY_NAME: Final = _search(NAMED)
# $6 a LIKE pattern of the digits, $7 a tsquery of them. OFFSET 0 keeps other indexes away: how rare the digits are, the
# planner cannot know.
BY_DIGITS: Final = """(
    SELECT company_id, id, number, first_name, last_name FROM contacts
    WHERE contact_digits(company_id, number) @@ $7::tsquery OFFSET 0
) AS contacts"""
BY_NAME_OR_DIGITS: Final = _search(NUMBERED, (BY_DIGITS, "number LIKE $6"))


def _followed(query: str, by: str) -> str:
    """Those whose number goes on like that after the pair ($8) is in it for the first time: each is of one kind."""
    return f"""(
        SELECT {COLUMNS} FROM (
            SELECT {COLUMNS} FROM contacts WHERE contact_digits(company_id, number) @@ ({query})::tsquery OFFSET 0
        ) AS found WHERE strpos(number, $8::text) > 0 AND substr(number, strpos(number, $8) + {PAIR}, 1) {by})"""


# $7 the beginning of a tsquery. The parts are asked one after the other, until there are enough.
BY_PAIR: Final = " UNION ALL ".join(
    (
        *(_followed(f"$7::text || '{digit}'':*'", f"= '{digit}'") for digit in range(10)),
        _followed("$7 || ''':*'", "!~ '[0-9]'"),
    )
)
BY_NAME_OR_PAIR: Final = _search(NUMBERED, (f"({BY_PAIR}) AS contacts", "number LIKE $6"))


def statement(company_id: int, wanted: str, limit: int) -> tuple[str, tuple[object, ...]]:
    """The statement that finds them, newest first, and its values. No words find all."""
    if not wanted:
        return ALL, (company_id, limit)
    name = wanted.lower()
    arguments = (company_id, limit, name, f"{_like(name)}%", name.partition(" ")[0])
    digits = re.sub(r"[\s().-]", "", wanted).removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return BY_NAME, arguments
    if len(digits) == PAIR:
        return BY_NAME_OR_PAIR, (*arguments, f"%{digits}%", f"'{company_id}/{digits}", digits)
    return BY_NAME_OR_DIGITS, (*arguments, f"%{digits}%", _digits_query(company_id, digits))


def _like(text: str) -> str:
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def _digits_query(company_id: int, digits: str) -> str:
    """Of more than `LONGEST` digits it finds some numbers that do not have them, too."""
    if len(digits) < LONGEST:
        return f"'{company_id}/{digits}':*"
    parts = {digits[start : start + LONGEST] for start in range(len(digits) - LONGEST + 1)}
    return " & ".join(f"'{company_id}/{part}'" for part in sorted(parts))
