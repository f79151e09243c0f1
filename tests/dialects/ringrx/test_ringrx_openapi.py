"""The OpenAPI document is valid, says what is served, and what is served is as it says (schemathesis)."""

import asyncio
import warnings
from typing import Any, Final

import aiohttp
import openapi_spec_validator
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS

from ringmain.dialects.ringrx.app import endpoints
from ringmain.dialects.ringrx.openapi import PATH
from ringmain.dialects.ringrx.operations import OPERATIONS
from tests.dialects.ringrx.conftest import PUBLIC_URL, Caller, World

EXAMPLES: Final = 8
"""Generated requests for each operation."""
CHECKED: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


async def document(caller: Caller) -> dict[str, Any]:
    reply = await caller("GET", PATH, headers={"Authorization": None})
    assert reply.status == 200
    body: dict[str, Any] = reply.json()
    return body


async def test_the_document_is_valid_and_public(acme: Caller) -> None:
    described = await document(acme)
    assert described["openapi"] == "3.1.0"
    assert described["servers"] == [{"url": PUBLIC_URL}]
    openapi_spec_validator.validate(described)


async def test_every_route_is_described_and_nothing_else(world: World) -> None:
    served = {f"{one.method} {one.path}" for one in endpoints(world.core, PUBLIC_URL)} - {f"GET {PATH}"}
    assert set(OPERATIONS) == served
    described = await document(world.acme)
    found = {f"{method.upper()} {path}" for path, methods in described["paths"].items() for method in methods}
    assert found == served
    names = [one["operationId"] for methods in described["paths"].values() for one in methods.values()]
    assert len(set(names)) == len(names)
    for methods in described["paths"].values():
        for one in methods.values():
            assert one["summary"].endswith((".", "?")), one["operationId"]
    public = {one.path for one in endpoints(world.core, PUBLIC_URL) if one.public} - {PATH}
    assert {path for path, methods in described["paths"].items() if methods.get("post", {}).get("security") == []} == (
        public
    )


async def furnished(world: World) -> None:
    """Something for every list to show."""
    account = world.acme.account
    await account.add_fax_number()
    await account.leave()
    await account.come()
    await account.call("101", "+13105550100")
    await account.receive()


@pytest.mark.xdist_group("schemathesis")
async def test_answers_are_as_described_whatever_is_asked(world: World) -> None:
    """No 5xx and no answer that the document does not know, over generated requests to every operation."""
    await furnished(world)
    described = await document(world.acme)
    # Generated requests find their own limits soon, and would be throttled.
    described["paths"].pop("/auth/token")
    tried = await asyncio.to_thread(explore, described, world.base, world.acme.token)
    assert tried == {one.name for name, one in OPERATIONS.items() if not name.endswith("/auth/token")}


def explore(described: dict[str, Any], base: str, token: str) -> set[str]:
    """Ask every operation; returns their names."""
    schema = schemathesis.openapi.from_dict(described)
    checks = [CHECKS.get_one(name) for name in CHECKED]
    tried = set()
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            response = case.call(base_url=base, headers={"Authorization": token}, allow_redirects=False)
            case.validate_response(response, checks=checks)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ask()
        tried.add(operation.definition.raw["operationId"])
    return tried


async def test_every_kind_of_answer_is_as_described(world: World) -> None:
    """What generated requests do not reach: successful ones of every list and object."""
    await furnished(world)
    described = await document(world.acme)
    schema = schemathesis.openapi.from_dict(described)
    voicemail, *_ = [one for one in await world.acme.read("/voicemails") if one["message_type"] == "voicemail"]
    call, *_ = await world.acme.read("/cdrs?startDate=01-01-2020&getAll=true")
    asked = [
        ("GET", "/voicemails", "/voicemails"),
        ("GET", "/voicemails/{id}", f"/voicemails/{voicemail['id']}"),
        ("GET", "/voicemails/{id}/voice_payload", f"/voicemails/{voicemail['id']}/voice_payload"),
        ("GET", "/cdrs", "/cdrs?startDate=01-01-2020&getAll=true"),
        ("GET", "/cdrs/{id}", f"/cdrs/{call['id']}"),
        ("GET", "/myphones", "/myphones"),
        ("GET", "/myphones/api_key", "/myphones/api_key"),
        ("GET", "/billing", "/billing"),
    ]
    for method, template, path in asked:
        async with world.acme.http.request(
            method, f"{world.base}{path}", headers={"Authorization": world.acme.token}
        ) as response:
            await validated(schema, method, template, response)


async def validated(schema: Any, method: str, template: str, response: aiohttp.ClientResponse) -> None:
    """Hold a successful answer against what is described for it."""
    assert response.status == 200, await response.read()
    content = await response.read()
    answered = schemathesis.Response(
        status_code=response.status,
        headers={name.lower(): [value] for name, value in response.headers.items()},
        content=content,
        request=None,
        elapsed=0.0,
        verify=False,
    )
    schema[template][method].validate_response(answered)
