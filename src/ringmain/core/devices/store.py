"""SQL of devices and registrations."""

from typing import Final

# Of an instance, by its id below zero: its own is the lock of those who wait for its PBX.
LOCK: Final = "SELECT pg_advisory_xact_lock($1)"
# What a PBX says: $3 is [{number, devices}], each with all devices that are registered. What is not among them is no
# longer; what is new, or comes from elsewhere, is registered anew. A device keeps its id.
OBSERVE: Final = """
WITH told AS (
    SELECT e.id AS extension_id, t.devices FROM jsonb_to_recordset($3::jsonb) AS t (number integer, devices jsonb)
    JOIN extensions e ON e.company_id = $1 AND e.instance_id = $2 AND e.number = t.number
), seen AS (
    SELECT DISTINCT ON (told.extension_id, d.reference) told.extension_id, d.reference,
        coalesce(d.user_agent, '') AS user_agent, coalesce(d.address, '') AS address, coalesce(d.push, false) AS push
    FROM told, jsonb_to_recordset(told.devices) AS d (reference text, user_agent text, address text, push boolean)
), fresh AS (
    SELECT seen.*, new_id() AS id FROM seen
    WHERE NOT EXISTS (
        SELECT FROM registrations r WHERE r.company_id = $1 AND r.extension_id = seen.extension_id
            AND r.unregistered_at IS NULL
            AND (r.reference, r.user_agent, r.address, r.push)
                = (seen.reference, seen.user_agent, seen.address, seen.push))
), closed AS (
    UPDATE registrations r SET unregistered_at = now() FROM told
    WHERE r.company_id = $1 AND r.extension_id = told.extension_id AND r.unregistered_at IS NULL
        AND NOT EXISTS (
            SELECT FROM seen WHERE seen.extension_id = r.extension_id
                AND (r.reference, r.user_agent, r.address, r.push)
                    = (seen.reference, seen.user_agent, seen.address, seen.push))
)
INSERT INTO registrations (company_id, id, extension_id, device_id, reference, user_agent, address, push)
SELECT $1, fresh.id, fresh.extension_id, coalesce(before.device_id, fresh.id), fresh.reference, fresh.user_agent,
    fresh.address, fresh.push
FROM fresh LEFT JOIN LATERAL (
    SELECT r.device_id FROM registrations r
    WHERE r.company_id = $1 AND r.extension_id = fresh.extension_id AND r.reference = fresh.reference
        AND NOT r.forgotten
    ORDER BY r.id DESC LIMIT 1
) AS before ON true
"""

# $2 an extension, or NULL for all. The last registration of each device.
DEVICES: Final = """
SELECT DISTINCT ON (extension_id, reference) device_id AS id, extension_id, reference, user_agent, address, push,
    unregistered_at IS NULL AS online, registered_at
FROM registrations r
WHERE company_id = $1 AND ($2::bigint IS NULL OR extension_id = $2) AND NOT forgotten
ORDER BY extension_id, reference, r.id DESC
"""
DEVICE: Final = """
SELECT reference FROM registrations
WHERE company_id = $1 AND extension_id = $2 AND device_id = $3 AND NOT forgotten LIMIT 1
"""
FORGET: Final = """
UPDATE registrations SET forgotten = true, unregistered_at = coalesce(unregistered_at, now())
WHERE company_id = $1 AND extension_id = $2 AND device_id = $3 AND NOT forgotten
"""
HISTORY: Final = """
SELECT id, device_id, user_agent, address, registered_at, unregistered_at FROM registrations
WHERE company_id = $1 AND extension_id = $2 AND registered_at < $4 AND coalesce(unregistered_at, 'infinity') >= $3
ORDER BY registered_at DESC, id DESC LIMIT $5
"""
