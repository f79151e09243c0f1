"""SQL of the carriers' work list: claims, outcomes, receipts, parts of long inbound texts."""

# A claim is a lease: if its process dies, the lease runs out and the submission is claimed again, under the same id.
# `due_at` stays as it is, and with it all that is indexed: to lease writes no index, nor the message.
CLAIM = """
WITH due AS (
    SELECT company_id, message_id, id, state FROM submissions
    WHERE carrier = $1 AND due_at <= now() AND (leased_until IS NULL OR leased_until <= now())
    ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE submissions s SET state = 'sending', leased_until = now() + $3, attempts = s.attempts + 1, updated_at = now()
    FROM due WHERE s.company_id = due.company_id AND s.message_id = due.message_id AND s.id = due.id
    RETURNING s.id, s.company_id, s.message_id, s.carrier, s.recipient, s.attempts, s.created_at,
        due.state = 'sending' AS interrupted
)
SELECT c.id, c.company_id, c.message_id, c.carrier, c.recipient, c.attempts, c.created_at, c.interrupted,
    (SELECT n.company_id FROM numbers n WHERE n.number = c.recipient AND NOT n.line) AS recipient_company_id,
    m.sender, m.text, m.encoding, m.segments,
    ARRAY(SELECT (f ->> 'id')::bigint FROM jsonb_array_elements(m.files) f) AS file_ids
FROM claimed c JOIN messages m ON m.company_id = c.company_id AND m.id = c.message_id
ORDER BY c.id
"""

# $6 seconds until it is due again, NULL for never. A lease may have passed and somebody else be sending it: then it
# counts that the carrier took it, and nothing else does.
RECORD = """
UPDATE submissions s SET
    state = o.state, due_at = now() + o.seconds * interval '1 second', leased_until = NULL,
    error_code = o.error_code, error_text = o.error_text, parts = coalesce(o.parts, s.parts), updated_at = now()
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::smallint[], $6::float8[], $7::text[],
        $8::text[], $9::int[])
    AS o (company_id, message_id, id, state, parts, seconds, error_code, error_text, attempts)
WHERE s.company_id = o.company_id AND s.message_id = o.message_id AND s.id = o.id AND s.state IN ('sending', 'unknown')
    AND (s.attempts = o.attempts OR o.state IN ('sent', 'delivered'))
RETURNING s.company_id, s.message_id
"""

# A reference that a carrier gives out again belongs to the newer submission; an outcome may be recorded again.
RECORD_PARTS = """
INSERT INTO submission_parts (carrier, reference, company_id, message_id, submission_id)
SELECT DISTINCT ON (carrier, reference) carrier, reference, company_id, message_id, submission_id
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
    AS p (carrier, reference, company_id, message_id, submission_id)
ORDER BY carrier, reference
ON CONFLICT (carrier, reference) DO UPDATE SET
    company_id = EXCLUDED.company_id, message_id = EXCLUDED.message_id, submission_id = EXCLUDED.submission_id,
    created_at = now(),
    receipt = CASE WHEN coalesce(submission_parts.submission_id = EXCLUDED.submission_id, true)
        THEN submission_parts.receipt END,
    error_code = CASE WHEN coalesce(submission_parts.submission_id = EXCLUDED.submission_id, true)
        THEN submission_parts.error_code END
RETURNING company_id, message_id, submission_id, receipt
"""

RECORD_RECEIPTS = """
INSERT INTO submission_parts (carrier, reference, receipt, error_code)
SELECT DISTINCT ON (carrier, reference) carrier, reference, state, error_code
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS r (carrier, reference, state, error_code)
ORDER BY carrier, reference
ON CONFLICT (carrier, reference) DO UPDATE SET receipt = EXCLUDED.receipt, error_code = EXCLUDED.error_code
RETURNING company_id, message_id, submission_id
"""

# Delivered once every part is; failed as soon as one is.
SETTLE = """
UPDATE submissions s SET state = p.state, due_at = NULL, error_code = p.error_code, updated_at = now(),
    error_text = CASE p.state WHEN 'failed' THEN 'the carrier reports that it was not delivered' END
FROM (
    SELECT t.company_id, t.message_id, t.id,
        CASE WHEN bool_or(p.receipt = 'failed') THEN 'failed' ELSE 'delivered' END AS state,
        max(p.error_code) FILTER (WHERE p.receipt = 'failed') AS error_code,
        count(*) FILTER (WHERE p.receipt IS NOT NULL) AS received
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS t (company_id, message_id, id)
    JOIN submission_parts p ON p.company_id = t.company_id AND p.submission_id = t.id
    GROUP BY t.company_id, t.message_id, t.id
) p
WHERE s.company_id = p.company_id AND s.message_id = p.message_id AND s.id = p.id
    AND s.state IN ('sending', 'sent', 'unknown')
    AND (p.state = 'failed' OR p.received >= s.parts)
RETURNING s.company_id, s.message_id
"""

