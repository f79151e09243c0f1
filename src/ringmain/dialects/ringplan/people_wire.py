"""Locations and directory contacts as RingPlan shows them (specs/ringplan.md 4 and 5)."""

from typing import Any, Final

from ringmain.core.directory.model import DirectoryContact
from ringmain.core.locations.model import Location
from ringmain.dialects.ringplan import ids

LOCATION_PROFILE: Final = (
    "address2",
    "building",
    "callerid",
    "city",
    "country",
    "e911_provisioned",
    "email",
    "fax",
    "latitude",
    "longitude",
    "phone",
    "state",
    "street",
    "zip",
)
DIRECTORY_PROFILE: Final = (
    "salutation",
    "birthday",
    "fax",
    "mailing_address",
    "address",
    "job_details",
    "organization_details",
)


def location(given: Location) -> dict[str, Any]:
    """Location."""
    return {
        **{key: given.profile.get(key) for key in LOCATION_PROFILE},
        "e911_provisioned": bool(given.profile.get("e911_provisioned")),
        "id": ids.encode(given.id),
        "company_id": ids.encode(given.company_id),
        "name": given.name,
        "pbx_id": str(given.instance_uuid) if given.instance_uuid else None,
    }


def directory_contact(given: DirectoryContact) -> dict[str, Any]:
    """A contact of the directory. None of them is a user here; clients look into all of these keys."""
    return {
        **{key: given.profile.get(key) for key in DIRECTORY_PROFILE},
        "id": ids.encode(given.id),
        "company_id": ids.encode(given.company_id),
        "first_name": given.first_name or None,
        "last_name": given.last_name or None,
        "phone": given.phone or None,
        "email": given.email or None,
        "extension": None,
        "group": None,
        "is_user": False,
        "is_deleted": False,
    }
