"""SQL of people."""

from typing import Final

import msgspec

from ringmain.core.people.model import Person
from ringmain.database.pool import Record

NAMES: Final = (
    "id",
    "company_id",
    "email",
    "first_name",
    "last_name",
    "owner",
    "active",
    "timezone",
    "profile",
    "last_login_at",
    "created_at",
    "updated_at",
)
COLUMNS: Final = ", ".join(NAMES)
PERSON_COLUMNS: Final = ", ".join(f"person.{name}" for name in NAMES)

CREATE: Final = f"""
INSERT INTO people (company_id, email, first_name, last_name, owner, active, timezone, password_hash, profile)
VALUES ($1, $2, $3, $4, $5, $6, nullif($7, ''), $8, $9::jsonb)
RETURNING {COLUMNS}
"""
GET: Final = f"SELECT {COLUMNS} FROM people WHERE company_id = $1 AND id = $2"
FIND_BY_EMAIL: Final = f"SELECT {COLUMNS} FROM people WHERE company_id = $1 AND lower(email) = lower($2)"
OWNER: Final = f"SELECT {COLUMNS} FROM people WHERE company_id = $1 AND owner"
# One row at least, so that the total is known past the last page too.
PAGE: Final = f"""
WITH matching AS MATERIALIZED (
    SELECT * FROM people
    WHERE company_id = $1 AND ($2::text IS NULL OR lower(first_name) = lower($2))
        AND ($3::text IS NULL OR lower(email) = lower($3))
), page AS (
    SELECT * FROM matching ORDER BY id LIMIT $4 OFFSET $5
)
SELECT counted.total, {PERSON_COLUMNS}
FROM (SELECT count(*) AS total FROM matching) AS counted LEFT JOIN page AS person ON true
ORDER BY person.id
"""
# Numbers know their owners by e-mail, so a new e-mail goes there too.
UPDATE: Final = f"""
WITH old AS (
    SELECT lower(email) AS email FROM people WHERE company_id = $1 AND id = $2
), numbers_follow AS (
    UPDATE numbers SET owner_emails = array_replace(owner_emails, old.email, lower($3)), updated_at = now()
    FROM old
    WHERE numbers.company_id = $1 AND $3::text IS NOT NULL AND lower($3) <> old.email
        AND old.email = ANY (numbers.owner_emails)
)
UPDATE people SET email = coalesce($3, people.email), first_name = coalesce($4, first_name),
    last_name = coalesce($5, last_name), active = coalesce($6, active),
    timezone = CASE WHEN $7::text IS NULL THEN timezone ELSE nullif($7, '') END,
    profile = profile || coalesce($8::jsonb, '{{}}'), updated_at = now()
WHERE company_id = $1 AND id = $2
RETURNING {COLUMNS}
"""
RESIGN_OWNER: Final = "UPDATE people SET owner = false, updated_at = now() WHERE company_id = $1 AND owner"
MAKE_OWNER: Final = f"""
UPDATE people SET owner = true, updated_at = now() WHERE company_id = $1 AND id = $2 AND active
RETURNING {COLUMNS}
"""
DELETE: Final = f"""
WITH gone AS (
    DELETE FROM people WHERE company_id = $1 AND id = $2 AND NOT owner
    RETURNING {COLUMNS}
), numbers_follow AS (
    UPDATE numbers SET owner_emails = array_remove(owner_emails, lower(gone.email)), updated_at = now()
    FROM gone
    WHERE numbers.company_id = $1 AND lower(gone.email) = ANY (numbers.owner_emails)
)
SELECT {COLUMNS} FROM gone
"""


def person_of(row: Record) -> Person:
    """One row of `COLUMNS`."""
    return Person(
        id=row["id"],
        company_id=row["company_id"],
        email=row["email"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        owner=row["owner"],
        active=row["active"],
        timezone=row["timezone"],
        profile=msgspec.json.decode(row["profile"]),
        last_login_at=row["last_login_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
