"""Rows that hold words: the part of a statement that finds them, at any number of rows and of hits.

Words that many rows have are looked for in the first rows, in their order. Others are found by the index on words,
which is asked for rare words only: the beginning of a word that all rows have is as many entries as there are rows.
"""

from typing import Final

MAX_WORDS: Final = 20
MAX_WORD: Final = 100
SAMPLE: Final = 500
COMMON: Final = 15
"""What more of the sample have is common."""
FIRST: Final = 50_000
"""How many rows common words are looked for in."""
# In a subquery, so that the planner does not see how many words there are: it would plan each search anew.
PREFIXES: Final = """
SELECT q FROM unnest((SELECT {place}::text[])) AS word, to_tsquery('simple', word) AS q WHERE numnode(q) > 0
"""


def prefix_queries(text: str) -> list[str]:
    """A tsquery for each word of `text`: words that begin with it. For `PREFIXES`."""
    words = [word.replace("\\", r"\\").replace("'", "''") for word in text.split()[:MAX_WORDS]]
    return [f"'{word[:MAX_WORD]}':*" for word in words]


def hits(
    words: str, *, table: str, columns: str, where: str, order: str, limit: int, enough: int, scope: str = ""
) -> str:
    """Common table expressions; the last, `hits`, has the first `limit` rows of `table` with all words in `search`.

    At least `enough` of them: more only if they are found at once. `words` selects a tsquery `q` for each, `where` has
    conditions with an index in this `order`, `scope` is a tsquery of the rows that could be meant. OFFSET 0 keeps other
    indexes away from the one on words: how rare the words are, the planner cannot know.
    """
    row = table.split()[-1]
    rare = "string_agg('(' || q::text || ')', ' & ')" + (f" || ' & ' || ({scope})::text" if scope else "")
    return f"""words AS MATERIALIZED (
        {words}
    ), wanted AS MATERIALIZED (
        SELECT coalesce(string_agg('(' || q::text || ')', ' & '), '')::tsquery AS words FROM words
    ), sample AS MATERIALIZED (
        SELECT search FROM {table} WHERE {where} ORDER BY {order} LIMIT {SAMPLE}
    ), common AS MATERIALIZED (
        SELECT count(*) > {COMMON} AS so FROM sample WHERE search @@ (SELECT words FROM wanted)
    ), first AS MATERIALIZED (
        SELECT {columns} FROM (
            SELECT * FROM {table} WHERE (SELECT so FROM common) AND {where} ORDER BY {order} LIMIT {FIRST}
        ) AS {row} WHERE search @@ (SELECT words FROM wanted) ORDER BY {order} LIMIT {limit}
    ), ranked AS MATERIALIZED (
        SELECT q, n, row_number() OVER (ORDER BY n) AS position
        FROM words, LATERAL (SELECT count(*) AS n FROM sample WHERE search @@ q) AS counted
    ), rare AS MATERIALIZED (
        SELECT ({rare})::tsquery AS words FROM ranked WHERE n <= {COMMON} OR position = 1
    ), hits AS MATERIALIZED (
        SELECT * FROM first WHERE (SELECT count(*) FROM first) >= {enough}
        UNION ALL (
            SELECT {columns} FROM (
                SELECT * FROM {table}
                WHERE (SELECT count(*) FROM first) < {enough} AND search @@ (SELECT words FROM rare) OFFSET 0
            ) AS {row} WHERE search @@ (SELECT words FROM wanted) AND {where} ORDER BY {order} LIMIT {limit})
    )"""  # noqa: S608
