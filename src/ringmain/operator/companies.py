"""Operations on companies: who they are, their people, numbers and credentials."""

from datetime import UTC, datetime, timedelta
from typing import Final

from ringmain.core.companies.model import Company
from ringmain.core.credentials.model import ApiKey, NewApiKey
from ringmain.core.errors import Forbidden
from ringmain.core.numbers.model import Number
from ringmain.core.people.model import Person
from ringmain.operator.routing import Call, Operation
from ringmain.operator.shapes import ApiKeyBody, Listed, Numbered, PageQuery, UserToken, UserTokenBody


async def list_companies(call: Call) -> Listed[Company]:
    """All companies, oldest first."""
    return Listed(items=await call.core.companies.list_all())


async def get_company(call: Call) -> Company:
    """One company."""
    return await call.core.companies.get(call.company_id)


async def list_people(call: Call) -> Numbered[Person]:
    """The people of a company, oldest first."""
    items, total = await call.core.people.page(call.company_id, page=call.query.page, per_page=call.query.per_page)
    return Numbered(items=items, total=total)


async def list_numbers(call: Call) -> Listed[Number]:
    """The numbers of a company."""
    return Listed(items=await call.core.numbers.list(call.company_id, sms_only=False))


async def list_api_keys(call: Call) -> Listed[ApiKey]:
    """The API keys of a company, without their secrets."""
    return Listed(items=await call.core.credentials.list_api_keys(call.company_id))


async def create_api_key(call: Call) -> NewApiKey:
    """Make an API key; its secret is shown this once."""
    body: ApiKeyBody = call.body
    return await call.core.credentials.create_api_key(
        call.company_id, body.dialect, body.name, person_id=body.person_id
    )


async def revoke_api_key(call: Call) -> None:
    """End an API key at once."""
    await call.core.credentials.revoke_api_key(call.company_id, call.ids["key_id"])


async def create_user_token(call: Call) -> UserToken:
    """Make a token with which a person calls."""
    person = await call.core.people.get(call.company_id, call.ids["person_id"])
    if not person.active:
        raise Forbidden("the person is inactive")
    seconds: int = call.body.lifetime_seconds
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    return UserToken(
        token=await call.core.credentials.issue_user_token(call.company_id, person.id, seconds), expires_at=expires_at
    )


async def remove_second_factor(call: Call) -> None:
    """Turn off the one-time codes of somebody who has lost them."""
    await call.core.credentials.one_time_codes.remove(call.company_id, call.ids["person_id"])


COMPANY: Final = "/ringmain/v1/companies/{company_id}"

OPERATIONS: Final = (
    Operation(method="GET", path="/ringmain/v1/companies", handler=list_companies, result=Listed[Company]),
    Operation(method="GET", path=COMPANY, handler=get_company, result=Company),
    Operation(method="GET", path=f"{COMPANY}/people", handler=list_people, result=Numbered[Person], query=PageQuery),
    Operation(
        method="POST",
        path=f"{COMPANY}/people/{{person_id}}/tokens",
        handler=create_user_token,
        result=UserToken,
        body=UserTokenBody,
        status=201,
    ),
    Operation(
        method="DELETE",
        path=f"{COMPANY}/people/{{person_id}}/second-factor",
        handler=remove_second_factor,
        result=None,
        status=204,
    ),
    Operation(method="GET", path=f"{COMPANY}/numbers", handler=list_numbers, result=Listed[Number]),
    Operation(method="GET", path=f"{COMPANY}/api-keys", handler=list_api_keys, result=Listed[ApiKey]),
    Operation(
        method="POST",
        path=f"{COMPANY}/api-keys",
        handler=create_api_key,
        result=NewApiKey,
        body=ApiKeyBody,
        status=201,
    ),
    Operation(method="DELETE", path=f"{COMPANY}/api-keys/{{key_id}}", handler=revoke_api_key, result=None, status=204),
)
