"""SQL of messages; conversation_store.py and contact_store.py have the rest. Reads return the core's shapes."""

MESSAGE_COLUMNS = """
m.id, m.company_id, m.conversation_id, m.direction, m.state, m.text, m.sender, m.recipients, m.author_id,
m.reference, m.encoding, m.segments, m.files::text AS files, m.read, m.error_code, m.error_text,
m.activity::text AS activity,
m.created_at, m.updated_at
"""

MESSAGE = f"""
SELECT {MESSAGE_COLUMNS} FROM messages m
JOIN conversations c ON c.company_id = m.company_id AND c.id = m.conversation_id AND c.deleted_at IS NULL
WHERE m.company_id = $1 AND m.id = $2 AND m.deleted_at IS NULL
"""

MESSAGE_BY_REFERENCE = f"""
SELECT {MESSAGE_COLUMNS} FROM messages m WHERE company_id = $1 AND reference = $2
"""

# The page's first id is found in the index alone; the rows are then read from there on.
PAGE_OF_MESSAGES = f"""
SELECT {MESSAGE_COLUMNS}, c.message_count AS total, c.kind, y.timezone
FROM conversations c JOIN companies y ON y.id = c.company_id LEFT JOIN LATERAL (
    SELECT * FROM messages m
    WHERE m.company_id = c.company_id AND m.conversation_id = c.id AND m.deleted_at IS NULL
        AND ($3 = 0 OR m.id <= (
            SELECT id FROM messages
            WHERE company_id = c.company_id AND conversation_id = c.id AND deleted_at IS NULL
            ORDER BY id DESC OFFSET $3 LIMIT 1))
    ORDER BY m.id DESC LIMIT $4
) m ON true
WHERE c.company_id = $1 AND c.id = $2 AND c.deleted_at IS NULL
"""

# One row out for each row in, in order: `verdict` says what became of it. Conversations are locked in id order,
# so that two batches cannot wait for each other. The planner takes `good`, a boolean, for half of the rows; it would
# take `verdict = 'sent'` for one row, and compare each row of `made` with all of `checked`.
SEND = """
WITH input AS (
    SELECT * FROM unnest(
        $1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::smallint[], $10::text[], $11::boolean[])
    AS i (n, company_id, conversation_id, author_id, text, reference, file_ids, encoding, segments, origin, automatic)
), locked AS MATERIALIZED (
    SELECT c.company_id, c.id, c.number_id, num.number AS sender, num.sms, num.mms, num.carrier, k.recipients,
        k.by_handle,
        parties_shape(c.id, c.kind, c.number_id, num.number, k.contacts, y.timezone) AS parties
    FROM conversations c
    JOIN numbers num ON num.company_id = c.company_id AND num.id = c.number_id
    JOIN companies y ON y.id = c.company_id
    CROSS JOIN LATERAL (
        SELECT array_agg(k.number ORDER BY k.id) AS recipients, jsonb_agg(contact_json(k) ORDER BY k.id) AS contacts,
            array_agg(k.handle IS NOT NULL ORDER BY k.id) AS by_handle
        FROM unnest(c.contact_ids) AS one (id) JOIN contacts k ON k.company_id = c.company_id AND k.id = one.id
    ) k
    WHERE (c.company_id, c.id) IN (SELECT company_id, conversation_id FROM input) AND c.deleted_at IS NULL
    ORDER BY c.company_id, c.id FOR NO KEY UPDATE OF c
), target AS MATERIALIZED (
    SELECT i.*, new_id() AS id, c.id AS known_id, c.number_id, c.sender, c.sms, c.mms, c.carrier, c.recipients,
        c.by_handle, c.parties,
        CASE i.file_ids WHEN '{}' THEN '[]'::jsonb ELSE (
            SELECT coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'name', f.name, 'mimetype', f.mimetype,
                'size', f.size, 'uploaded_at', f.uploaded_at) ORDER BY f.id), '[]')
            FROM (
                SELECT * FROM files f WHERE f.company_id = i.company_id AND f.id = ANY (i.file_ids::bigint[])
                    AND f.uploaded_at IS NOT NULL ORDER BY f.id FOR KEY SHARE
            ) AS f) END AS files
    FROM input i
    LEFT JOIN locked c ON c.company_id = i.company_id AND c.id = i.conversation_id
), checked AS MATERIALIZED (
    SELECT t.*, o.contact_number AS opted_out, v.verdict, v.verdict = 'sent' AS good
    FROM target t LEFT JOIN LATERAL (
        SELECT contact_number FROM opt_outs o
        WHERE NOT t.automatic AND o.company_id = t.company_id AND o.number_id = t.number_id
            AND o.contact_number = ANY (t.recipients) LIMIT 1
    ) o ON true
    CROSS JOIN LATERAL (SELECT CASE
        WHEN t.known_id IS NULL THEN 'conversation'
        WHEN o.contact_number IS NOT NULL THEN 'opted_out'
        WHEN jsonb_array_length(t.files) <> cardinality(t.file_ids::bigint[]) THEN 'file'
        WHEN NOT t.sms OR (t.file_ids <> '{}' AND NOT t.mms) THEN 'number'
        ELSE 'sent' END AS verdict) v
), made AS (
    INSERT INTO messages AS m (company_id, id, conversation_id, direction, state, text, sender, recipients,
        author_id, reference, encoding, segments, files, read)
    SELECT company_id, id, conversation_id, 'outbound', 'queued', text, sender, recipients,
        author_id, reference, encoding, segments, files, true
    FROM checked WHERE good ORDER BY n
    ON CONFLICT (company_id, reference) WHERE reference IS NOT NULL DO NOTHING
    RETURNING m.id, m.company_id, m.conversation_id, m.created_at, message_json(m) AS message
), bumped AS (
    UPDATE conversations c SET last_message_id = b.id, last_activity_at = now(), updated_at = now(),
        message_count = c.message_count + b.n
    FROM (SELECT company_id, conversation_id, max(id) AS id, count(*)::int AS n FROM made GROUP BY 1, 2) b
    WHERE c.company_id = b.company_id AND c.id = b.conversation_id
), queued AS (
    INSERT INTO submissions (company_id, message_id, carrier, recipient)
    SELECT k.company_id, k.id,
        coalesce(k.carrier, CASE WHEN one.by_handle THEN 'relayed' END,
            (SELECT r.carrier FROM carrier_routes r WHERE starts_with(one.recipient, r.prefix)
             ORDER BY length(r.prefix) DESC LIMIT 1)),
        one.recipient
    FROM made JOIN checked k USING (company_id, id)
    CROSS JOIN unnest(k.recipients, k.by_handle) AS one (recipient, by_handle)
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT k.company_id, 'message.created', k.id, k.conversation_id, k.origin,
        jsonb_build_object('message', made.message, 'conversation', k.parties)
    FROM made JOIN checked k USING (company_id, id) ORDER BY k.n
)
SELECT CASE WHEN k.good AND made.id IS NULL THEN 'reference' ELSE k.verdict END AS verdict,
    k.opted_out, made.id, k.sender, k.recipients, k.files::text AS files, made.created_at
FROM checked k LEFT JOIN made ON made.company_id = k.company_id AND made.id = k.id
ORDER BY k.n
"""

