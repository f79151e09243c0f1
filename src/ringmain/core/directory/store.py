"""SQL of the directory."""

from typing import Final

import msgspec

from ringmain.core.directory.model import DirectoryContact
from ringmain.database.pool import Record

NAMES: Final = (
    *("id", "company_id", "first_name", "last_name", "phone", "email", "profile", "created_at", "updated_at"),
    *("other_numbers", "instance_id", "blocked_at"),
)
COLUMNS: Final = ", ".join(NAMES)
CONTACT_COLUMNS: Final = ", ".join(f"d.{name}" for name in NAMES)

CREATE: Final = f"""
INSERT INTO directory_contacts (company_id, first_name, last_name, phone, email, profile)
VALUES ($1, $2, $3, $4, $5, $6::jsonb)
RETURNING {COLUMNS}
"""
GET: Final = f"SELECT {COLUMNS} FROM directory_contacts WHERE company_id = $1 AND id = $2"
# One row at least, so that the total is known past the last page too. Skipped rows are read from the index alone.
PAGE: Final = f"""
WITH page AS MATERIALIZED (
    SELECT id FROM directory_contacts WHERE company_id = $1 ORDER BY id LIMIT $2 OFFSET $3
)
SELECT counted.total, {CONTACT_COLUMNS}
FROM (
    SELECT coalesce((
        SELECT total FROM list_counts WHERE company_id = $1 AND list = 'directory_contacts' AND key = ''), 0) AS total
) AS counted LEFT JOIN (page JOIN directory_contacts d ON d.company_id = $1 AND d.id = page.id) ON true
ORDER BY d.id
"""
# What would leave nothing to tell the contact by is not written.
UPDATE: Final = f"""
UPDATE directory_contacts SET first_name = coalesce($3, first_name), last_name = coalesce($4, last_name),
    phone = coalesce($5, phone), email = coalesce($6, email),
    profile = merge_json(profile, coalesce($7::jsonb, '{{}}')), updated_at = now()
WHERE company_id = $1 AND id = $2
    AND coalesce($3, first_name) || coalesce($4, last_name) || coalesce($5, phone) || coalesce($6, email) <> ''
RETURNING {COLUMNS}
"""
DELETE: Final = f"DELETE FROM directory_contacts WHERE company_id = $1 AND id = $2 RETURNING {COLUMNS}"

# Lists of contacts

# $2: whether only those who are blocked
ALL: Final = f"""
SELECT {COLUMNS} FROM directory_contacts WHERE company_id = $1 AND (NOT $2 OR blocked_at IS NOT NULL) ORDER BY id
"""
GIVEN: Final = """ROWS FROM (
    jsonb_to_recordset($2::jsonb) AS (id bigint, first_name text, last_name text, phone text, email text, profile jsonb,
        other_numbers text[], instance_id bigint)
) WITH ORDINALITY AS g (id, first_name, last_name, phone, email, profile, other_numbers, instance_id, place)"""
# In the order in which they are given.
CREATE_ALL: Final = f"""
WITH given AS MATERIALIZED (
    SELECT g.*, new_id() AS new_id FROM (SELECT * FROM {GIVEN} ORDER BY place) AS g
), made AS (
    INSERT INTO directory_contacts (company_id, id, first_name, last_name, phone, email, profile, other_numbers,
        instance_id)
    SELECT $1, new_id, first_name, last_name, phone, email, profile, other_numbers, instance_id FROM given
    RETURNING {COLUMNS}
)
SELECT made.* FROM made JOIN given ON given.new_id = made.id ORDER BY given.place
"""
# All of them, or none: the caller counts. What is given of the profile takes the place of what there was, key by key.
REPLACE_ALL: Final = f"""
UPDATE directory_contacts d SET first_name = g.first_name, last_name = g.last_name, phone = g.phone, email = g.email,
    profile = merge_json(d.profile, g.profile), other_numbers = g.other_numbers, updated_at = now()
FROM {GIVEN}
WHERE d.company_id = $1 AND d.id = g.id
RETURNING d.id
"""
DELETE_ALL: Final = "DELETE FROM directory_contacts WHERE company_id = $1 AND id = ANY ($2::bigint[]) RETURNING id"
# $4: what is said about them, NULL for nothing new
BLOCK: Final = f"""
UPDATE directory_contacts SET blocked_at = CASE WHEN $3 THEN coalesce(blocked_at, now()) END, updated_at = now(),
    profile = CASE WHEN $4::text IS NULL THEN profile ELSE profile || jsonb_build_object('about', $4) END
WHERE company_id = $1 AND id = $2
RETURNING {COLUMNS}
"""
BY_NUMBER: Final = """
SELECT id FROM directory_contacts
WHERE company_id = $1 AND (phone = $2 OR blocked_at IS NOT NULL AND other_numbers || phone @> ARRAY[$2::text])
ORDER BY blocked_at IS NULL, id LIMIT 1
"""
# Held while somebody of this number is looked for and made, so that two callers make one.
LOCK_COMPANY: Final = "SELECT FROM companies WHERE id = $1 FOR NO KEY UPDATE"
BLOCKS: Final = """
SELECT EXISTS (
    SELECT FROM directory_contacts
    WHERE company_id = $1 AND blocked_at IS NOT NULL AND other_numbers || phone @> ARRAY[$2::text])
"""


def contact_of(row: Record) -> DirectoryContact:
    """One row of `COLUMNS`."""
    return DirectoryContact(
        **{name: row[name] for name in NAMES if name != "profile"}, profile=msgspec.json.decode(row["profile"])
    )
