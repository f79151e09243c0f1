"""SQL of endpoints, subscriptions and of what their owners see and do about deliveries."""

from typing import Any, Final

import msgspec

from ringmain.core.subscriptions.model import Attempt, Delivery, Destination, Endpoint, Subscription
from ringmain.database.pool import Record

# Endpoints

# Held while a company's endpoint of a face is looked for and made, so that two callers make one.
LOCK_COMPANY: Final = "SELECT id FROM companies WHERE id = $1 FOR NO KEY UPDATE"
CREATE_ENDPOINT: Final = """
INSERT INTO endpoints (company_id, face, url, secret, name, options)
SELECT c.id, $2, $3, $4, $5, $6::text::jsonb FROM companies c WHERE c.id = $1
RETURNING *
"""
GET_ENDPOINT: Final = "SELECT * FROM endpoints WHERE company_id = $1 AND id = $2"
GET_ENDPOINT_OF_FACE: Final = "SELECT * FROM endpoints WHERE company_id = $1 AND face = $2 ORDER BY id LIMIT 1"
LIST_ENDPOINTS: Final = """
SELECT * FROM endpoints WHERE $1::bigint IS NULL OR company_id = $1 ORDER BY company_id, id
"""
LIST_ENDPOINTS_OF_FACE: Final = "SELECT * FROM endpoints WHERE company_id = $1 AND face = $2 ORDER BY id"
# A new address or a new start forgets how the old one fared.
UPDATE_ENDPOINT: Final = """
UPDATE endpoints SET
    url = coalesce($3, url), state = coalesce($4, state), secret = coalesce($5, secret),
    name = coalesce($6, name), options = options || coalesce($7::text::jsonb, '{}'),
    failures = CASE WHEN $3 <> url OR $4 = 'active' THEN 0 ELSE failures END,
    blocked_until = CASE WHEN $3 <> url OR $4 = 'active' THEN NULL ELSE blocked_until END,
    updated_at = now()
WHERE company_id = $1 AND id = $2
RETURNING *
"""
DELETE_ENDPOINT: Final = "DELETE FROM endpoints WHERE company_id = $1 AND id = $2 RETURNING id"

# Subscriptions

SUBSCRIBE: Final = """
INSERT INTO subscriptions (company_id, endpoint_id, name, event_types, filter, options, ordered, expires_at)
SELECT company_id, id, $3, $4::text[], $5::text::jsonb, $6::text::jsonb, $7::boolean, $8::timestamptz
FROM endpoints WHERE company_id = $1 AND id = $2
RETURNING *
"""
GET_SUBSCRIPTION: Final = "SELECT * FROM subscriptions WHERE company_id = $1 AND id = $2"
LIST_SUBSCRIPTIONS: Final = """
SELECT s.* FROM subscriptions s JOIN endpoints e ON e.company_id = s.company_id AND e.id = s.endpoint_id
WHERE s.company_id = $1 AND ($2::text IS NULL OR e.face = $2) ORDER BY s.id
"""
# Held while the endpoint's subscriptions are compared and changed.
LOCK_ENDPOINT: Final = "SELECT id FROM endpoints WHERE company_id = $1 AND id = $2 FOR NO KEY UPDATE"
SUBSCRIPTIONS_OF_ENDPOINT: Final = "SELECT * FROM subscriptions WHERE company_id = $1 AND endpoint_id = $2 ORDER BY id"
# By any endpoint that is not gone; subscriptions to what comes in are not meant.
TELLS_OF_SENT: Final = """
SELECT EXISTS (
    SELECT FROM subscriptions s JOIN endpoints e ON e.company_id = s.company_id AND e.id = s.endpoint_id
    WHERE s.company_id = $1 AND $2 = ANY (s.event_types) AND e.state <> 'gone'
        AND (s.expires_at IS NULL OR s.expires_at > now())
        AND NOT s.filter @> '{"message": {"direction": "inbound"}}')
"""
UNSUBSCRIBE: Final = "DELETE FROM subscriptions WHERE company_id = $1 AND id = $2 RETURNING *"

# Deliveries