COMPANY_OF = "SELECT company_id FROM numbers WHERE number = $1 AND NOT line"

# $3 the company, where it is known
FIND_PARTIES = """
SELECT n.company_id, n.id AS number_id, n.number, y.name AS company_name, k.id AS contact_id, c.id AS conversation_id,
    coalesce(t.opt_out, 'null')::text AS opt_out, coalesce(t.auto_replies, '[]')::text AS auto_replies
FROM numbers n
JOIN companies y ON y.id = n.company_id
LEFT JOIN trunks t ON t.company_id = n.company_id AND t.number_id = n.id
LEFT JOIN contacts k ON k.company_id = n.company_id AND k.number = $2
LEFT JOIN conversations c ON c.company_id = n.company_id AND c.number_id = n.id
    AND c.contact_ids = ARRAY[k.id] AND c.deleted_at IS NULL
WHERE n.number = $1 AND CASE WHEN $3::bigint IS NULL THEN NOT n.line ELSE n.company_id = $3 END
"""

# $11 when it was written, or NULL for now. What somebody blocked writes is kept as read, and rings nobody.
RECEIVE = """
WITH c AS (
    SELECT c.*, parties_json(c) AS parties FROM conversations c
    WHERE c.company_id = $1 AND c.id = $2 AND c.deleted_at IS NULL FOR NO KEY UPDATE OF c
), blocked AS MATERIALIZED (
    SELECT EXISTS (
        SELECT FROM directory_contacts
        WHERE company_id = $1 AND blocked_at IS NOT NULL AND other_numbers || phone @> ARRAY[$4::text]) AS so
), made AS (
    INSERT INTO messages AS m (company_id, id, conversation_id, direction, state, text, sender, recipients,
        encoding, segments, files, read, carrier, carrier_reference, created_at)
    SELECT $1, CASE WHEN $11::timestamptz IS NULL THEN new_id() ELSE past_id($11) END, $2, 'inbound', 'received', $3,
        $4, ARRAY[$5::text], $6, $7,
        coalesce((SELECT jsonb_agg(jsonb_build_object('id', f.id, 'name', f.name, 'mimetype', f.mimetype,
                      'size', f.size, 'uploaded_at', f.uploaded_at) ORDER BY f.id)
                  FROM (SELECT * FROM files WHERE company_id = $1 AND id = ANY ($8::bigint[])
                      AND uploaded_at IS NOT NULL ORDER BY id FOR KEY SHARE) AS f), '[]'),
        blocked.so, $9, $10, coalesce($11, now())
    FROM c, blocked
    ON CONFLICT (carrier, carrier_reference) WHERE carrier_reference IS NOT NULL DO NOTHING
    RETURNING m.id, m AS message
), bumped AS (
    UPDATE conversations u SET last_message_id = greatest(u.last_message_id, made.id), updated_at = now(),
        last_activity_at = greatest(u.last_activity_at, coalesce($11, now())),
        message_count = u.message_count + 1, unread_count = u.unread_count + CASE WHEN blocked.so THEN 0 ELSE 1 END
    FROM made, blocked WHERE u.company_id = $1 AND u.id = $2
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, CASE WHEN blocked.so THEN 'message.imported' ELSE 'message.created' END, made.id, $2, $9,
        jsonb_build_object('message', message_json(made.message), 'conversation', c.parties)
    FROM made, c, blocked
)
SELECT EXISTS (SELECT FROM c) AS conversation_known, (SELECT message_json(message)::text FROM made) AS message
"""

