"""SQL of the sandbox PBX."""

from typing import Final

SUBSCRIBERS: Final = """
SELECT number, state, call_status, devices::text AS devices
FROM sandbox_subscribers WHERE company_id = $1 AND instance_id = $2
"""
STATE: Final = "SELECT state FROM sandbox_subscribers WHERE company_id = $1 AND instance_id = $2 AND number = $3"
SET_SUBSCRIBER: Final = """
INSERT INTO sandbox_subscribers (company_id, instance_id, number, state, call_status, devices)
VALUES ($1, $2, $3, $4, $5, $6::jsonb)
ON CONFLICT (company_id, instance_id, number)
    DO UPDATE SET state = excluded.state, call_status = excluded.call_status, devices = excluded.devices
"""
# Whose last device goes is not registered any more.
DROP_DEVICE: Final = """
UPDATE sandbox_subscribers s SET devices = rest.devices,
    state = CASE WHEN rest.devices = '[]' THEN 'UNREGISTERED' ELSE s.state END,
    call_status = CASE WHEN rest.devices = '[]' THEN 'idle' ELSE s.call_status END
FROM (
    SELECT coalesce(jsonb_agg(d) FILTER (WHERE d ->> 'reference' <> $4::text), '[]') AS devices
    FROM sandbox_subscribers o CROSS JOIN LATERAL jsonb_array_elements(o.devices) AS d
    WHERE o.company_id = $1 AND o.instance_id = $2 AND o.number = $3
) AS rest
WHERE s.company_id = $1 AND s.instance_id = $2 AND s.number = $3
"""
SILENCE: Final = "DELETE FROM sandbox_subscribers WHERE company_id = $1 AND instance_id = $2 AND number = $3"
QUEUES: Final = "SELECT status FROM sandbox_queues WHERE company_id = $1 AND instance_id = $2 ORDER BY number"
SET_QUEUE: Final = """
INSERT INTO sandbox_queues (company_id, instance_id, number, status) VALUES ($1, $2, $3, $4::jsonb)
ON CONFLICT (company_id, instance_id, number) DO UPDATE SET status = excluded.status
"""
