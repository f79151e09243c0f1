"""The OpenAPI document is valid, says what is served, and what is served is as it says (schemathesis)."""

import asyncio
import warnings
from typing import Any, Final

import openapi_spec_validator
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS
from schemathesis.core.result import Ok

from ringmain.dialects.ringrx.app import endpoints
from ringmain.dialects.ringrx.openapi import PATH
from ringmain.dialects.ringrx.operations import OPERATIONS
from tests.dialects.ringrx.conftest import PUBLIC_URL, Caller, World

EXAMPLES: Final = 10
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
    checks: list[Any] = [CHECKS.get_one(name) for name in CHECKED]
    tried = set()
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
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
    """What generated requests do not reach: successful answers of every kind."""
    await furnished(world)
    described = await document(world.acme)
    voicemail, *_ = [one for one in await world.acme.read("/voicemails") if one["message_type"] == "voicemail"]
    days = {"startDate": "01-01-2020", "getAll": "true"}
    call, *_ = await world.acme.read("/cdrs", params=days)
    profile = {"name": "Visits", "sender": world.acme.office.number}
    visits = (await world.acme("POST", "/outreach/profiles", json=profile)).json()
    event = {"profile_id": visits["id"], "name": "Jane", "phonenumber": "3105550177"}
    await world.acme("POST", "/outreach/events", json={**event, "reminder_date": "2099-03-04T14:30:00Z"})
    await world.acme("POST", "/pbxcallbacks", json={"callback_type": "cdr", "url": "https://hooks.example.com/"})
    await world.acme("POST", "/groups", json={"extension": "8000", "members": ["101"]})
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = [
        ("/myphones", {}, {}),
        ("/myphones/api_key", {}, {}),
        ("/voicemails", {}, {}),
        ("/voicemails/{id}", {"id": voicemail["id"]}, {}),
        ("/voicemails/{id}/voice_payload", {"id": voicemail["id"]}, {}),
        ("/cdrs", {}, days),
        ("/cdrs/{id}", {"id": call["id"]}, {}),
        ("/billing", {}, {}),
        ("/pbxcallbacks", {}, {}),
        ("/outreach/profiles", {}, {}),
        ("/outreach/events", {}, {}),
        ("/groups", {}, {}),
    ]
    await asyncio.to_thread(validate, described, asked, world.base, world.acme.token)


def validate(
    described: dict[str, Any], asked: list[tuple[str, dict[str, str], dict[str, str]]], base: str, token: str
) -> None:
    """GET each of these paths, with its parameters and query, and hold the answer against what is described."""
    schema = schemathesis.openapi.from_dict(described)
    checks: list[Any] = [CHECKS.get_one(name) for name in CHECKED]
    for path, values, query in asked:
        case = schema[path]["GET"].Case(path_parameters=values, query=query)
        response = case.call(base_url=base, headers={"Authorization": token})
        assert response.status_code == 200, response.content
        case.validate_response(response, checks=checks)
