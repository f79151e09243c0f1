"""SQL of calls. Lists are in listing.py."""

from typing import Final

from ringmain.core.extensions.standing import COLUMNS, PRESENCE

GET: Final = "SELECT call_json(c)::text FROM calls c WHERE company_id = $1 AND id = $2"

# Of a person: calls that an extension of theirs, in the call's own instance, took part in.
OF_PERSON: Final = """EXISTS (
    SELECT FROM call_extensions k JOIN extensions e ON e.company_id = k.company_id AND e.number = k.extension_number
    WHERE k.company_id = c.company_id AND k.call_id = c.id AND e.instance_id = c.instance_id AND e.person_id = {person}
)"""
RECORD: Final = f"""
SELECT call_json(c)::text FROM calls c
WHERE c.company_id = $1 AND c.id = $2 AND c.ended_at IS NOT NULL
    AND ($3::bigint IS NULL OR {OF_PERSON.format(person="$3")})
"""
BETWEEN: Final = f"""
SELECT call_json(c)::text FROM calls c
WHERE c.company_id = $1 AND c.ended_at IS NOT NULL AND c.started_at >= $2 AND c.started_at < $3
    AND ($4::bigint IS NULL OR {OF_PERSON.format(person="$4")})
ORDER BY c.started_at DESC, c.id DESC LIMIT $5 OFFSET $6
"""

# The first that is told of a call begins it. $1 to $9: company, instance, its parties; $10: the leg; $11: its extension
BEGUN: Final = """
WITH home AS (
    SELECT id, uuid FROM instances WHERE company_id = $1 AND id = $2
), made AS (
    INSERT INTO calls AS c (company_id, instance_id, instance_uuid, reference, direction, network, source, source_name,
        destination, destination_name, extension_number, started_at, pbx)
    SELECT $1, home.id, home.uuid, $3, $4, $5, $6, coalesce(nullif($7, ''), name_of($1, home.id, $6)),
        $8, coalesce(nullif($9, ''), name_of($1, home.id, $8)), $11::integer, $12, $13::jsonb
    FROM home
    ON CONFLICT (company_id, instance_id, reference) DO UPDATE SET updated_at = now(),
        extension_number = coalesce(c.extension_number, excluded.extension_number),
        started_at = CASE WHEN c.ended_at IS NULL THEN least(c.started_at, excluded.started_at) ELSE c.started_at END
    RETURNING c.company_id, c.id, c.ended_at, c AS call
)"""

# A call that has ended takes no further legs.
RINGING: Final = f"""
{BEGUN}, rung AS (
    INSERT INTO call_legs AS l (company_id, call_id, reference, extension_number, ringing_at)
    SELECT company_id, id, $10, $11::integer, $12 FROM made WHERE ended_at IS NULL
    ON CONFLICT (company_id, call_id, reference) DO NOTHING
    RETURNING l AS leg
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'call.ringing', made.id, made.id, $14,
        jsonb_build_object('call', call_json(made.call), 'leg', leg_json(rung.leg))
    FROM made, rung
)
SELECT EXISTS (SELECT FROM rung) AS new_leg, (SELECT call_json(call)::text FROM made) AS call
"""

# A group is about to ring somebody: the call begins, but no leg. $15: what the payload has beside the call's own
OFFERED: Final = f"""
{BEGUN}, noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'call.offered', id, id, $14, jsonb_build_object('call_id', id, 'began_at', (call).started_at,
        'originally_dialed', (call).destination, 'caller_number', (call).source, 'caller_name', (call).source_name)
        || $15::text::jsonb
    FROM made WHERE ended_at IS NULL
)
SELECT EXISTS (SELECT FROM made) AS begun, $10::text AS leg
"""

# It rings nobody: only its end is told of.
BEGIN: Final = f"""
{BEGUN}
SELECT EXISTS (SELECT FROM made) AS begun, $10::text AS leg
"""