# $3: of this subscription only; NULL for all of the endpoint
CANCEL: Final = """
UPDATE deliveries SET state = 'cancelled', due_at = NULL, updated_at = now()
WHERE company_id = $1 AND endpoint_id = $2 AND due_at IS NOT NULL AND ($3::bigint IS NULL OR subscription_id = $3)
"""
# WITH TIES: an event's deliveries are never parted by a page's end, because pages are parted by events.
DELIVERIES: Final = """
SELECT d.event_id, d.subscription_id, d.company_id, d.endpoint_id, coalesce(p.name, '') AS endpoint_name,
    coalesce(e.type, '') AS event_type, d.state, d.due_at, d.attempts, d.updated_at
FROM deliveries d LEFT JOIN events e ON e.id = d.event_id
LEFT JOIN endpoints p ON p.company_id = d.company_id AND p.id = d.endpoint_id
WHERE d.company_id = $1 AND ($2::text IS NULL OR d.state = $2) AND ($3::bigint IS NULL OR d.endpoint_id = $3)
    AND ($4::bigint IS NULL OR d.subscription_id = $4) AND ($5::bigint IS NULL OR d.event_id < $5)
ORDER BY d.event_id DESC FETCH FIRST $6 ROWS WITH TIES
"""
DELIVERY: Final = """
SELECT d.event_id, d.subscription_id, d.company_id, d.endpoint_id, coalesce(p.name, '') AS endpoint_name,
    coalesce(e.type, '') AS event_type, d.state, d.due_at, d.attempts, d.updated_at
FROM deliveries d LEFT JOIN events e ON e.id = d.event_id
LEFT JOIN endpoints p ON p.company_id = d.company_id AND p.id = d.endpoint_id
WHERE d.company_id = $1 AND d.event_id = $2 AND d.subscription_id = $3
"""
ATTEMPTS: Final = """
SELECT attempt, started_at, latency_ms, status, error, response FROM delivery_attempts
WHERE event_id = $1 AND subscription_id = $2 ORDER BY attempt
"""
# One that is being tried right now is left alone: its lease keeps others from sending it a second time. A claim that
# comes between shows in `attempts`.
RESEND: Final = """
WITH again AS (
    UPDATE deliveries d SET state = 'pending', due_at = now(), updated_at = now()
    FROM deliveries seen
    WHERE d.company_id = $1 AND d.event_id = $2 AND d.subscription_id = $3
        AND seen.event_id = $2 AND seen.subscription_id = $3 AND d.attempts = seen.attempts
        AND NOT (d.due_at > now() AND EXISTS (SELECT FROM delivery_attempts a
            WHERE a.event_id = d.event_id AND a.subscription_id = d.subscription_id
                AND a.attempt = d.attempts AND a.latency_ms IS NULL))
    RETURNING d.*
)
SELECT d.event_id, d.subscription_id, d.company_id, d.endpoint_id, coalesce(p.name, '') AS endpoint_name,
    coalesce(e.type, '') AS event_type, d.state, d.due_at, d.attempts, d.updated_at
FROM again d LEFT JOIN events e ON e.id = d.event_id
LEFT JOIN endpoints p ON p.company_id = d.company_id AND p.id = d.endpoint_id
"""
RECOVER: Final = """
WITH again AS (
    UPDATE deliveries d SET state = 'pending', due_at = now(), updated_at = now()
    FROM endpoints e, subscriptions s
    WHERE d.company_id = $1 AND d.event_id >= $2 AND d.state IN ('dead', 'cancelled')
        AND ($3::bigint IS NULL OR d.endpoint_id = $3)
        AND e.company_id = d.company_id AND e.id = d.endpoint_id AND e.state <> 'gone'
        AND s.company_id = d.company_id AND s.id = d.subscription_id
    RETURNING 1
)
SELECT count(*) FROM again
"""
REPLAY_MISSING: Final = """
WITH made AS (
    INSERT INTO deliveries (event_id, subscription_id, company_id, endpoint_id, order_key)
    SELECT v.id, s.id, s.company_id, s.endpoint_id, CASE WHEN s.ordered THEN v.order_key END
    FROM events v
    JOIN subscriptions s ON s.company_id = v.company_id AND v.type = ANY (s.event_types) AND v.payload @> s.filter
    JOIN endpoints e ON e.company_id = s.company_id AND e.id = s.endpoint_id
    WHERE v.company_id = $1 AND v.id >= $2 AND ($3::bigint IS NULL OR s.id = $3)
        AND (s.expires_at IS NULL OR s.expires_at > now()) AND e.state <> 'gone'
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM made
"""
# $3: the subscription id that stands for none; $4: the event's type; $5: its payload
TEST: Final = """
WITH noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, payload)
    SELECT company_id, $4, id, id, $5::text::jsonb FROM endpoints WHERE company_id = $1 AND id = $2
    RETURNING id, company_id, type, subject_id
)
INSERT INTO deliveries (event_id, subscription_id, company_id, endpoint_id)
SELECT id, $3, company_id, subject_id FROM noted
RETURNING event_id, subscription_id, company_id, endpoint_id, $4::text AS event_type,
    (SELECT name FROM endpoints WHERE company_id = $1 AND id = $2) AS endpoint_name,
    state, due_at, attempts, updated_at
"""


def endpoint_of(row: Record) -> Endpoint:
    """A row of endpoints; the secret and the options stay behind."""
    return Endpoint(**{field: row[field] for field in Endpoint.__struct_fields__})


def destination_of(row: Record) -> Destination:
    """A row of endpoints with its options; the secret stays behind."""
    fields = {field: row[field] for field in Endpoint.__struct_fields__}
    return Destination(**fields, options=msgspec.json.decode(row["options"]))


def subscription_of(row: Record) -> Subscription:
    """A row of subscriptions."""
    fields: dict[str, Any] = dict(row.items())
    fields["filter"] = msgspec.json.decode(fields["filter"])
    fields["options"] = msgspec.json.decode(fields["options"])
    return Subscription(**fields)


def delivery_of(row: Record) -> Delivery:
    """A row of deliveries beside its event's type, empty when the event has outlived its retention."""
    return Delivery(**dict(row.items()))


def attempt_of(row: Record) -> Attempt:
    """A row of delivery_attempts."""
    return Attempt(**dict(row.items()))
