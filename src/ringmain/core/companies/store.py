"""SQL of companies."""

from typing import Final

import msgspec

from ringmain.core.companies.model import Company
from ringmain.database.pool import Record

NAMES: Final = (
    *("id", "account_id", "name", "key", "domain", "blocked", "country", "timezone", "profile"),
    *("region", "package_id", "admin_login", "params", "created_at", "updated_at"),
)
COLUMNS: Final = ", ".join(NAMES)

CREATE: Final = f"""
INSERT INTO companies (name, key, country, timezone, profile, account_id, domain, region, package_id, admin_login,
    admin_password_hash, params)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11, $12::jsonb)
RETURNING {COLUMNS}
"""
GET: Final = f"SELECT {COLUMNS} FROM companies WHERE id = $1"
GET_BY_KEY: Final = f"SELECT {COLUMNS} FROM companies WHERE key = $1"
LIST_ALL: Final = f"SELECT {COLUMNS} FROM companies ORDER BY id"
UPDATE: Final = f"""
UPDATE companies SET name = coalesce($2, name), timezone = coalesce($3, timezone), country = coalesce($4, country),
    domain = coalesce($7, domain), profile = CASE WHEN $6 THEN merge_json(profile, coalesce($5::jsonb, '{{}}'))
        ELSE profile || coalesce($5::jsonb, '{{}}') END, updated_at = now()
WHERE id = $1
RETURNING {COLUMNS}
"""
UPDATE_NOTES: Final = f"""
UPDATE companies SET name = coalesce($2, name), package_id = coalesce($3, package_id),
    admin_login = coalesce($4, admin_login), admin_password_hash = coalesce($5, admin_password_hash),
    params = params || coalesce($6::jsonb, '{{}}'), updated_at = now()
WHERE id = $1
RETURNING {COLUMNS}
"""
SET_BLOCKED: Final = f"UPDATE companies SET blocked = $2, updated_at = now() WHERE id = $1 RETURNING {COLUMNS}"
ACTIVITY_SUBJECTS: Final = "SELECT activity_subjects FROM companies WHERE id = $1"
SET_ACTIVITY_SUBJECTS: Final = """
UPDATE companies SET activity_subjects = $2::text[], updated_at = now() WHERE id = $1 RETURNING id
"""
DELETE: Final = "SELECT delete_company($1)"
# $2 and $3: ids between which events were made
EVENTS: Final = """
SELECT id, type, subject_id, origin FROM events WHERE company_id = $1 AND id >= $2 AND id < $3 ORDER BY id LIMIT $4
"""


def company_of(row: Record) -> Company:
    """One row of `COLUMNS`."""
    values = dict(row.items())
    for name in ("profile", "params"):
        values[name] = msgspec.json.decode(values[name])
    return Company(**values)
