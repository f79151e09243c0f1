"""SQL of calendars. Tokens and verifiers are sealed before they get here."""

from typing import Final

COLUMNS: Final = "company_id, person_id, provider, account, connected_at, updated_at"
SECRETS: Final = "access_token, refresh_token, expires_at"

# Beside the new request the latest four of its kind stay open: somebody may have several pages before them.
BEGIN: Final = """
WITH over AS (
    SELECT state_hash FROM calendar_requests WHERE expires_at < now() LIMIT 100 FOR UPDATE SKIP LOCKED
), older AS (
    SELECT state_hash FROM calendar_requests WHERE company_id = $2 AND person_id = $3 AND provider = $4
    ORDER BY expires_at DESC OFFSET 4
), gone AS (
    DELETE FROM calendar_requests WHERE state_hash IN (SELECT * FROM over UNION SELECT * FROM older)
)
INSERT INTO calendar_requests (state_hash, company_id, person_id, provider, verifier, nonce, redirect_url, expires_at)
SELECT $1, p.company_id, p.id, $4, $5, $6, $7, now() + $8::interval FROM people p WHERE p.company_id = $2 AND p.id = $3
"""

# It works once, whatever comes of it.
TAKE: Final = """
DELETE FROM calendar_requests WHERE state_hash = $1 AND provider = $2
RETURNING company_id, person_id, verifier, nonce, redirect_url, expires_at > now() AS open
"""

# A provider that gives no new refresh token for the same account means the old one to stay.
CONNECT: Final = f"""
INSERT INTO calendar_connections AS c (company_id, person_id, provider, account, {SECRETS})
SELECT p.company_id, p.id, $3, $4, $5, $6, $7 FROM people p WHERE p.company_id = $1 AND p.id = $2
ON CONFLICT (company_id, person_id, provider) DO UPDATE SET account = excluded.account,
    access_token = excluded.access_token, expires_at = excluded.expires_at, refreshing_until = NULL,
    refresh_token = coalesce(excluded.refresh_token,
        CASE WHEN lower(c.account) = lower(excluded.account) THEN c.refresh_token END),
    connected_at = now(), updated_at = now()
RETURNING {COLUMNS}
"""

# Google's first: the reference speaks of that one.
GET: Final = f"""
SELECT {COLUMNS}, {SECRETS}, expires_at <= now() + $4::interval AS stale FROM calendar_connections
WHERE company_id = $1 AND person_id = $2 AND ($3::text IS NULL OR provider = $3) ORDER BY provider LIMIT 1
"""

# Providers take a refresh token once: of several processes one gets the new tokens, under a lease.
CLAIM: Final = """
UPDATE calendar_connections SET refreshing_until = now() + $5::interval
WHERE company_id = $1 AND person_id = $2 AND provider = $3 AND refresh_token = $4
    AND (refreshing_until IS NULL OR refreshing_until < now())
RETURNING 1
"""

REFRESHED: Final = f"""
UPDATE calendar_connections SET access_token = $5, refresh_token = coalesce($6, refresh_token), expires_at = $7,
    refreshing_until = NULL, updated_at = now()
WHERE company_id = $1 AND person_id = $2 AND provider = $3 AND refresh_token = $4
RETURNING {COLUMNS}
"""

GIVE_UP: Final = """
UPDATE calendar_connections SET refreshing_until = NULL
WHERE company_id = $1 AND person_id = $2 AND provider = $3 AND refresh_token = $4
"""

# Only what was looked at: one that was connected anew meanwhile stays.
FORGET: Final = """
DELETE FROM calendar_connections WHERE company_id = $1 AND person_id = $2 AND provider = $3 AND access_token = $4
RETURNING 1
"""
