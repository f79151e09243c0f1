"""SQL of extensions."""

from functools import cache
from typing import Final

import msgspec

from ringmain.core.extensions.model import CallerId, Extension, ExtensionSummary
from ringmain.core.instances.pbx import Forwarding
from ringmain.core.locations.model import Location
from ringmain.core.people.model import Person
from ringmain.core.word_search import PREFIXES, hits
from ringmain.database.pool import Record

_person = msgspec.json.Decoder(Person)
_location = msgspec.json.Decoder(Location)
_forwarding = msgspec.json.Decoder(Forwarding)

RECOVERABLE: Final = "interval '24 hours'"
"""For how long what was deleted can be had back."""

# Of a row `e`, which may be of a statement that has just written it.
COLUMNS: Final = """
e.id, e.company_id, e.instance_id, e.number, e.name, e.purpose, e.caller_name, e.caller_number, e.data::text AS data,
e.reserved::text AS reserved, e.secret, e.subscriber_state, e.call_status, e.created_at, e.updated_at,
e.activation, e.attached_to, e.forwarding::text AS forwarding, e.profile::text AS profile,
(SELECT person_json(p)::text FROM people p
    WHERE p.company_id = e.company_id AND p.id = e.person_id) AS person,
(SELECT to_jsonb(l)::text FROM locations l WHERE l.company_id = e.company_id AND l.id = e.location_id) AS location
"""
# The core's JSON shape for events: ExtensionSummary.
SUMMARY: Final = """
jsonb_build_object('extension', jsonb_build_object(
    'id', e.id, 'company_id', e.company_id, 'instance_id', e.instance_id, 'number', e.number, 'name', e.name,
    'purpose', e.purpose, 'person_id', e.person_id, 'location_id', e.location_id, 'caller_name', e.caller_name,
    'caller_number', e.caller_number, 'subscriber_state', e.subscriber_state, 'call_status', e.call_status,
    'created_at', e.created_at, 'updated_at', e.updated_at))
"""

