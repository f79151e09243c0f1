"""SQL of the faxes that go out: claims, signs of life, outcomes."""

from typing import Final

from ringmain.core.faxes.store import NOTED

# A claim is a lease: if its process dies, `due_at` passes and the fax is claimed again, under the same reference.
CLAIM: Final = f"""
WITH due AS (
    SELECT company_id, id, state FROM faxes
    WHERE due_at <= now() AND deleted_at IS NULL ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE faxes f SET state = 'sending', due_at = now() + $2, attempts = f.attempts + 1, pages_done = 0,
        error_code = CASE WHEN due.state = 'sending' THEN 'interrupted' ELSE f.error_code END,
        error_text = CASE WHEN due.state = 'sending' THEN 'the server that sent it stopped' ELSE f.error_text END,
        updated_at = now()
    FROM due WHERE f.company_id = due.company_id AND f.id = due.id
    RETURNING f AS fax, due.state = 'sending' AS interrupted
), shown AS MATERIALIZED (SELECT fax_json(fax) AS fax FROM claimed), noted AS (
    {NOTED.format(type="'fax.updated'", origin="''")}
)
SELECT (c.fax).id, (c.fax).company_id, (c.fax).own_number AS sender, (c.fax).own_name AS sender_name,
    (c.fax).party_number AS recipient, (c.fax).subject, (c.fax).pages, (c.fax).tiff_id, (c.fax).attempts,
    concat_ws('-', 'fax', (c.fax).id, (c.fax).round) AS reference, c.interrupted,
    (c.fax).attempts > (c.fax).last_attempt AS exhausted,
    EXISTS (SELECT FROM numbers n WHERE n.number = (c.fax).party_number) AS own
FROM claimed c ORDER BY (c.fax).due_at, (c.fax).id
"""

# No row: another has taken it over. One that was deleted goes on, but is not claimed again.
ATTEND: Final = """
UPDATE faxes SET due_at = CASE WHEN deleted_at IS NULL THEN now() + $4 END, pages_done = $5
WHERE company_id = $1 AND id = $2 AND attempts = $3 AND state = 'sending'
RETURNING id
"""

# Given back by a process that stops cleanly: the try does not count.
RELEASE: Final = f"""
WITH changed AS (
    UPDATE faxes f SET state = 'queued', due_at = now(), last_attempt = last_attempt + 1, error_code = 'interrupted',
        error_text = 'the server that sent it stopped', updated_at = now()
    WHERE company_id = $1 AND id = $2 AND attempts = $3 AND state = 'sending' AND deleted_at IS NULL
    RETURNING f AS fax
), shown AS MATERIALIZED (SELECT fax_json(fax) AS fax FROM changed), noted AS (
    {NOTED.format(type="'fax.updated'", origin="''")}
)
SELECT count(*) FROM shown
"""

# Only the claim that is still the latest one says what became of it. $4 pages done, $5 code and $6 text of an error,
# $7 seconds until another try makes sense, $8 the transport
RECORD: Final = f"""
WITH changed AS (
    UPDATE faxes f SET pages_done = $4, error_code = $5, error_text = $6, updated_at = now(),
        state = CASE WHEN $5::text IS NULL THEN 'sent' WHEN $7::float8 IS NOT NULL AND attempts < last_attempt
            THEN 'queued' ELSE 'failed' END,
        due_at = CASE WHEN $5::text IS NOT NULL AND attempts < last_attempt THEN now() + $7 * interval '1 second' END
    WHERE company_id = $1 AND id = $2 AND attempts = $3 AND state = 'sending' AND deleted_at IS NULL
    RETURNING f AS fax
), shown AS MATERIALIZED (SELECT fax_json(fax) AS fax FROM changed), noted AS (
    {NOTED.format(type="'fax.updated'", origin="$8")}
)
SELECT fax::text AS fax, c.timezone FROM shown JOIN companies c ON c.id = (fax ->> 'company_id')::bigint
"""