# Once for each leg: what was told before stays.
DIAL_ENDED: Final = """
WITH known AS MATERIALIZED (
    SELECT c.id, c AS call, l.outcome FROM calls c
    JOIN call_legs l ON l.company_id = c.company_id AND l.call_id = c.id AND l.reference = $4
    WHERE c.company_id = $1 AND c.instance_id = $2 AND c.reference = $3 FOR NO KEY UPDATE OF c, l
), over AS (
    UPDATE call_legs l SET outcome = $5, ended_at = greatest($6, l.ringing_at) FROM known
    WHERE l.company_id = $1 AND l.call_id = known.id AND l.reference = $4 AND known.outcome IS NULL
    RETURNING l.call_id, l.extension_number, l.ended_at, l AS leg
), changed AS (
    UPDATE calls c SET updated_at = now(),
        answered_at = CASE WHEN $5 = 'answered' THEN coalesce(c.answered_at, over.ended_at) ELSE c.answered_at END,
        extension_number = CASE WHEN $5 = 'answered' AND c.answered_at IS NULL
            THEN coalesce(over.extension_number, c.extension_number) ELSE c.extension_number END
    FROM over WHERE c.company_id = $1 AND c.id = over.call_id
    RETURNING c.id, c AS call
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'call.dial_ended', changed.id, changed.id, $7,
        jsonb_build_object('call', call_json(changed.call), 'leg', leg_json(over.leg))
    FROM changed, over
)
SELECT coalesce((SELECT call_json(call) FROM changed), call_json(known.call))::text FROM known
"""

# Before ENDED, which then sees every leg that was told of until now.
LOCK: Final = """
SELECT FROM calls WHERE company_id = $1 AND instance_id = $2 AND reference = $3 FOR NO KEY UPDATE
"""
# Legs that nobody told the end of end with their call. Each is told of, then the call.
ENDED: Final = """
WITH known AS MATERIALIZED (
    SELECT c.id, c.started_at, c.answered_at, c.ended_at, c AS call FROM calls c
    WHERE c.company_id = $1 AND c.instance_id = $2 AND c.reference = $3 FOR NO KEY UPDATE
), recording AS (
    SELECT id FROM files WHERE company_id = $1 AND id = $7 AND uploaded_at IS NOT NULL FOR KEY SHARE
), result AS MATERIALIZED (
    SELECT known.id, greatest($4, known.started_at, known.answered_at) AS ended_at,
        coalesce($5, CASE WHEN known.answered_at IS NOT NULL THEN 'completed' ELSE (
            SELECT l.outcome FROM call_legs l
            WHERE l.company_id = $1 AND l.call_id = known.id AND l.outcome IS NOT NULL
            ORDER BY array_position(ARRAY['busy', 'no_answer', 'failed', 'cancelled'], l.outcome) LIMIT 1) END,
            'cancelled') AS outcome
    FROM known WHERE known.ended_at IS NULL AND ($7::bigint IS NULL OR EXISTS (SELECT FROM recording))
), over AS (
    UPDATE call_legs l SET ended_at = greatest(result.ended_at, l.ringing_at),
        outcome = CASE result.outcome WHEN 'completed' THEN 'cancelled' ELSE result.outcome END
    FROM result WHERE l.company_id = $1 AND l.call_id = result.id AND l.outcome IS NULL
    RETURNING l.reference, l AS leg
), changed AS (
    UPDATE calls c SET ended_at = result.ended_at, outcome = result.outcome, release_code = $6,
        recording_file_id = $7, transcription_id = $8, pbx = c.pbx || $9::jsonb, updated_at = now()
    FROM result WHERE c.company_id = $1 AND c.id = result.id
    RETURNING c.*, c AS call
), parties AS MATERIALIZED (
    SELECT l.extension_number FROM call_legs l, changed c
    WHERE l.company_id = $1 AND l.call_id = c.id AND l.extension_number IS NOT NULL
    UNION
    SELECT e.number FROM changed c CROSS JOIN LATERAL unnest(ARRAY[c.source, c.destination]) AS party (number)
    JOIN extensions e ON e.company_id = $1 AND e.instance_id = c.instance_id
        AND e.number = CASE WHEN party.number ~ '^[1-9][0-9]{0,8}$' THEN party.number::integer END
    UNION
    SELECT number FROM changed, unnest($11::integer[]) AS others (number)
), taken_part AS (
    INSERT INTO call_extensions (company_id, extension_number, call_id, direction, network, outcome, started_at)
    SELECT $1, parties.extension_number, c.id, c.direction, c.network, c.outcome, c.started_at FROM parties, changed c
), counted AS (
    INSERT INTO call_counts AS n (company_id, extension_number, day, direction, network, outcome, total)
    SELECT $1, one.number, (c.started_at AT TIME ZONE 'UTC')::date, c.direction, c.network, c.outcome, 1
    FROM changed c CROSS JOIN (SELECT 0 AS number UNION ALL SELECT extension_number FROM parties) AS one
    ORDER BY one.number
    ON CONFLICT (company_id, extension_number, day, direction, network, outcome) DO UPDATE SET total = n.total + 1
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, type, id, id, $10, payload FROM (
        SELECT 1 AS turn, over.reference, 'call.dial_ended' AS type, changed.id,
            jsonb_build_object('call', call_json(changed.call), 'leg', leg_json(over.leg)) AS payload
        FROM changed, over
        UNION ALL
        SELECT 2, '', 'call.ended', changed.id, jsonb_build_object('call', call_json(changed.call)) FROM changed
        UNION ALL
        SELECT 3, '', 'call.recorded', changed.id, jsonb_build_object('call', call_json(changed.call)) FROM changed
        WHERE changed.recording_file_id IS NOT NULL
    ) AS told ORDER BY turn, reference
)
SELECT coalesce((SELECT call_json(call) FROM changed), call_json(known.call))::text AS call,
    known.ended_at IS NOT NULL OR EXISTS (SELECT FROM changed) AS over
FROM known
"""