# Before REFRESH_MESSAGES, which then sees what came of the other recipients until now. In id order, so that two batches
# cannot wait for each other.
LOCK_MESSAGES = """
SELECT FROM messages WHERE (company_id, id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))
ORDER BY company_id, id FOR NO KEY UPDATE
"""

# A message is what its recipients' submissions are together; every change that a sender cares about is an event.
REFRESH_MESSAGES = """
WITH progress AS (
    SELECT s.company_id, s.message_id,
        CASE
            WHEN bool_and(s.state = 'delivered') THEN 'delivered'
            WHEN bool_and(s.state = 'failed') THEN 'failed'
            WHEN bool_or(s.state = 'unknown') THEN 'unknown'
            WHEN bool_or(s.state IN ('queued', 'sending')) THEN 'sending'
            ELSE 'sent'
        END AS state,
        max(s.error_code) AS error_code, max(s.error_text) AS error_text, max(s.carrier) AS carrier
    FROM submissions s
    WHERE (s.company_id, s.message_id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))
    GROUP BY s.company_id, s.message_id
), changed AS (
    UPDATE messages m SET state = p.state, error_code = p.error_code, error_text = p.error_text, updated_at = now()
    FROM progress p
    WHERE m.company_id = p.company_id AND m.id = p.message_id
        AND (m.state, m.error_code, m.error_text) IS DISTINCT FROM (p.state, p.error_code, p.error_text)
    RETURNING m.company_id, m.id, m.conversation_id, m.state, p.carrier, message_json(m) AS message
)
INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
SELECT k.company_id, 'message.updated', k.id, k.conversation_id, k.carrier,
    jsonb_build_object('message', k.message, 'conversation',
        parties_shape(c.id, c.kind, c.number_id, n.number, p.contacts, y.timezone))
FROM changed k
JOIN conversations c ON c.company_id = k.company_id AND c.id = k.conversation_id
JOIN numbers n ON n.company_id = c.company_id AND n.id = c.number_id
JOIN companies y ON y.id = c.company_id
CROSS JOIN LATERAL (
    SELECT jsonb_agg(contact_json(p) ORDER BY p.id) AS contacts
    FROM unnest(c.contact_ids) AS one (id) JOIN contacts p ON p.company_id = c.company_id AND p.id = one.id
) p
WHERE k.state IN ('sent', 'delivered', 'failed', 'unknown')
ORDER BY k.id
"""

# Parts come at the same time: one after the other, the last sees them all.
LOCK_PARTS = """
SELECT pg_advisory_xact_lock(hashtextextended(concat_ws('/', $1::text, $2::text, $3::text, $4::int, $5::int), 0))
"""

KEEP_PART = """
INSERT INTO inbound_parts (carrier, source, destination, reference, total, part, data_coding, payload)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING
"""

PARTS = """
SELECT part, data_coding, payload, received_at FROM inbound_parts
WHERE carrier = $1 AND source = $2 AND destination = $3 AND reference = $4 AND total = $5
ORDER BY part
"""

# Of a text that was whole it stays known what its parts were.
DROP_PARTS = """
WITH gone AS (
    DELETE FROM inbound_parts
    WHERE carrier = $1 AND source = $2 AND destination = $3 AND reference = $4 AND total = $5 AND part = ANY ($6)
    RETURNING part, payload
)
INSERT INTO joined_parts (carrier, source, destination, reference, total, digests)
SELECT $1, $2, $3, $4, $5, array_agg(sha256(payload) ORDER BY part) FROM gone HAVING count(*) = $5
ON CONFLICT (carrier, source, destination, reference, total) DO UPDATE SET digests = EXCLUDED.digests, joined_at = now()
"""

# Carriers soon send again what was not acknowledged; what comes later is told as it came.
CAME_BEFORE = """
SELECT coalesce(bool_and(
    sha256(p.payload) = j.digests[p.part] AND p.received_at < j.joined_at + interval '1 hour'), false)
FROM inbound_parts p JOIN joined_parts j USING (carrier, source, destination, reference, total)
WHERE p.carrier = $1 AND p.source = $2 AND p.destination = $3 AND p.reference = $4 AND p.total = $5
    AND p.part = ANY ($6)
"""

# Longer than any part waits.
FORGET_JOINED = "DELETE FROM joined_parts WHERE joined_at < now() - interval '2 days'"

PENDING_PARTS = """
SELECT source, destination, reference, total, min(received_at) AS first_at FROM inbound_parts
WHERE carrier = $1 GROUP BY source, destination, reference, total
"""

CARRIERS = "SELECT name, kind, settings::text AS settings FROM carriers ORDER BY name"
