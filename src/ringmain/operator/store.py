"""What operators read that no dialect does: lists by key, newest first. $2 is a bound of the index, never NULL."""

from typing import Final

CONVERSATIONS: Final = """
SELECT conversation_json(c)::text FROM conversations c
WHERE company_id = $1 AND deleted_at IS NULL AND id < $2
ORDER BY id DESC LIMIT $3
"""

MESSAGES: Final = """
SELECT message_json(m)::text FROM messages m
WHERE company_id = $1 AND deleted_at IS NULL AND id < $2
ORDER BY id DESC LIMIT $3
"""

MESSAGES_OF_CONVERSATION: Final = """
SELECT message_json(m)::text FROM messages m
WHERE company_id = $1 AND conversation_id = $4 AND deleted_at IS NULL AND id < $2
ORDER BY id DESC LIMIT $3
"""

EVENTS: Final = """
SELECT id, company_id, type, subject_id, order_key, origin, payload::text AS payload FROM events
WHERE company_id = $1 AND id < $2 AND ($4::text IS NULL OR type = $4)
ORDER BY id DESC LIMIT $3
"""
