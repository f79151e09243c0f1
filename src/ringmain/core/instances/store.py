"""SQL of instances."""

from typing import Final

import msgspec

from ringmain.core.instances.model import Instance
from ringmain.database.pool import Record

NAMES: Final = (
    "id",
    "company_id",
    "uuid",
    "name",
    "adapter",
    "domain",
    "outbound_proxy",
    "settings",
    "profile",
    "created_at",
    "updated_at",
)
COLUMNS: Final = ", ".join(NAMES)

CREATE: Final = f"""
INSERT INTO instances (company_id, name, adapter, domain, outbound_proxy, settings, profile, uuid)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, coalesce($8::uuid, gen_random_uuid()))
RETURNING {COLUMNS}
"""
LIST: Final = f"SELECT {COLUMNS} FROM instances WHERE company_id = $1 AND deleted_at IS NULL ORDER BY id"
GET: Final = f"SELECT {COLUMNS} FROM instances WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL"
GET_BY_UUID: Final = f"SELECT {COLUMNS} FROM instances WHERE company_id = $1 AND uuid = $2 AND deleted_at IS NULL"
FIND_BY_NAME: Final = f"SELECT {COLUMNS} FROM instances WHERE company_id = $1 AND name = $2 AND deleted_at IS NULL"
UPDATE: Final = f"""
UPDATE instances SET domain = coalesce($3, domain), outbound_proxy = coalesce($4, outbound_proxy),
    settings = coalesce($5::jsonb, settings), profile = profile || coalesce($6::jsonb, '{{}}'), updated_at = now()
WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL
RETURNING {COLUMNS}
"""


def instance_of(row: Record) -> Instance:
    """One row of `COLUMNS`."""
    values = dict(row.items())
    for name in ("settings", "profile"):
        values[name] = msgspec.json.decode(values[name])
    return Instance(**values)
