"""SQL of SMS trunks."""

from typing import Final

import msgspec

from ringmain.core.trunks.model import Reply, Trunk
from ringmain.database.pool import Record

_reply: Final = msgspec.json.Decoder(Reply | None)
_replies: Final = msgspec.json.Decoder(list[Reply])

# Extensions with a user text from what their user owns, others from what they were given. Of a user with several, those
# that were given it, else all.
USERS: Final = """
coalesce((
    SELECT array_agg(e.id ORDER BY e.number, e.id)
    FROM extensions e LEFT JOIN people p ON p.company_id = e.company_id AND p.id = e.person_id
    WHERE e.company_id = n.company_id AND CASE
        WHEN p.id IS NULL THEN e.id = ANY (t.extension_ids)
        ELSE lower(p.email) = ANY (n.owner_emails) AND (e.id = ANY (t.extension_ids) OR NOT EXISTS (
            SELECT FROM extensions o
            WHERE o.company_id = p.company_id AND o.person_id = p.id AND o.id = ANY (t.extension_ids)))
        END
), '{}')
"""
COLUMNS: Final = f"""
n.id, n.company_id, n.number, n.created_at, coalesce(t.name, '') AS name,
coalesce(t.service, n.carrier, '') AS service, coalesce(nullif(t.country, ''), y.country) AS country,
coalesce(t.inbound_format, '') AS inbound_format, coalesce(t.outbound_format, '') AS outbound_format,
coalesce(t.send_name, false) AS send_name, coalesce(t.group_mode, false) AS group_mode,
coalesce(t.session_timeout, 0) AS session_timeout, coalesce(t.status, 2) AS status,
coalesce(t.opt_out, 'null')::text AS opt_out, coalesce(t.auto_replies, '[]')::text AS auto_replies,
{USERS} AS extension_ids
"""
FROM: Final = """
FROM numbers n JOIN companies y ON y.id = n.company_id
LEFT JOIN trunks t ON t.company_id = n.company_id AND t.number_id = n.id
WHERE n.company_id = $1 AND n.sms AND NOT n.line
"""
LIST: Final = f"SELECT {COLUMNS} {FROM} ORDER BY n.id"
GET: Final = f"SELECT {COLUMNS} {FROM} AND n.id = $2"
SPELLING: Final = """
SELECT coalesce(nullif(t.country, ''), y.country) AS country, coalesce(t.inbound_format, '') AS inbound,
    coalesce(t.outbound_format, '') AS outbound
FROM numbers n JOIN companies y ON y.id = n.company_id
LEFT JOIN trunks t ON t.company_id = n.company_id AND t.number_id = n.id
WHERE n.company_id = $1 AND n.number = $2
"""

# A number of the company's that is no trunk yet becomes one. Another's number is taken, and so is a trunk's: no row.
TAKE_NUMBER: Final = """
INSERT INTO numbers AS n (company_id, number, sms, mms, voice) VALUES ($1, $2, true, true, false)
ON CONFLICT (number, company_id) DO UPDATE SET sms = true, updated_at = now()
WHERE NOT n.line AND NOT EXISTS (
    SELECT FROM trunks t WHERE t.company_id = n.company_id AND t.number_id = n.id)
RETURNING id
"""
OPEN: Final = "INSERT INTO trunks (company_id, number_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
KNOWN: Final = "SELECT id FROM numbers WHERE company_id = $1 AND id = $2 AND sms AND NOT line FOR NO KEY UPDATE"
# $3 JSON of what changes, by column
SET: Final = """
UPDATE trunks t SET name = c.name, service = c.service, country = c.country, inbound_format = c.inbound_format,
    outbound_format = c.outbound_format, send_name = c.send_name, group_mode = c.group_mode,
    session_timeout = c.session_timeout, opt_out = c.opt_out, auto_replies = c.auto_replies,
    status = c.status, extension_ids = c.extension_ids, updated_at = now()
FROM (
    SELECT (jsonb_populate_record(old, $3::jsonb)).* FROM trunks old WHERE company_id = $1 AND number_id = $2
) AS c
WHERE t.company_id = $1 AND t.number_id = $2
"""
# A service that is a relay here carries all texts of the number; any other name says nothing of the way they take.
SET_CARRIER: Final = """
UPDATE numbers n SET updated_at = now(), carrier = coalesce(
    (SELECT name FROM carriers WHERE name = $3 AND kind = 'relayed'),
    (SELECT name FROM carriers WHERE name = n.carrier AND kind <> 'relayed'))
WHERE n.company_id = $1 AND n.id = $2
"""
# Owners who have no extension stay: nobody can say of them here that they are not.
SET_OWNERS: Final = """
WITH given AS (
    SELECT min(o.place) AS place, lower(p.email) AS email
    FROM unnest($3::bigint[]) WITH ORDINALITY AS o (id, place)
    JOIN extensions e ON e.company_id = $1 AND e.id = o.id
    JOIN people p ON p.company_id = $1 AND p.id = e.person_id
    GROUP BY 2
)
UPDATE numbers n SET updated_at = now(), owner_emails =
    coalesce((SELECT array_agg(email ORDER BY place) FROM given), '{}') || coalesce((
        SELECT array_agg(o.email ORDER BY o.place) FROM unnest(n.owner_emails) WITH ORDINALITY AS o (email, place)
        WHERE o.email NOT IN (SELECT email FROM given) AND NOT EXISTS (
            SELECT FROM people p JOIN extensions e ON e.company_id = p.company_id AND e.person_id = p.id
            WHERE p.company_id = $1 AND lower(p.email) = o.email)), '{}')
WHERE n.company_id = $1 AND n.id = $2
"""
EXTENSIONS_KNOWN: Final = "SELECT count(*) FROM extensions WHERE company_id = $1 AND id = ANY ($2::bigint[])"

CLOSE: Final = "DELETE FROM trunks WHERE company_id = $1 AND number_id = $2"
# It was there for texts alone, and nobody asked not to be texted from it; conversations refer to it.
DROP_NUMBER: Final = """
DELETE FROM numbers n WHERE company_id = $1 AND id = $2 AND NOT voice AND NOT fax
    AND NOT EXISTS (SELECT FROM opt_outs o WHERE o.company_id = $1 AND o.number_id = $2)
RETURNING id
"""
SILENCE: Final = """
UPDATE numbers SET sms = false, mms = false, owner_emails = CASE WHEN fax THEN owner_emails ELSE '{}' END,
    updated_at = now()
WHERE company_id = $1 AND id = $2
"""


def trunk_of(row: Record) -> Trunk:
    """One row of `COLUMNS`."""
    given = dict(row.items())
    given["opt_out"], given["auto_replies"] = _reply.decode(row["opt_out"]), _replies.decode(row["auto_replies"])
    return Trunk(**given)
