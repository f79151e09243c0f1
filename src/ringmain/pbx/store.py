"""SQL of the sandbox PBX."""

from typing import Final

SUBSCRIBERS: Final = """
SELECT number, state, call_status FROM sandbox_subscribers WHERE company_id = $1 AND instance_id = $2
"""
SET_SUBSCRIBER: Final = """
INSERT INTO sandbox_subscribers (company_id, instance_id, number, state, call_status) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (company_id, instance_id, number)
    DO UPDATE SET state = excluded.state, call_status = excluded.call_status
"""
QUEUES: Final = "SELECT status FROM sandbox_queues WHERE company_id = $1 AND instance_id = $2 ORDER BY number"
SET_QUEUE: Final = """
INSERT INTO sandbox_queues (company_id, instance_id, number, status) VALUES ($1, $2, $3, $4::jsonb)
ON CONFLICT (company_id, instance_id, number) DO UPDATE SET status = excluded.status
"""
