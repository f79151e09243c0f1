"""SQL of people. Rows are called `p`; each write has its event."""

from typing import Final

import msgspec

from ringmain.core.extensions.store import SUMMARY
from ringmain.core.people.model import Person, PersonExtension
from ringmain.database.pool import Record

NAMES: Final = (
    "id",
    "company_id",
    "email",
    "login",
    "first_name",
    "last_name",
    "owner",
    "admin",
    "active",
    "timezone",
    "profile",
    "last_login_at",
    "agent_id",
    "invited_at",
    "invitation_expires_at",
    "invitation_accepted_at",
    "created_at",
    "updated_at",
)


def columns(extensions: str) -> str:
    """What `person_of` reads of a row `p`, with the first of their extensions in this table."""
    return f"""
{", ".join(f"p.{name}" for name in NAMES)}, (
    SELECT jsonb_build_object('id', e.id, 'number', e.number, 'name', e.name, 'description', e.data->>'description')
    FROM {extensions} e WHERE e.company_id = p.company_id AND e.person_id = p.id
    ORDER BY e.instance_id, e.number LIMIT 1
)::text AS extension
"""


COLUMNS: Final = columns("extensions")
# A statement does not see in a table what it has just written there.
LINKED_COLUMNS: Final = columns("""(
        SELECT company_id, person_id, instance_id, id, number, name, data FROM extensions
        UNION ALL SELECT company_id, person_id, instance_id, id, number, name, data FROM linked)""")


def noting(kind: str, origin: str) -> str:
    """A common table expression that writes the event of the one row of `p`. `origin` is a parameter, as in $9."""
    return f"""noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT p.company_id, 'person.{kind}', p.id, p.id, {origin}, jsonb_build_object('person', person_json(p.whole))
    FROM p
)"""


def linking(origin: str, *, when: str = "true") -> str:
    """Common table expressions that make `p` the user of extensions without one whose mailbox has their e-mail.

    The other way round is in core/extensions/wanted.py.
    """
    return f"""linked AS (
    UPDATE extensions x SET person_id = p.id, updated_at = now() FROM p
    WHERE x.company_id = p.company_id AND x.person_id IS NULL AND x.data ? 'voicemail_email'
        AND lower(x.data->>'voicemail_email') = lower(p.email) AND {when}
    RETURNING x.*
), links_noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT e.company_id, 'extension.updated', e.id, e.id, {origin}, {SUMMARY} FROM linked e ORDER BY e.id
)"""