# $18: the id that it had, or NULL for one of its own
CREATE: Final = f"""
WITH e AS (
    INSERT INTO extensions AS x (company_id, instance_id, number, name, purpose, person_id, location_id, caller_name,
        caller_number, data, reserved, activation, attached_to, forwarding, profile, secret, id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, $11::jsonb, $12, $13, $14::jsonb, $15::jsonb, $16,
        coalesce($18, new_id()))
    RETURNING x.*
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT company_id, 'extension.created', id, id, $17, {SUMMARY} FROM e
)
SELECT {COLUMNS} FROM e
"""
GET: Final = f"""
SELECT {COLUMNS} FROM extensions e
WHERE company_id = $1 AND id = $2 AND ($3::bigint IS NULL OR instance_id = $3)
"""
ALL: Final = f"""
SELECT {COLUMNS} FROM extensions e
WHERE company_id = $1 AND ($2::bigint IS NULL OR instance_id = $2) AND ($3::bigint IS NULL OR attached_to = $3)
ORDER BY id
"""
FIND_BY_NUMBER: Final = f"""
SELECT {COLUMNS} FROM extensions e WHERE company_id = $1 AND instance_id = $2 AND number = $3
"""
LOCK: Final = "SELECT pg_advisory_xact_lock($1)"
# What a write needs, while LOCK is held. $3 number, $4 the extension or NULL, $5 person, $6 location, $7 attached to
POSSIBLE: Final = """
SELECT
    EXISTS (
        SELECT FROM extensions WHERE company_id = $1 AND instance_id = $2 AND number = $3
            AND id IS DISTINCT FROM $4::bigint
        UNION ALL
        SELECT FROM groups WHERE company_id = $1 AND instance_id = $2 AND number = $3
    ) AS number_taken,
    $5::bigint IS NULL OR EXISTS (SELECT FROM people WHERE company_id = $1 AND id = $5) AS person_known,
    $6::bigint IS NULL OR EXISTS (SELECT FROM locations WHERE company_id = $1 AND id = $6) AS location_known,
    $7::bigint IS NULL OR EXISTS (
        SELECT FROM extensions WHERE company_id = $1 AND id = $7 AND activation = 'active' AND id IS DISTINCT FROM $4
    ) AS attachable,
    EXISTS (SELECT FROM instances WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL) AS instance_there
"""
# Who is blocked has no phones, and who is not active has nobody beside them. $17: the instance that it moves to, whose
# groups it is in none of.
UPDATE: Final = f"""
WITH e AS (
    UPDATE extensions x SET number = $3, name = $4, purpose = $5, person_id = $6, location_id = $7, caller_name = $8,
        caller_number = $9, data = $10::jsonb, reserved = $11::jsonb, activation = $12, attached_to = $13,
        forwarding = $14::jsonb, profile = $15::jsonb, instance_id = $17,
        subscriber_state = CASE WHEN $12 = 'blocked' THEN 'UNREGISTERED' ELSE subscriber_state END,
        call_status = CASE WHEN $12 = 'blocked' THEN 'idle' ELSE call_status END, updated_at = now()
    WHERE company_id = $1 AND id = $2
    RETURNING x.*
), left_groups AS (
    DELETE FROM group_members m USING groups g
    WHERE m.company_id = $1 AND m.extension_id = $2 AND g.company_id = $1 AND g.id = m.group_id AND g.instance_id <> $17
), detached AS (
    UPDATE extensions x SET attached_to = NULL, updated_at = now()
    WHERE x.company_id = $1 AND x.attached_to = $2 AND $12 = 'inactive'
), hung_up AS (
    UPDATE registrations SET unregistered_at = now()
    WHERE company_id = $1 AND extension_id = $2 AND unregistered_at IS NULL AND $12 = 'blocked'
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT company_id, 'extension.updated', id, id, $16, {SUMMARY} FROM e
)
SELECT {COLUMNS} FROM e
"""
# It can be had back for a day, with its voicemail and its line.
DELETE: Final = f"""
WITH e AS (
    DELETE FROM extensions x WHERE company_id = $1 AND id = $2
    RETURNING x.*
), forgotten AS (
    DELETE FROM deleted_extensions WHERE company_id = $1 AND deleted_at < now() - {RECOVERABLE} AND id <> $2
), kept AS (
    INSERT INTO deleted_extensions (company_id, id, instance_id, number, extension, voicemail_ids, line_ids)
    SELECT company_id, id, instance_id, number, to_jsonb(e) - 'search',
        ARRAY(SELECT v.id FROM voicemails v WHERE v.company_id = $1 AND v.extension_id = $2),
        ARRAY(SELECT n.id FROM numbers n WHERE n.company_id = $1 AND n.extension_id = $2)
    FROM e
    ON CONFLICT (company_id, id) DO UPDATE SET deleted_at = now(), instance_id = excluded.instance_id,
        number = excluded.number, extension = excluded.extension, voicemail_ids = excluded.voicemail_ids,
        line_ids = excluded.line_ids
)
INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
SELECT company_id, 'extension.deleted', id, id, $3, {SUMMARY} FROM e
"""
# The last that had this number, as it was; its user may be gone since.
NUMBER_IN_USE: Final = "SELECT EXISTS (SELECT FROM extensions WHERE company_id = $1 AND number = $2)"
DELETED: Final = f"""
SELECT {COLUMNS} FROM (
    SELECT extension FROM deleted_extensions d JOIN instances i ON i.company_id = d.company_id AND i.id = d.instance_id
    WHERE d.company_id = $1 AND d.number = $2 AND d.deleted_at >= now() - {RECOVERABLE} AND i.deleted_at IS NULL
    ORDER BY d.deleted_at DESC LIMIT 1
) AS last, jsonb_populate_record(NULL::extensions, last.extension) AS e
"""
RESTORE: Final = """
WITH gone AS (
    DELETE FROM deleted_extensions WHERE company_id = $1 AND id = $2 RETURNING voicemail_ids, line_ids
), voicemail AS (
    UPDATE voicemails v SET extension_id = $2 FROM gone
    WHERE v.company_id = $1 AND v.id = ANY (gone.voicemail_ids) AND v.extension_id IS NULL
)
UPDATE numbers n SET extension_id = $2 FROM gone
WHERE n.company_id = $1 AND n.id = ANY (gone.line_ids) AND n.extension_id IS NULL
"""
NUMBERS: Final = "SELECT number FROM extensions WHERE company_id = $1 AND instance_id = $2 ORDER BY number"
DELETE_INSTANCE: Final = f"""
WITH home AS (
    UPDATE instances SET deleted_at = now(), updated_at = now()
    WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL
    RETURNING id
), e AS (
    DELETE FROM extensions x USING home WHERE x.company_id = $1 AND x.instance_id = home.id
    RETURNING x.*
), gone AS (
    DELETE FROM groups g USING home WHERE g.company_id = $1 AND g.instance_id = home.id
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT company_id, 'extension.deleted', id, id, $3, {SUMMARY} FROM e
)
SELECT home.id AS instance_id, e.id FROM home LEFT JOIN e ON true ORDER BY e.number
"""
PERSON_BY_EMAIL: Final = "SELECT id FROM people WHERE company_id = $1 AND lower(email) = lower($2)"

