"""SQL of credentials. Only hashes of secrets are stored."""

from typing import Final

from ringmain.core.credentials.model import ApiKey, Caller
from ringmain.database.pool import Record

KEY_COLUMNS: Final = "id, company_id, dialect, name, person_id, token, created_at, last_used_at"
CALLER_COLUMNS: Final = """
person.company_id, person.id AS person_id, person.email, person.owner, person.admin,
coalesce(person.timezone, company.timezone) AS timezone, company.timezone AS company_timezone, company.country
"""

CREATE_KEY: Final = f"""
INSERT INTO api_keys (company_id, dialect, name, person_id, token, secret_hash)
SELECT $1, $2, $3, $4, $5, $6
WHERE $4::bigint IS NULL OR EXISTS (SELECT FROM people WHERE company_id = $1 AND id = $4)
RETURNING {KEY_COLUMNS}
"""
LIST_KEYS: Final = f"SELECT {KEY_COLUMNS} FROM api_keys WHERE company_id = $1 ORDER BY id"
FIND_KEY: Final = f"SELECT {KEY_COLUMNS} FROM api_keys WHERE company_id = $1 AND dialect = $2 AND token = $3"
REVOKE_KEY: Final = f"DELETE FROM api_keys WHERE company_id = $1 AND id = $2 RETURNING {KEY_COLUMNS}"

# $3: the person's id; NULL means the owner where $4, otherwise whom the key is bound to.
CALLER_BY_KEY: Final = f"""
SELECT {CALLER_COLUMNS}, api_key.id AS key_id
FROM api_keys AS api_key
JOIN companies AS company ON company.id = api_key.company_id AND NOT company.blocked
JOIN people AS person ON person.company_id = api_key.company_id AND person.active
    AND CASE WHEN $3::bigint IS NOT NULL THEN person.id = $3 WHEN $4 THEN person.owner
        ELSE person.id = api_key.person_id END
WHERE api_key.secret_hash = $1 AND api_key.dialect = $2
    AND (api_key.person_id IS NULL OR api_key.person_id = person.id)
"""
CALLER: Final = f"""
SELECT {CALLER_COLUMNS}, NULL::bigint AS key_id
FROM people AS person JOIN companies AS company ON company.id = person.company_id AND NOT company.blocked
WHERE person.company_id = $1 AND person.id = $2 AND person.active
"""
# $3: the dialect that the grant was given for
CALLER_BY_GRANT: Final = f"""
SELECT {CALLER_COLUMNS}, g.key_id
FROM grants AS g JOIN companies AS company ON company.id = g.company_id AND NOT company.blocked
JOIN people AS person ON person.company_id = g.company_id AND person.id = g.person_id AND person.active
WHERE g.company_id = $1 AND g.id = $2 AND g.audience = $3
"""
HAS_SECRET: Final = "SELECT secret_hash = $3 FROM api_keys WHERE company_id = $1 AND id = $2"

# $3: the session that a user token names
CALLER_BY_SESSION: Final = f"""
SELECT {CALLER_COLUMNS}, NULL::bigint AS key_id
FROM sessions AS s JOIN companies AS company ON company.id = s.company_id AND NOT company.blocked
JOIN people AS person ON person.company_id = s.company_id AND person.id = s.person_id AND person.active
WHERE s.company_id = $1 AND s.person_id = $2 AND s.id = $3 AND s.expires_at > now()
"""

PASSWORD: Final = "SELECT password_hash FROM people WHERE company_id = $1 AND id = $2"
SALT: Final = """
SELECT password_salt(coalesce(login, email)) FROM people WHERE company_id = $1 AND id = $2
"""
SALT_OF_NAME: Final = "SELECT password_salt($1)"
# Before the password is changed: whoever is logging in with the old one just now is waited for, and seen then.
LOCK_PERSON: Final = "SELECT FROM people WHERE company_id = $1 AND id = $2 FOR NO KEY UPDATE"
# Whoever logged in with the old one is logged out; keys go on.
SET_PASSWORD: Final = """
WITH logged_out AS (
    DELETE FROM sessions WHERE company_id = $1 AND person_id = $2
), grants_ended AS (
    DELETE FROM grants WHERE company_id = $1 AND person_id = $2 AND key_id IS NULL
)
UPDATE people SET password_hash = $3, updated_at = now() WHERE company_id = $1 AND id = $2 RETURNING id
"""
# Logging in is how the company becomes known: the one query over all of them. However many have the name, one hash
# tells for all that have its salt. Others have the salt of another name, which they had or logged in by before: of them
# it is the $2 who logged in last. So a login costs no more, and nobody can crowd out whoever has the name's salt.
PASSWORDS_OF_NAME: Final = """
WITH named AS (
    SELECT company_id, id, password_hash, last_login_at,
        split_part(password_hash, '$', 5) = rtrim(encode(password_salt($1), 'base64'), '=') AS salted
    FROM people
    WHERE (lower(email) = lower($1) OR lower(login) = lower($1)) AND active AND password_hash IS NOT NULL
        AND NOT EXISTS (SELECT FROM companies WHERE companies.id = people.company_id AND blocked)
), other AS (
    SELECT * FROM named WHERE NOT salted ORDER BY last_login_at DESC NULLS LAST, id LIMIT $2
)
SELECT company_id, id, password_hash, salted
FROM (SELECT * FROM named WHERE salted UNION ALL SELECT * FROM other) AS candidate
ORDER BY salted DESC, id
"""
# $3: the hash that was tried; $4: with the salt of the name, where that was another
LOGGED_IN: Final = """
UPDATE people SET last_login_at = now(), password_hash = coalesce($4, password_hash)
WHERE company_id = $1 AND id = $2 AND password_hash = $3
RETURNING password_hash
"""

SET_OPERATOR_TOKEN: Final = """
INSERT INTO operator_tokens (name, token_hash) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET token_hash = excluded.token_hash, created_at = now()
"""
OPERATOR: Final = "SELECT name FROM operator_tokens WHERE token_hash = $1"

SIGNING_KEYS: Final = "SELECT id, secret FROM signing_keys ORDER BY id"
# Of several processes that start at once, one makes the first key.
LOCK_SIGNING_KEYS: Final = "LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE"
FIRST_SIGNING_KEY: Final = "INSERT INTO signing_keys (secret) SELECT $1 WHERE NOT EXISTS (SELECT FROM signing_keys)"


def key_of(row: Record) -> ApiKey:
    """One row of `KEY_COLUMNS`."""
    return ApiKey(
        id=row["id"],
        company_id=row["company_id"],
        dialect=row["dialect"],
        name=row["name"],
        person_id=row["person_id"],
        token=row["token"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
    )


def caller_of(row: Record) -> Caller:
    """One row of `CALLER_COLUMNS` and key_id."""
    return Caller(
        company_id=row["company_id"],
        person_id=row["person_id"],
        email=row["email"],
        owner=row["owner"],
        admin=row["admin"],
        timezone=row["timezone"],
        company_timezone=row["company_timezone"],
        country=row["country"],
        key_id=row["key_id"],
    )
