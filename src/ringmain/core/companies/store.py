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
INSERT INTO companies (name, key, country, timezone, profile) VALUES ($1, $2, $3, $4, $5::jsonb)
RETURNING {COLUMNS}
"""
GET: Final = f"SELECT {COLUMNS} FROM companies WHERE id = $1"
GET_BY_KEY: Final = f"SELECT {COLUMNS} FROM companies WHERE key = $1"
LIST_ALL: Final = f"SELECT {COLUMNS} FROM companies ORDER BY id"
UPDATE: Final = f"""
UPDATE companies SET name = coalesce($2, name), timezone = coalesce($3, timezone), country = coalesce($4, country),
    profile = CASE WHEN $6 THEN merge_json(profile, coalesce($5::jsonb, '{{}}'))
        ELSE profile || coalesce($5::jsonb, '{{}}') END, updated_at = now()
WHERE id = $1
RETURNING {COLUMNS}
"""
DELETE: Final = "DELETE FROM companies WHERE id = $1 RETURNING id"


def company_of(row: Record) -> Company:
    """One row of `COLUMNS`."""
    values = dict(row.items())
    for name in ("profile", "params"):
        values[name] = msgspec.json.decode(values[name])
    return Company(**values)
