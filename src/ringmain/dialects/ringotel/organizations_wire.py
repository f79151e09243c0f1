"""Shapes of organizations (specs/ringotel.md 3, Objects)."""

from typing import Any

import msgspec

from ringmain.core.companies.model import Company
from ringmain.core.ids import milliseconds_of
from ringmain.dialects.ringotel import ids


class WireOrganization(msgspec.Struct, frozen=True, kw_only=True):
    """An organization. `created` in Unix milliseconds; `status` 1 is active, 0 blocked."""

    id: str
    name: str
    domain: str
    region: str
    packageid: int
    status: int
    created: int
    admlogin: str
    options: dict[str, Any]
    params: dict[str, Any]


def organization(company: Company) -> WireOrganization:
    """As clients see it; the password of its admin is never shown."""
    return WireOrganization(
        id=ids.encode(company.id),
        name=company.name,
        domain=company.domain,
        region=company.region,
        packageid=company.package_id,
        status=0 if company.blocked else 1,
        created=milliseconds_of(company.id),
        admlogin=company.admin_login,
        options={},
        params=company.params,
    )
