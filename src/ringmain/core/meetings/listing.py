"""The list of meetings that somebody sees: found in an index alone, counted from counters by day.

Only the days at the ends of a span are counted one by one.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from ringmain.core.meetings.store import SHAPE

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2300, 1, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)

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
    start = _clamped(since or EARLIEST)
    end = _clamped(until or LATEST)
    first_whole = start if start == _midnight(start) else _midnight(start) + DAY
    return (company_id, viewer, start, end, first_whole.date(), _midnight(end).date(), limit, offset)


def _midnight(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)


def _clamped(moment: datetime) -> datetime:
    """In UTC, and far enough from the ends of time to add a day."""
    if moment <= EARLIEST:
        return EARLIEST
    return LATEST if moment >= LATEST else moment.astimezone(UTC)
