"""SQL of usage."""

from typing import Final

# $2 and $3: the span; $4 the lowest id that can be of it, as ids are in the order of time
BETWEEN: Final = """
SELECT
    t.sent AS messages_sent, t.received AS messages_received, t.segments,
    c.calls, c.minutes AS call_minutes, f.sent AS fax_pages_sent, f.received AS fax_pages_received
FROM (
    SELECT count(*) FILTER (WHERE direction = 'outbound') AS sent,
        count(*) FILTER (WHERE direction = 'inbound') AS received,
        coalesce(sum(segments * cardinality(recipients)) FILTER (WHERE direction = 'outbound'), 0)::bigint AS segments
    FROM messages WHERE company_id = $1 AND id >= $4 AND created_at >= $2 AND created_at < $3
) AS t, (
    SELECT count(*) AS calls, coalesce(sum(
        ceil(extract(epoch FROM ended_at - answered_at) / 60)) FILTER (
            WHERE answered_at IS NOT NULL AND network = 'off_net'), 0)::bigint AS minutes
    FROM calls WHERE company_id = $1 AND ended_at IS NOT NULL AND started_at >= $2 AND started_at < $3
) AS c, (
    SELECT coalesce(sum(pages) FILTER (WHERE direction = 'outbound' AND state = 'sent'), 0)::bigint AS sent,
        coalesce(sum(pages) FILTER (WHERE direction = 'inbound'), 0)::bigint AS received
    FROM faxes WHERE company_id = $1 AND id >= $4 AND created_at >= $2 AND created_at < $3
) AS f
"""
