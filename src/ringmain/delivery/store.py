"""SQL of the relay, of claims and of outcomes."""

from typing import Final

# Relay. The position's lock makes one relay of all; its row may be newer than the statement's snapshot, which does
# no harm: then the snapshot's events are behind it. The inner selects keep the scan in the order of events_log.
# $1: most events
RELAY: Final = """
WITH place AS MATERIALIZED (
    SELECT transaction_id, event_id FROM relay_position WHERE name = 'deliveries' FOR UPDATE SKIP LOCKED
), batch AS MATERIALIZED (
    SELECT v.transaction_id, v.id, v.company_id, v.type, v.order_key, v.payload
    FROM events v
    WHERE (v.transaction_id, v.id) > ((SELECT transaction_id FROM place), (SELECT event_id FROM place))
        AND v.transaction_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY v.transaction_id, v.id LIMIT $1
), made AS (
    INSERT INTO deliveries (event_id, subscription_id, company_id, endpoint_id, order_key)
    SELECT b.id, s.id, b.company_id, s.endpoint_id, CASE WHEN s.ordered THEN b.order_key END
    FROM batch b
    JOIN subscriptions s ON s.company_id = b.company_id AND b.type = ANY (s.event_types) AND b.payload @> s.filter
    JOIN endpoints e ON e.company_id = s.company_id AND e.id = s.endpoint_id
    WHERE (s.expires_at IS NULL OR s.expires_at > now()) AND e.state = 'active'
    ON CONFLICT DO NOTHING
    RETURNING 1
), moved AS (
    UPDATE relay_position p SET transaction_id = l.transaction_id, event_id = l.id
    FROM (SELECT transaction_id, id FROM batch ORDER BY transaction_id DESC, id DESC LIMIT 1) l
    WHERE p.name = 'deliveries'
)
SELECT (SELECT count(*) FROM batch) AS events, (SELECT count(*) FROM made) AS made,
    EXISTS (SELECT FROM events WHERE transaction_id >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS held,
    coalesce((SELECT transaction_id FROM place) > pg_current_xact_id()::text::bigint, false) AS restored
"""

# A position ahead of every transaction can only come from another cluster, and so do the events that are not
# younger than it or have numbers ahead too. What was relayed there gets transaction 0, before every position; what
# was not gets this transaction, and comes next. Events written here already keep their numbers, which are after 0.
REPAIR: Final = """
WITH place AS MATERIALIZED (
    SELECT transaction_id, event_id FROM relay_position
    WHERE name = 'deliveries' AND transaction_id > pg_current_xact_id()::text::bigint
    FOR UPDATE SKIP LOCKED
), renumbered AS (
    UPDATE events v
    SET transaction_id = CASE WHEN (v.transaction_id, v.id) > (p.transaction_id, p.event_id)
        THEN pg_current_xact_id()::text::bigint ELSE 0 END
    FROM place p
    WHERE v.transaction_id > pg_current_xact_id()::text::bigint
        OR (v.transaction_id > 0 AND v.id <= p.event_id)
)
UPDATE relay_position r SET transaction_id = 0, event_id = 9223372036854775807 FROM place WHERE r.name = 'deliveries'
"""

