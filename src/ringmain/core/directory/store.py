"""SQL of the directory."""

from typing import Final

import msgspec

from ringmain.core.directory.model import DirectoryContact
from ringmain.database.pool import Record

NAMES: Final = ("id", "company_id", "first_name", "last_name", "phone", "email", "profile", "created_at", "updated_at")
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


def contact_of(row: Record) -> DirectoryContact:
    """One row of `COLUMNS`."""
    return DirectoryContact(
        **{name: row[name] for name in NAMES if name != "profile"}, profile=msgspec.json.decode(row["profile"])
    )
