"""SQL of meetings. Lists are in listing.py."""

from typing import Final

RECORDINGS: Final = """
coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', r.id, 'file_id', r.file_id, 'name', coalesce(f.uploaded_name, f.name),
        'mimetype', coalesce(f.mimetype, ''), 'size', coalesce(f.size, 0), 'created_at', r.created_at) ORDER BY r.id)
    FROM meeting_recordings r JOIN files f ON f.company_id = r.company_id AND f.id = r.file_id
    WHERE r.company_id = m.company_id AND r.room = m.room), '[]')
"""
SHAPE: Final = f"(meeting_json(m) || jsonb_build_object('recordings', {RECORDINGS}))::text"

# `$2`: who wants to see it, by e-mail in lower case; '' sees all.
SEEN: Final = """
m.company_id = $1 AND EXISTS (
    SELECT FROM meeting_viewers v WHERE v.company_id = $1 AND v.meeting_id = m.id AND v.viewer = $2)
"""

GET: Final = f"SELECT {SHAPE} FROM meetings m WHERE {SEEN} AND m.id = $3"

# By room or by id: clients know meetings by either.
ROOM: Final = f"""
(SELECT m.room FROM meetings m WHERE {SEEN} AND m.room = $3 LIMIT 1)
UNION ALL
(SELECT m.room FROM meetings m WHERE {SEEN} AND m.id = $4)
"""

ROOM_RECORDINGS: Final = f"SELECT {RECORDINGS}::text FROM meetings m WHERE {SEEN} AND m.room = $3 LIMIT 1"

ADD_RECORDING: Final = """
WITH added AS (
    INSERT INTO meeting_recordings (company_id, room, file_id)
    SELECT m.company_id, m.room, f.id FROM meetings m
    JOIN files f ON f.company_id = m.company_id AND f.id = $3 AND f.uploaded_at IS NOT NULL
    WHERE m.company_id = $1 AND m.id = $2
    ON CONFLICT (company_id, room, file_id) DO UPDATE SET room = excluded.room
    RETURNING id, created_at
)
SELECT m.id IS NOT NULL AS meeting, f.id IS NOT NULL AS file,
    (SELECT jsonb_build_object('id', r.id, 'file_id', f.id, 'name', coalesce(f.uploaded_name, f.name),
        'mimetype', coalesce(f.mimetype, ''), 'size', coalesce(f.size, 0), 'created_at', r.created_at)
     FROM added r)::text AS recording
FROM (VALUES ($1::bigint)) AS company (id)
LEFT JOIN meetings m ON m.company_id = company.id AND m.id = $2
LEFT JOIN files f ON f.company_id = company.id AND f.id = $3 AND f.uploaded_at IS NOT NULL
"""

ORGANIZER: Final = """
SELECT p.id, p.email, p.owner, coalesce(p.timezone, y.timezone) AS timezone
FROM people p JOIN companies y ON y.id = p.company_id WHERE p.company_id = $1 AND p.id = $2
"""

CREATE: Final = """
WITH made AS (
    INSERT INTO meetings AS m (company_id, group_id, organizer_id, title, description, starts_at, ends_at, occurs_at,
        timezone, attendees, room, password, recurrence)
    SELECT $1, g.id, $2, $3, $4, t.starts_at, t.ends_at, t.starts_at, $7, $8::jsonb, $9, $10, $11::jsonb
    FROM (SELECT new_id() AS id OFFSET 0) AS g, unnest($5::timestamptz[], $6::timestamptz[]) AS t (starts_at, ends_at)
    RETURNING m AS meeting
), shown AS MATERIALIZED (
    SELECT meeting_json(meeting) AS meeting FROM made
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'meeting.created', (meeting ->> 'id')::bigint, (meeting ->> 'group_id')::bigint, $12,
        jsonb_build_object('meeting', meeting - 'password')
    FROM shown ORDER BY meeting ->> 'starts_at'
)
SELECT meeting::text FROM shown ORDER BY (meeting ->> 'starts_at')::timestamptz
"""

LOCK: Final = f"SELECT meeting_json(m)::text FROM meetings m WHERE {SEEN} AND m.id = $3 FOR NO KEY UPDATE"

UPDATE: Final = """
WITH changed AS (
    UPDATE meetings m SET title = $3, description = $4, starts_at = $5, ends_at = $6, attendees = $7::jsonb,
        password = $8, sequence = sequence + 1, updated_at = now()
    WHERE company_id = $1 AND id = $2
    RETURNING m AS meeting
), shown AS MATERIALIZED (
    SELECT meeting_json(meeting) AS meeting FROM changed
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'meeting.updated', (meeting ->> 'id')::bigint, (meeting ->> 'group_id')::bigint, $9,
        jsonb_build_object('meeting', meeting - 'password')
    FROM shown
)
SELECT 1
"""

LOCK_GROUP: Final = f"""
SELECT meeting_json(m)::text FROM meetings m WHERE {SEEN} AND m.group_id = $3 ORDER BY m.starts_at, m.id
FOR NO KEY UPDATE
"""

DELETE: Final = """
WITH gone AS (
    DELETE FROM meetings m WHERE company_id = $1 AND id = ANY ($2::bigint[]) RETURNING m AS meeting
), shown AS MATERIALIZED (
    SELECT meeting_json(meeting) AS meeting FROM gone
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'meeting.deleted', (meeting ->> 'id')::bigint, (meeting ->> 'group_id')::bigint, $3,
        jsonb_build_object('meeting', meeting - 'password')
    FROM shown ORDER BY meeting ->> 'starts_at'
)
SELECT count(*) FROM shown
"""
