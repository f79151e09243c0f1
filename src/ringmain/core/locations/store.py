"""SQL of locations."""

from typing import Final

import msgspec

from ringmain.core.locations.model import Location
from ringmain.database.pool import Record

COLUMNS: Final = "id, company_id, name, profile, created_at, updated_at"

CREATE: Final = f"""
INSERT INTO locations (company_id, name, profile) VALUES ($1, $2, $3::jsonb)
RETURNING {COLUMNS}
"""
LIST: Final = f"SELECT {COLUMNS} FROM locations WHERE company_id = $1 ORDER BY id"
GET: Final = f"SELECT {COLUMNS} FROM locations WHERE company_id = $1 AND id = $2"
UPDATE: Final = f"""
UPDATE locations SET name = coalesce($3, name), profile = profile || coalesce($4::jsonb, '{{}}'), updated_at = now()
WHERE company_id = $1 AND id = $2
RETURNING {COLUMNS}
"""
DELETE: Final = f"DELETE FROM locations WHERE company_id = $1 AND id = $2 RETURNING {COLUMNS}"


def location_of(row: Record) -> Location:
    """One row of `COLUMNS`."""
    return Location(
        id=row["id"],
        company_id=row["company_id"],
        name=row["name"],
        profile=msgspec.json.decode(row["profile"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
