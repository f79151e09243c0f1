"""Methods and how they are called: POST of `{method, params}`, or a form with a file (specs/ringotel.md 1)."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ringmain.core.accounts.model import AccountCaller
from ringmain.core.companies.model import Company
from ringmain.core.errors import NotFound, Unauthenticated
from ringmain.core.files.service import MAX_SIZE
from ringmain.core.system import Core
from ringmain.dialects.kit import answer, body, form
from ringmain.dialects.kit.errors import BadRequest, BodyTooLarge
from ringmain.dialects.ringotel import ids, params
from ringmain.dialects.ringotel.errors import NotReadable, UnknownMethod
from ringmain.dialects.ringotel.params import Id, Word

JSON_LIMIT: Final = 8 << 20
"""Octets of a call: lists of users and contacts come in one piece."""
FORM_LIMIT: Final = MAX_SIZE + (1 << 16)
ORGID: Final = "orgid"
ORGANIZATION: Final = "organization"
SUFFIX: Final = ".ringotel.co"
"""What clients show behind a domain's label, and some send."""


class Org(msgspec.Struct, frozen=True):
    """The organization that a call is about, one of the caller's account."""

    caller: AccountCaller
    company: Company

    @property
    def company_id(self) -> int:
        """Its core id."""
        return self.company.id

    @property
    def id(self) -> str:
        """Its id as Ringotel spells it."""
        return ids.encode(self.company.id)

    @property
    def domain(self) -> str:
        """Its label."""
        return self.company.domain

    @property
    def country(self) -> str:
        """How its numbers without + are read, as in US."""
        return self.company.country

    @property
    def timezone(self) -> str:
        """As in America/New_York."""
        return self.company.timezone


class Method(msgspec.Struct, frozen=True):
    """One method of the vendor's reference.

    `handler` gets the Org, or the AccountCaller where `account_level`, and the decoded parameters; what it returns is
    the result, None for nothing. `org_key` is the parameter with the organization's id. `blocked_too`: answered for
    blocked organizations as well. `changes`: goes into the account's history, by the id that the result or the
    parameters have.
    """

    name: str
    params: type[Any]
    handler: Callable[[Any, Any], Awaitable[object]]
    account_level: bool = False
    org_key: str = ORGID
    blocked_too: bool = False
    changes: bool = False


class Named(msgspec.Struct, frozen=True):
    """How a call names its organization."""

    orgid: Id = Id()
    domain: Word = Word()


class Called(msgspec.Struct, frozen=True):
    """What stands for a route in metrics."""

    path: str


CALL: Final = body.Decoder(msgspec.json.Decoder(dict[str, Any]))


class Rpc:
    """All methods at one address."""

    def __init__(self, core: Core, methods: Iterable[Method]) -> None:
        self._accounts = core.accounts
        self._records = core.account_records
        self._methods = {method.name: method for method in methods}

    async def __call__(self, request: Request, caller: AccountCaller) -> Response:
        """Answer a call. Raises what the error table knows."""
        name, given = await _read(request)
        method = self._methods.get(name)
        if method is None:
            raise UnknownMethod(f"There is no method {name[:100]!r}")
        request.scope["route"] = Called(f"/api {name}")
        decoded = params.read(given, method.params)
        if method.account_level:
            company_id, result = None, await method.handler(caller, decoded)
        else:
            org = await self.organization(caller, given, method)
            company_id, result = org.company_id, await method.handler(org, decoded)
        if method.changes:
            await self._records.note(caller, name, company_id, _subject(result, given))
        return answer.json({"result": {} if result is None else result})

    async def organization(self, caller: AccountCaller, given: Mapping[str, Any], method: Method) -> Org:
        """The organization that a call names by id, by domain or by both (section 5, reading 2).

        Raises BadRequest when it names none or two, NotFound when it is not the account's, Unauthenticated when it is
        blocked.
        """
        by_domain = method.org_key == ORGID
        domain = given.get("domain") if by_domain else None
        wanted = params.read({"orgid": given.get(method.org_key), "domain": domain}, Named)
        if not wanted.orgid and not wanted.domain:
            raise BadRequest("orgid: is required, or domain" if by_domain else f"{method.org_key}: is required")
        company = await self._company(caller.account_id, wanted)
        if company.blocked and not method.blocked_too:
            raise Unauthenticated("The organization is blocked")
        return Org(caller, company)

    async def _company(self, account_id: int, wanted: Named) -> Company:
        label = label_of(wanted.domain)
        try:
            if wanted.orgid:
                company = await self._accounts.company(account_id, ids.decode(wanted.orgid, ORGANIZATION))
            elif ids.NUMBER.fullmatch(label):
                # initCall's text says that `domain` is the id, its sample that it is the domain.
                company = await self._accounts.company(account_id, ids.decode(label, ORGANIZATION))
            else:
                company = await self._accounts.company_by_domain(account_id, label)
        except NotFound:
            raise NotFound(ORGANIZATION) from None
        if wanted.orgid and label and label.lower() not in (company.domain.lower(), wanted.orgid):
            raise BadRequest("domain: is not that of the organization")
        return company


def label_of(domain: str) -> str:
    """The bare label of a domain, also of one as clients show it."""
    label = domain.strip()
    return label[: -len(SUFFIX)] if label.lower().endswith(SUFFIX) else label


async def _read(request: Request) -> tuple[str, dict[str, Any]]:
    """The method's name and its parameters. A form is a `message`; its texts may end in a newline, as in the seed."""
    if form.is_form(request):
        fields = await form.read(request, FORM_LIMIT)
        if not isinstance(fields.get("file"), form.Upload):
            raise BadRequest("file: is required")
        return "message", {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}
    try:
        call: dict[str, Any] = CALL.decode(await body.read(request, JSON_LIMIT))
    except BodyTooLarge:
        raise
    except BadRequest as error:
        raise NotReadable(error.reason) from error
    name, given = call.get("method"), call.get("params")
    if not isinstance(name, str):
        raise BadRequest("method: is required")
    if given is None or given == []:  # PHP's empty array
        return name, {}
    if not isinstance(given, dict):
        raise BadRequest("params: must be an object")
    return name, given


def _subject(result: object, given: Mapping[str, Any]) -> str:
    """The id of what was made, or else of what was named."""
    found = result.get("id") if isinstance(result, Mapping) else getattr(result, "id", None)
    return str(found or given.get("id") or given.get("userid") or "")[:64]
