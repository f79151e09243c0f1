"""Invitations of users. The reference shows their dates alone: these routes and the page are ours."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.credentials.model import Caller
from ringmain.core.errors import AlreadyExists, Invalid
from ringmain.core.people.invitations import Link
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, query
from ringmain.dialects.kit.body import Decoder
from ringmain.dialects.kit.errors import BadRequest
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringplan import ids, pages, wire
from ringmain.dialects.ringplan.auth import DIALECT
from ringmain.dialects.ringplan.company import require_owner

PATH: Final = "/company/contacts/{contact_id}/invitation"


class Acceptance(msgspec.Struct):
    """Body of an acceptance: the token of the mail, and the password chosen."""

    token: Annotated[str, Meta(min_length=1, max_length=200)]
    password: str


ACCEPTANCE: Final = Decoder(msgspec.json.Decoder(Acceptance))


def invitation_link(public_url: str) -> Link:
    """How the address in an invitation's mail is made."""

    def link(person_id: int, token: str) -> str:
        path = PATH.format(contact_id=ids.encode(person_id))
        return f"{public_url.rstrip('/')}{path}/accept?token={token}"

    return link


class InvitationRoutes:
    """An invitation is issued with its user, again on demand, and accepted by whoever has its token."""

    def __init__(self, core: Core, public_url: str) -> None:
        self._invitations = core.invitations
        self._link = invitation_link(public_url)
        self.endpoints = [
            Endpoint("POST", PATH, self.issue),
            Endpoint("GET", f"{PATH}/accept", self.show, public=True),
            Endpoint("POST", f"{PATH}/accept", self.accept, public=True),
        ]

    async def issue(self, request: Request, caller: Caller) -> Response:
        """Invite a user again: the invitation before ends. Only the company's owner may."""
        require_owner(caller)
        person_id = ids.decode(request.path_params["contact_id"], "user")
        try:
            person = await self._invitations.invite(caller.company_id, person_id, link=self._link, origin=DIALECT)
        except AlreadyExists as error:
            raise BadRequest(str(error)) from error
        return answer.json(wire.contact(person))

    async def show(self, request: Request, _caller: None) -> Response:
        """The page on which an invited person chooses a password."""
        person_id = ids.decode(request.path_params["contact_id"], "user")
        token = query.text(request, "token") or ""
        _, email = await self._invitations.check(person_id, token)
        return pages.password_form(email, token)

    async def accept(self, request: Request, _caller: None) -> Response:
        """Set the password and activate the user; the token ends. Answers the user, or a page if a form was sent."""
        person_id = ids.decode(request.path_params["contact_id"], "user")
        if not pages.is_form(request):
            body: Acceptance = await ACCEPTANCE(request)
            person = await self._invitations.accept(person_id, body.token, body.password, origin=DIALECT)
            return answer.json(wire.contact(person))
        form = await pages.read_form(request)
        token = form.get("token", "")
        _, email = await self._invitations.check(person_id, token)
        try:
            await self._invitations.accept(person_id, token, form.get("password", ""), origin=DIALECT)
        except Invalid as error:
            return pages.password_form(email, token, problem=f"The password {error.reason}.")
        return pages.done("Your password is set", "You can log in now.")