# $10: hash of an invitation's token, $11: for how long it is open
CREATE: Final = f"""
WITH p AS (
    INSERT INTO people AS one (company_id, email, first_name, last_name, owner, active, timezone, password_hash,
        profile, agent_id, invitation_hash, invited_at, invitation_expires_at, admin, login)
    VALUES ($1, $2, $3, $4, $5, $6, nullif($7, ''), $8, $9::jsonb, $12, $10,
        CASE WHEN $10::bytea IS NOT NULL THEN now() END, now() + $11::interval, $14, $15)
    RETURNING one.*, one AS whole
), {linking("$13")}, {noting("created", "$13")}
SELECT {LINKED_COLUMNS} FROM p
"""
GET: Final = f"SELECT {COLUMNS} FROM people p WHERE company_id = $1 AND id = $2"
FIND_BY_EMAIL: Final = f"SELECT {COLUMNS} FROM people p WHERE company_id = $1 AND lower(email) = lower($2)"
OWNER: Final = f"SELECT {COLUMNS} FROM people p WHERE company_id = $1 AND owner"
# One row at least, so that the total is known past the last page too. Skipped rows are read from the index alone.
PAGE: Final = f"""
WITH page AS MATERIALIZED (
    SELECT id FROM people WHERE company_id = $1 ORDER BY id LIMIT $2 OFFSET $3
)
SELECT counted.total, {COLUMNS}
FROM (
    SELECT coalesce((SELECT total FROM list_counts WHERE company_id = $1 AND list = 'people' AND key = ''), 0) AS total
) AS counted LEFT JOIN (page JOIN people p ON p.company_id = $1 AND p.id = page.id) ON true
ORDER BY p.id
"""
PAGE_BY_FIRST_NAME: Final = f"""
WITH page AS MATERIALIZED (
    SELECT id FROM people WHERE company_id = $1 AND lower(first_name) = lower($4)
    ORDER BY company_id, lower(first_name), id LIMIT $2 OFFSET $3
)
SELECT counted.total, {COLUMNS}
FROM (
    SELECT coalesce((
        SELECT total FROM list_counts WHERE company_id = $1 AND list = 'first_name' AND key = lower($4)), 0) AS total
) AS counted LEFT JOIN (page JOIN people p ON p.company_id = $1 AND p.id = page.id) ON true
ORDER BY p.id
"""
# An e-mail names one person at most.
MATCH: Final = f"""
SELECT {COLUMNS} FROM people p
WHERE company_id = $1 AND lower(email) = lower($2) AND ($3::text IS NULL OR lower(first_name) = lower($3))
"""
# Before a person is changed or deleted: numbers have the e-mail that was waited for as well, and the owner is known.
LOCK: Final = "SELECT owner FROM people WHERE company_id = $1 AND id = $2 FOR NO KEY UPDATE"
# Numbers know their owners by e-mail, so a new e-mail goes there too. $9: whether profiles are merged at every depth.
# Whoever is deactivated is logged out; an invitation to another address, or taken back, cannot be accepted.
UPDATE: Final = f"""
WITH old AS (
    SELECT company_id, id, lower(email) AS email, active FROM people WHERE company_id = $1 AND id = $2
), numbers_follow AS (
    UPDATE numbers SET owner_emails = array_replace(owner_emails, old.email, lower($3)), updated_at = now()
    FROM old
    WHERE numbers.company_id = $1 AND $3::text IS NOT NULL AND lower($3) <> old.email
        AND old.email = ANY (numbers.owner_emails)
), logged_out AS (
    DELETE FROM sessions s USING old WHERE s.company_id = old.company_id AND s.person_id = old.id AND NOT $6::boolean
), grants_ended AS (
    DELETE FROM grants g USING old WHERE g.company_id = old.company_id AND g.person_id = old.id AND NOT $6::boolean
), p AS (
    UPDATE people AS one SET email = coalesce($3, one.email), first_name = coalesce($4, first_name),
        last_name = coalesce($5, last_name), active = coalesce($6, one.active),
        timezone = CASE WHEN $7::text IS NULL THEN timezone ELSE nullif($7, '') END,
        profile = CASE WHEN $9 THEN merge_json(profile, coalesce($8::jsonb, '{{}}'))
            ELSE profile || coalesce($8::jsonb, '{{}}') END,
        agent_id = CASE WHEN $10 THEN $11 ELSE agent_id END, admin = coalesce($13, admin),
        login = CASE WHEN $14::text IS NULL THEN login ELSE nullif($14, '') END,
        invitation_hash = CASE WHEN withdrawn.so THEN NULL ELSE invitation_hash END,
        invitation_expires_at = CASE WHEN withdrawn.so AND invitation_hash IS NOT NULL
            THEN least(invitation_expires_at, now()) ELSE invitation_expires_at END,
        updated_at = now()
    FROM old, LATERAL (
        SELECT coalesce(old.active AND NOT $6 OR lower($3) <> old.email, false) AS so) AS withdrawn
    WHERE one.company_id = $1 AND one.id = $2
    RETURNING one.*, one AS whole
), {linking("$12", when="lower(p.email) <> (SELECT email FROM old)")}, {noting("updated", "$12")}
SELECT {LINKED_COLUMNS} FROM p
"""
# Held while the owner changes.
LOCK_COMPANY: Final = "SELECT FROM companies WHERE id = $1 FOR NO KEY UPDATE"
RESIGN_OWNER: Final = f"""
WITH p AS (
    UPDATE people AS one SET owner = false, updated_at = now() WHERE company_id = $1 AND owner
    RETURNING one.*, one AS whole
), {noting("updated", "$2")}
SELECT id FROM p
"""
MAKE_OWNER: Final = f"""
WITH p AS (
    UPDATE people AS one SET owner = true, updated_at = now() WHERE company_id = $1 AND id = $2 AND active
    RETURNING one.*, one AS whole
), {noting("updated", "$3")}
SELECT {COLUMNS} FROM p
"""
# What acts for them alone goes with them: keys here, sessions and presence by their foreign keys.
DELETE: Final = f"""
WITH p AS (
    DELETE FROM people AS one WHERE company_id = $1 AND id = $2 AND NOT owner
    RETURNING one.*, one AS whole
), keys AS (
    DELETE FROM api_keys k USING p WHERE k.company_id = p.company_id AND k.person_id = p.id
), numbers_follow AS (
    UPDATE numbers SET owner_emails = array_remove(owner_emails, lower(p.email)), updated_at = now()
    FROM p
    WHERE numbers.company_id = $1 AND lower(p.email) = ANY (numbers.owner_emails)
), {noting("deleted", "$3")}
SELECT {COLUMNS} FROM p
"""

# Invitations. Whoever has the token is who was invited: it makes the company known, as logging in does.

INVITE: Final = f"""
WITH p AS (
    UPDATE people AS one SET invitation_hash = $3, invited_at = now(), invitation_expires_at = now() + $4,
        updated_at = now()
    WHERE company_id = $1 AND id = $2 AND invitation_accepted_at IS NULL AND password_hash IS NULL
    RETURNING one.*, one AS whole
), {noting("updated", "$5")}
SELECT {COLUMNS} FROM p
"""
INVITED: Final = """
SELECT company_id, email, invitation_expires_at <= now() AS expired FROM people WHERE invitation_hash = $1 AND id = $2
"""
ACCEPT: Final = f"""
WITH p AS (
    UPDATE people AS one SET password_hash = $4, active = true, invitation_hash = NULL,
        invitation_accepted_at = now(), updated_at = now()
    WHERE company_id = $1 AND id = $2 AND invitation_hash = $3 AND invitation_expires_at > now()
    RETURNING one.*, one AS whole
), {noting("updated", "$5")}
SELECT {COLUMNS} FROM p
"""
COMPANY_NAME: Final = "SELECT name FROM companies WHERE id = $1"


def person_of(row: Record) -> Person:
    """One row of `COLUMNS`."""
    extension = row["extension"]
    return Person(
        **{name: row[name] for name in NAMES if name != "profile"},
        profile=msgspec.json.decode(row["profile"]),
        extension=msgspec.json.decode(extension, type=PersonExtension) if extension else None,
    )
