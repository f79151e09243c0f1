"""How Ringotel is called: addresses, keys, bodies, errors (specs/ringotel.md 1)."""

import io
from typing import Any

import aiohttp
import msgspec
import pytest

from ringmain.core.system import Core
from ringmain.dialects.ringotel import ids
from ringmain.dialects.ringotel.app import build
from ringmain.front import Front
from tests.dialects.ringotel.conftest import FETCH, PUBLIC_URL, Caller, World
from tests.realtime.conftest import serving

CALL = {"method": "getOrganizations"}


@pytest.mark.parametrize("path", ["/api", "/api/", "/"])
async def test_addresses(acme: Caller, path: str) -> None:
    (organization,) = (await acme.post(CALL, path=path)).result()
    assert organization["id"] == acme.orgid


@pytest.mark.parametrize("path", ["/api/x", "/api/x/"])
async def test_nothing_is_below_them(acme: Caller, path: str) -> None:
    (await acme.post(CALL, path=path)).error(404, 404)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
async def test_only_post_is_answered(acme: Caller, method: str) -> None:
    async with acme.http.request(method, f"{acme.base}/api") as response:
        assert response.status == 405
        assert response.headers["allow"] == "OPTIONS, POST"


async def test_scripts_of_any_origin_may_call(acme: Caller) -> None:
    headers = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    async with acme.http.options(f"{acme.base}/api", headers=headers) as response:
        assert response.status == 204
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["access-control-allow-headers"] == "authorization"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic YTpi"])
async def test_without_its_key(acme: Caller, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    (await acme.post(CALL, key="", headers=headers)).error(401, 401)


async def test_a_key_alone_is_one(acme: Caller) -> None:
    (await acme.post(CALL, key="", headers={"Authorization": acme.key})).result()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"\xff", b'{"method": "getOrganizations",}', b"[" * 100_000])
async def test_reading_4_what_is_no_json_is_400(acme: Caller, body: bytes) -> None:
    (await acme.post(data=body)).error(400, 400)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/vnd.api+json", "x"])
async def test_any_content_type_is_json(acme: Caller, content_type: str) -> None:
    sent = b'{"method": "getOrganizations", "jsonrpc": "2.0", "id": 1}'
    (await acme.post(data=sent, headers={"Content-Type": content_type, "Authorization": f"Bearer {acme.key}"})).result()


@pytest.mark.parametrize("params", [None, {}, [], {"more": [1]}])
async def test_params_may_be_missing(acme: Caller, params: Any) -> None:
    (await acme.post({**CALL, "params": params})).result()


@pytest.mark.parametrize("params", [1, "x", [1], True])
async def test_params_are_an_object(acme: Caller, params: Any) -> None:
    assert "params" in (await acme.post({**CALL, "params": params})).error(400)


@pytest.mark.parametrize("call", [{}, {"method": None}, {"method": 1}, {"params": {}}])
async def test_method_is_required(acme: Caller, call: Any) -> None:
    assert "method" in (await acme.post(call)).error(400)


async def test_unknown_methods(acme: Caller) -> None:
    assert "getorganizations" in (await acme("getorganizations")).error(405)


async def test_nul_characters_are_refused(acme: Caller) -> None:
    (await acme("getOrganization", id="\0")).error(400, 400)


async def test_too_long(acme: Caller) -> None:
    body = io.BytesIO(msgspec.json.encode({"method": "getOrganization", "params": {"id": "1" * (9 << 20)}}))
    (await acme.post(data=body)).error(413, 413)


async def test_a_form_without_a_file(acme: Caller) -> None:
    form = aiohttp.FormData({"orgid": acme.orgid}, default_to_multipart=True)
    assert "file" in (await acme.post(data=form)).error(400)


async def test_errors_as_500(core: Core, world: World) -> None:
    async with serving(Front(build(core, PUBLIC_URL, FETCH, error_status=500))) as base:
        caller = await caller_of_again(world, base)
        (await caller("nothing")).error(405, 500)
        (await caller("getOrganization", id="1")).error(404, 500)
        (await caller("getOrganization")).error(400, 500)
        (await caller.post(CALL, key="wrong")).error(401, 401)
        (await caller.post(data=b"{")).error(400, 400)
        (await caller("getOrganization", id=caller.orgid)).result()


async def caller_of_again(world: World, base: str) -> Caller:
    """Acme at another server."""
    return Caller(world.acme.http, base, world.acme.office, world.acme.account_id, world.acme.key)


async def test_reading_2_the_organization_by_id_or_domain(acme: Caller, globex: Caller) -> None:
    foreign = (await acme("getOrganization", id=globex.orgid)).error(404)
    unknown = (await acme("getOrganization", id=ids.encode(1 << 30))).error(404)
    assert foreign == unknown == (await acme("getOrganization", id="x")).error(404)
    assert "id" in (await acme("getOrganization")).error(400)
