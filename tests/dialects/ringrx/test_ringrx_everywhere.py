"""What holds on every route: 401, tenancy, broken bodies, methods, slashes, cross-origin calls."""

import io
import re
from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from ringmain.core.system import Core
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringrx import ids
from ringmain.dialects.ringrx.app import endpoints
from tests.dialects.ringrx.conftest import PUBLIC_URL, WAV, Caller, World, counts

PUBLIC: Final = {"POST /auth/token": 401, "POST /auth/refresh": 401, "GET /ringrx/openapi.json": 200}
"""What routes without credentials answer to a request that says nothing."""
FOREIGN: Final = ids.encode(8192)
"""An id of nothing."""


def name_of(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def table(world: World) -> list[Endpoint]:
    return endpoints(world.core, PUBLIC_URL)


def filled(path: str, value: str) -> str:
    return re.sub(r"{\w+}", value, path)


async def test_without_a_token_401_and_nothing_written(world: World) -> None:
    grant = await world.core.database.fetchval("SELECT max(id) FROM grants")
    expired = await world.core.credentials._signing.issue_token(
        world.acme.company_id, world.acme.office.owner_id, -1, aud="ringrx", grant=str(grant)
    )
    before = await counts(world.core.database)
    for endpoint in table(world):
        if name_of(endpoint) in PUBLIC:
            assert endpoint.public
            reply = await world.acme(endpoint.method, endpoint.path, headers={"Authorization": None})
            assert reply.status == PUBLIC[name_of(endpoint)]
            continue
        assert not endpoint.public, name_of(endpoint)
        for authorization in (None, "", expired, f"bearer: {expired}", f"{world.acme.token}x"):
            headers = {"Authorization": authorization}
            reply = await world.acme(endpoint.method, filled(endpoint.path, FOREIGN), headers=headers)
            assert reply.error(401) == "Not Authenticated", name_of(endpoint)
    assert await counts(world.core.database) == before


Belonging = Callable[[World, Caller], Awaitable[str]]


async def key_of(world: World, caller: Caller) -> str:
    return str((await caller("POST", "/myphones/api_key")).json()["token"])


async def voicemail_of(world: World, caller: Caller) -> str:
    return ids.encode((await caller.account.leave()).id)


async def fax_of(world: World, caller: Caller) -> str:
    await caller.account.add_fax_number()
    return ids.encode((await caller.account.come()).id)


async def call_of(world: World, caller: Caller) -> str:
    return ids.encode((await caller.account.call("101", "+13105550100", recording=WAV)).id)


async def profile_of(world: World, caller: Caller) -> str:
    given = {"name": "Visits", "sender": caller.office.number}
    return str((await caller("POST", "/outreach/profiles", json=given)).json()["id"])


async def event_of(world: World, caller: Caller) -> str:
    profiles = await caller.read("/outreach/profiles")
    given = {
        "profile_id": profiles[0]["id"] if profiles else await profile_of(world, caller),
        "name": "Jane Doe",
        "phonenumber": "3105550177",
        "reminder_date": "2099-03-04T14:30:00Z",
    }
    return str((await caller("POST", "/outreach/events", json=given)).json()["id"])


async def callback_of(world: World, caller: Caller) -> str:
    reply = await caller("POST", "/pbxcallbacks", json={"callback_type": "cdr", "url": "https://hooks.example.com/"})
    return str(reply.json()["id"])


async def group_of(world: World, caller: Caller) -> str:
    return str((await caller("POST", "/groups", json={"extension": "8000"})).json()["id"])


BELONGINGS: Final[dict[str, Belonging]] = {
    "/myphones/api_key/{token}": key_of,
    "/voicemails/{id}": voicemail_of,
    "/voicemails/{id}/voice_payload": voicemail_of,
    "/voicemails/{id}/fax_payload": fax_of,
    "/cdrs/{id}": call_of,
    "/cdrs/{id}/recording": call_of,
    "/pbxcallbacks/{id}": callback_of,
    "/outreach/profiles/{id}": profile_of,
    "/outreach/events/{id}": event_of,
    "/outreach/events/{id}/confirm": event_of,
    "/outreach/events/{id}/cancel": event_of,
    "/outreach/events/{id}/log": event_of,
    "/groups/{id}": group_of,
}
"""What a company has that others may ask for, by path. Each makes one."""
BODIES: Final[dict[str, object]] = {
    "PUT /voicemails/{id}": {"status": "read"},
    "PATCH /voicemails/{id}": {"status": "read"},
    "PUT /pbxcallbacks/{id}": {"name": "Mallory"},
    "PATCH /pbxcallbacks/{id}": {"name": "Mallory"},
    "PUT /outreach/profiles/{id}": {"name": "Mallory"},
    "PATCH /outreach/profiles/{id}": {"name": "Mallory"},
    "PUT /outreach/events/{id}": {"name": "Mallory"},
    "PATCH /outreach/events/{id}": {"name": "Mallory"},
    "PUT /groups/{id}": {"name": "Mallory"},
    "PATCH /groups/{id}": {"name": "Mallory"},
}
"""Bodies that routes accept, so that only the ids in the path are at fault."""


async def test_another_companys_ids_are_as_unknown_as_any(world: World) -> None:
    """Byte for byte the answer that an id of nothing gets, and nothing written."""
    theirs = {path: await make(world, world.globex) for path, make in BELONGINGS.items()}
    before = await counts(world.core.database)
    for endpoint in table(world):
        if "{" not in endpoint.path:
            continue
        body = BODIES.get(name_of(endpoint), {})
        answers = [
            await world.acme(endpoint.method, filled(endpoint.path, value), json=body)
            for value in (theirs[endpoint.path], "0" * 32, FOREIGN)
        ]
        for answer in answers:
            answer.error(404)
            assert answer.body == answers[0].body, name_of(endpoint)
    assert await counts(world.core.database) == before


async def test_malformed_ids_are_not_found(world: World) -> None:
    before = await counts(world.core.database)
    for endpoint in table(world):
        if "{" not in endpoint.path:
            continue
        for value in ("x", FOREIGN.upper() + "0", "f" * 32, "0", "%00", "%ff", "é", "9" * 400, "-1"):
            body = BODIES.get(name_of(endpoint), {})
            reply = await world.acme(endpoint.method, filled(endpoint.path, value), json=body)
            assert reply.error(404), name_of(endpoint)
    assert await counts(world.core.database) == before


async def test_broken_bodies_never_break_the_server(world: World) -> None:
    """Whatever a body is, the answer is a refusal in RingRx's words and nothing is written."""
    before = await counts(world.core.database)
    deep = b"[" * 100_000
    bodies = [
        ("application/json", body)
        for body in (b"{", b"nonsense", b"[]", b"1", b'"\xff"', b'{"to": "\\u0000"}', b'{"to": "\\ud800"}', deep)
    ]
    bodies += [
        ("application/x-www-form-urlencoded", b"\xff=\xfe"),
        ("multipart/form-data", b"nonsense"),
        ("application/json", b'{"a": "' + b"x" * (2 << 20) + b'"}'),
    ]
    for endpoint in table(world):
        if endpoint.method not in ("POST", "PUT", "PATCH") or endpoint.path == "/myphones/otp":
            continue
        for mimetype, body in bodies:
            path = filled(endpoint.path, FOREIGN)
            reply = await world.acme(endpoint.method, path, data=io.BytesIO(body), headers={"Content-Type": mimetype})
            assert reply.status in (400, 404, 413), (name_of(endpoint), body[:20], reply.body)
            reply.error(reply.status)
    assert await counts(world.core.database) == before


async def test_unknown_routes_and_methods(world: World) -> None:
    for segment in {endpoint.path.split("/")[1] for endpoint in table(world)} - {"cdrs"}:
        for path in (f"/{segment}/nothing/here/at/all", f"/{segment}//"):
            (await world.acme("GET", path)).error(404)
    for endpoint in table(world):
        reply = await world.acme("TRACE", filled(endpoint.path, "x"))
        reply.error(405)
        assert endpoint.method in reply.headers["Allow"].split(", ")


async def test_slashes_at_the_end_and_head(acme: Caller) -> None:
    for path in ("/myphones", "/myphones/api_key"):
        assert (await acme("GET", f"{path}/")).body == (await acme("GET", path)).body
        head = await acme("HEAD", path)
        assert (head.status, head.body) == (200, b"")


async def test_browsers_may_ask_and_read(acme: Caller) -> None:
    asked = {
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "authorization",
        "Authorization": None,
    }
    reply = await acme("OPTIONS", "/myphones/api_key/x", headers=asked)
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "DELETE" in reply.headers["Access-Control-Allow-Methods"]


async def test_a_fault_of_ours_answers_a_bare_500(acme: Caller, world: World) -> None:
    await world.core.database.execute("ALTER TABLE api_keys RENAME TO lost")
    said = (await acme("GET", "/myphones/api_key")).error(500)
    assert "lost" not in said
    assert "relation" not in said


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
async def test_answers_are_json_whatever_is_accepted(acme: Caller, accept: str) -> None:
    (await acme("GET", "/myphones/nothing", headers={"Accept": accept})).error(404)
    assert (await acme("GET", "/myphones", headers={"Accept": accept})).json()["email"]


def test_the_table_has_no_route_twice(core: Core) -> None:
    names = [name_of(one) for one in endpoints(core, PUBLIC_URL)]
    assert len(names) == len(set(names))
