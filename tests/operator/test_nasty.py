"""Whatever stands in a query or a body, the operator API answers in its own words."""

from itertools import islice

from tests.nasty import EACH, asks
from tests.operator.conftest import World
from tests.operator.test_tenancy import belongings


async def test_no_value_breaks_the_operator_api(world: World) -> None:
    operator = world.operator
    ids = await belongings(world) | {"company_id": world.globex.company_id}
    headers = {"Authorization": f"Bearer {operator.token}"}
    seen = set()
    for ask in islice(asks(operator.document, ids), 0, None, EACH):
        url = f"{operator.base}{ask.path}"
        async with operator.http.request(ask.method, url, params=ask.query, json=ask.body, headers=headers) as response:
            assert response.status < 500, (str(ask), await response.text())
            seen.add(response.status)
    assert {200, 400, 404, 422} <= seen
