"""SQL of chats that go by an API (chats.py): their people, their numbers, their messages."""

from typing import Final

FILES: Final = """
coalesce((SELECT jsonb_agg(jsonb_build_object('id', f.id, 'name', f.name, 'mimetype', f.mimetype,
              'size', f.size, 'uploaded_at', f.uploaded_at) ORDER BY f.id)
          FROM (SELECT * FROM files WHERE company_id = $1 AND id = ANY ({ids}::bigint[])
              AND uploaded_at IS NOT NULL ORDER BY id FOR KEY SHARE) AS f), '[]')
"""

# Messages

# $9 when it was written, or NULL for now; $10 the type of the event
WRITE_DOWN: Final = f"""
WITH c AS (
    SELECT c.*, n.number, parties_json(c) AS parties, coalesce($9::timestamptz, now()) AS moment, (
        SELECT array_agg(k.number ORDER BY k.id)
        FROM unnest(c.contact_ids) AS one (id) JOIN contacts k ON k.company_id = c.company_id AND k.id = one.id
    ) AS theirs
    FROM conversations c JOIN numbers n ON n.company_id = c.company_id AND n.id = c.number_id
    WHERE c.company_id = $1 AND c.id = $2 AND c.deleted_at IS NULL FOR NO KEY UPDATE OF c
), attached AS MATERIALIZED (
    SELECT {FILES.format(ids="$8")} AS files
), made AS (
    INSERT INTO messages AS m (company_id, id, conversation_id, direction, state, text, sender, recipients, author_id,
        encoding, segments, files, read, activity, created_at)
    SELECT $1, CASE WHEN $9 IS NULL THEN new_id() ELSE past_id($9) END, c.id, $3,
        CASE $3 WHEN 'inbound' THEN 'received' ELSE 'sent' END, $4,
        CASE $3 WHEN 'inbound' THEN c.theirs[1] ELSE c.number END,
        CASE $3 WHEN 'inbound' THEN ARRAY[c.number] ELSE c.theirs END, $5, $6, $7, attached.files, true,
        $12::text::jsonb, c.moment
    FROM c, attached WHERE jsonb_array_length(attached.files) = cardinality($8::bigint[])
    ON CONFLICT (company_id, id) DO NOTHING
    RETURNING m.id, m AS message
), bumped AS (
    UPDATE conversations u SET updated_at = now(), message_count = u.message_count + 1,
        last_message_id = greatest(u.last_message_id, made.id),
        last_activity_at = CASE WHEN u.last_message_id IS NULL THEN c.moment
            ELSE greatest(u.last_activity_at, c.moment) END
    FROM made, c WHERE u.company_id = $1 AND u.id = c.id
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, $10, made.id, c.id, $11,
        jsonb_build_object('message', message_json(made.message), 'conversation', c.parties)
    FROM made, c
)
SELECT EXISTS (SELECT FROM c) AS conversation_known,
    (SELECT jsonb_array_length(files) FROM attached) = cardinality($8::bigint[]) AS files_known,
    (SELECT message_json(message)::text FROM made) AS message
"""

# A record of a call stays as it is.
EDIT: Final = """
WITH found AS MATERIALIZED (
    SELECT m.id, m.text, m.activity IS NOT NULL AS fixed, parties_json(c) AS parties
    FROM messages m
    JOIN conversations c ON c.company_id = m.company_id AND c.id = m.conversation_id AND c.deleted_at IS NULL
    WHERE m.company_id = $1 AND m.id = $2 AND m.deleted_at IS NULL FOR NO KEY UPDATE OF m
), changed AS (
    UPDATE messages m SET text = $3, encoding = $4, segments = $5, updated_at = now()
    FROM found WHERE m.company_id = $1 AND m.id = found.id AND found.text <> $3 AND NOT found.fixed
    RETURNING m.id, m.conversation_id, m AS message, found.parties
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'message.updated', id, conversation_id, $6,
        jsonb_build_object('message', message_json(message), 'conversation', parties, 'change', 'text')
    FROM changed
)
SELECT fixed FROM found
"""

FOR_FILING: Final = """
SELECT m.activity::text AS activity, m.direction FROM messages m
JOIN conversations c ON c.company_id = m.company_id AND c.id = m.conversation_id AND c.deleted_at IS NULL
WHERE m.company_id = $1 AND m.id = $2 AND m.deleted_at IS NULL AND m.activity IS NOT NULL FOR NO KEY UPDATE OF m
"""
FILE: Final = """
WITH changed AS (
    UPDATE messages m SET activity = $3::text::jsonb, text = $4, encoding = $5, segments = $6, updated_at = now()
    WHERE m.company_id = $1 AND m.id = $2
    RETURNING m.id, m.conversation_id, m AS message
)
INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
SELECT $1, 'message.updated', k.id, k.conversation_id, $7,
    jsonb_build_object('message', message_json(k.message), 'conversation', parties_json(c), 'change', 'text')
FROM changed k JOIN conversations c ON c.company_id = $1 AND c.id = k.conversation_id
"""

