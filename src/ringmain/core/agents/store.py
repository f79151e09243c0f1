"""SQL of agents."""

from typing import Any, Final

import msgspec

from ringmain.core.agents.model import Agent
from ringmain.database.pool import Record

_behaviour: Final = msgspec.json.Decoder(dict[str, Any])

COLUMNS: Final = """
a.id, a.company_id, a.extension_id, e.instance_id, e.number, e.name, a.username, a.auth_name,
coalesce(nullif(e.data ->> 'secret', ''), e.secret) AS password, a.behaviour::text AS behaviour, a.created_at
"""
FROM: Final = """
FROM agents a JOIN extensions e ON e.company_id = a.company_id AND e.id = a.extension_id WHERE a.company_id = $1
"""
LIST: Final = f"SELECT {COLUMNS} {FROM} AND ($2::bigint IS NULL OR e.instance_id = $2) ORDER BY a.id"
GET: Final = f"SELECT {COLUMNS} {FROM} AND a.id = $2"
CREATE: Final = """
INSERT INTO agents (company_id, extension_id, username, auth_name, behaviour) VALUES ($1, $2, $3, $4, $5::jsonb)
RETURNING id
"""
UPDATE: Final = """
UPDATE agents SET username = coalesce($3, username), auth_name = coalesce($4, auth_name),
    behaviour = behaviour || $5::jsonb, updated_at = now()
WHERE company_id = $1 AND id = $2
"""


def agent_of(row: Record) -> Agent:
    """One row of `COLUMNS`."""
    return Agent(**{**dict(row.items()), "behaviour": _behaviour.decode(row["behaviour"])})
