"""SQL of voicemail. Lists are in listing.py."""

from typing import Final

LIVE: Final = "v.company_id = $1 AND v.deleted_at IS NULL"

GET: Final = f"SELECT voicemail_json(v)::text FROM voicemails v WHERE {LIVE} AND v.id = $2"

# Whom a voicemail may be for: an extension by id, by number, or one of a person's, in one instance or in any.
TARGETS: Final = """
SELECT e.id, e.instance_id FROM extensions e
WHERE e.company_id = $1 AND ($2::bigint IS NULL OR e.instance_id = $2)
    AND CASE WHEN $3::integer IS NOT NULL THEN e.number = $3 ELSE e.person_id = $4 END
ORDER BY e.purpose = 'unassigned', e.number, e.id LIMIT 2
"""

BY_REFERENCE: Final = """
SELECT voicemail_json(v)::text FROM voicemails v
JOIN extensions e ON e.company_id = v.company_id AND e.instance_id = v.instance_id
WHERE v.company_id = $1 AND e.id = $2 AND v.reference = $3
"""

RECEIVE: Final = """
WITH target AS (
    SELECT e.company_id, e.instance_id, i.uuid, e.id, e.number, coalesce(e.data ->> 'voicemail_email', '') AS email,
        coalesce(e.data ->> 'voicemail_options', '') AS options, y.timezone, f.id AS file_id,
        jsonb_build_object('id', f.id, 'name', f.uploaded_name, 'mimetype', f.mimetype, 'size', f.size) AS file,
        coalesce(nullif($5, ''),
            (SELECT nullif(s.name, '') FROM extensions s
             WHERE s.company_id = $1 AND s.instance_id = e.instance_id AND s.number::text = $4),
            (SELECT nullif(btrim(k.first_name || ' ' || k.last_name), '') FROM contacts k
             WHERE k.company_id = $1 AND k.number = $4),
            $4) AS source_name
    FROM extensions e
    JOIN instances i ON i.company_id = e.company_id AND i.id = e.instance_id
    JOIN companies y ON y.id = e.company_id
    JOIN files f ON f.company_id = e.company_id AND f.id = $3 AND f.uploaded_at IS NOT NULL
    WHERE e.company_id = $1 AND e.id = $2
), made AS (
    INSERT INTO voicemails AS v (company_id, instance_id, instance_uuid, extension_id, extension_number, source_number,
        source_name, received_at, file_id, file, duration_s, transcription, email, reference)
    SELECT company_id, instance_id, uuid, id, number, $4, source_name, coalesce($6, now()), file_id, file, $7, $8,
        email, $9
    FROM target
    ON CONFLICT (company_id, instance_id, reference) WHERE reference IS NOT NULL DO NOTHING
    RETURNING v AS voicemail
), shown AS MATERIALIZED (
    SELECT voicemail_json(voicemail) AS voicemail FROM made
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'voicemail.created', (voicemail ->> 'id')::bigint, $2, $10, jsonb_build_object('voicemail', voicemail)
    FROM shown
)
SELECT target.timezone, target.options, shown.voicemail::text AS voicemail FROM target LEFT JOIN shown ON true
"""

# All or none: `known` is how many of the ids there are.
SET_LISTENED: Final = f"""
WITH found AS MATERIALIZED (
    SELECT v.id, v.listened, v AS voicemail FROM voicemails v WHERE {LIVE} AND v.id = ANY ($2::bigint[])
    ORDER BY v.id FOR NO KEY UPDATE
), changed AS (
    UPDATE voicemails v SET listened = $3, updated_at = now() FROM found
    WHERE v.company_id = $1 AND v.id = found.id AND found.listened <> $3
        AND (SELECT count(*) FROM found) = cardinality($2::bigint[])
    RETURNING v AS voicemail
), shown AS MATERIALIZED (
    SELECT voicemail_json(voicemail) AS voicemail FROM changed
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'voicemail.updated', (voicemail ->> 'id')::bigint,
        coalesce(voicemail ->> 'extension_id', voicemail ->> 'id')::bigint, $4,
        jsonb_build_object('voicemail', voicemail)
    FROM shown ORDER BY 3
)
SELECT voicemail::text FROM shown
UNION ALL
SELECT voicemail_json(voicemail)::text FROM found WHERE listened = $3
"""

DELETE: Final = f"""
WITH found AS MATERIALIZED (
    SELECT v.id FROM voicemails v WHERE {LIVE} AND v.id = ANY ($2::bigint[]) ORDER BY v.id FOR NO KEY UPDATE
), gone AS (
    UPDATE voicemails v SET deleted_at = now(), updated_at = now() FROM found
    WHERE v.company_id = $1 AND v.id = found.id AND (SELECT count(*) FROM found) = cardinality($2::bigint[])
    RETURNING v AS voicemail
), shown AS MATERIALIZED (
    SELECT voicemail_json(voicemail) AS voicemail FROM gone
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'voicemail.deleted', (voicemail ->> 'id')::bigint,
        coalesce(voicemail ->> 'extension_id', voicemail ->> 'id')::bigint, $3,
        jsonb_build_object('voicemail', voicemail)
    FROM shown ORDER BY 3
)
SELECT (voicemail ->> 'id')::bigint AS id, (voicemail -> 'file' ->> 'id')::bigint AS file_id FROM shown
"""
