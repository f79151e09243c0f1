"""SQL of presence."""

from typing import Final

from ringmain.core.presence.model import Presence
from ringmain.database.pool import Record

# A status keeps its id and the moment when it was set while it is only set again.
SET: Final = """
WITH person AS (
    SELECT id, email FROM people WHERE company_id = $1 AND id = $2
), made AS (
    INSERT INTO presence AS p (company_id, person_id, status, set_by)
    SELECT $1, id, $3, $4 FROM person
    ON CONFLICT (company_id, person_id) DO UPDATE SET
        id = CASE p.status WHEN excluded.status THEN p.id ELSE excluded.id END,
        created_at = CASE p.status WHEN excluded.status THEN p.created_at ELSE excluded.created_at END,
        status = excluded.status, set_by = excluded.set_by, updated_at = now()
    RETURNING p.*
), shown AS (
    SELECT made.id, company_id, person_id, email, status, set_by, created_at, updated_at FROM made, person
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'presence.updated', person_id, person_id, $5, jsonb_build_object('presence', to_jsonb(shown))
    FROM shown
)
SELECT * FROM shown
"""

# $2: the people asked for, NULL for all
GET_MANY: Final = """
SELECT s.id, s.company_id, s.person_id, p.email, s.status, s.set_by, s.created_at, s.updated_at
FROM presence s JOIN people p ON p.company_id = s.company_id AND p.id = s.person_id
WHERE s.company_id = $1 AND ($2::bigint[] IS NULL OR s.person_id = ANY ($2))
ORDER BY s.person_id
"""


def presence_of(row: Record) -> Presence:
    """One row of either query."""
    return Presence(**dict(row.items()))