MESSAGE_BY_CARRIER_REFERENCE = f"""
SELECT {MESSAGE_COLUMNS} FROM messages m WHERE carrier = $1 AND carrier_reference = $2
"""

# $3 the text
SAID_BEFORE = """
SELECT count(*) FROM messages
WHERE company_id = $1 AND conversation_id = $2 AND id > id_at(now() - interval '1 hour') AND direction = 'outbound'
    AND text = $3
"""

# Messages are locked as well: what the conversation's lock was waited for has changed them since this began.
MARK_READ = f"""
WITH c AS (
    SELECT c.id FROM conversations c
    WHERE c.company_id = $1 AND c.id = $2 AND c.deleted_at IS NULL FOR NO KEY UPDATE OF c
), found AS MATERIALIZED (
    SELECT {MESSAGE_COLUMNS} FROM messages m, c
    WHERE m.company_id = $1 AND m.conversation_id = c.id AND m.id = ANY ($3::bigint[]) AND m.deleted_at IS NULL
    ORDER BY m.id FOR NO KEY UPDATE OF m
), changed AS (
    UPDATE messages m SET read = $4, updated_at = now() FROM found
    WHERE m.company_id = $1 AND m.id = found.id AND found.read <> $4
        AND (SELECT count(*) FROM found) = cardinality($3::bigint[])
    RETURNING {MESSAGE_COLUMNS}
), bumped AS (
    UPDATE conversations u SET updated_at = now(),
        unread_count = u.unread_count + CASE WHEN $4 THEN -1 ELSE 1 END * (SELECT count(*)::int FROM changed)
    FROM c WHERE u.company_id = $1 AND u.id = c.id AND EXISTS (SELECT FROM changed)
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'messages.read', $2, $2, $7, jsonb_build_object(
        'conversation_id', $2::bigint, 'message_ids', to_jsonb($3::bigint[]), 'read', $4::boolean,
        'person_id', $5::bigint, 'session', $6::text,
        'timezone', (SELECT timezone FROM companies WHERE id = $1))
    WHERE EXISTS (SELECT FROM changed)
)
SELECT * FROM changed
UNION ALL
SELECT * FROM found WHERE read = $4
"""

# Before DELETE_MESSAGES, which then sees what was written until now.
LOCK_CONVERSATION = """
SELECT FROM conversations WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE
"""

DELETE_MESSAGES = """
WITH c AS (
    SELECT c.id FROM conversations c
    WHERE c.company_id = $1 AND c.id = $2 AND c.deleted_at IS NULL FOR NO KEY UPDATE OF c
), found AS MATERIALIZED (
    SELECT m.id, m.read FROM messages m, c
    WHERE m.company_id = $1 AND m.conversation_id = c.id AND m.id = ANY ($3::bigint[]) AND m.deleted_at IS NULL
), gone AS (
    UPDATE messages m SET deleted_at = now(), updated_at = now() FROM found
    WHERE m.company_id = $1 AND m.id = found.id
        AND (SELECT count(*) FROM found) = cardinality($3::bigint[])
    RETURNING m.id, m.read
), bumped AS (
    UPDATE conversations u SET updated_at = now(),
        message_count = u.message_count - (SELECT count(*)::int FROM gone),
        unread_count = u.unread_count - (SELECT count(*)::int FROM gone WHERE NOT read),
        last_message_id = (
            SELECT m.id FROM messages m
            WHERE m.company_id = $1 AND m.conversation_id = $2 AND m.deleted_at IS NULL AND m.id <> ALL ($3::bigint[])
            ORDER BY m.id DESC LIMIT 1)
    FROM c WHERE u.company_id = $1 AND u.id = c.id AND EXISTS (SELECT FROM gone)
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'message.deleted', id, $2, $4, jsonb_build_object('message_id', id, 'conversation_id', $2::bigint)
    FROM gone ORDER BY id
)
SELECT EXISTS (SELECT FROM c) AS conversation_known, (SELECT count(*) FROM gone) AS gone
"""
