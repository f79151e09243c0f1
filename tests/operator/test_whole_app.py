"""The operator API in the composed application: webhooks that really go out, by one's own endpoint."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from ringmain.app import Ringmain
from ringmain.settings import Settings
from tests.conditions import eventually
from tests.conftest import Office, furnish
from tests.operator.conftest import V1, Operator
from tests.realtime.conftest import serving

TOKEN = "a token of the operator's environment"


class Receiver:
    """Takes webhooks and answers as told."""

    def __init__(self) -> None:
        self.status = 200
        self.bodies: asyncio.Queue[Any] = asyncio.Queue()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        assert request.headers["webhook-id"]
        self.bodies.put_nowait(await request.json())
        return web.Response(status=self.status)

    async def next(self) -> Any:
        async with asyncio.timeout(10):
            return await self.bodies.get()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


class Running(msgspec.Struct):
    operator: Operator
    office: Office

    @property
    def company(self) -> str:
        return f"{V1}/companies/{self.office.company_id}"

    async def inbound(self, text: str) -> Any:
        body = {"to": self.office.number, "from": "+13105550100", "text": text}
        return await self.operator("POST", f"{V1}/inbound-texts", 201, json=body)


@pytest.fixture
async def running(dsn: str, tmp_path: Path) -> AsyncIterator[Running]:
    settings = Settings(
        data_dir=tmp_path, database_url=dsn, operator_token=TOKEN, egress_allow=["127.0.0.1:*"], pool_size=6
    )
    ringmain = Ringmain(settings)
    await ringmain.start()
    async with serving(ringmain.app) as base, aiohttp.ClientSession() as http:
        async with http.get(f"{base}{V1}/openapi.json") as response:
            document = await response.json()
        yield Running(Operator(http, base, TOKEN, document), await furnish(ringmain.core))
    await ringmain.stop()


async def test_an_injected_text_goes_out_as_webhook_and_every_try_is_seen(running: Running, receiver: Receiver) -> None:
    operator, company = running.operator, running.company
    made = await operator("POST", f"{company}/endpoints", 201, json={"url": receiver.url})
    endpoint = f"{company}/endpoints/{made['endpoint']['id']}"
    wanted = {"event_types": ["message.created"]}
    subscription = await operator("POST", f"{endpoint}/subscriptions", 201, json=wanted)

    text = await running.inbound("one")
    assert str(text["id"]) in msgspec.json.encode(await receiver.next()).decode()
    (event,) = (await operator("GET", f"{company}/events?type=message.created", 200))["items"]
    delivery = f"{company}/deliveries/{event['id']}/{subscription['id']}"

    async def tried(times: int) -> Any:
        record = await operator("GET", delivery, 200)
        over = record["delivery"]["state"] == "delivered" and len(record["attempts"]) == times
        return record if over and record["attempts"][-1]["status"] else None

    record = await eventually(lambda: tried(1))
    assert record["attempts"][0]["status"] == 200
    await operator("POST", f"{delivery}/resend", 202)
    await receiver.next()
    await eventually(lambda: tried(2))
    assert (await operator("GET", endpoint, 200))["last_success_at"]

    await operator("POST", f"{endpoint}/test", 202)
    await receiver.next()

    await operator("POST", f"{endpoint}/pause", 200)
    await operator("POST", f"{endpoint}/resume", 200)
    receiver.status = 410
    await running.inbound("two")
    await receiver.next()

    async def gone() -> bool:
        return bool((await operator("GET", endpoint, 200))["state"] == "gone")

    await eventually(gone)
    receiver.status = 200
    await operator("POST", f"{endpoint}/resume", 200)
    since = "2026-01-01T00:00:00Z"
    recovered = await operator("POST", f"{company}/deliveries/recover", 200, json={"since": since})
    assert recovered == {"count": 1}
    await receiver.next()


async def test_the_composed_app_is_ready_and_measured(running: Running) -> None:
    operator = running.operator

    async def ready() -> bool:
        async with operator.http.get(f"{operator.base}/ready") as response:
            return response.status == 200

    await eventually(ready)
    async with operator.http.get(f"{operator.base}/metrics") as response:
        text = await response.text()
    assert "ringmain_database_up 1.0" in text
    assert 'ringmain_carrier_state{carrier="sandbox",kind="sandbox",state="ready"} 1.0' in text
    carriers = await operator("GET", f"{V1}/carriers", 200)
    assert [one["name"] for one in carriers["items"]] == ["relayed", "sandbox"]
