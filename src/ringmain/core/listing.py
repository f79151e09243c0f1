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


def hidden(value: str) -> str:
    """The value, unseen by the planner: it plans once for all of them."""
    return f"(SELECT {value})"


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
    many_groups: bool = False,
) -> str:
    """A select of the ids of a page in an order by groups: rows with the same value of the first term, of which each
    has many, in the order of the others.

    Groups are walked through in an index until their rows fill the page; the page's part of each is merged. Without
    that, all rows of a group would be sorted. `table`: its name and one letter that the terms know it by. `every`:
    conditions that have an index on each term; `wanted`: those that the page's rows meet. `of_group`: whether an index
    has the rows of one group in order. If none has, they are looked for among the first of all groups; only rows that
    are not there are sorted. `many_groups`: the page's first group is looked up, not walked to. That takes as long as
    what is before the page; `every` and `wanted` are the same then.
    """
    row = table.split()[1]
    group, descending = terms[0]
    step, way, back = ("<", "DESC", "ASC") if descending else (">", "ASC", "DESC")
    limit, offset = f"{limit}::bigint", f"{offset}::bigint"
    if of_group:
        # The planner does not see which page it is: it would plan each anew, and has no choice anyway.
        limit, offset = hidden(limit), hidden(offset)
    most = f"({limit} + {offset})"
    given = ", ".join(f"{row}.{column}" for column in columns)
    rest = terms[1:]
    order = order_by(rest)
    counted = f"""(SELECT count(*) FROM (
        SELECT FROM {table} WHERE {wanted} AND {group} = next.value LIMIT {most} - next.earlier) AS counted)"""  # noqa: S608
    skipped = ""
    first = f"SELECT {group} AS value, 0::bigint AS earlier FROM {table} WHERE {every} ORDER BY {group} {way} LIMIT 1"  # noqa: S608
    if many_groups:
        skipped = f"""skipped AS MATERIALIZED (
            SELECT {group} AS value FROM {table} WHERE {wanted} ORDER BY {group} {way} LIMIT {offset} + 1
        ), """  # noqa: S608
        first = f"""
            SELECT value, {offset} + 1 - count(*) AS earlier FROM skipped
            WHERE value = (SELECT value FROM skipped ORDER BY value {back} LIMIT 1)
                AND (SELECT count(*) FROM skipped) > {offset}
            GROUP BY value
        """  # noqa: S608
    of_value = f"{wanted} AND {group} = groups.value"
    its_page = f"LIMIT {limit} OFFSET greatest({offset} - groups.earlier, 0)"
    if of_group:
        part = f"SELECT {given} FROM {table} WHERE {of_value} ORDER BY {order} {its_page}"  # noqa: S608
    else:
        # The terms go by a name, so that the planner sees that what it finds is in order, and stops when it is enough.
        named = ", ".join(f"{term} AS term_{n}" for n, (term, _) in enumerate(rest))
        by_name = order_by([(f"{row}.term_{n}", down) for n, (_, down) in enumerate(rest)])
        part = f"""
            WITH near AS MATERIALIZED (
                SELECT {given} FROM (
                    SELECT *, {named} FROM {table} WHERE {every} ORDER BY {order} LIMIT {NEAR} + 10 * groups.most
                ) AS {row} WHERE {of_value} ORDER BY {by_name} LIMIT groups.most
            )
            (SELECT * FROM near AS {row} WHERE (SELECT count(*) FROM near) = groups.own ORDER BY {order} {its_page})
            UNION ALL (
                SELECT {given} FROM (
                    SELECT * FROM {table} WHERE (SELECT count(*) FROM near) < groups.own AND {of_value} OFFSET 0
                ) AS {row} ORDER BY {order} {its_page})
        """  # noqa: S608
    return f"""
        WITH RECURSIVE {skipped}groups AS (
            SELECT value, earlier, {counted} AS own, {most} - earlier AS most FROM ({first}) AS next
            UNION ALL
            SELECT value, earlier, {counted}, {most} - earlier FROM (
                SELECT following.value, groups.earlier + groups.own AS earlier FROM groups CROSS JOIN LATERAL (
                    SELECT {group} AS value FROM {table} WHERE {every} AND {group} {step} groups.value
                    ORDER BY {group} {way} LIMIT 1) AS following
                WHERE groups.own < groups.most
            ) AS next
        )
        SELECT {row}.id FROM groups CROSS JOIN LATERAL ({part}) AS {row}
        WHERE groups.earlier + groups.own > {offset} ORDER BY {order_by(terms)} LIMIT {limit}
    """  # noqa: S608
