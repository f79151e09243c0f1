"""SQL of faxes. Lists are in listing.py, the work list in queue_store.py."""

from typing import Final

LIVE: Final = "f.company_id = $1 AND f.deleted_at IS NULL"

NOTED: Final = """
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT (fax ->> 'company_id')::bigint, {type}, (fax ->> 'id')::bigint, (fax ->> 'id')::bigint, {origin},
        jsonb_build_object('fax', fax)
    FROM shown
"""

GET: Final = f"SELECT fax_json(f)::text FROM faxes f WHERE {LIVE} AND f.id = $2"

# A fax number of the company, and the document with its length.
PREPARE: Final = """
SELECT
    (SELECT n.fax FROM numbers n WHERE n.company_id = $1 AND n.number = $2) AS faxes,
    (SELECT jsonb_build_object('id', f.id, 'name', coalesce(f.uploaded_name, f.name), 'mimetype', f.mimetype,
        'size', f.size) FROM files f WHERE f.company_id = $1 AND f.id = $3 AND f.uploaded_at IS NOT NULL)::text AS file
"""

SEND: Final = f"""
WITH made AS (
    INSERT INTO faxes AS f (company_id, direction, state, own_number, own_name, party_number, party_name, subject,
        emails, is_read, file_id, file, preview_id, tiff_id, pages, send_at, due_at, last_attempt, author_id)
    SELECT c.id, 'outbound', CASE WHEN $12::timestamptz IS NULL THEN 'queued' ELSE 'scheduled' END, $2, $3, $4, $5, $6,
        $7, true, ($8::jsonb ->> 'id')::bigint, $8, $9, $10, $11, $12, coalesce($12, now()), $13,
        (SELECT p.id FROM people p WHERE p.company_id = c.id AND p.id = $15)
    FROM companies c JOIN files d ON d.company_id = c.id AND d.id = ($8::jsonb ->> 'id')::bigint
    WHERE c.id = $1 FOR KEY SHARE OF d
    RETURNING f AS fax
), shown AS MATERIALIZED (SELECT fax_json(fax) AS fax FROM made), noted AS (
    {NOTED.format(type="'fax.created'", origin="$14")}
)
SELECT fax::text FROM shown
"""

# $3 the state in which this may be done, $11 the document if it changes: it must be there still.
CHANGE: Final = f"""
WITH document AS MATERIALIZED (
    SELECT d.id FROM files d WHERE d.company_id = $1 AND d.id = ($11::jsonb ->> 'id')::bigint FOR KEY SHARE
), old AS MATERIALIZED (
    SELECT ARRAY[f.file_id, f.preview_id, f.tiff_id] AS files FROM faxes f
    WHERE {LIVE} AND f.id = $2 AND f.state = $3 AND ($11::jsonb IS NULL OR EXISTS (SELECT FROM document))
    FOR NO KEY UPDATE
), changed AS (
    UPDATE faxes f SET own_number = coalesce($4, own_number), own_name = coalesce($5, own_name),
        party_number = coalesce($6, party_number), party_name = coalesce($7, party_name),
        subject = coalesce($8, subject), emails = coalesce($9, emails), send_at = coalesce($10, send_at),
        due_at = CASE state WHEN 'scheduled' THEN coalesce($10, send_at) END,
        file_id = coalesce(($11::jsonb ->> 'id')::bigint, file_id), file = coalesce($11, file),
        preview_id = coalesce($12, preview_id), tiff_id = coalesce($13, tiff_id), pages = coalesce($14, pages),
        pages_done = CASE WHEN $14::integer IS NULL THEN pages_done ELSE 0 END, updated_at = now()
    FROM old WHERE f.company_id = $1 AND f.id = $2
    RETURNING f AS fax
), shown AS MATERIALIZED (SELECT fax_json(fax) AS fax FROM changed), noted AS (
    {NOTED.format(type="'fax.updated'", origin="$15")}
)
SELECT shown.fax::text AS fax, old.files FROM shown, old
"""

RETRY: Final = f"""
WITH changed AS (
    UPDATE faxes f SET state = 'queued', due_at = now(), last_attempt = attempts + $3, round = round + 1,
        pages_done = 0, error_code = NULL, error_text = NULL, updated_at = now()
    WHERE {LIVE} AND f.id = $2 AND f.state = 'failed'
    RETURNING f AS fax
), shown AS MATERIALIZED (SELECT fax_json(fax) AS fax FROM changed), noted AS (
    {NOTED.format(type="'fax.updated'", origin="$4")}
)
SELECT fax::text FROM shown
"""

