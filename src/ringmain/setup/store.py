"""SQL of carriers and their routes, which belong to no company."""

from typing import Final

CARRIER: Final = "SELECT kind, settings FROM carriers WHERE name = $1"
SET_CARRIER: Final = """
INSERT INTO carriers (name, kind, settings) VALUES ($1, $2, $3::jsonb)
ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, settings = excluded.settings, updated_at = now()
"""
ROUTE: Final = "SELECT carrier FROM carrier_routes WHERE prefix = $1"
SET_ROUTE: Final = """
INSERT INTO carrier_routes (prefix, carrier) VALUES ($1, $2)
ON CONFLICT (prefix) DO UPDATE SET carrier = excluded.carrier
"""
# Two `apply` at once would each find the other's things missing.
LOCK: Final = "SELECT pg_advisory_xact_lock($1)"
LOCK_NUMBER: Final = 0x72696E69
