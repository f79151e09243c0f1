"""Whatever stands in a query or a body, RingRx answers in its own words."""

import re
from itertools import islice
from typing import Any, Final

from tests.dialects.ringrx.conftest import World
from tests.dialects.ringrx.test_ringrx_everywhere import BELONGINGS
from tests.nasty import EACH, asks

APART: Final = ("/auth/token", "/auth/refresh", "/myphones/otp")
"""Guessing is limited there."""


async def test_no_value_breaks_ringrx(world: World) -> None:
    """In JSON, and texts in a form as well."""
    caller = world.acme
    document = (await caller("GET", "/ringrx/openapi.json")).json()
    own = {path: await make(world, caller) for path, make in BELONGINGS.items()}
    every: list[Any] = []
    for path in sorted(document["paths"].keys() - APART):
        ids = dict.fromkeys(re.findall(r"{(\w+)}", path), own.get(path, ""))
        every += asks({**document, "paths": {path: document["paths"][path]}}, ids)
    seen = set()
    for ask in islice(every, 0, None, EACH):
        bodies: list[dict[str, Any]] = [{"json": ask.body}]
        if ask.body:
            bodies.append({"data": {name: value for name, value in ask.body.items() if isinstance(value, str)}})
        for body in bodies:
            reply = await caller(ask.method, ask.path, params=ask.query, **body)
            assert reply.status < 500, (str(ask), reply.body)
            seen.add(reply.status)
    assert {200, 400, 404} <= seen