CHANGE_RECEIVED: Final = f"""
WITH found AS MATERIALIZED (
    SELECT f.id, f AS fax FROM faxes f WHERE {LIVE} AND f.id = $2 AND f.direction = 'inbound' FOR NO KEY UPDATE
), changed AS (
    UPDATE faxes f SET party_name = coalesce($3, party_name), own_name = coalesce($4, own_name),
        subject = coalesce($5, subject), is_read = coalesce($6, is_read), hidden = coalesce($7, hidden),
        updated_at = now()
    FROM found WHERE f.company_id = $1 AND f.id = found.id
        AND (party_name, own_name, subject, is_read, hidden) IS DISTINCT FROM (coalesce($3, party_name),
            coalesce($4, own_name), coalesce($5, subject), coalesce($6, is_read), coalesce($7, hidden))
    RETURNING f AS fax
), shown AS MATERIALIZED (SELECT fax_json(fax) AS fax FROM changed), noted AS (
    {NOTED.format(type="'fax.updated'", origin="$8")}
)
SELECT fax::text FROM shown
UNION ALL
SELECT fax_json(fax)::text FROM found WHERE NOT EXISTS (SELECT FROM changed)
"""

# One that is on the line goes on there, but nobody begins with it (again). $3: the folders to look in.
DELETE: Final = f"""
WITH gone AS (
    UPDATE faxes f SET deleted_at = now(), due_at = NULL, updated_at = now()
    WHERE {LIVE} AND f.id = $2 AND f.folder = ANY ($3::text[])
    RETURNING f AS fax
), shown AS MATERIALIZED (SELECT fax_json(fax) AS fax FROM gone), noted AS (
    {NOTED.format(type="'fax.deleted'", origin="$4")}
)
SELECT ARRAY[(fax).file_id, (fax).preview_id, (fax).tiff_id] FROM gone
"""

# Receiving

OWNER: Final = "SELECT company_id FROM numbers WHERE number = $1 AND fax"

BY_REFERENCE: Final = "SELECT fax_json(f)::text FROM faxes f WHERE f.company_id = $1 AND f.reference = $2"

RECEIVE: Final = f"""
WITH target AS (
    SELECT n.company_id, y.timezone, n.owner_emails,
        jsonb_build_object('id', d.id, 'name', d.uploaded_name, 'mimetype', d.mimetype, 'size', d.size) AS file,
        coalesce(nullif($4, ''), (SELECT nullif(btrim(k.first_name || ' ' || k.last_name), '') FROM contacts k
            WHERE k.company_id = $1 AND k.number = $3), '') AS party_name
    FROM numbers n
    JOIN companies y ON y.id = n.company_id
    JOIN files d ON d.company_id = n.company_id AND d.id = $6
    WHERE n.company_id = $1 AND n.number = $2 AND n.fax
), made AS (
    INSERT INTO faxes AS f (company_id, direction, state, own_number, own_name, party_number, party_name, subject,
        is_read, file_id, file, preview_id, pages, pages_done, reference, created_at)
    SELECT company_id, 'inbound', 'received', $2, '', $3, party_name, $5, false, $6, file, $7, $8, $8, $9,
        coalesce($10, now())
    FROM target
    ON CONFLICT (company_id, reference) WHERE reference IS NOT NULL DO NOTHING
    RETURNING f AS fax
), shown AS MATERIALIZED (SELECT fax_json(fax) AS fax FROM made), noted AS (
    {NOTED.format(type="'fax.received'", origin="$11")}
)
SELECT target.timezone, target.owner_emails, shown.fax::text AS fax,
    ARRAY(SELECT to_json(d.emails)::text FROM fax_destinations d WHERE d.company_id = $1 ORDER BY d.id)
        AS destinations
FROM target LEFT JOIN shown ON true
"""

# Destinations

CREATE_DESTINATION: Final = """
INSERT INTO fax_destinations (company_id, emails, key)
SELECT c.id, $2, $3 FROM companies c
WHERE c.id = $1 AND (SELECT count(*) FROM fax_destinations d WHERE d.company_id = $1) < $4
ON CONFLICT (company_id, key) DO NOTHING
RETURNING id, company_id, emails, created_at
"""

DESTINATION: Final = """
SELECT id, company_id, emails, created_at FROM fax_destinations WHERE company_id = $1 AND key = $2
"""

NUMBERS: Final = "SELECT number FROM numbers WHERE company_id = $1 AND fax ORDER BY id"

PREVIEW_OF: Final = """
SELECT preview_id FROM faxes
WHERE company_id = $1 AND ARRAY[file_id, preview_id, tiff_id] @> ARRAY[$2::bigint] AND file_id = $2
    AND deleted_at IS NULL
ORDER BY id DESC LIMIT 1
"""

STATISTICS: Final = """
SELECT folder, sum(total)::bigint AS total FROM fax_counts WHERE company_id = $1 GROUP BY folder
"""