# One row at least while the person is there.
OF_PERSON: Final = f"""
SELECT known.id AS known, one.* FROM (SELECT id FROM people WHERE company_id = $1 AND id = $2) AS known
LEFT JOIN (
    SELECT {COLUMNS} FROM extensions e
    WHERE company_id = $1 AND person_id = $2 AND ($3::text IS NULL OR purpose = $3)
) AS one ON true
ORDER BY one.instance_id, one.number
"""
CHECK: Final = """
SELECT EXISTS (SELECT FROM extensions WHERE company_id = $1 AND instance_id = $2 AND number = $3)
    OR EXISTS (SELECT FROM groups WHERE company_id = $1 AND instance_id = $2 AND number = $3) AS number_taken,
    EXISTS (
        SELECT FROM extensions WHERE company_id = $1 AND instance_id = $2 AND person_id =
            (SELECT id FROM people WHERE company_id = $1 AND lower(email) = lower($4))
    ) OR EXISTS (
        SELECT FROM extensions WHERE company_id = $1 AND instance_id = $2 AND data ? 'voicemail_email'
            AND lower(data->>'voicemail_email') = lower($4)
    ) AS email_assigned
"""
OBSERVE: Final = f"""
WITH e AS (
    UPDATE extensions x SET subscriber_state = seen.state, call_status = seen.call_status
    FROM unnest($3::int[], $4::text[], $5::text[]) AS seen (number, state, call_status)
    WHERE company_id = $1 AND instance_id = $2 AND x.number = seen.number
        AND (x.subscriber_state, x.call_status) IS DISTINCT FROM (seen.state, seen.call_status)
    RETURNING x.*
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT company_id, 'extension.updated', id, id, $6, {SUMMARY} FROM e
)
SELECT count(*) FROM e
"""
CALLER_IDS: Final = """
SELECT companies.name, numbers.number FROM numbers JOIN companies ON companies.id = numbers.company_id
WHERE company_id = $1 AND voice ORDER BY numbers.id
"""

SUMMARIES: Final = """
WITH page AS (
    SELECT id, company_id, instance_id, number, name, purpose, person_id, location_id, caller_name, caller_number,
        subscriber_state, call_status, created_at, updated_at
    FROM extensions WHERE company_id = $1 AND ($2::bigint IS NULL OR instance_id = $2)
    ORDER BY instance_id, number LIMIT $3 OFFSET $4
)
SELECT (SELECT coalesce(sum(total), 0)::bigint FROM extension_counts
        WHERE company_id = $1 AND ($2::bigint IS NULL OR instance_id = $2)) AS total, page.*
FROM (SELECT 1) AS one LEFT JOIN page ON true ORDER BY instance_id, number
"""

