"""SQL of grants. Refresh tokens are kept as sha256 only."""

from typing import Final


def _with_token(granted: str, hashed: str) -> str:
    """Grant, and put a refresh token beside it; answers the grant (company_id, id, person_id, key_id), or nothing.

    `granted` names what it grants so; `hashed` is the token as it is kept.
    """
    return f"""
WITH {granted}, token AS (
    INSERT INTO refresh_tokens (token_hash, company_id, grant_id, expires_at)
    SELECT {hashed}, company_id, id, expires_at FROM granted
)
SELECT company_id, id, person_id, key_id FROM granted
"""


# $6: the hash of the password that was shown. It may be another's by now, and whoever is changing it is waited for.
BY_PASSWORD: Final = _with_token(
    """granted AS (
    INSERT INTO grants (company_id, person_id, audience, expires_at)
    SELECT company_id, id, $3, now() + $5::interval FROM people
    WHERE company_id = $1 AND id = $2 AND active AND password_hash = $6 FOR SHARE
    RETURNING company_id, id, person_id, key_id, expires_at
)""",
    hashed="$4",
)
# A key that is bound to nobody acts for the owner.
BY_KEY: Final = _with_token(
    """key AS (
    SELECT k.company_id, k.id, person.id AS person_id
    FROM api_keys AS k JOIN people AS person ON person.company_id = k.company_id AND person.active
        AND CASE WHEN k.person_id IS NULL THEN person.owner ELSE person.id = k.person_id END
    JOIN companies AS company ON company.id = k.company_id AND NOT company.blocked
    WHERE k.token = $1 AND k.secret_hash = $2 AND k.dialect = $3
), used AS (
    UPDATE api_keys AS k SET last_used_at = now() FROM key WHERE k.company_id = key.company_id AND k.id = key.id
), granted AS (
    INSERT INTO grants (company_id, person_id, audience, key_id, expires_at)
    SELECT company_id, person_id, $3, id, now() + $5::interval FROM key
    RETURNING company_id, id, person_id, key_id, expires_at
)""",
    hashed="$4",
)
REFRESH: Final = _with_token(
    """shown AS (
    SELECT g.company_id, g.id, g.person_id, g.key_id
    FROM refresh_tokens AS r JOIN grants AS g ON g.company_id = r.company_id AND g.id = r.grant_id
    JOIN people AS person ON person.company_id = g.company_id AND person.id = g.person_id AND person.active
    JOIN companies AS company ON company.id = g.company_id AND NOT company.blocked
    WHERE r.token_hash = $1 AND r.expires_at > now() AND g.audience = $2
), granted AS (
    UPDATE grants AS g SET expires_at = now() + $4::interval FROM shown
    WHERE g.company_id = shown.company_id AND g.id = shown.id
    RETURNING g.company_id, g.id, g.person_id, g.key_id, g.expires_at
)""",
    hashed="$3",
)

# Over all companies: what has expired is nobody's any more.
SWEEP: Final = """
WITH tokens AS (
    DELETE FROM refresh_tokens WHERE expires_at < now()
), sessions_over AS (
    DELETE FROM sessions WHERE expires_at < now()
)
DELETE FROM grants WHERE expires_at < now()
"""
