"""SQL of locations."""

from typing import Final

import msgspec

from ringmain.core.locations.model import Location
from ringmain.database.pool import Record

# An instance may go; the place stays.
COLUMNS: Final = """
id, company_id, name, profile, created_at, updated_at, (
    SELECT i.uuid FROM instances i
    WHERE i.company_id = locations.company_id AND i.uuid = locations.instance_uuid AND i.deleted_at IS NULL
) AS instance_uuid
"""

CREATE: Final = f"""
INSERT INTO locations (company_id, name, profile, instance_uuid) VALUES ($1, $2, $3::jsonb, $4)
RETURNING {COLUMNS}
"""
HAS_INSTANCE: Final = "SELECT EXISTS (SELECT FROM instances WHERE company_id = $1 AND uuid = $2 AND deleted_at IS NULL)"
LIST: Final = f"SELECT {COLUMNS} FROM locations WHERE company_id = $1 ORDER BY id"
GET: Final = f"SELECT {COLUMNS} FROM locations WHERE company_id = $1 AND id = $2"
UPDATE: Final = f"""
UPDATE locations SET name = coalesce($3, name),
    profile = CASE WHEN $5 THEN merge_json(profile, coalesce($4::jsonb, '{{}}'))
        ELSE profile || coalesce($4::jsonb, '{{}}') END,
    instance_uuid = CASE WHEN $6 THEN $7 ELSE instance_uuid END, updated_at = now()
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
        instance_uuid=row["instance_uuid"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
