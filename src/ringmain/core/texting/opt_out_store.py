"""SQL of opt-outs: whose number must not be texted from which of ours."""

from typing import Final

OPT_OUT: Final = """
WITH made AS (
    INSERT INTO opt_outs (company_id, number_id, contact_number) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING RETURNING number_id
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'opt_out.created', $2, $2, $5,
        jsonb_build_object('number_id', $2::bigint, 'number', $4::text, 'contact_number', $3::text)
    FROM made
)
SELECT count(*) > 0 FROM made
"""

OPT_IN: Final = """
WITH gone AS (
    DELETE FROM opt_outs WHERE company_id = $1 AND number_id = $2 AND contact_number = $3 RETURNING number_id
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'opt_out.deleted', $2, $2, $5,
        jsonb_build_object('number_id', $2::bigint, 'number', $4::text, 'contact_number', $3::text)
    FROM gone
)
SELECT count(*) > 0 FROM gone
"""

OPT_OUTS: Final = """
SELECT o.number_id, n.number, o.contact_number FROM opt_outs o
JOIN numbers n ON n.company_id = o.company_id AND n.id = o.number_id
WHERE o.company_id = $1 ORDER BY o.created_at DESC LIMIT $2
"""

# Of one of our numbers ($2), or of all that text
OURS: Final = """
ours AS (
    SELECT id, number FROM numbers
    WHERE company_id = $1 AND sms AND NOT line AND ($2::text IS NULL OR number = $2)
)
"""
LIST: Final = f"""
WITH {OURS}
SELECT (SELECT count(*) FROM ours) AS numbers, coalesce((
    SELECT array_agg(DISTINCT o.contact_number) FROM opt_outs o JOIN ours ON ours.id = o.number_id
    WHERE o.company_id = $1
), '{{}}') AS found
"""
ADD: Final = f"""
WITH {OURS}, made AS (
    INSERT INTO opt_outs (company_id, number_id, contact_number)
    SELECT $1, ours.id, given.number FROM ours CROSS JOIN unnest($3::text[]) AS given (number)
    ORDER BY 2, 3
    ON CONFLICT DO NOTHING RETURNING number_id, contact_number
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'opt_out.created', ours.id, ours.id, $4,
        jsonb_build_object('number_id', ours.id, 'number', ours.number, 'contact_number', made.contact_number)
    FROM made JOIN ours ON ours.id = made.number_id
)
SELECT count(*) FROM ours
"""
REMOVE: Final = f"""
WITH {OURS}, gone AS (
    DELETE FROM opt_outs o USING ours
    WHERE o.company_id = $1 AND o.number_id = ours.id AND o.contact_number = ANY ($3::text[])
    RETURNING o.number_id, o.contact_number
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'opt_out.deleted', ours.id, ours.id, $4,
        jsonb_build_object('number_id', ours.id, 'number', ours.number, 'contact_number', gone.contact_number)
    FROM gone JOIN ours ON ours.id = gone.number_id
)
SELECT count(*) FROM ours
"""
