"""KNOWN_DIFFERENCES.md 114: lists."""

from ringmain.core.extensions.store import MAX_FOUND
from tests.differences.conftest import Place

FILL = """
INSERT INTO extensions (company_id, instance_id, number, name, secret)
SELECT $1, $2, n, CASE n WHEN 7 THEN 'Lab' ELSE 'Desk' END, 'x' FROM generate_series(1, $3::int) AS n
"""


async def test_114_a_search_counts_what_it_looks_at(place: Place) -> None:
    company_id = place.acme.office.company_id
    instance = await place.core.instances.create(company_id, name="pbx", domain="pbx.acme.example")
    await place.core.database.execute(FILL, company_id, instance.id, MAX_FOUND + 500)
    path = f"/instances/{instance.uuid}/bulks/extensions"
    for query, total in (("", MAX_FOUND + 500), ("search=desk", MAX_FOUND), ("search=lab", 1)):
        reply = await place.acme("GET", f"{path}?{query}")
        assert reply.headers["X-Pagination-Total-Count"] == str(total), query
    last = await place.acme("GET", f"{path}?search=desk&per_page=100&page={MAX_FOUND // 100}")
    assert len(last.json()) == 100