BY_NUMBER: Final = "number"
BY_USER: Final = "user_name NULLS LAST, number"
# What is counted as extensions come and go.
COUNTED: Final = """
SELECT coalesce(sum(total) FILTER (WHERE ($3::text IS NULL OR purpose = $3) AND (has_user OR NOT $4)), 0)::bigint
        AS total,
    coalesce(sum(total), 0)::bigint AS in_instance
FROM extension_counts WHERE company_id = $1 AND instance_id = $2
"""

MAX_FOUND: Final = 10_000
MIN_FOUND: Final = 1000
"""A search finds all up to here; of more, as many as it sees at once, up to `MAX_FOUND`."""


@cache
def page(*, purpose: bool, with_user: bool, by_user: bool, search: bool) -> str:
    """The statement of a page, with the filters that it has, so that each is planned for itself.

    $3 purpose or NULL, $4 whether only with a user, $5 limit, $6 offset; to search $7 the words' queries.
    """
    matching = "company_id = $1 AND instance_id = $2"
    matching += " AND purpose = $3" if purpose else ""
    matching += " AND user_name IS NOT NULL" if with_user else ""
    order = BY_USER if by_user else BY_NUMBER
    if not search:
        return f"""
        WITH counted AS ({COUNTED}), e AS (
            SELECT * FROM extensions WHERE {matching} ORDER BY {order} LIMIT $5 OFFSET $6
        )
        SELECT counted.total, counted.in_instance, one.*
        FROM counted LEFT JOIN (SELECT {COLUMNS}, e.user_name FROM e) AS one ON true ORDER BY {order}
        """
    found = hits(
        PREFIXES.format(place="$7"),
        table="extensions",
        columns="id, number, user_name",
        where=matching,
        order=order,
        limit=MAX_FOUND,
        enough=MIN_FOUND,
        scope="('''instance:' || $2::bigint || '''')::tsquery",
    )
    return f"""
    WITH counted AS ({COUNTED}), {found}, picked AS (
        SELECT id FROM hits ORDER BY {order} LIMIT $5 OFFSET $6
    ), e AS (
        SELECT extensions.* FROM extensions WHERE company_id = $1 AND id IN (SELECT id FROM picked)
    )
    SELECT (SELECT count(*) FROM hits) AS total, counted.in_instance, one.*
    FROM counted LEFT JOIN (SELECT {COLUMNS}, e.user_name FROM e) AS one ON true ORDER BY {order}
    """


def summary_of(row: Record) -> ExtensionSummary:
    """One row of `SUMMARIES`."""
    return ExtensionSummary(**{name: row[name] for name in ExtensionSummary.__struct_fields__})


def extension_of(row: Record) -> Extension:
    """One row of `COLUMNS`."""
    number, name = row["caller_number"], row["caller_name"]
    return Extension(
        id=row["id"],
        company_id=row["company_id"],
        instance_id=row["instance_id"],
        number=row["number"],
        name=row["name"],
        purpose=row["purpose"],
        caller_id=None if number is None else CallerId(name=name or "", number=number),
        data=msgspec.json.decode(row["data"]),
        reserved=None if row["reserved"] is None else msgspec.json.decode(row["reserved"]),
        secret=row["secret"],
        subscriber_state=row["subscriber_state"],
        call_status=row["call_status"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        person=None if row["person"] is None else _person.decode(row["person"]),
        location=None if row["location"] is None else _location.decode(row["location"]),
        activation=row["activation"],
        attached_to=row["attached_to"],
        forwarding=_forwarding.decode(row["forwarding"]),
        profile=msgspec.json.decode(row["profile"]),
    )
