"""The statement of a list of calls: put together from what is asked for, so that each part has the index it needs.

Calls are of kinds: direction, network, outcome. A list of some kinds merges an index range for each. How many match is
added up from counters by day and kind; only what does not fill its day, and one party's calls, are counted.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import Final

from ringmain.core.calls.model import DIRECTIONS, NETWORKS, OUTCOMES, CallFilter
from ringmain.core.listing import DAY, Arguments, clamped, midnight

TICK: Final = timedelta(microseconds=1)
ALL: Final = 0
"""The extension that stands for all in the counters; none has this number."""


class Statement:
    """Puts it together for one filter."""

    def __init__(self, company_id: int, wanted: CallFilter) -> None:
        self.arguments = Arguments(company_id)
        self._wanted = wanted
        self._since = wanted.since and clamped(wanted.since)
        self._end = wanted.until and clamped(wanted.until) + TICK
        self._by_extension = wanted.extension is not None
        self._by_number = wanted.source is not None or wanted.destination is not None

    def page(self, limit: int, offset: int) -> str:
        """One row: `total` and `items`, JSON texts, the latest call first."""
        add = self.arguments.add
        # No range need give more than the page's end: without that, the planner may read all ranges whole.
        most = add(offset + limit)
        keys = " UNION ALL ".join(f"({self._keys(kind)} LIMIT {most})" for kind in self._kinds())
        return f"""
            SELECT {self._total()} AS total, ARRAY(
                SELECT call_json(c)::text FROM (
                    SELECT id FROM ({keys}) AS ranges
                    ORDER BY started_at DESC, id DESC LIMIT {add(limit)} OFFSET {add(offset)}
                ) AS k JOIN calls c ON c.company_id = $1 AND c.id = k.id
                ORDER BY c.started_at DESC, c.id DESC) AS items
        """  # noqa: S608

    def _kinds(self) -> list[str]:
        """A condition for each index range to read: one for all kinds, or for one party's, whose rows are few."""
        wanted = self._wanted
        chosen = wanted.directions, wanted.networks, wanted.outcomes
        if chosen == (None, None, None):
            return ["true"]
        if self._by_number:
            return [self._any_kind()]
        kinds = product(
            *(all_of if some is None else some for some, all_of in zip(chosen, _every(), strict=True)),
        )
        add = self.arguments.add
        return [
            f"k.direction = {add(direction)} AND k.network = {add(network)} AND k.outcome = {add(outcome)}"
            for direction, network, outcome in kinds
        ] or ["false"]

    def _any_kind(self) -> str:
        wanted, add = self._wanted, self.arguments.add
        chosen = zip((wanted.directions, wanted.networks, wanted.outcomes), _every(), strict=True)
        columns = ("direction", "network", "outcome")
        return " AND ".join(
            f"k.{column} = ANY ({add(list(all_of if some is None else some))}::text[])"
            for column, (some, all_of) in zip(columns, chosen, strict=True)
        )

    def _keys(self, kind: str) -> str:
        source, conditions = self._source()
        key = "k.call_id" if self._by_extension else "k.id"
        where = [*conditions, *self._span(self._since, self._end), kind]
        return f"""
            SELECT {key} AS id, k.started_at FROM {source} WHERE {" AND ".join(where)}
            ORDER BY k.started_at DESC, {key} DESC
        """  # noqa: S608

    def _source(self) -> tuple[str, list[str]]:
        """Where to look, and the conditions on parties."""
        wanted, add = self._wanted, self.arguments.add
        if not self._by_extension:
            return "calls k", ["k.company_id = $1", "k.ended_at IS NOT NULL", *self._numbers("k")]
        conditions = ["k.company_id = $1", f"k.extension_number = {add(wanted.extension)}::bigint"]
        if not self._by_number:
            return "call_extensions k", conditions
        joined = "call_extensions k JOIN calls c ON c.company_id = k.company_id AND c.id = k.call_id"
        return joined, [*conditions, *self._numbers("c")]

    def _numbers(self, table: str) -> list[str]:
        wanted, add = self._wanted, self.arguments.add
        conditions = []
        if wanted.source is not None:
            conditions.append(f"{table}.source = {add(wanted.source)}")
        if wanted.destination is not None:
            conditions.append(f"{table}.destination = {add(wanted.destination)}")
        return conditions

    def _span(self, since: datetime | None, end: datetime | None) -> list[str]:
        conditions = []
        if since is not None:
            conditions.append(f"k.started_at >= {self.arguments.add(since)}")
        if end is not None:
            conditions.append(f"k.started_at < {self.arguments.add(end)}")
        return conditions

    def _total(self) -> str:
        since, end = self._since, self._end
        if self._by_number or self._wanted.extension == ALL:
            return self._counted(since, end)
        # From `first`, and before `last`, days are whole.
        first = None if since is None else midnight(since + DAY - TICK)
        last = None if end is None else midnight(end)
        if first and last and first > last:
            return self._counted(since, end)
        ends = []
        if since is not None and since != first:
            ends.append(self._counted(since, first))
        if end is not None and end != last:
            ends.append(self._counted(last, end))
        return " + ".join([self._summed(first, last), *ends])

    def _summed(self, first: datetime | None, last: datetime | None) -> str:
        add = self.arguments.add
        extension = ALL if self._wanted.extension is None else self._wanted.extension
        conditions = ["k.company_id = $1", f"k.extension_number = {add(extension)}::bigint", self._any_kind()]
        if first is not None:
            conditions.append(f"k.day >= {add(first.date())}")
        if last is not None:
            conditions.append(f"k.day < {add(last.date())}")
        return f"(SELECT coalesce(sum(k.total), 0)::bigint FROM call_counts k WHERE {' AND '.join(conditions)})"  # noqa: S608

    def _counted(self, since: datetime | None, end: datetime | None) -> str:
        source, conditions = self._source()
        where = [*conditions, *self._span(since, end), self._any_kind()]
        return f"(SELECT count(*) FROM {source} WHERE {' AND '.join(where)})"  # noqa: S608


def _every() -> tuple[Sequence[str], ...]:
    return DIRECTIONS, NETWORKS, OUTCOMES
