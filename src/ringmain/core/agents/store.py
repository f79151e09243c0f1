"""SQL of agents."""

from typing import Any, Final

import msgspec

from ringmain.core.agents.model import Agent
from ringmain.core.extensions import store as extensions
from ringmain.database.pool import Record

_behaviour: Final = msgspec.json.Decoder(dict[str, Any])

SELECT: Final = f"""
SELECT a.id AS agent_id, a.behaviour::text AS behaviour, a.created_at AS agent_created_at, {extensions.COLUMNS}
FROM agents a JOIN extensions e ON e.company_id = a.company_id AND e.id = a.extension_id WHERE a.company_id = $1
"""
LIST: Final = f"{SELECT} AND ($2::bigint IS NULL OR e.instance_id = $2) ORDER BY a.id"
GET: Final = f"{SELECT} AND a.id = $2"
CREATE: Final = "INSERT INTO agents (company_id, extension_id, behaviour) VALUES ($1, $2, $3::jsonb) RETURNING id"
UPDATE: Final = """
UPDATE agents SET behaviour = behaviour || $3::jsonb, updated_at = now() WHERE company_id = $1 AND id = $2
"""


def agent_of(row: Record) -> Agent:
    """One row of `SELECT`."""
    extension = extensions.extension_of(row)
    return Agent(
        id=row["agent_id"],
        company_id=extension.company_id,
        extension=extension,
        behaviour=_behaviour.decode(row["behaviour"]),
        created_at=row["agent_created_at"],
    )
