"""Other systems that can be connected: getServices and the integrations address (specs/ringotel.md 4)."""

from typing import Any

import structlog

from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.conftest import Caller, Reply, World

PROPS = {"Username": "user", "Password": "hush hush", "Account ID": "17", "Application ID": "a-b"}


async def switch(caller: Caller, *, key: str | None = None, **given: str) -> Reply:
    query = {"serviceid": "Bandwidth", "state": "1", "profileid": caller.orgid, **given}
    headers = {"Authorization": f"Bearer {caller.key if key is None else key}"}
    request = caller.http.request("GET", f"{caller.base}/integrations", params=query, headers=headers)
    async with request as response:
        assert response.history == ()
        return Reply(response.status, response.headers, await response.read())


async def service(caller: Caller, name: str = "Bandwidth") -> Any:
    services = (await caller("getServices", orgid=caller.orgid)).result()
    return next(one for one in services if one["id"] == name)


async def test_switched_on_and_off(world: World, acme: Caller) -> None:
    before = await service(acme)
    assert (before["state"], before["props"]) == (0, {})
    with structlog.testing.capture_logs() as logged:
        reply = await switch(acme, **PROPS, options="", redirect="https://vendor.example/back")
    assert (reply.status, reply.json()) == (200, {})
    assert "location" not in reply.headers
    assert "hush" not in str(logged)
    assert await service(acme) == before | {"state": 1, "props": PROPS}
    history = await acme("getAccountHistory")
    assert b"hush" not in history.body
    (line,) = history.result()
    assert (line["method"], line["orgid"], line["objectid"]) == ("integrations", acme.orgid, "Bandwidth")
    assert (await switch(acme, state="0")).status == 200
    assert await service(acme) == before | {"props": PROPS}


async def test_one_that_is_not_offered(acme: Caller) -> None:
    assert (await switch(acme, serviceid="Some Carrier", Token="x")).json() == {}
    assert await service(acme, "Some Carrier") == {
        "id": "Some Carrier",
        "name": "Some Carrier",
        "logo": "",
        "types": [],
        "state": 1,
        "properties": [],
        "props": {"Token": "x"},
    }


async def test_refused(acme: Caller, globex: Caller) -> None:
    (await switch(acme, key="wrong")).error(401, 401)
    foreign = (await switch(acme, profileid=globex.orgid)).error(404, 404)
    assert foreign == (await switch(acme, profileid=ids.encode(1 << 30))).error(404, 404)
    (await switch(acme, profileid="")).error(404, 404)
    for bad in ({"state": "2"}, {"state": ""}, {"serviceid": ""}, {"serviceid": "<x>"}, {"Password": "x" * 5000}):
        (await switch(acme, **bad)).error(400, 400)
    (await switch(acme, Password="a\0b")).error(400, 400)
    assert (await service(globex))["state"] == 0
    assert (await service(acme))["state"] == 0


async def ask(caller: Caller, method: str, path: str) -> int:
    headers = {"Authorization": f"Bearer {caller.key}"}
    async with caller.http.request(method, f"{caller.base}{path}", headers=headers) as response:
        return response.status


async def test_only_get_is_answered(acme: Caller) -> None:
    assert await ask(acme, "GET", "/integrations") == 400
    assert await ask(acme, "GET", "/integrations/") == 400
    assert await ask(acme, "GET", "/integrations/x") == 404
    for method in ("POST", "PUT", "DELETE"):
        assert await ask(acme, method, "/integrations") == 405
