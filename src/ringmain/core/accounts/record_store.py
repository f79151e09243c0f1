"""SQL of an account's admins, history and statistics."""

from typing import Final

from ringmain.core.accounts.model import Admin, Change, CompanyStatistics
from ringmain.database.pool import Record

ADMIN_COLUMNS: Final = "id, account_id, name, login, active, created_at, updated_at"

CREATE_ADMIN: Final = f"""
INSERT INTO account_admins (account_id, name, login, password_hash) VALUES ($1, $2, $3, $4) RETURNING {ADMIN_COLUMNS}
"""
LIST_ADMINS: Final = f"SELECT {ADMIN_COLUMNS} FROM account_admins WHERE account_id = $1 ORDER BY id"
UPDATE_ADMIN: Final = f"""
UPDATE account_admins SET name = coalesce($3, name), login = coalesce($4, login),
    password_hash = coalesce($5, password_hash), active = coalesce($6, active), updated_at = now()
WHERE account_id = $1 AND id = $2
RETURNING {ADMIN_COLUMNS}
"""
DELETE_ADMIN: Final = "DELETE FROM account_admins WHERE account_id = $1 AND id = $2 RETURNING id"
PASSWORD: Final = f"""
SELECT password_hash, {ADMIN_COLUMNS} FROM account_admins WHERE lower(login) = lower($1) AND active
"""

NOTE: Final = """
INSERT INTO account_history (account_id, key_name, action, company_id, subject) VALUES ($1, $2, $3, $4, $5)
"""
# $2 and $3: ids between which they were made
HISTORY: Final = """
SELECT id, key_name, action, company_id, subject FROM account_history
WHERE account_id = $1 AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4
"""

# $2 and $3: moments, $4 and $5: the ids of these moments
STATISTICS: Final = """
SELECT c.id AS company_id,
    (SELECT count(*) FROM instances i WHERE i.company_id = c.id AND i.deleted_at IS NULL) AS instances,
    (SELECT count(*) FROM extensions e WHERE e.company_id = c.id) AS extensions,
    (SELECT count(*) FROM people p WHERE p.company_id = c.id AND p.active) AS people,
    (SELECT count(*) FROM numbers n WHERE n.company_id = c.id) AS numbers,
    (SELECT count(*) FROM messages m WHERE m.company_id = c.id AND m.id >= $4 AND m.id < $5
        AND m.direction = 'inbound') AS messages_in,
    (SELECT count(*) FROM messages m WHERE m.company_id = c.id AND m.id >= $4 AND m.id < $5
        AND m.direction = 'outbound') AS messages_out,
    coalesce(k.calls, 0) AS calls, coalesce(k.seconds, 0)::bigint AS call_seconds
FROM companies c LEFT JOIN LATERAL (
    SELECT count(*) AS calls, sum(extract(epoch FROM ended_at - answered_at)) AS seconds FROM calls
    WHERE company_id = c.id AND ended_at IS NOT NULL AND started_at >= $2 AND started_at < $3
) AS k ON true
WHERE c.account_id = $1 ORDER BY c.id
"""
# What was put into words: of calls and of voicemail.
TRANSCRIPTIONS: Final = """
SELECT
    (SELECT count(*) FROM calls WHERE company_id = $1 AND started_at >= $2 AND started_at < $3
        AND ended_at IS NOT NULL AND transcription_id IS NOT NULL) AS calls,
    (SELECT count(*) FROM voicemails WHERE company_id = $1 AND received_at >= $2 AND received_at < $3
        AND deleted_at IS NULL AND transcription IS NOT NULL) AS voicemails
"""


def admin_of(row: Record) -> Admin:
    """One row of `ADMIN_COLUMNS`."""
    return Admin(**{name: row[name] for name in Admin.__struct_fields__})


def change_of(row: Record) -> Change:
    """One row of `HISTORY`."""
    return Change(**dict(row.items()))


def statistics_of(row: Record) -> CompanyStatistics:
    """One row of `STATISTICS`."""
    return CompanyStatistics(**dict(row.items()))