# Claims. `ready` steps through the index from endpoint to endpoint, however much each of them has pending.
# `open` are those that may be tried now; while one is backing off only one delivery probes it. Of ordered ones some
# more are looked at, because those behind an earlier one of the same key are set back until its lease or its wait
# ends; what ends one brings the next one of its key forward (FOLLOW).
# $1, $2: endpoints and how many of theirs are in flight here; $3: most in flight an endpoint; $4: most claimed now;
# $5: lease in seconds; $6: ordered ones looked at
CLAIM: Final = """
WITH RECURSIVE ready AS (
    (SELECT endpoint_id FROM deliveries WHERE due_at IS NOT NULL ORDER BY endpoint_id LIMIT 1)
    UNION ALL
    SELECT n.endpoint_id FROM ready r CROSS JOIN LATERAL (
        SELECT d.endpoint_id FROM deliveries d WHERE d.due_at IS NOT NULL AND d.endpoint_id > r.endpoint_id
        ORDER BY d.endpoint_id LIMIT 1
    ) n
), open AS MATERIALIZED (
    SELECT e.id, CASE WHEN e.blocked_until IS NULL THEN $3::int ELSE 1 END - coalesce(f.count, 0) AS room,
        EXISTS (SELECT FROM subscriptions s
            WHERE s.company_id = e.company_id AND s.endpoint_id = e.id AND s.ordered) AS ordered
    FROM ready r
    CROSS JOIN LATERAL (SELECT * FROM endpoints WHERE id = r.endpoint_id LIMIT 1) e
    LEFT JOIN unnest($1::bigint[], $2::int[]) AS f (endpoint_id, count) ON f.endpoint_id = e.id
    WHERE e.state = 'active' AND (e.blocked_until IS NULL OR e.blocked_until <= now())
        AND coalesce(f.count, 0) < CASE WHEN e.blocked_until IS NULL THEN $3::int ELSE 1 END
        AND EXISTS (SELECT FROM deliveries d WHERE d.endpoint_id = e.id AND d.due_at <= now())
), share AS MATERIALIZED (
    SELECT id, ordered, least(room, greatest(1, $4::int / count(*) OVER ()))::int AS room FROM open
    ORDER BY random() LIMIT $4
), candidate AS MATERIALIZED (
    SELECT s.id AS endpoint_id, s.room, c.* FROM share s CROSS JOIN LATERAL (
        SELECT d.event_id, d.subscription_id, d.order_key, d.due_at FROM deliveries d
        WHERE d.endpoint_id = s.id AND d.due_at <= now()
        ORDER BY d.due_at LIMIT CASE WHEN s.ordered THEN greatest(s.room, $6::int) ELSE s.room END
        FOR UPDATE SKIP LOCKED
    ) c
), judged AS MATERIALIZED (
    SELECT c.*, h.due_at AS behind FROM candidate c LEFT JOIN LATERAL (
        SELECT d.due_at FROM deliveries d
        WHERE c.order_key IS NOT NULL AND d.subscription_id = c.subscription_id AND d.order_key = c.order_key
            AND d.event_id < c.event_id AND d.due_at IS NOT NULL
        ORDER BY d.event_id LIMIT 1
    ) h ON true
), chosen AS MATERIALIZED (
    SELECT event_id, subscription_id FROM (
        SELECT *, row_number() OVER (PARTITION BY endpoint_id ORDER BY due_at, event_id) AS place
        FROM judged WHERE behind IS NULL
    ) j WHERE place <= room
), claimed AS (
    UPDATE deliveries d SET due_at = now() + make_interval(secs => $5), attempts = d.attempts + 1, updated_at = now()
    FROM chosen c WHERE d.event_id = c.event_id AND d.subscription_id = c.subscription_id
    RETURNING d.event_id, d.subscription_id, d.endpoint_id, d.order_key, d.attempts
), logged AS (
    INSERT INTO delivery_attempts (event_id, subscription_id, attempt)
    SELECT event_id, subscription_id, attempts FROM claimed ON CONFLICT DO NOTHING
), set_back AS (
    UPDATE deliveries d
    SET due_at = least(greatest(j.behind, now() + make_interval(secs => $5)), now() + interval '5 minutes')
    FROM judged j
    WHERE j.behind IS NOT NULL AND d.event_id = j.event_id AND d.subscription_id = j.subscription_id
    RETURNING 1
)
SELECT (SELECT count(*) FROM set_back) AS set_back, now() AS started_at,
    c.event_id, c.subscription_id, c.endpoint_id, c.order_key, c.attempts,
    e.company_id, v.type, v.subject_id, v.order_key AS event_order_key, v.origin, v.payload::text AS payload,
    e.face, e.name AS endpoint_name, e.options::text AS endpoint_options,
    e.url, e.secret, e.state, e.failures, e.last_success_at, e.last_failure_at, e.last_error,
    e.blocked_until, e.created_at, e.updated_at,
    s.id AS known_subscription, s.name, s.event_types, s.filter::text AS filter, s.options::text AS options, s.ordered,
    s.expires_at, s.created_at AS subscribed_at
FROM (SELECT) AS always
LEFT JOIN claimed c ON true
LEFT JOIN events v ON v.id = c.event_id
LEFT JOIN endpoints e ON e.id = c.endpoint_id
LEFT JOIN subscriptions s ON s.id = c.subscription_id
"""

