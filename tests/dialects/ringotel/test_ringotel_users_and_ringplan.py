"""Users and contacts made in one of Ringotel and RingPlan are extensions, people and contacts of the other."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from ringmain.core.system import Core
from ringmain.dialects.ringotel import ids as ringotel_ids
from ringmain.dialects.ringotel.app import build as build_ringotel
from ringmain.dialects.ringplan import ids as ringplan_ids
from ringmain.dialects.ringplan.app import build as build_ringplan
from ringmain.front import Front
from ringmain.realtime.socketio import SocketServer
from tests.conftest import furnish
from tests.dialects.ringotel.conftest import FETCH, Caller, caller_of
from tests.dialects.ringotel.user_flow import branch_of, create, shown
from tests.dialects.ringplan.conftest import Caller as RingPlanCaller
from tests.realtime.conftest import serving


class Both:
    """A company that is called by both vendors' clients."""

    def __init__(self, core: Core, ringotel: Caller, ringplan: RingPlanCaller) -> None:
        self.core = core
        self.ringotel = ringotel
        self.ringplan = ringplan

    async def path(self) -> str:
        """Of RingPlan's extensions, in the only instance."""
        (instance,) = await self.core.instances.list(self.ringotel.office.company_id)
        return f"/instances/{instance.uuid}/bulks/extensions"

    async def extensions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.ringplan("GET", await self.path())).json()
        return found


@pytest.fixture
async def both(core: Core) -> AsyncIterator[Both]:
    office = await furnish(core)
    key = await core.credentials.create_api_key(office.company_id, "ringplan", "test")
    sockets = SocketServer()
    apps = {**build_ringotel(core, "https://x", FETCH), **build_ringplan(core, "https://x", sockets)}
    async with serving(Front(apps)) as base, aiohttp.ClientSession() as http:
        yield Both(core, await caller_of(core, http, base, office), RingPlanCaller(http, base, office, key.secret))
    await sockets.close()


def respelt(ringotel_id: str) -> str:
    return ringplan_ids.encode(ringotel_ids.decode(ringotel_id, "id"))


async def test_create_user_is_an_extension_in_ringplan(both: Both) -> None:
    made = await create(both.ringotel, await branch_of(both.ringotel))
    (extension,) = await both.extensions()
    assert (extension["_id"], extension["data"]["extension"]) == (respelt(made["id"]), 511)
    assert (extension["data"]["name"], extension["data"]["secret"]) == ("Sam Alter", "sip-password")
    assert extension["user"]["first_name"] == "Sam"


async def test_an_extension_of_ringplan_is_in_get_users(both: Both) -> None:
    await branch_of(both.ringotel)
    path = await both.path()
    body = {"data": {"id": 700, "name": "Reception"}, "purpose": "softphone"}
    made = (await both.ringplan("POST", path, json=body)).json()
    (user,) = (await both.ringotel("getUsers", orgid=both.ringotel.orgid)).result()
    assert (user["extension"], user["name"], user["status"]) == ("700", "Reception", 1)
    assert respelt(user["id"]) == made["_id"]
    (await both.ringotel("updateUser", orgid=both.ringotel.orgid, id=user["id"], name="Front desk")).result()
    assert [one["data"]["name"] for one in await both.extensions()] == ["Front desk"]
    assert (await both.ringplan("DELETE", f"{path}/{respelt(user['id'])}")).status < 300
    (await both.ringotel("getUser", orgid=both.ringotel.orgid, id=user["id"])).error(404)
    assert (await both.ringotel("recoverDeletedUser", orgid=both.ringotel.orgid, extension=700)).result()["name"] == (
        "Front desk"
    )
    assert (await shown(both.ringotel, user["id"]))["extension"] == "700"


async def test_imported_contacts_are_in_the_directory(both: Both) -> None:
    info = {"phone": ["8566368749"], "organization": "Chemel", "position": "CPA", "email": "art@venere.org"}
    given = {"orgid": both.ringotel.orgid, "list": [{"name": "Art Venere", "info": info}]}
    (made,) = (await both.ringotel("importContacts", **given)).result()
    path = f"/company/directory/contacts/{respelt(made['id'])}"
    contact = (await both.ringplan("GET", path)).json()
    assert (contact["first_name"], contact["phone"]) == ("Art", "+18566368749")
    assert (contact["job_details"]["position"], contact["organization_details"]["organization"]) == ("CPA", "Chemel")
    await both.ringplan("PUT", path, json={"salutation": "Mr", "last_name": "Vandelay"})
    changed = {"id": made["id"], "name": "Arthur Vandelay", "info": {"phone": ["8566368749"]}}
    (await both.ringotel("updateContacts", orgid=both.ringotel.orgid, list=[changed])).void()
    contact = (await both.ringplan("GET", path)).json()
    assert (contact["first_name"], contact["salutation"], contact["email"]) == ("Arthur", "Mr", None)
