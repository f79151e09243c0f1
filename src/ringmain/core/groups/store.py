"""SQL of groups."""

from typing import Final

from ringmain.core.extensions.standing import COLUMNS, PRESENCE

LIST: Final = "SELECT group_json(g)::text FROM groups g WHERE company_id = $1 ORDER BY instance_id, number"
GET: Final = "SELECT group_json(g)::text FROM groups g WHERE company_id = $1 AND id = $2"
FIND: Final = """
SELECT group_json(g)::text FROM groups g
WHERE company_id = $1 AND number = $2 AND ($3::bigint IS NULL OR instance_id = $3) ORDER BY id LIMIT 2
"""
INSTANCES: Final = "SELECT id FROM instances WHERE company_id = $1 AND deleted_at IS NULL LIMIT 2"
# Extensions and groups of an instance share their numbers, and the lock of extensions' store.
LOCK: Final = "SELECT pg_advisory_xact_lock($1)"
# $3 number, $4 the group or NULL, $5 members' numbers
POSSIBLE: Final = """
SELECT
    EXISTS (SELECT FROM extensions WHERE company_id = $1 AND instance_id = $2 AND number = $3)
    OR EXISTS (SELECT FROM groups WHERE company_id = $1 AND instance_id = $2 AND number = $3
        AND id IS DISTINCT FROM $4::bigint) AS number_taken,
    (SELECT array_agg(e.id ORDER BY m.position) FROM unnest($5::integer[]) WITH ORDINALITY AS m (number, position)
        JOIN extensions e ON e.company_id = $1 AND e.instance_id = $2 AND e.number = m.number) AS members,
    EXISTS (SELECT FROM instances WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL) AS instance_there
"""
IS_EXTENSION: Final = """
SELECT EXISTS (SELECT FROM extensions WHERE company_id = $1 AND instance_id = $2 AND number::text = $3)
"""
CREATE: Final = """
INSERT INTO groups (company_id, instance_id, number, name, strategy, ring_s, otherwise, otherwise_to, tags)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING id
"""
UPDATE: Final = """
UPDATE groups SET number = $3, name = $4, strategy = $5, ring_s = $6, otherwise = $7, otherwise_to = $8, tags = $9,
    updated_at = now()
WHERE company_id = $1 AND id = $2
"""
FORGET_MEMBERS: Final = "DELETE FROM group_members WHERE company_id = $1 AND group_id = $2"
SET_MEMBERS: Final = """
INSERT INTO group_members (company_id, group_id, position, extension_id)
SELECT $1, $2, m.position, m.id FROM unnest($3::bigint[]) WITH ORDINALITY AS m (id, position)
"""
NOTED: Final = """
INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
SELECT company_id, $3, id, id, $4, jsonb_build_object('group', group_json(g)) FROM groups g
WHERE company_id = $1 AND id = $2
RETURNING (payload->'group')::text
"""
DELETE: Final = "DELETE FROM groups WHERE company_id = $1 AND id = $2"

STANDINGS: Final = f"""
SELECT {COLUMNS},
    coalesce(nullif(trim(p.first_name || ' ' || p.last_name), ''), e.name) AS name, coalesce(p.email, '') AS email
FROM group_members m
JOIN extensions e ON e.company_id = m.company_id AND e.id = m.extension_id
LEFT JOIN people p ON p.company_id = e.company_id AND p.id = e.person_id
{PRESENCE}
WHERE m.company_id = $1 AND m.group_id = $2 ORDER BY m.position
"""
