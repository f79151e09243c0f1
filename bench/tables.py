"""Tables filled by SQL to any size, with the counters that their triggers keep.

Each statement takes the company ($1) and a number of rows ($2). Days are spread as they would be: two rows a minute.
"""

from collections.abc import Sequence
from typing import Final

import asyncpg
import msgspec

DOCUMENT: Final = '{"id": 1, "name": "a.pdf", "mimetype": "application/pdf", "size": 1}'

PEOPLE: Final = """
INSERT INTO people (company_id, email, first_name, last_name)
SELECT $1::bigint, 'p' || n || '@bench.example', 'Name' || n % 100, 'Last' || n FROM generate_series(1, $2::int) AS n
"""
DIRECTORY: Final = """
INSERT INTO directory_contacts (company_id, first_name, phone)
SELECT $1::bigint, 'Name' || n, '+1310555' || n FROM generate_series(1, $2::int) AS n
"""
# Of places and subscriptions no company has a million: the table has, a hundred a company.
LOCATIONS: Final = """
INSERT INTO locations (company_id, name)
SELECT $1::bigint + n / 100, 'Site ' || n FROM generate_series(0, $2::int - 1) AS n
"""
ENDPOINTS: Final = """
INSERT INTO endpoints (company_id, id, face, url, secret)
SELECT $1::bigint + n, $1::bigint + n, 'ringplan', 'https://example.com', 'x'
FROM generate_series(0, $2::int / 4 - 1) AS n
"""
SUBSCRIPTIONS: Final = """
INSERT INTO subscriptions (company_id, endpoint_id, name, event_types)
SELECT $1::bigint + n / 4, $1::bigint + n / 4, 'texting.message.inbound', '{message.created}'
FROM generate_series(0, $2::int - 1) AS n
"""
# Rows' triggers are off: what they would fill in is filled in here.
EXTENSIONS: Final = """
INSERT INTO extensions (company_id, instance_id, number, name, purpose, secret, user_name)
SELECT $1::bigint, i.id, n, 'Desk ' || n || ' name' || n || 'x',
    CASE n % 2 WHEN 0 THEN 'softphone' ELSE 'ip-phone' END, 'x', 'user ' || n
FROM generate_series(1, $2::int) AS n, instances i WHERE i.company_id = $1
"""
CONTACTS: Final = """
INSERT INTO contacts (company_id, id, number, first_name, last_name)
SELECT $1::bigint, n, '+1310' || 2000000 + n, 'Jane' || n || 'x', 'Doe' || n FROM generate_series(1, $2::int) AS n
"""
CONVERSATIONS: Final = """
INSERT INTO conversations (company_id, id, number_id, contact_ids, last_activity_at, unread_count)
SELECT $1::bigint, n, k.id, ARRAY[n], now() - n * interval '30 seconds', CASE n % 10 WHEN 0 THEN 1 ELSE 0 END
FROM generate_series(1, $2::int) AS n, numbers k WHERE k.company_id = $1
"""
MESSAGES: Final = """
INSERT INTO messages
    (company_id, conversation_id, direction, state, text, sender, recipients, encoding, segments, read)
SELECT
    $1::bigint, 1, 'outbound', 'delivered', 'Message word' || n || 'x', '+12025550123', '{+13105550100}',
    'gsm7', 1, true
FROM generate_series(1, $2::int) AS n
"""
COUNT_MESSAGES: Final = "UPDATE conversations SET message_count = $2::int WHERE company_id = $1 AND id = 1"
# Durations are whole seconds: thousands of voicemails have the same.
VOICEMAILS: Final = f"""
INSERT INTO voicemails (company_id, instance_id, instance_uuid, extension_number, source_number, source_name,
    received_at, file_id, file, duration_s, email)
SELECT $1::bigint, i.id, i.uuid, 1001 + n % 10, 2000 + n % 1000, 'Caller ' || n % 1000,
    now() - n * interval '30 seconds', 1, '{DOCUMENT}', n * 7919::bigint % 300, ''
FROM generate_series(1, $2::int) AS n, instances i WHERE i.company_id = $1
"""
FAXES: Final = f"""
INSERT INTO faxes (company_id, direction, state, own_number, own_name, party_number, party_name, subject, is_read,
    file_id, file, preview_id, pages, created_at)
SELECT $1::bigint, CASE n % 3 WHEN 0 THEN 'inbound' ELSE 'outbound' END,
    CASE n % 3 WHEN 0 THEN 'received' WHEN 1 THEN 'sent' ELSE 'scheduled' END,
    '+12025550123', 'Bench', '+1310' || 2000000 + n, 'Party ' || n, 'Subject word' || n || 'x',
    n % 2 = 0, 1, '{DOCUMENT}', 1, n % 9, now() - n * interval '30 seconds'
FROM generate_series(1, $2::int) AS n
"""
CALLS: Final = """
INSERT INTO calls (company_id, id, instance_id, instance_uuid, reference, direction, network, source, source_name,
    destination, destination_name, extension_number, started_at, ended_at, outcome)
SELECT $1::bigint, n, i.id, i.uuid, n, CASE n % 2 WHEN 0 THEN 'inbound' ELSE 'outbound' END, 'off_net',
    '+1310' || 2000000 + n, '', 1001 + n % 10, '', 1001 + n % 10, now() - n * interval '30 seconds', now(),
    CASE n % 4 WHEN 0 THEN 'busy' ELSE 'completed' END
FROM generate_series(1, $2::int) AS n, instances i WHERE i.company_id = $1
"""
CALL_EXTENSIONS: Final = """
INSERT INTO call_extensions (company_id, extension_number, call_id, direction, network, outcome, started_at)
SELECT company_id, extension_number, id, direction, network, outcome, started_at FROM calls
WHERE company_id = $1 AND id <= $2::int
"""
COUNT_CALLS: Final = """
INSERT INTO call_counts (company_id, extension_number, day, direction, network, outcome, total)
SELECT company_id, e, (started_at AT TIME ZONE 'UTC')::date, direction, network, outcome, count(*)
FROM calls, LATERAL (VALUES (0), (extension_number)) AS k (e) WHERE company_id = $1 AND id <= $2::int
GROUP BY 1, 2, 3, 4, 5, 6
"""
MEETINGS: Final = """
INSERT INTO meetings (company_id, group_id, title, starts_at, ends_at, occurs_at, timezone, attendees, room)
SELECT $1::bigint, n, 'Meeting ' || n, t.at, t.at + interval '1 hour', t.at, 'UTC',
    '[{"email": "guest@bench.example", "status": "accepted", "is_organizer": true}]', 'room' || n
FROM generate_series(1, $2::int) AS n, LATERAL (SELECT now() - n * interval '30 seconds') AS t (at)
"""


