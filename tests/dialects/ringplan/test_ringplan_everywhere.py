"""What holds on every route: 401, tenancy, broken bodies, methods, slashes, cross-origin calls."""

import io
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest

from ringmain.core.calls.sandbox import PlannedCall
from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.faxes.transport import InboundFax
from ringmain.core.instances.pbx import QueueStatus
from ringmain.core.voicemail.model import NewVoicemail
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import ids
from ringmain.dialects.ringplan.app import endpoints
from ringmain.documents import fax
from tests.dialects.ringplan.conftest import PUBLIC_URL, Caller, World, counts
from tests.faxes import DOCUMENT, FAX_NUMBER, fax_number
from tests.recordings import wav

# A body that each writing route accepts, so that only the ids in the path are at fault.
BODIES: dict[str, object] = {
    "POST /texting/conversations": {"contact_id": "", "from_number": "2025550123"},
    "PATCH /texting/conversations/{conversation_id}/messages/{message_id}": {"is_read": True},
    "POST /texting/conversations/{conversation_id}/messages/publish": {"text": "x"},
    "POST /texting/v2/conversations": {"recipients": [{"number": "2135550100"}], "from_number": "2025550123"},
    "POST /texting/v2/conversations/{conversation_id}/pin": {},
    "POST /texting/contacts": {"number": "2135550100"},
    "PUT /texting/contacts/{texting_contact_id}": {"first_name": "Mallory"},
    "PUT /texting/numbers/{number}": ["a@b.example"],
    "POST /voicemail/messages/bulk-delete": {"message_ids": []},
    "PATCH /voicemail/messages/bulk-update": {"message_ids": [], "listened": True},
    "POST /files": {"name": "x"},
    "POST /conversion/files/{file_id}/representation": {},
    "PATCH /status/v2/current-user": {"main_status": {"status": "away"}},
    "POST /instances/{instance_uuid}/bulks/extensions": {"data": {"id": 1001}},
    "POST /instances/{instance_uuid}/bulks/extensions/check": {"email": "a@b.example", "id": 1001},
    "PUT /instances/{instance_uuid}/bulks/extensions/{extension_id}": {"data": {"name": "Mallory"}},
    "PATCH /instances/{instance_uuid}/bulks/extensions/{extension_id}": {"data": {"name": "Mallory"}},
    "PATCH /company": {"name": "Mallory"},
    "PATCH /system/company": {"name": "Mallory"},
    "POST /company/contacts": {"contacts": {"email": "mallory@a.example"}},
    "POST /system/company/contacts": {"contacts": {"email": "mallory@a.example"}},
    "PATCH /company/contacts/{contact_id}": {"first_name": "Mallory"},
    "PATCH /system/company/contacts/{contact_id}": {"first_name": "Mallory"},
    "POST /company/contacts/{contact_id}/invitation": {},
    "POST /company/contacts/{contact_id}/invitation/accept": {"token": "x", "password": "long enough"},
    "POST /company/locations": {"name": "Mallory"},
    "POST /system/company/locations": {"name": "Mallory"},
    "PATCH /company/locations/{location_id}": {"name": "Mallory"},
    "PATCH /system/company/locations/{location_id}": {"name": "Mallory"},
    "POST /company/directory/contacts": {"first_name": "Mallory"},
    "PUT /company/directory/contacts/{directory_contact_id}": {"first_name": "Mallory"},
    "POST /login": {"email": "owner@acme.example", "password": "long enough"},
    "POST /refresh-token": {"refresh_token": "x"},
    "POST /logout": {"refresh_token": "x"},
    "POST /fax/destinations": {"emails": "a@b.example"},
    "PATCH /fax/messages/inbound/{fax_message_id}": {"is_read": True},
    "POST /fax/messages/outbound": {"file": {"id": "x"}, "from": "2052726012", "to": "8584375000"},
    "PUT /fax/messages/outbound/{fax_message_id}": {"to_name": "Mallory"},
    "POST /fax/messages/outbound/{fax_message_id}/retry": {},
    "POST /fax/messages/scheduled": {
        "file": {"id": "x"},
        "from": "2052726012",
        "to": "8584375000",
        "send_at": "2100-01-01",
    },
    "PUT /fax/messages/scheduled/{fax_message_id}": {"to_name": "Mallory"},
    "POST /meet/v2/events": {"title": "Mallory"},
    "PATCH /meet/v2/events/{event_id}": {"title": "Mallory"},
    "POST /meet/google/revoke": {"calendar": "mallory@a.example"},
    "POST /meet/outlook/revoke": {"calendar": "mallory@a.example"},
    "PUT /webhooks/callbacks/url": {"url": "example.com"},
    "POST /webhooks/callbacks": {"type": "texting.message.inbound"},
}
FORM = "POST /files/{file_id}/upload"
NO_LISTS = {
    "/phones/qr-config/advanced",
    "/login",
    "/meet/app/calendar",
    "/meet/google/callback",
    "/meet/outlook/callback",
}
"""Tell of what their query names."""
BODILESS = {
    "POST /conversion/files/{file_id}/representation",
    "POST /texting/v2/conversations/{conversation_id}/pin",
    "POST /company/contacts/{contact_id}/invitation",
    "POST /fax/messages/outbound/{fax_message_id}/retry",
    "POST /meet/google/revoke",  # its 400 is {"result": false}, as the reference has it
    "POST /meet/outlook/revoke",
    FORM,
}
PUBLIC = {
    "GET /company/contacts/{contact_id}/invitation/accept": 404,
    "POST /company/contacts/{contact_id}/invitation/accept": 400,
    "GET /login": 400,
    "POST /login": 400,
    "POST /refresh-token": 400,
    "POST /logout": 400,
    "GET /meet/google/callback": 400,
    "GET /meet/outlook/callback": 400,
}
"""What routes without credentials answer to a request that says nothing; others want a signature: 403."""


