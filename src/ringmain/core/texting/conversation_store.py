"""SQL of conversations; lists are in conversation_list.py. Reads return the core's JSON shape (migration 0007)."""

from typing import Final

from ringmain.core.word_search import PREFIXES, hits

MAX_HITS: Final = 1000
"""How many messages a search looks at."""


def message_hits(place: str) -> str:
    """Common table expressions: `hits` are messages that have all words. $1 the company, `place` their queries."""
    return hits(
        PREFIXES.format(place=place),
        table="messages",
        columns="id, conversation_id",
        where="company_id = $1 AND deleted_at IS NULL",
        order="id DESC",
        limit=MAX_HITS,
        enough=MAX_HITS,
        scope="('''company:' || $1::bigint || '''')::tsquery",
    )


OPEN_CONVERSATION = """
WITH ours AS (
    SELECT id FROM numbers WHERE company_id = $1 AND number = $2 AND sms
), known AS (
    SELECT count(*) AS n FROM contacts WHERE company_id = $1 AND id = ANY ($3::bigint[])
), made AS (
    INSERT INTO conversations AS c (company_id, kind, number_id, contact_ids)
    SELECT $1, CASE cardinality($3::bigint[]) WHEN 1 THEN 'direct' ELSE 'group' END, ours.id, $3
    FROM ours, known WHERE known.n = cardinality($3::bigint[])
    ON CONFLICT (company_id, number_id, contact_ids) WHERE deleted_at IS NULL DO NOTHING
    RETURNING c.id, c AS conversation
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'conversation.created', made.id, made.id, $4,
        jsonb_build_object('conversation', conversation_json(made.conversation))
    FROM made
)
SELECT
    EXISTS (SELECT FROM ours) AS number_known,
    (SELECT n FROM known) = cardinality($3::bigint[]) AS contacts_known,
    EXISTS (SELECT FROM made) AS created,
    coalesce(
        (SELECT conversation_json(conversation) FROM made),
        (SELECT conversation_json(c) FROM conversations c, ours
         WHERE c.company_id = $1 AND c.number_id = ours.id AND c.contact_ids = $3 AND c.deleted_at IS NULL)
    )::text AS conversation
"""

CONVERSATION = """
SELECT conversation_json(c)::text FROM conversations c WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL
"""

# $2: prefix_queries
SEARCH_CONVERSATIONS = f"""
WITH {message_hits("$2")}, newest AS (
    SELECT conversation_id, max(id) AS id FROM hits GROUP BY conversation_id
)
SELECT (conversation_json(c) || jsonb_build_object('last_message', message_json(m)))::text
FROM newest
JOIN conversations c ON c.company_id = $1 AND c.id = newest.conversation_id AND c.deleted_at IS NULL
JOIN messages m ON m.company_id = $1 AND m.id = newest.id
ORDER BY newest.id DESC LIMIT $3
"""

DELETE_CONVERSATION = """
WITH gone AS (
    UPDATE conversations c SET deleted_at = now(), updated_at = now()
    WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL
    RETURNING c.id, c AS conversation
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'conversation.deleted', id, id, $3, jsonb_build_object('conversation', conversation_json(conversation))
    FROM gone
)
SELECT count(*) FROM gone
"""

# Set to what is wanted, or to the other state where nothing is; nothing happens to one that is so already.
PIN_CONVERSATION = """
WITH known AS MATERIALIZED (
    SELECT c.id, c.pinned_at, c AS conversation FROM conversations c
    WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE
), changed AS (
    UPDATE conversations c SET updated_at = now(),
        pinned_at = CASE WHEN coalesce($3, known.pinned_at IS NULL) THEN now() END
    FROM known WHERE c.company_id = $1 AND c.id = known.id
        AND coalesce($3, known.pinned_at IS NULL) <> (known.pinned_at IS NOT NULL)
    RETURNING c.id, c AS conversation
), noted AS (
    INSERT INTO events (company_id, type, subject_id, order_key, origin, payload)
    SELECT $1, 'conversation.updated', id, id, $4, jsonb_build_object('conversation', conversation_json(conversation))
    FROM changed
)
SELECT conversation_json(coalesce((SELECT conversation FROM changed), conversation))::text FROM known
"""
