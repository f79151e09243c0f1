"""SQL of the reminders that are to be made: claims, attempts, what comes of them."""

from typing import Final

from ringmain.core.outreach.store import NOTED

# A claim is a lease: if its process dies, `due_at` passes and the reminder is claimed again. $1 now, $3 the lease
CLAIM: Final = """
WITH due AS (
    SELECT company_id, id FROM outreach_reminders WHERE due_at <= $1
    ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE outreach_reminders r SET due_at = $1 + $3::interval, claim = r.claim + 1, leased = true
    FROM due WHERE r.company_id = due.company_id AND r.id = due.id
    RETURNING r.company_id, r.id, r.claim, r.profile_id
)
SELECT c.company_id, c.id, c.claim, p.settings::text AS settings, y.name AS company, y.timezone
FROM claimed c
JOIN outreach_profiles p ON p.company_id = c.company_id AND p.id = c.profile_id
JOIN companies y ON y.id = c.company_id
"""

# No row: somebody else has it, or it is over.
ATTEND: Final = """
UPDATE outreach_reminders SET due_at = $4 WHERE company_id = $1 AND id = $2 AND claim = $3 AND leased RETURNING id
"""

# Nobody was contacted, and it is known again when somebody must be. $4 the state, $5 when
RESCHEDULE: Final = f"""
WITH changed AS (
    UPDATE outreach_reminders r SET due_at = $5, leased = false, state = $4 WHERE company_id = $1 AND id = $2
        AND claim = $3 AND leased
    RETURNING r AS reminder
), shown AS MATERIALIZED (
    SELECT reminder_json(reminder) AS reminder FROM changed WHERE $6
), noted AS (
    {NOTED.format(type="'outreach.updated'", origin="''")}
)
SELECT count(*) FROM changed
"""

TRIED: Final = """
SELECT id, channel, sender, recipient, subject, text, ended_at IS NOT NULL AS ended FROM outreach_attempts
WHERE company_id = $1 AND reminder_id = $2 AND number = $3 ORDER BY id
"""

# The row that says that a channel is being tried, before it is; answers to a text may come at once. $4 the attempt's
# number, $10 now, $11 the round of a new attempt, NULL for one that goes on
BEGIN: Final = """
WITH made AS (
    INSERT INTO outreach_attempts (company_id, reminder_id, number, channel, sender, recipient, subject, text,
        created_at)
    SELECT r.company_id, r.id, $4, $5, $6, $7, $8, $9, $10 FROM outreach_reminders r
    WHERE r.company_id = $1 AND r.id = $2 AND r.claim = $3 AND r.leased FOR NO KEY UPDATE
    RETURNING id
), begun AS (
    UPDATE outreach_reminders r SET attempt = $4, attempting = true,
        attempted_at = CASE WHEN $11::timestamptz IS NULL THEN attempted_at ELSE $10 END,
        lead_attempts = CASE WHEN $11 IS NULL THEN lead_attempts WHEN lead_at = $11 THEN lead_attempts + 1 ELSE 1 END,
        lead_at = coalesce($11, lead_at), texted_from = CASE $5 WHEN 'sms' THEN $6 ELSE texted_from END,
        texted_at = CASE $5 WHEN 'sms' THEN $10 ELSE texted_at END
    FROM made WHERE r.company_id = $1 AND r.id = $2
)
SELECT id FROM made
"""

# What came of a try, once; news of it may have been read already.
END: Final = """
UPDATE outreach_attempts SET result = coalesce(result, $3), ended_at = now()
WHERE company_id = $1 AND id = $2 AND ended_at IS NULL RETURNING result
"""
SET_MAIL: Final = "UPDATE outreach_attempts SET mail_id = $3 WHERE company_id = $1 AND id = $2"

# How a locked reminder stands after a try, or after news of one. $8 when somebody must work on it, NULL to leave that;
# $10: whether who worked on it has ended; $11: whether its texts have no answer
PROGRESS: Final = f"""
WITH changed AS (
    UPDATE outreach_reminders r SET sms_state = $3, call_state = $4, email_state = $5, log = $6::jsonb, state = $7,
        due_at = coalesce($8, due_at), attempting = $9, leased = leased AND NOT $10::boolean,
        texted_from = CASE WHEN NOT $11 THEN texted_from END, updated_at = now()
    WHERE company_id = $1 AND id = $2
    RETURNING r AS reminder
), shown AS MATERIALIZED (SELECT reminder_json(reminder) AS reminder FROM changed), noted AS (
    {NOTED.format(type="'outreach.updated'", origin="''")}
)
SELECT count(*) FROM shown
"""

# A text that was sent before its process died is known by its reference.
SENT_BEFORE: Final = "SELECT EXISTS (SELECT FROM messages WHERE company_id = $1 AND reference = $2)"

# Whoever opted out of either of the profile's numbers is not called from the other.
OPTED_OUT: Final = """
SELECT EXISTS (
    SELECT FROM opt_outs o JOIN numbers n ON n.company_id = o.company_id AND n.id = o.number_id
    WHERE o.company_id = $1 AND o.contact_number = $2 AND n.number = ANY ($3::text[])
)
"""

# News: each is read once, by whoever has it, and gone with what it leads to.
TAKE_NEWS: Final = """
DELETE FROM outreach_news WHERE id = (
    SELECT id FROM outreach_news WHERE id > $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, company_id, attempt_id, state, message_id, sender, recipient, text
"""
ATTEMPT: Final = """
SELECT a.reminder_id, a.number, a.channel, a.result, a.created_at, EXISTS (
        SELECT FROM outreach_attempts l WHERE l.company_id = $1 AND l.reminder_id = a.reminder_id
            AND l.channel = a.channel AND l.id > a.id) AS overtaken
FROM outreach_attempts a WHERE a.company_id = $1 AND a.id = $2
"""
SET_RESULT: Final = "UPDATE outreach_attempts SET result = $3 WHERE company_id = $1 AND id = $2"

# Whom a short text may answer: the last that was texted first.
TEXTED: Final = """
SELECT r.id, p.settings::text AS settings FROM outreach_reminders r
JOIN outreach_profiles p ON p.company_id = r.company_id AND p.id = r.profile_id
WHERE r.company_id = $1 AND r.phone_number = $2 AND r.texted_from = $3 AND r.state IN ('scheduled', 'waiting')
    AND r.reminder_date > $4
ORDER BY r.texted_at DESC, r.id DESC
"""
PROFILE_OF: Final = """
SELECT p.settings::text AS settings, y.timezone FROM outreach_reminders r
JOIN outreach_profiles p ON p.company_id = r.company_id AND p.id = r.profile_id
JOIN companies y ON y.id = r.company_id
WHERE r.company_id = $1 AND r.id = $2
"""
