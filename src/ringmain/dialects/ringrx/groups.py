"""/groups: extensions that are rung together or in turn. Our own design (docs/groups.md)."""

import contextlib
from collections.abc import Iterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import Invalid, NotFound
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, parameters
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringrx import group_wire as wire
from ringmain.dialects.ringrx import ids
from ringmain.dialects.ringrx.auth import DIALECT
from ringmain.dialects.ringrx.scope import check_manages

GROUPS: Final = "/groups"
GROUP: Final = "/groups/{id}"


class GroupRoutes:
    """All users see groups; the owner and the admins make them."""

    def __init__(self, core: Core) -> None:
        self._groups = core.groups
        self._instances = core.instances
        self.endpoints = [
            Endpoint("GET", GROUPS, self.list),
            Endpoint("POST", GROUPS, self.create),
            Endpoint("GET", GROUP, self.show),
            Endpoint("PUT", GROUP, self.update),
            Endpoint("PATCH", GROUP, self.update),
            Endpoint("DELETE", GROUP, self.delete),
        ]

    async def list(self, _: Request, caller: Caller) -> Response:
        """All groups, by PBX and number."""
        return answer.json([wire.group(one) for one in await self._groups.list(caller.company_id)])

    async def create(self, request: Request, caller: Caller) -> Response:
        """Make a group: of nobody, rung together for 20 seconds, then hung up, where nothing else is said."""
        check_manages(caller, "groups")
        given = wire.read((await parameters.read(request)).values)
        if given.extension is None:
            raise BadRequest("extension is missing")
        change = wire.change(given)
        instance_id = None if given.instance_id is None else await self._instance(caller, given.instance_id)
        with _spelt():
            made = await self._groups.create(caller.company_id, instance_id, change, origin=DIALECT)
        return answer.json(wire.group(made), 201)

    async def show(self, request: Request, caller: Caller) -> Response:
        """One group."""
        return answer.json(wire.group(await self._groups.get(caller.company_id, _id(request))))

    async def update(self, request: Request, caller: Caller) -> Response:
        """Change what is said of a group; members that are said take the place of all that there were."""
        known = await self._groups.get(caller.company_id, _id(request))
        check_manages(caller, "groups")
        given = wire.read((await parameters.read(request)).values)
        if given.instance_id not in (None, ids.encode(known.instance_id)):
            raise Invalid("instance_id", "cannot change: make another group")
        with _spelt():
            changed = await self._groups.update(caller.company_id, known.id, wire.change(given), origin=DIALECT)
        return answer.json(wire.group(changed))

    async def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a group; its callbacks stay and hear of nothing."""
        known = await self._groups.get(caller.company_id, _id(request))
        check_manages(caller, "groups")
        await self._groups.delete(caller.company_id, known.id, origin=DIALECT)
        return answer.empty()

    async def _instance(self, caller: Caller, given: str) -> int:
        try:
            return (await self._instances.get(caller.company_id, ids.decode(given, "instance"))).id
        except NotFound:
            raise Invalid("instance_id", "names an unknown instance") from None


def _id(request: Request) -> int:
    return ids.decode(request.path_params["id"], "group")


@contextlib.contextmanager
def _spelt() -> Iterator[None]:
    """What the core refuses, by the names that fields have here."""
    try:
        yield
    except Invalid as error:
        raise Invalid(wire.NAMES.get(error.field, error.field), error.reason) from error
