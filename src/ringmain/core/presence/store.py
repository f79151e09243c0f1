"""SQL of presence."""

from typing import Final

from ringmain.core.presence.model import Presence
from ringmain.database.pool import Record

# $3 NULL: the status stays, or is the first, `available`. $4: whether the additional status is set, to $5.
# A status keeps its id and the moment when it was set while it is only set again.
SET: Final = """
WITH person AS (
    SELECT id, email FROM people WHERE company_id = $1 AND id = $2
), made AS (
    INSERT INTO presence AS p (company_id, person_id, status, set_by, additional, additional_set_by)
    SELECT $1, id, coalesce($3, 'available'), $6, CASE WHEN $4 THEN $5 END,
        CASE WHEN $4 AND $5::text IS NOT NULL THEN $6 END
    FROM person
    ON CONFLICT (company_id, person_id) DO UPDATE SET
        id = CASE WHEN p.status = coalesce($3, p.status)
            AND (NOT $4 OR p.additional IS NOT DISTINCT FROM $5) THEN p.id ELSE excluded.id END,
        created_at = CASE WHEN p.status = coalesce($3, p.status)
            AND (NOT $4 OR p.additional IS NOT DISTINCT FROM $5) THEN p.created_at ELSE excluded.created_at END,
        status = coalesce($3, p.status), set_by = CASE WHEN $3::text IS NULL THEN p.set_by ELSE $6 END,
        additional = CASE WHEN $4 THEN $5 ELSE p.additional END,
        additional_set_by = CASE WHEN $4 THEN excluded.additional_set_by ELSE p.additional_set_by END,
        updated_at = now()
    RETURNING p.*
), shown AS (
    SELECT made.id, company_id, person_id, email, status, set_by, additional, additional_set_by, created_at, updated_at
    FROM made, person
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'presence.updated', person_id, person_id, $7, jsonb_build_object('presence', to_jsonb(shown))
    FROM shown
)
SELECT * FROM shown
"""

# $2: the people asked for, NULL for all who set one
GET_MANY: Final = """
SELECT s.id, s.company_id, s.person_id, p.email, s.status, s.set_by, s.additional, s.additional_set_by,
    s.created_at, s.updated_at
FROM presence s JOIN people p ON p.company_id = s.company_id AND p.id = s.person_id
WHERE s.company_id = $1 AND ($2::bigint[] IS NULL OR s.person_id = ANY ($2))
ORDER BY s.person_id
"""

# Who never set one is available.
OF_EACH: Final = """
SELECT coalesce(s.id, p.id) AS id, p.company_id, p.id AS person_id, p.email, coalesce(s.status, 'available') AS status,
    coalesce(s.set_by, 'default') AS set_by, s.additional, s.additional_set_by,
    coalesce(s.created_at, p.created_at) AS created_at, coalesce(s.updated_at, p.created_at) AS updated_at
FROM people p LEFT JOIN presence s ON s.company_id = p.company_id AND s.person_id = p.id
WHERE p.company_id = $1 AND p.id = ANY ($2::bigint[])
ORDER BY p.id
"""


def presence_of(row: Record) -> Presence:
    """One row of any of the queries."""
    return Presence(**dict(row.items()))
