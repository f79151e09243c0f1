"""An organization with a branch, and what tests of users do there."""

from typing import Any

from ringmain.core.extensions.model import Extension
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.conftest import Caller, World

NEW: dict[str, Any] = {
    "name": "Sam Alter",
    "status": 1,
    "extension": "511",
    "username": "511",
    "password": "sip-password",
    "authname": "511",
    "email": "sam.alter@example.com",
    "mobile": "1234567890",
    "phone": "1234567891",
    "company": "Demo LLC",
    "position": "CEO",
}


async def branch_of(caller: Caller, name: str = "Main", address: str = "pbx.example.com") -> str:
    given = {"orgid": caller.orgid, "name": name, "address": address}
    return str((await caller("createBranch", **given)).result()["id"])


async def create(caller: Caller, branchid: str, **given: Any) -> dict[str, Any]:
    params = {"orgid": caller.orgid, "branchid": branchid, **NEW, **given}
    made: dict[str, Any] = (await caller("createUser", **params)).result()
    return made


async def plain(caller: Caller, branchid: str, extension: int, **given: Any) -> str:
    """A user of nothing but a number; answers its id."""
    params = {"orgid": caller.orgid, "branchid": branchid, "extension": extension, "status": 1, **given}
    return str((await caller("createUser", **params)).result()["id"])


async def shown(caller: Caller, userid: str) -> Any:
    return (await caller("getUser", orgid=caller.orgid, id=userid)).result()


async def extension_of(world: World, caller: Caller, userid: str) -> Extension:
    return await world.core.extensions.get(caller.office.company_id, ids.decode(userid, "user"))


async def told(world: World, kind: str) -> int:
    """How many events of this type came in through Ringotel."""
    query = "SELECT count(*) FROM events WHERE type = $1 AND origin = 'ringotel'"
    return int(await world.core.database.fetchval(query, kind))