def name_of(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def table(world: World) -> list[Endpoint]:
    return endpoints(world.core, PUBLIC_URL)


def form() -> aiohttp.FormData:
    data = aiohttp.FormData()
    data.add_field("upfile", b"content", filename="x.txt")
    return data


async def pbx_of(world: World, caller: Caller) -> dict[str, str]:
    """A PBX with an extension, its voicemail and call, and a queue."""
    core, company_id = world.core, caller.office.company_id
    instance = await core.instances.create(company_id, name="pbx", domain="pbx.example.com")
    extension = await core.extensions.create(company_id, instance.id, ExtensionChange(number=1001))
    await core.instances.act_queue(company_id, instance.id, QueueStatus(number=700))
    await core.sandbox_calls.place(
        company_id, PlannedCall(source="1001", destination="+13105550100", recording=wav(0.1))
    )
    voicemail = await core.voicemails.receive(company_id, extension.id, NewVoicemail(audio=wav(0.1)))
    return {
        "instance_uuid": str(instance.uuid),
        "extension_id": ids.encode(extension.id),
        "queue_id": "700",
        "voicemail_id": ids.encode(voicemail.id),
    }


async def meeting_of(caller: Caller) -> dict[str, str]:
    """A meeting, its group and its room."""
    (event,) = (await caller("POST", "/meet/v2/events", json={})).json()
    room = event["jitsi_meeting_room_id"]
    return {"event_id": event["id"], "g_id": event["g_id"], "meeting_id": room, "room_id": room}


async def user_of(caller: Caller) -> str:
    """A user who is not the owner."""
    body = {"contacts": {"email": "user@example.com"}, "activated": True}
    return str((await caller("POST", "/company/contacts", json=body)).json()["id"])


async def fax_of(world: World, caller: Caller) -> str:
    """A fax that came in."""
    await fax_number(world.core, caller.office.company_id)
    tiff = (await fax.to_fax(DOCUMENT, "application/pdf")).tiff
    return ids.encode((await world.core.faxes.receive(InboundFax(recipient=FAX_NUMBER, tiff=tiff))).id)


async def belongings(world: World) -> dict[str, str]:
    """Ids of everything that Globex has, by the name of the path parameter."""
    globex = world.globex
    message = await globex.publish()
    file = (await globex("POST", "/files", json={"name": "x"})).json()
    subscription = (await globex("POST", "/webhooks/callbacks", json={"type": "texting.message.inbound"})).json()
    location = (await globex("POST", "/company/locations", json={"name": "Main"})).json()
    known = (await globex("POST", "/company/directory/contacts", json={"first_name": "Kim"})).json()
    return {
        **await pbx_of(world, globex),
        **await meeting_of(globex),
        "contact_id": await user_of(globex),
        "location_id": location["id"],
        "directory_contact_id": known["id"],
        "conversation_id": globex.conversation,
        "message_id": message["id"],
        "texting_contact_id": globex.contact,
        "number": globex.office.number,
        "file_id": file["id"],
        "webhook_event_id": subscription["id"],
        "fax_message_id": await fax_of(world, globex),
        "company_id": globex.company,
    }


def test_every_route_with_a_body_is_tried(core: object) -> None:
    written = {
        name_of(endpoint)
        for endpoint in endpoints(core, PUBLIC_URL)  # type: ignore[arg-type]
        if endpoint.method in ("POST", "PUT", "PATCH")
    }
    assert written == {*BODIES, FORM}


async def test_without_credentials_401_and_nothing_written(world: World) -> None:
    theirs = await belongings(world)
    before = await counts(world.core.database)
    for endpoint in table(world):
        path = endpoint.path.format(**theirs)
        status = PUBLIC.get(name_of(endpoint), 403) if endpoint.public else 401
        for headers in ({"Authorization": None}, {"X-User-Id": None}, {"X-User-Id": theirs["texting_contact_id"]}):
            (await world.globex(endpoint.method, path, headers=headers)).problem(status)
    assert await counts(world.core.database) == before


async def test_another_companys_ids_are_as_unknown_as_any(world: World) -> None:
    """Acme's key with Globex's ids: byte for byte the answer that an id of nothing gets, and nothing written."""
    theirs = await belongings(world)
    nothing = dict.fromkeys(theirs, ids.encode(8192)) | {"number": "+12025550199"}
    before = await counts(world.core.database)
    tried = 0
    for endpoint in table(world):
        if "{" not in endpoint.path or endpoint.public:
            continue
        name, answers = name_of(endpoint), []
        for values in (theirs, nothing):
            options = {"data": form()} if name == FORM else {"json": BODIES[name]} if name in BODIES else {}
            answers.append(await world.acme(endpoint.method, endpoint.path.format(**values), **options))
        for answer in answers:
            answer.problem(404)
        assert answers[0].body == answers[1].body, name
        tried += 1
    assert tried >= 11
    assert await counts(world.core.database) == before


async def test_another_companys_lists_show_nothing(world: World) -> None:
    theirs = set((await belongings(world)).values())
    await world.globex("PATCH", "/status/v2/current-user", json={"main_status": {"status": "away"}})
    own = {
        world.globex.company,
        world.globex.conversation,
        world.globex.contact,
        ids.encode(world.globex.office.owner_id),
    }
    for endpoint in table(world):
        if endpoint.method == "GET" and "{" not in endpoint.path and endpoint.path not in NO_LISTS:
            path = f"{endpoint.path}?user_id={ids.encode(world.globex.office.owner_id)}&text=hello"
            answer = await world.acme("GET", path)
            assert answer.status in (200, 204)
            assert not [known for known in theirs | own if f'"{known}"'.encode() in answer.body], endpoint.path


async def test_malformed_ids_are_not_found(world: World) -> None:
    before = await counts(world.core.database)
    for endpoint in table(world):
        if "{" not in endpoint.path:
            continue
        name = name_of(endpoint)
        for value in ("x", "79951a6-4f51-5019-a897-0e7624828abf", "f" * 24, "0" * 24, "%00", "%ff", "é", "9" * 400):
            path = endpoint.path.format(**dict.fromkeys(parameters(world), value))
            options = {"data": form()} if name == FORM else {"json": BODIES[name]} if name in BODIES else {}
            (await world.acme(endpoint.method, path, **options)).problem(404)
    assert await counts(world.core.database) == before


async def test_broken_bodies(world: World) -> None:
    """Not JSON, no object, empty, not UTF-8, NUL, too deep: 400 and nothing written."""
    mine = dict(await belongings(world))
    acme = world.acme
    message = await acme.publish()
    mine.update(conversation_id=acme.conversation, message_id=message["id"], texting_contact_id=acme.contact)
    mine["number"] = acme.office.number
    mine["contact_id"] = await user_of(acme)
    mine["location_id"] = (await acme("POST", "/company/locations", json={"name": "Main"})).json()["id"]
    known = await acme("POST", "/company/directory/contacts", json={"first_name": "Kim"})
    mine["directory_contact_id"] = known.json()["id"]
    mine.update(await pbx_of(world, acme))
    mine.update(await meeting_of(acme))
    before = await counts(world.core.database)
    deep = b"[" * 100_000
    for endpoint in table(world):
        if name_of(endpoint) in BODILESS or name_of(endpoint) not in BODIES:
            continue
        path = endpoint.path.format(**mine)
        for body in (
            b"",
            b"{",
            b"nonsense",
            b"null",
            b"1",
            b'"\xff"',
            b'{"name": "\\u0000"}',
            b'{"url":"\\ud800"}',
            deep,
        ):
            headers = {"Content-Type": "application/json"}
            reply = await acme(endpoint.method, path, data=body, headers=headers)
            reply.problem(400)
    assert await counts(world.core.database) == before


async def test_oversize_bodies(world: World) -> None:
    """More than 1 MiB of JSON: 413, announced or not, and nothing written."""
    before = await counts(world.core.database)
    body = b'{"url": "example.com", "x": "' + b"x" * (1 << 20) + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    (await world.acme("PUT", "/webhooks/callbacks/url", data=io.BytesIO(body))).problem(413)
    (await world.acme("PUT", "/webhooks/callbacks/url", data=pieces())).problem(413)
    assert await counts(world.core.database) == before
    assert (await world.acme("GET", "/webhooks/callbacks/url")).status == 200


async def test_unknown_routes_and_methods(world: World) -> None:
    segments = {endpoint.path.split("/")[1] for endpoint in table(world)}
    assert {"system", "company", "texting", "files", "conversion", "status", "statuses", "webhooks"} <= segments
    # /cdrs itself is RingRx's.
    for segment in segments - {"cdrs"} | {"cdrs/v3"}:
        for path in (f"/{segment}/nothing/here/at/all", f"/{segment}//"):
            assert "URL" in (await world.acme("GET", path)).problem(404)
    for endpoint in table(world):
        path = endpoint.path.format(**dict.fromkeys(parameters(world), "x"))
        reply = await world.acme("TRACE", path)
        reply.problem(405)
        assert endpoint.method in reply.headers["Allow"].split(", ")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await world.acme.http.ws_connect(f"{world.base}/texting/conversations", headers=world.acme.headers)
    reply = await world.acme("PUT", "/texting/conversations")
    reply.problem(405)
    assert reply.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


def parameters(world: World) -> set[str]:
    """The names of all ids in paths."""
    return {name for endpoint in table(world) for name in re.findall(r"{(\w+)}", endpoint.path)}


async def test_trailing_slashes_change_nothing(acme: Caller) -> None:
    for path in ("/texting/conversations", "/system/company", f"/texting/contacts/{acme.contact}", acme.messages):
        with_slash = await acme("GET", f"{path}/", allow_redirects=False)
        assert with_slash.status == 200
        assert with_slash.body == (await acme("GET", path)).body
    assert (await acme("POST", f"{acme.messages}/publish/", json={"text": "x"})).status == 201


async def test_head_is_get_without_a_body(acme: Caller) -> None:
    reply = await acme("HEAD", "/texting/conversations")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["X-Pagination-Total-Count"] == "1"
    assert int(reply.headers["Content-Length"]) > 2
    reply = await acme("HEAD", "/texting/conversations", headers={"Authorization": None})
    assert reply.status == 401


async def test_browsers_may_ask_and_read(acme: Caller) -> None:
    origin = {"Origin": "https://phone.example"}
    asked = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,x-user-id",
        "Authorization": None,
        "X-User-Id": None,
    }
    reply = await acme("OPTIONS", f"{acme.messages}/x", headers={**origin, **asked})
    assert reply.status == 204
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "PATCH" in reply.headers["Access-Control-Allow-Methods"]
    assert "x-user-id" in reply.headers["Access-Control-Allow-Headers"]
    reply = await acme("GET", "/texting/conversations", headers=origin)
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-Pagination-Total-Count" in reply.headers["Access-Control-Expose-Headers"]
    reply = await acme("OPTIONS", "/texting/conversations", headers={"Authorization": None})
    assert (reply.status, reply.headers["Allow"]) == (204, "GET, HEAD, OPTIONS, POST")


async def test_a_fault_of_ours_answers_a_bare_500(acme: Caller, world: World) -> None:
    await world.core.database.execute("ALTER TABLE contacts RENAME TO lost")
    detail = (await acme("GET", "/texting/contacts")).problem(500)
    assert "lost" not in detail
    assert "relation" not in detail
    await world.core.database.execute("ALTER TABLE lost RENAME TO contacts")
    assert (await acme("GET", "/texting/contacts")).status == 200


@pytest.mark.parametrize("accept", ["application/json", "text/html", "*/*"])
async def test_errors_are_problems_whatever_is_accepted(acme: Caller, accept: str) -> None:
    (await acme("GET", "/texting/contacts/x", headers={"Accept": accept})).problem(404)