class Fill(msgspec.Struct, frozen=True):
    """A statement that fills a table; `table` is empty for one that only corrects."""

    table: str
    statement: str


STATEMENT_TRIGGERS: Final = """
SELECT tgname FROM pg_trigger WHERE tgrelid = $1::text::regclass AND NOT tgisinternal AND tgtype & 1 = 0
"""
INDEXES: Final = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index i
WHERE indrelid = $1::text::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
"""
TIMEOUT: Final = 900


async def fill(connection: asyncpg.Connection, given: Sequence[Fill], company_id: int, rows: int) -> None:
    """Fill tables. Foreign keys are not looked at, rows' triggers not called, indexes built afterwards."""
    await connection.execute("SET session_replication_role = replica")
    tables = [one.table for one in given if one.table]
    for one in given:
        await _rows(connection, one, company_id, rows)
    # Without a look at visibility, indexes alone are not enough for anything.
    await connection.execute(f"VACUUM ANALYZE {', '.join(tables)}", timeout=TIMEOUT)


async def _rows(connection: asyncpg.Connection, given: Fill, company_id: int, rows: int) -> None:
    if not given.table:
        await connection.execute(given.statement, company_id, rows, timeout=TIMEOUT)
        return
    for trigger in await connection.fetch(STATEMENT_TRIGGERS, given.table):
        await connection.execute(f"ALTER TABLE {given.table} ENABLE ALWAYS TRIGGER {trigger['tgname']}")
    indexes = await connection.fetch(INDEXES, given.table)
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    await connection.execute(given.statement, company_id, rows, timeout=TIMEOUT)
    for index in indexes:
        await connection.execute(index["definition"], timeout=TIMEOUT)
