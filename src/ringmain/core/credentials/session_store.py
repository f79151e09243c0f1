"""SQL of sessions and of login tries. Refresh tokens and what was tried are kept as sha256 only."""

from typing import Final

# The person's sessions that are over are swept up on the way. $5: the hash of the password that was shown, if one was:
# it may be another's by now, and whoever is changing it is waited for.
BEGIN: Final = """
WITH over AS (
    DELETE FROM sessions WHERE company_id = $1 AND person_id = $2 AND expires_at <= now()
), person AS (
    SELECT company_id, id FROM people
    WHERE company_id = $1 AND id = $2 AND active AND ($5::text IS NULL OR password_hash = $5) FOR SHARE
)
INSERT INTO sessions (company_id, person_id, token_hash, expires_at) SELECT company_id, id, $3, now() + $4 FROM person
RETURNING id
"""

# $1: the token shown, $2: the one offered for it, $3: for how long, $4: how late the one before may still come.
# A token before the one in use, shown late, means that two parties have it: the session ends.
REFRESH: Final = """
WITH shown AS (
    SELECT s.company_id, s.person_id, s.id, CASE WHEN s.token_hash = $1 THEN 'current' WHEN s.next_hash = $1 THEN 'next'
        WHEN s.turned_at > now() - $4::interval THEN 'late' ELSE 'stolen' END AS is
    FROM sessions s JOIN people p ON p.company_id = s.company_id AND p.id = s.person_id AND p.active
    JOIN companies c ON c.id = s.company_id AND NOT c.blocked
    WHERE (s.token_hash = $1 OR s.next_hash = $1 OR s.previous_hash = $1) AND s.expires_at > now()
    FOR UPDATE OF s
), ended AS (
    DELETE FROM sessions s USING shown WHERE s.company_id = shown.company_id AND s.id = shown.id AND shown.is = 'stolen'
), kept AS (
    UPDATE sessions s SET expires_at = now() + $3,
        previous_hash = CASE shown.is WHEN 'next' THEN s.token_hash ELSE s.previous_hash END,
        turned_at = CASE shown.is WHEN 'next' THEN now() ELSE s.turned_at END,
        token_hash = CASE shown.is WHEN 'next' THEN s.next_hash ELSE s.token_hash END,
        next_hash = CASE shown.is WHEN 'late' THEN s.next_hash ELSE $2 END
    FROM shown WHERE s.company_id = shown.company_id AND s.id = shown.id AND shown.is <> 'stolen'
)
SELECT company_id, person_id, id, shown.is = 'stolen' AS ended FROM shown
"""

END: Final = "DELETE FROM sessions WHERE token_hash = $1 OR next_hash = $1 OR previous_hash = $1 RETURNING id"

# A try counts before it is made, so that many at once count as many. Keys come sorted, as writers wait for each other.
TRY: Final = """
WITH swept AS (
    DELETE FROM login_tries WHERE key IN (
        SELECT key FROM login_tries WHERE since < now() - $2::interval AND key <> ALL ($1::bytea[])
        LIMIT 10 FOR UPDATE SKIP LOCKED)
)
INSERT INTO login_tries AS t (key, tries) SELECT key, 1 FROM unnest($1::bytea[]) AS key
ON CONFLICT (key) DO UPDATE SET
    tries = CASE WHEN t.since < now() - $2::interval THEN 1 ELSE t.tries + 1 END,
    since = CASE WHEN t.since < now() - $2::interval THEN now() ELSE t.since END
RETURNING key, tries, extract(epoch FROM since + $2::interval - now())::float8 AS seconds_left
"""
TRIES: Final = """
SELECT key, tries, extract(epoch FROM since + $2::interval - now())::float8 AS seconds_left FROM login_tries
WHERE key = ANY ($1::bytea[]) AND since >= now() - $2::interval
"""
# $2: a key under which only the last try is forgotten, $3: the name. Where several people have it, guesses may have
# been for another than who logged in, so that the last try alone is forgotten under all keys.
FORGET: Final = """
WITH named AS (
    SELECT company_id, id FROM people WHERE lower(email) = lower($3) AND active AND password_hash IS NOT NULL
    UNION SELECT company_id, id FROM people WHERE lower(login) = lower($3) AND active AND password_hash IS NOT NULL
), alone AS (
    SELECT count(*) < 2 AS is_alone FROM (SELECT FROM named LIMIT 2) AS two
), forgotten AS (
    DELETE FROM login_tries USING alone WHERE key = ANY ($1::bytea[]) AND is_alone
)
UPDATE login_tries SET tries = tries - 1 FROM alone
WHERE (key = $2 OR key = ANY ($1::bytea[]) AND NOT is_alone) AND tries > 0
"""
