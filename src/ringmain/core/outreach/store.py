"""SQL of profiles and reminders. Lists are in listing.py, the work list in queue_store.py."""

from typing import Final

NOTED: Final = """
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT (reminder ->> 'company_id')::bigint, {type}, (reminder ->> 'id')::bigint, (reminder ->> 'id')::bigint,
        {origin}, jsonb_build_object('reminder', reminder)
    FROM shown
"""

# Profiles

PROFILE: Final = "id, company_id, name, settings::text AS settings, created_at, updated_at"

NUMBERS: Final = """
SELECT EXISTS (SELECT FROM numbers WHERE company_id = $1 AND number = $2 AND sms) AS sender,
    EXISTS (SELECT FROM numbers WHERE company_id = $1 AND number = $3 AND voice) AS caller_id
"""

CREATE_PROFILE: Final = f"""
INSERT INTO outreach_profiles (company_id, name, settings)
SELECT c.id, $2, $3::jsonb FROM companies c
WHERE c.id = $1
    AND (SELECT count(*) FROM outreach_profiles p WHERE p.company_id = $1 AND p.deleted_at IS NULL) < $4
RETURNING {PROFILE}
"""
GET_PROFILE: Final = f"SELECT {PROFILE} FROM outreach_profiles WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL"
FIND_PROFILE: Final = f"""
SELECT {PROFILE} FROM outreach_profiles WHERE company_id = $1 AND lower(name) = lower($2) AND deleted_at IS NULL
"""
LIST_PROFILES: Final = f"""
SELECT {PROFILE} FROM outreach_profiles WHERE company_id = $1 AND deleted_at IS NULL ORDER BY id
"""
LOCK_PROFILE: Final = f"{GET_PROFILE} FOR UPDATE"
UPDATE_PROFILE: Final = f"""
UPDATE outreach_profiles SET name = $3, settings = $4::jsonb, updated_at = now() WHERE company_id = $1 AND id = $2
RETURNING {PROFILE}
"""
# Whoever claims them plans them anew.
REPLAN: Final = """
UPDATE outreach_reminders SET due_at = $3
WHERE company_id = $1 AND profile_id = $2 AND state IN ('scheduled', 'waiting') AND NOT leased AND NOT attempting
"""
HAS_OPEN: Final = """
SELECT EXISTS (
    SELECT FROM outreach_reminders WHERE company_id = $1 AND profile_id = $2 AND state IN ('scheduled', 'waiting'))
"""
DELETE_PROFILE: Final = "UPDATE outreach_profiles SET deleted_at = now() WHERE company_id = $1 AND id = $2"

# Reminders

# The profile stays as it is until the reminder is there.
PROFILE_FOR: Final = f"""
SELECT {PROFILE}, (SELECT timezone FROM companies WHERE id = $1) AS timezone,
    (SELECT country FROM companies WHERE id = $1) AS country
FROM outreach_profiles WHERE company_id = $1 AND id = $2 {{live}} FOR SHARE
"""
PROFILE_FOR_NEW: Final = PROFILE_FOR.format(live="AND deleted_at IS NULL")
PROFILE_FOR_KNOWN: Final = PROFILE_FOR.format(live="")

# Arguments from $3 on are the columns of CREATE and UPDATE in one order.
CREATE: Final = f"""
WITH made AS (
    INSERT INTO outreach_reminders AS r (company_id, profile_id, name, phone_number, email_address, reminder_date,
        reference, sms, voice, email, state, sms_state, call_state, email_state, planned_at, due_at, log)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17::jsonb)
    RETURNING r AS reminder
), shown AS MATERIALIZED (SELECT reminder_json(reminder) AS reminder FROM made), noted AS (
    {NOTED.format(type="'outreach.created'", origin="$18")}
)
SELECT reminder::text FROM shown
"""
GET: Final = "SELECT reminder_json(r)::text FROM outreach_reminders r WHERE company_id = $1 AND id = $2"
LOCK: Final = """
SELECT reminder_json(r)::text AS reminder, planned_at, lead_at, lead_attempts, attempted_at, attempting, leased,
    claim
FROM outreach_reminders r WHERE company_id = $1 AND id = $2 FOR NO KEY UPDATE
"""

# $17: whether it is planned anew, at $18; that takes it away from whoever works on it.
UPDATE: Final = f"""
WITH changed AS (
    UPDATE outreach_reminders r SET name = $3, phone_number = $4, email_address = $5, reminder_date = $6,
        reference = $7, sms = $8, voice = $9, email = $10, state = $11, sms_state = $12, call_state = $13,
        email_state = $14, log = $15::jsonb,
        due_at = CASE WHEN $17 OR NOT (leased OR attempting) THEN $16 ELSE due_at END,
        claim = claim + $17::boolean::integer, leased = leased AND NOT $17, attempting = attempting AND NOT $17,
        planned_at = CASE WHEN $17 THEN $18 ELSE planned_at END,
        lead_at = CASE WHEN NOT $17 THEN lead_at END, lead_attempts = CASE WHEN $17 THEN 0 ELSE lead_attempts END,
        attempted_at = CASE WHEN NOT $17 THEN attempted_at END, texted_from = CASE WHEN NOT $17 THEN texted_from END,
        texted_at = CASE WHEN NOT $17 THEN texted_at END, updated_at = now()
    WHERE company_id = $1 AND id = $2
    RETURNING r AS reminder
), shown AS MATERIALIZED (SELECT reminder_json(reminder) AS reminder FROM changed), noted AS (
    {NOTED.format(type="'outreach.updated'", origin="$19")}
)
SELECT reminder::text FROM shown
"""

# $3 the state in which that leaves it, $4 the log
CLOSE: Final = f"""
WITH changed AS (
    UPDATE outreach_reminders r SET state = $3, log = $4::jsonb, due_at = NULL, claim = claim + 1, leased = false,
        attempting = false, updated_at = now()
    WHERE company_id = $1 AND id = $2
    RETURNING r AS reminder
), shown AS MATERIALIZED (SELECT reminder_json(reminder) AS reminder FROM changed), noted AS (
    {NOTED.format(type="'outreach.dispositioned'", origin="$5")}
)
SELECT reminder::text FROM shown
"""
DELETE: Final = "DELETE FROM outreach_reminders WHERE company_id = $1 AND id = $2"
