"""What the statements of lists share: numbered arguments, spans of time that counters by day can answer, odd orders."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2300, 1, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)
NEAR: Final = 1000


class Arguments:
    """The values of a statement; those given at once are `$1` and on."""

    def __init__(self, *values: object) -> None:
        self.values: list[object] = list(values)

    def add(self, value: object) -> str:
        """The value's place in the statement."""
        self.values.append(value)
        return f"${len(self.values)}"


def midnight(moment: datetime) -> datetime:
    """The beginning of its day, in UTC."""
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)


def clamped(moment: datetime) -> datetime:
    """In UTC, and far enough from the ends of time to add a day."""
    if moment <= EARLIEST:
        return EARLIEST
    return LATEST if moment >= LATEST else moment.astimezone(UTC)


def within(arguments: Arguments, column: str, since: datetime | None, until: datetime | None) -> list[str]:
    """The conditions of a span of time, both ends included."""
    conditions = []
    if since is not None:
        conditions.append(f"{column} >= {arguments.add(since)}")
    if until is not None:
        conditions.append(f"{column} <= {arguments.add(until)}")
    return conditions


def total_by_days(
    arguments: Arguments,
    column: str,
    since: datetime | None,
    until: datetime | None,
    *,
    rows: str,
    days: Callable[[], str] | None,
) -> str:
    """How many rows there are in a span: whole days from their counters, only those at its ends one by one.

    `rows` and `days` are tables with their conditions, `messages m WHERE ...`. The counters `c` have `day` and `total`;
    they are asked for only when they are used, as an argument that a statement does not use is an error. None: no
    counters know these rows.
    """

    def counted(*span: str) -> str:
        return f"(SELECT count(*) FROM {' AND '.join([rows, *span])})"  # noqa: S608

    if days is None or (since and until and since.date() >= until.date()):
        return counted(*within(arguments, column, since, until))
    whole = [days()]
    ends = []
    if since is not None:
        whole.append(f"c.day > {arguments.add(since.date())}")
        next_day = arguments.add(midnight(since) + DAY)
        ends.append(counted(*within(arguments, column, since, None), f"{column} < {next_day}"))
    if until is not None:
        whole.append(f"c.day < {arguments.add(until.date())}")
        ends.append(counted(*within(arguments, column, midnight(until), until)))
    summed = f"(SELECT coalesce(sum(c.total), 0)::bigint FROM {' AND '.join(whole)})"  # noqa: S608
    return " + ".join([summed, *ends])


def order_by(terms: Sequence[tuple[str, bool]]) -> str:
    """`terms`: SQL, each with whether it is descending."""
    return ", ".join(f"{term} {'DESC' if down else 'ASC'}" for term, down in terms)


def by_groups(
    table: str,
    terms: Sequence[tuple[str, bool]],
    *,
    every: str,
    wanted: str,
    columns: Sequence[str],
    of_group: bool,
    limit: str,
    offset: str,
) -> str:
    """A select of the ids of a page in an order that no index has, the first term of which has few values.

    Its values are walked through in an index until their rows fill the page; the page's part of each is merged. Without
    that, all rows of the first value would be sorted. `table`: its name and one letter that the terms know it by.
    `every`: conditions that have an index on each term; `wanted`: those that the page's rows meet. `of_group`: whether
    an index has the rows of one value in order. If none has, they are looked for among the first of all values; only
    rows that are not there are sorted.
    """
    row = table.split()[1]
    group, descending = terms[0]
    step, way = ("<", "DESC") if descending else (">", "ASC")
    most = f"({limit}::bigint + {offset}::bigint)"
    order = order_by(terms)
    given = ", ".join(f"{row}.{column}" for column in columns)
    rows = f"""(SELECT count(*) FROM (
        SELECT FROM {table} WHERE {wanted} AND {group} = next.value LIMIT {most}) AS counted)"""  # noqa: S608
    of_value = f"{wanted} AND {group} = groups.value"
    if of_group:
        part = f"SELECT {given} FROM {table} WHERE {of_value} ORDER BY {order} LIMIT {most}"  # noqa: S608
    else:
        part = f"""
            WITH near AS MATERIALIZED (
                SELECT {given} FROM (
                    SELECT * FROM {table} WHERE {every} ORDER BY {order_by(terms[1:])} LIMIT {NEAR} + 10 * {most}
                ) AS {row} WHERE {of_value} ORDER BY {order} LIMIT {most}
            )
            SELECT * FROM near WHERE (SELECT count(*) FROM near) = groups.own
            UNION ALL (
                SELECT {given} FROM (
                    SELECT * FROM {table} WHERE (SELECT count(*) FROM near) < groups.own AND {of_value} OFFSET 0
                ) AS {row} ORDER BY {order} LIMIT {most})
        """  # noqa: S608
    return f"""
        WITH RECURSIVE groups AS (
            SELECT value, own, own AS rows FROM (
                SELECT next.value, {rows} AS own FROM (
                    SELECT {group} AS value FROM {table} WHERE {every} ORDER BY {group} {way} LIMIT 1) AS next
            ) AS first
            UNION ALL
            SELECT value, own, rows + own FROM (
                SELECT next.value, {rows} AS own, groups.rows FROM groups CROSS JOIN LATERAL (
                    SELECT {group} AS value FROM {table} WHERE {every} AND {group} {step} groups.value
                    ORDER BY {group} {way} LIMIT 1) AS next
                WHERE groups.rows < {most}
            ) AS more
        )
        SELECT {row}.id FROM groups CROSS JOIN LATERAL ({part}) AS {row} ORDER BY {order} LIMIT {limit} OFFSET {offset}
    """  # noqa: S608
