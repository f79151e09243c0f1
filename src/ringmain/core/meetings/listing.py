"""The list of meetings that somebody sees: found in an index alone, counted from counters by day.

Only the days at the ends of a span are counted one by one.
"""

from datetime import datetime
from typing import Final

from ringmain.core.listing import DAY, EARLIEST, LATEST, clamped, midnight
from ringmain.core.meetings.store import SHAPE

VIEWED: Final = "v.company_id = $1 AND v.viewer = $2"
# $3 and $4: the span; $5 and $6: the whole days in it, the second excluded.
PAGE: Final = f"""
SELECT (
    SELECT coalesce(sum(c.total), 0)::bigint FROM meeting_counts c
    WHERE c.company_id = $1 AND c.viewer = $2 AND c.day >= $5 AND c.day < $6
) + (
    SELECT count(*) FROM meeting_viewers v WHERE {VIEWED} AND v.starts_at >= $3 AND v.starts_at <= $4
        AND v.starts_at < $5::date::timestamp AT TIME ZONE 'UTC'
) + (
    SELECT count(*) FROM meeting_viewers v WHERE {VIEWED} AND v.starts_at >= $3 AND v.starts_at <= $4
        AND v.starts_at >= greatest($5, $6)::date::timestamp AT TIME ZONE 'UTC'
) AS total, ARRAY(
    SELECT {SHAPE} FROM (
        SELECT v.starts_at, v.meeting_id FROM meeting_viewers v
        WHERE {VIEWED} AND v.starts_at >= $3 AND v.starts_at <= $4
        ORDER BY v.starts_at, v.meeting_id LIMIT $7 OFFSET $8
    ) AS k JOIN meetings m ON m.company_id = $1 AND m.id = k.meeting_id
    ORDER BY k.starts_at, k.meeting_id) AS items
"""  # noqa: S608


def arguments(
    company_id: int, viewer: str, since: datetime | None, until: datetime | None, limit: int, offset: int
) -> tuple[object, ...]:
    """The values of `PAGE`: meetings that start from `since` to `until`, both included."""
    start = clamped(since or EARLIEST)
    end = clamped(until or LATEST)
    first_whole = start if start == midnight(start) else midnight(start) + DAY
    return (company_id, viewer, start, end, first_whole.date(), midnight(end).date(), limit, offset)