# Outcomes. A lease may have passed and somebody else be trying: then only a success still counts.
# $1 to $9: outcomes (event, subscription, attempt, state, seconds to the next try, latency, status, error, response)
# $10 to $17: how endpoints fared (endpoint, succeeded, failures since, error, unreachable, hold in seconds, gone,
# when the earliest of the failed tries began)
# $18: back-off of an endpoint that cannot be reached, first; $19: longest; doubled by each probe that fails. What
# began before the last failure was known is not a probe: a burst that fails together counts once.
RECORD: Final = """
WITH outcome AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::text[], $5::float8[], $6::int[],
            $7::smallint[], $8::text[], $9::text[])
        AS o (event_id, subscription_id, attempt, state, delay, latency_ms, status, error, response)
), logged AS (
    UPDATE delivery_attempts a
    SET latency_ms = o.latency_ms, status = o.status, error = o.error, response = o.response
    FROM outcome o
    WHERE a.event_id = o.event_id AND a.subscription_id = o.subscription_id AND a.attempt = o.attempt
), settled AS (
    UPDATE deliveries d
    SET state = o.state, updated_at = now(),
        due_at = CASE WHEN o.state = 'pending' THEN now() + make_interval(secs => o.delay) END
    FROM outcome o
    WHERE d.event_id = o.event_id AND d.subscription_id = o.subscription_id
        AND ((d.state = 'pending' AND d.attempts = o.attempt) OR o.state = 'delivered')
)
UPDATE endpoints e SET
    failures = CASE WHEN h.succeeded THEN 0 ELSE e.failures END + h.failures,
    last_success_at = CASE WHEN h.succeeded THEN now() ELSE e.last_success_at END,
    last_failure_at = CASE WHEN h.failures = 0 OR (h.unreachable AND h.began < e.last_failure_at)
        THEN e.last_failure_at ELSE now() END,
    last_error = coalesce(h.error, e.last_error),
    blocked_until = CASE
        WHEN h.hold > 0 THEN greatest(e.blocked_until, now() + make_interval(secs => h.hold))
        WHEN e.blocked_until > now() OR (h.unreachable AND h.began < e.last_failure_at) THEN e.blocked_until
        WHEN NOT h.unreachable THEN NULL
        WHEN h.succeeded OR e.blocked_until IS NULL THEN now() + make_interval(secs => $18)
        ELSE now() + least(make_interval(secs => $19), 2 * (e.blocked_until - e.last_failure_at)) END,
    state = CASE WHEN h.gone THEN 'gone' ELSE e.state END,
    updated_at = CASE WHEN h.gone THEN now() ELSE e.updated_at END
FROM unnest($10::bigint[], $11::boolean[], $12::int[], $13::text[], $14::boolean[], $15::float8[], $16::boolean[],
        $17::timestamptz[])
    AS h (endpoint_id, succeeded, failures, error, unreachable, hold, gone, began)
WHERE e.id = h.endpoint_id AND NOT (h.succeeded AND h.failures = 0 AND e.failures = 0 AND e.blocked_until IS NULL
    AND coalesce(e.last_success_at > now() - interval '1 second', false))
"""
# The next one of each key whose first one is over: set back or not, it is due now, unless it is being tried. This must
# be a statement after the commit of RECORD, and must write even what looks due: a claim that still took the first one
# for pending either locked the next one before, and this waits and wins, or finds it due only after its own `now()`.
# A claim that took the next one meanwhile shows in `attempts`.
# $1, $2, $3: subscription, order key and event of those that are over
FOLLOW: Final = """
UPDATE deliveries d SET due_at = now()
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS f (subscription_id, order_key, event_id)
CROSS JOIN LATERAL (
    SELECT n.event_id, n.attempts FROM deliveries n
    WHERE n.subscription_id = f.subscription_id AND n.order_key = f.order_key AND n.event_id > f.event_id
        AND n.due_at IS NOT NULL
    ORDER BY n.event_id LIMIT 1
) n
WHERE d.event_id = n.event_id AND d.subscription_id = f.subscription_id AND d.due_at IS NOT NULL
    AND d.attempts = n.attempts AND NOT (d.due_at > now() AND EXISTS (SELECT FROM delivery_attempts a
        WHERE a.event_id = d.event_id AND a.subscription_id = d.subscription_id
            AND a.attempt = d.attempts AND a.latency_ms IS NULL))
"""
# After a 410. What is in flight elsewhere ends as it ends; upkeep does what a crash left undone (CANCEL_STRAYS).
CANCEL_ALL: Final = """
UPDATE deliveries SET state = 'cancelled', due_at = NULL, updated_at = now()
WHERE endpoint_id = ANY ($1::bigint[]) AND due_at IS NOT NULL
"""

# Upkeep

# Rows have their ids by this clock. A node's own that goes wrong would drop what is new.
NOW: Final = "SELECT now()"
LOCK_UPKEEP: Final = "SELECT pg_try_advisory_xact_lock($1)"
LOCK_PATIENCE: Final = "SELECT set_config('lock_timeout', $1, true)"
ENSURE_PARTITIONS: Final = "SELECT ensure_partitions($1)"
PARTITIONS: Final = """
SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent IN ('events'::regclass, 'deliveries'::regclass, 'delivery_attempts'::regclass) ORDER BY c.relname
"""
# The name comes from PARTITIONS and is made of small letters, digits and _.
DROP_PARTITION: Final = "DROP TABLE {}"
# What was relayed in the very moment in which its endpoint was deleted or went away.
CANCEL_STRAYS: Final = """
UPDATE deliveries d SET state = 'cancelled', due_at = NULL, updated_at = now()
WHERE d.due_at IS NOT NULL AND NOT EXISTS (SELECT FROM endpoints e WHERE e.id = d.endpoint_id AND e.state <> 'gone')
"""
