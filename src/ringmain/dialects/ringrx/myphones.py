"""GET /myphones: who the caller is and what they have. The vendor documents no fields; these are ours."""

from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.companies.model import Company
from ringmain.core.credentials.model import Caller
from ringmain.core.extensions.model import Extension
from ringmain.core.numbers.model import Number
from ringmain.core.system import Core
from ringmain.dialects.kit import answer
from ringmain.dialects.kit.routing import Endpoint
from ringmain.dialects.ringrx import ids
from ringmain.dialects.ringrx.numbers import eleven_digits

Role = Literal["owner", "admin", "user"]


class WireAccount(msgspec.Struct):
    """The account that the user belongs to."""

    id: str
    name: str
    time_zone: str


class WirePhone(msgspec.Struct):
    """A phone or app at an extension; `state` is that of its line."""

    id: str
    name: str
    kind: str
    extension: str
    state: str


class WireExtension(msgspec.Struct):
    """An extension, and what called parties see."""

    id: str
    number: str
    name: str
    caller_id_name: str
    caller_id_number: str


class WireNumber(msgspec.Struct):
    """A telephone number that the user owns, and what it can do."""

    id: str
    number: str
    voice: bool
    sms: bool
    mms: bool
    fax: bool


class WireUser(msgspec.Struct, kw_only=True):
    """A user. `mailboxes` are known by the numbers of their extensions."""

    id: str
    username: str
    email: str
    first_name: str
    last_name: str
    name: str
    role: Role
    time_zone: str
    otp_enabled: bool
    account: WireAccount
    phones: list[WirePhone]
    extensions: list[WireExtension]
    numbers: list[WireNumber]
    mailboxes: list[str]


class MyPhonesRoutes:
    """Row 3."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.endpoints = [Endpoint("GET", "/myphones", self.show)]

    async def show(self, request: Request, caller: Caller) -> Response:
        """Show the caller's own user, with phones, extensions, numbers and mailboxes."""
        core, company_id = self._core, caller.company_id
        company = await core.companies.get(company_id)
        person = await core.people.get(company_id, caller.person_id)
        extensions = await core.extensions.of_person(company_id, person.id)
        numbers = await core.numbers.list(company_id, owner_email=person.email, sms_only=False)
        user = WireUser(
            id=ids.encode(person.id),
            username=person.login or person.email,
            email=person.email,
            first_name=person.first_name,
            last_name=person.last_name,
            name=f"{person.first_name} {person.last_name}".strip(),
            role=role_of(caller),
            time_zone=caller.timezone,
            otp_enabled=await core.credentials.one_time_codes.is_on(company_id, person.id),
            account=_account(company),
            phones=[_phone(one) for one in extensions if one.purpose != "unassigned"],
            extensions=[_extension(one) for one in extensions],
            numbers=[_number(one) for one in numbers],
            mailboxes=[str(one.number) for one in extensions],
        )
        return answer.json(user)


def role_of(caller: Caller) -> Role:
    """What the caller may do in the account."""
    if caller.owner:
        return "owner"
    return "admin" if caller.admin else "user"


def _account(company: Company) -> WireAccount:
    return WireAccount(id=ids.encode(company.id), name=company.name, time_zone=company.timezone)


def _phone(extension: Extension) -> WirePhone:
    return WirePhone(
        id=ids.encode(extension.id),
        name=extension.name,
        kind=extension.purpose,
        extension=str(extension.number),
        state=extension.subscriber_state,
    )


def _extension(extension: Extension) -> WireExtension:
    caller_id = extension.caller_id
    return WireExtension(
        id=ids.encode(extension.id),
        number=str(extension.number),
        name=extension.name,
        caller_id_name=caller_id.name if caller_id else "",
        caller_id_number=caller_id.number if caller_id else "",
    )


def _number(number: Number) -> WireNumber:
    return WireNumber(
        id=ids.encode(number.id),
        number=eleven_digits(number.number),
        voice=number.voice,
        sms=number.sms,
        mms=number.mms,
        fax=number.fax,
    )