# $3 number
STANDING: Final = f"""
SELECT {COLUMNS} FROM extensions e {PRESENCE} WHERE e.company_id = $1 AND e.instance_id = $2 AND e.number = $3
"""
COUNTRY: Final = "SELECT country FROM companies WHERE id = $1"
# For acting calls out: which of the company's instances have this extension, or group.
INSTANCES_WITH: Final = """
SELECT instance_id FROM extensions
WHERE company_id = $1 AND number = $2::bigint AND ($3::bigint IS NULL OR instance_id = $3)
UNION
SELECT instance_id FROM groups
WHERE company_id = $1 AND number = $2::bigint AND ($3::bigint IS NULL OR instance_id = $3)
"""
INSTANCE_OF_ANY: Final = """
SELECT id FROM instances
WHERE company_id = $1 AND ($2::bigint IS NULL OR id = $2) AND deleted_at IS NULL ORDER BY id LIMIT 1
"""
# Of these numbers: those that are on this server, and whether they are the company's.
NUMBERS_HERE: Final = "SELECT number, company_id = $1 AS own FROM numbers WHERE number = ANY ($2::text[]) AND NOT line"
# Whether one end must not be called by the other: $3 source, $4 destination, $5 the extension that is rung or dials.
REFUSED: Final = """
SELECT EXISTS (
    SELECT FROM directory_contacts
    WHERE company_id = $1 AND blocked_at IS NOT NULL AND other_numbers || phone @> ARRAY[$3::text]
) OR EXISTS (
    SELECT FROM extensions
    WHERE company_id = $1 AND instance_id = $2 AND activation = 'blocked'
        AND (number::text IN ($3, $4) OR number = $5::bigint)
)
"""
# The recordings, or the transcriptions, of the calls of one instance that an extension took part in.
FORGET_RECORDINGS: Final = """
UPDATE calls c SET recording_file_id = NULL, updated_at = now() FROM (
    SELECT c.id, c.recording_file_id FROM calls c JOIN call_extensions k ON k.company_id = $1 AND k.call_id = c.id
    WHERE c.company_id = $1 AND c.instance_id = $2 AND k.extension_number = $3 AND c.recording_file_id IS NOT NULL
    ORDER BY c.id FOR NO KEY UPDATE OF c
) AS old
WHERE c.company_id = $1 AND c.id = old.id
RETURNING old.recording_file_id
"""
FORGET_TRANSCRIPTIONS: Final = """
UPDATE calls c SET transcription_id = NULL, updated_at = now() FROM (
    SELECT c.id FROM calls c JOIN call_extensions k ON k.company_id = $1 AND k.call_id = c.id
    WHERE c.company_id = $1 AND c.instance_id = $2 AND k.extension_number = $3 AND c.transcription_id IS NOT NULL
    ORDER BY c.id FOR NO KEY UPDATE OF c
) AS old
WHERE c.company_id = $1 AND c.id = old.id
RETURNING c.id
"""
