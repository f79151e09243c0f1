"""An operator's client that checks every answer against the OpenAPI document that the server gives."""

import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest
from openapi_schema_validator import OAS31Validator

from ringmain.carriers.dispatch import Dispatcher
from ringmain.carriers.sandbox import Sandbox
from ringmain.core.system import Core
from ringmain.core.texting.submissions import CarrierConfig, Submissions
from ringmain.front import Front
from ringmain.operator.app import build
from ringmain.operator.metering import MeteredCarrier, metered_receipts
from ringmain.operator.metrics import Metrics
from tests.conftest import Office, furnish
from tests.realtime.conftest import serving

V1 = "/ringmain/v1"


class Reply(msgspec.Struct):
    status: int
    headers: Any
    body: Any


class Operator:
    """Calls the server; `seen` collects (method, path template, status) of all that it called."""

    def __init__(self, http: aiohttp.ClientSession, base: str, token: str, document: dict[str, Any]) -> None:
        self.http = http
        self.base = base
        self.token = token
        self.document = document
        self.seen: set[tuple[str, str]] = set()

    async def __call__(self, method: str, path: str, status: int, **options: Any) -> Any:
        """The decoded body of an answer that must have this status and the described shape."""
        headers = options.pop("headers", {"Authorization": f"Bearer {self.token}"})
        async with self.http.request(method, f"{self.base}{path}", headers=headers, **options) as response:
            content = await response.read()
            assert response.status == status, content
            media_type = response.headers.get("content-type", "")
        body = msgspec.json.decode(content) if content else None
        self._check(method, path.partition("?")[0].rstrip("/"), status, media_type, body)
        return body

    def _check(self, method: str, path: str, status: int, media_type: str, body: Any) -> None:
        for template, operations in self.document["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", r"\\d+", template), path) and method.lower() in operations:
                break
        else:
            assert status in (404, 405), f"{method} {path} is not described"
            return
        if status < 400:
            self.seen.add((method, template))
        responses = operations[method.lower()]["responses"]
        described = responses.get(str(status)) or responses["default"]
        if "content" not in described:
            assert body is None
            return
        schema = described["content"][media_type]["schema"]
        whole = {**schema, "components": self.document["components"]}
        OAS31Validator(whole).validate(body)


class World(msgspec.Struct):
    """A running server with two companies."""

    core: Core
    base: str
    operator: Operator
    metrics: Metrics
    loops: dict[str, bool]
    acme: Office
    globex: Office

    @property
    def company(self) -> str:
        return f"{V1}/companies/{self.acme.company_id}"


@pytest.fixture
async def world(core: Core) -> AsyncIterator[World]:
    loops = {"carriers": True}
    submissions = Submissions(core.database, core.wakeups)

    def carrier(config: CarrierConfig) -> MeteredCarrier:
        receipts = metered_receipts(submissions.apply_receipts, metrics)
        return MeteredCarrier(Sandbox(config.name, core.texting, core.files, receipts), metrics)

    dispatcher = Dispatcher(submissions, core.wakeups, carrier)
    metrics = Metrics(core.database, carriers=dispatcher.statuses, sockets=lambda: 3)
    apps = build(
        core,
        metrics=metrics,
        version="0.0.1",
        roles=["api", "carrier"],
        carriers=dispatcher.statuses,
        loops=lambda: loops,
    )
    acme = await furnish(core)
    globex = await furnish(core, name="Globex", number="+12025550145")
    token = await core.credentials.create_operator_token("test")
    await dispatcher.start()
    async with serving(Front(apps)) as base, aiohttp.ClientSession() as http:
        async with http.get(f"{base}{V1}/openapi.json") as response:
            document = await response.json()
        yield World(core, base, Operator(http, base, token, document), metrics, loops, acme, globex)
    await dispatcher.stop()


@pytest.fixture
def operator(world: World) -> Operator:
    return world.operator