# $2 one of our numbers, or NULL. Whose alone a chat is: its last author's, while the trunk's time lasts.
OVERVIEW: Final = """
SELECT c.id, n.id AS number_id, n.number, n.extension_id AS line_of, c.last_activity_at AS active_at, (
        SELECT array_agg(k.number ORDER BY k.id)
        FROM unnest(c.contact_ids) AS one (id) JOIN contacts k ON k.company_id = c.company_id AND k.id = one.id
    ) AS theirs, (
        SELECT e.id FROM extensions e WHERE e.company_id = c.company_id AND e.person_id = held.author_id
        ORDER BY coalesce(e.id = ANY (t.extension_ids), false) DESC, e.instance_id, e.number LIMIT 1
    ) AS held_by
FROM conversations c
JOIN numbers n ON n.company_id = c.company_id AND n.id = c.number_id
LEFT JOIN trunks t ON t.company_id = n.company_id AND t.number_id = n.id
LEFT JOIN LATERAL (
    SELECT m.author_id FROM messages m
    WHERE m.company_id = c.company_id AND m.conversation_id = c.id AND m.deleted_at IS NULL
        AND m.direction = 'outbound' AND m.author_id IS NOT NULL
        AND m.id > id_at(now() - make_interval(secs => t.session_timeout))
    ORDER BY m.id DESC LIMIT 1
) held ON t.session_timeout > 0
WHERE c.company_id = $1 AND c.deleted_at IS NULL AND ($2::text IS NULL OR n.number = $2)
    AND c.last_activity_at >= $3 AND c.last_activity_at < $4
ORDER BY c.last_activity_at DESC, c.id DESC LIMIT $5
"""

CONVERSATION_OF: Final = "SELECT conversation_id FROM messages WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL"

# Submissions before their message, as carriers' outcomes are recorded. What waits for a carrier waits no longer.
MARK_DELIVERED: Final = """
WITH settled AS (
    UPDATE submissions SET state = 'delivered', due_at = NULL, error_code = NULL, error_text = NULL, updated_at = now()
    WHERE company_id = $1 AND message_id = $2 AND state IN ('queued', 'sending', 'sent', 'unknown')
    RETURNING 1
), found AS MATERIALIZED (
    SELECT m.id, parties_json(c) AS parties
    FROM messages m
    JOIN conversations c ON c.company_id = m.company_id AND c.id = m.conversation_id AND c.deleted_at IS NULL
    WHERE m.company_id = $1 AND m.id = $2 AND m.deleted_at IS NULL AND (SELECT count(*) FROM settled) >= 0
    FOR NO KEY UPDATE OF m
), changed AS (
    UPDATE messages m SET state = 'delivered', error_code = NULL, error_text = NULL, updated_at = now()
    FROM found WHERE m.company_id = $1 AND m.id = found.id AND m.state IN ('queued', 'sending', 'sent', 'unknown')
    RETURNING m.id, m.conversation_id, m AS message, found.parties
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'message.updated', id, conversation_id, $3,
        jsonb_build_object('message', message_json(message), 'conversation', parties)
    FROM changed
)
SELECT count(*) FROM found
"""

MARK_ALL_READ: Final = """
WITH c AS (
    SELECT id FROM conversations WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE
), changed AS (
    UPDATE messages m SET read = true, updated_at = now() FROM c
    WHERE m.company_id = $1 AND m.conversation_id = c.id AND NOT m.read AND m.deleted_at IS NULL
    RETURNING m.id
), bumped AS (
    UPDATE conversations u SET updated_at = now(), unread_count = u.unread_count - (SELECT count(*)::int FROM changed)
    FROM c WHERE u.company_id = $1 AND u.id = c.id AND EXISTS (SELECT FROM changed)
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'messages.read', $2, $2, $4, jsonb_build_object(
        'conversation_id', $2::bigint, 'message_ids', (SELECT jsonb_agg(id ORDER BY id) FROM changed), 'read', true,
        'person_id', $3::bigint, 'session', '', 'timezone', (SELECT timezone FROM companies WHERE id = $1))
    WHERE EXISTS (SELECT FROM changed)
)
SELECT count(*) FROM c
"""

TYPING: Final = """
WITH c AS (
    SELECT id FROM conversations WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'conversation.typing', id, id, $4, jsonb_build_object('conversation_id', id, 'on', $3::boolean) FROM c
)
SELECT count(*) FROM c
"""

