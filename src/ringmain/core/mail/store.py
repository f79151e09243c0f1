"""SQL of mail: a work list like the carriers' (core/texting/submission_store.py)."""

from typing import Final

QUEUE: Final = """
WITH made AS (
    INSERT INTO mails (company_id, recipients, pending, subject, text, reply_to, calendar_method, calendar)
    SELECT c.id, $2, $2, $3, $4, $5, $6, $7 FROM companies c WHERE c.id = $1
    RETURNING company_id, id
), attached AS (
    INSERT INTO mail_attachments (company_id, mail_id, position, name, mimetype, file_id, content)
    SELECT made.company_id, made.id, a.* FROM made, unnest($8::smallint[], $9::text[], $10::text[], $11::bigint[],
        $12::bytea[]) AS a
)
SELECT id FROM made
"""

# A claim is a lease: if its process dies, `due_at` passes and the mail is claimed again, under the same Message-ID.
CLAIM: Final = """
WITH due AS (
    SELECT company_id, id FROM mails WHERE due_at <= now() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE mails m SET state = 'sending', due_at = now() + $2, attempts = m.attempts + 1, updated_at = now()
FROM due WHERE m.company_id = due.company_id AND m.id = due.id
RETURNING m.company_id, m.id, m.recipients, m.pending, m.subject, m.text, m.reply_to, m.calendar_method, m.calendar,
    m.attempts, m.created_at
"""

ATTACHMENTS: Final = """
SELECT a.name, a.mimetype, a.file_id, a.content, f.size, f.uploaded_at IS NOT NULL AS readable
FROM mail_attachments a LEFT JOIN files f ON f.company_id = a.company_id AND f.id = a.file_id
WHERE a.company_id = $1 AND a.mail_id = $2 ORDER BY a.position
"""

# Only the claim that is still the latest one says what became of it. What will not be sent again needs no contents.
RECORD: Final = """
WITH done AS (
    UPDATE mails SET pending = $4, refused = refused || $5::text[], due_at = now() + $6 * interval '1 second',
        error_text = $7, updated_at = now(),
        state = CASE
            WHEN $6::float8 IS NOT NULL THEN 'queued'
            WHEN $4::text[] <> '{}' THEN 'dead'
            WHEN refused || $5::text[] @> recipients THEN 'failed'
            ELSE 'sent' END
    WHERE company_id = $1 AND id = $2 AND attempts = $3 AND state = 'sending'
    RETURNING company_id, id, due_at, state
), emptied AS (
    DELETE FROM mail_attachments a USING done
    WHERE a.company_id = done.company_id AND a.mail_id = done.id AND done.due_at IS NULL
)
SELECT state FROM done
"""

PRUNE: Final = """
DELETE FROM mails WHERE (company_id, id) IN (
    SELECT company_id, id FROM mails WHERE due_at IS NULL AND updated_at < now() - $1::interval LIMIT 1000)
"""

PAGE: Final = """
SELECT id, company_id, recipients, pending, refused, subject, state, attempts, due_at, error_text, created_at,
    updated_at
FROM mails WHERE company_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3
"""
