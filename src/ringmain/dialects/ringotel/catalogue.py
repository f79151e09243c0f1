"""What the vendor offers to choose from: regions, packages, kinds of phones, services (specs/ringotel.md 3).

The entries are ours: a region means nothing to a server of one's own, but clients want one of these ids.
"""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from ringmain.core.accounts.model import AccountCaller
from ringmain.dialects.ringotel.params import NoParams
from ringmain.dialects.ringotel.rpc import Method

REGIONS: Final = (
    {"id": "1", "name": "US East"},
    {"id": "2", "name": "US West"},
    {"id": "3", "name": "Europe Central"},
    {"id": "4", "name": "Asia Pacific South-East"},
    {"id": "5", "name": "Europe West"},
    {"id": "6", "name": "India"},
    {"id": "7", "name": "Australia"},
    {"id": "8", "name": "Africa South"},
    {"id": "9", "name": "South America"},
    {"id": "10", "name": "Canada"},
)
REGION_IDS: Final = frozenset(region["id"] for region in REGIONS)
PACKAGES_SINCE: Final = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())


class Features(msgspec.Struct, frozen=True):
    """What a package has: 1 or 0, and how many phones a user may register."""

    meetings: int
    integrations: int
    maxregs: int


class Package(msgspec.Struct, frozen=True):
    """`created` in Unix seconds, unlike every other time."""

    id: int
    name: str
    prodid: str
    features: Features
    created: int = PACKAGES_SINCE


PACKAGES: Final = (
    Package(1, "Essentials", "essentials", Features(0, 0, 3)),
    Package(2, "Pro", "pro", Features(1, 1, 5)),
)
DEVICES: Final = (
    {"port": "5060", "proto": "sip", "name": "SIP over UDP"},
    {"port": "5060", "proto": "sip-tcp", "name": "SIP over TCP"},
    {"port": "5061", "proto": "sips", "name": "SIP over TLS"},
)
TONES: Final = dict.fromkeys(("Progress", "Ringback", "Ringback2"), "")


class CatalogueMethods:
    """What is the same for everybody."""

    def __init__(self) -> None:
        self.methods = [
            Method("getRegions", NoParams, self.list_regions, account_level=True),
            Method("getPackages", NoParams, self.list_packages, account_level=True),
            Method("getTemplates", NoParams, self.list_templates, account_level=True),
        ]

    async def list_regions(self, _: AccountCaller, __: NoParams) -> tuple[dict[str, str], ...]:
        """The ten regions."""
        return REGIONS

    async def list_packages(self, _: AccountCaller, __: NoParams) -> tuple[Package, ...]:
        """Essentials and Pro."""
        return PACKAGES

    async def list_templates(self, _: AccountCaller, __: NoParams) -> list[Any]:
        """None: a branch is described by its own parameters (section 5, reading 18)."""
        return []