# Also of one that was deleted
PARTIES: Final = """
SELECT c.contact_ids, n.number FROM conversations c
JOIN numbers n ON n.company_id = c.company_id AND n.id = c.number_id
WHERE c.company_id = $1 AND c.id = $2
"""

# People

CONTACT_COLUMNS: Final = "id, company_id, number, first_name, last_name, handle, email"
CONTACT: Final = f"SELECT {CONTACT_COLUMNS} FROM contacts WHERE company_id = $1 AND id = $2"
CONTACT_OF_HANDLE: Final = f"SELECT {CONTACT_COLUMNS} FROM contacts WHERE company_id = $1 AND handle = $2"
KNOW_CONTACT: Final = f"""
UPDATE contacts SET number = coalesce($3, number), handle = coalesce($4, handle), first_name = coalesce($5, first_name),
    last_name = coalesce($6, last_name), email = coalesce($7, email), updated_at = now()
WHERE company_id = $1 AND id = $2
RETURNING {CONTACT_COLUMNS}
"""

USER: Final = "e.id, e.number, e.name, e.person_id"
USER_BY_ID: Final = f"SELECT {USER} FROM extensions e WHERE company_id = $1 AND id = $2"
USER_BY_NUMBER: Final = f"""
SELECT {USER} FROM extensions e WHERE company_id = $1 AND number = $2 ORDER BY instance_id LIMIT 1
"""
USER_OF_PERSON: Final = f"""
SELECT {USER} FROM extensions e WHERE company_id = $1 AND person_id = $2 ORDER BY instance_id, number LIMIT 1
"""
# The extension whose line it is, or else one of its first owner who has any, or that it was given to
USER_OF_NUMBER: Final = f"""
SELECT {USER} FROM numbers n CROSS JOIN LATERAL (
    SELECT 0 AS place, e.* FROM extensions e WHERE e.company_id = n.company_id AND e.id = n.extension_id
    UNION ALL
    SELECT o.place, e.* FROM trunks t CROSS JOIN unnest(t.extension_ids) WITH ORDINALITY AS o (id, place)
    JOIN extensions e ON e.company_id = t.company_id AND e.id = o.id AND e.person_id IS NULL
    WHERE t.company_id = n.company_id AND t.number_id = n.id
    UNION ALL
    SELECT o.place, e.* FROM unnest(n.owner_emails) WITH ORDINALITY AS o (email, place)
    JOIN people p ON p.company_id = n.company_id AND lower(p.email) = o.email
    JOIN extensions e ON e.company_id = p.company_id AND e.person_id = p.id
) e
WHERE n.company_id = $1 AND n.id = $2 ORDER BY e.place, e.instance_id, e.number LIMIT 1
"""

# Numbers

# What an extension ($2) texts from: a number of its user's own, or that it was given; else one that is nobody's own;
# else its line
NUMBER_FOR: Final = """
SELECT n.number FROM extensions e
LEFT JOIN people p ON p.company_id = e.company_id AND p.id = e.person_id
JOIN numbers n ON n.company_id = e.company_id AND n.sms
LEFT JOIN trunks t ON t.company_id = n.company_id AND t.number_id = n.id
CROSS JOIN LATERAL (
    SELECT CASE WHEN p.id IS NULL THEN coalesce(e.id = ANY (t.extension_ids), false)
        ELSE lower(p.email) = ANY (n.owner_emails) END AS own,
        n.owner_emails = '{}' AND coalesce(t.extension_ids, '{}') = '{}' AND NOT n.line AS anybodys
) o
WHERE e.company_id = $1 AND e.id = $2 AND (o.own OR o.anybodys OR n.extension_id = e.id)
ORDER BY n.line, NOT o.own, n.id LIMIT 1
"""
# $3: its number, which another extension's line may have, on another PBX. One that was left by an extension is taken.
OPEN_LINE: Final = """
WITH left_over AS (
    UPDATE numbers SET extension_id = $2, updated_at = now()
    WHERE company_id = $1 AND number = $3 AND line AND extension_id IS NULL
    RETURNING id
)
INSERT INTO numbers (company_id, number, sms, mms, fax, voice, carrier, line, extension_id)
SELECT $1, CASE WHEN taken.id IS NULL THEN $3 ELSE $3 || '.' || $2::text END, true, true, false, false, $4, true, $2
FROM (SELECT 1) AS one LEFT JOIN numbers taken ON taken.company_id = $1 AND taken.number = $3
WHERE NOT EXISTS (SELECT FROM left_over)
ON CONFLICT DO NOTHING
"""
