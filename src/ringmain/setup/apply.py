"""Applies a set-up file: makes what is missing, changes what differs, leaves everything else alone."""

import msgspec
from obstore.store import MemoryStore

from ringmain.carriers.smpp.carrier import SmppSettings
from ringmain.core.seal import Seal
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.single import HeldWakeups, RolledBack, single_transaction
from ringmain.database.wakeup import CARRIERS
from ringmain.pbx.build import adapters
from ringmain.pbx.silent import SilentPbx
from ringmain.setup import store
from ringmain.setup.company import CompanyApplier
from ringmain.setup.document import CarrierPart, Document, RoutePart
from ringmain.setup.report import Action, Report


async def apply(
    database: Database, document: Document, *, seal: Seal, dry_run: bool = False
) -> tuple[Report, frozenset[str]]:
    """Apply it in one transaction; a dry run is rolled back at its end. `seal`: what secrets are kept under.

    Returns what was done, and the channels to wake now that it is committed. Raises SetupError, which leaves
    nothing applied.
    """
    report = Report(dry_run=dry_run)
    async with single_transaction(database) as single:
        await single.execute(store.LOCK, store.LOCK_NUMBER)
        wakeups = HeldWakeups(single)
        # Nothing here reads or writes the contents of files.
        pbx = adapters(single)
        silent = dict.fromkeys(pbx, SilentPbx())
        core = Core(single, wakeups, MemoryStore(), pbx=silent if dry_run else pbx, seal=seal)
        await _apply_carriers(core, document, report)
        for index in range(len(document.content.companies)):
            report.companies.append(await CompanyApplier(core, document, index).run())
        if dry_run:
            raise RolledBack
    return report, frozenset() if dry_run else wakeups.held


async def _apply_carriers(core: Core, document: Document, report: Report) -> None:
    for index, carrier in enumerate(document.content.carriers):
        action = await _apply_carrier(core, document, index, carrier)
        report.carriers.append({"name": carrier.name, "kind": carrier.kind, "action": action})
    for index, route in enumerate(document.content.carrier_routes):
        action = await _apply_route(core, document, index, route)
        report.carrier_routes.append({"prefix": route.prefix, "carrier": route.carrier, "action": action})


async def _apply_carrier(core: Core, document: Document, index: int, part: CarrierPart) -> Action:
    path = ("carriers", index, "settings")
    if part.kind == "smpp":
        try:
            msgspec.convert(part.settings, SmppSettings)
        except msgspec.ValidationError as error:
            raise document.error(path, str(error)) from None
    elif part.settings:
        raise document.error(path, f"{part.kind} has no settings")
    row = await core.database.fetchrow(store.CARRIER, part.name)
    if row and row["kind"] == part.kind and msgspec.json.decode(row["settings"]) == part.settings:
        return "unchanged"
    settings = msgspec.json.encode(part.settings).decode()
    await core.database.execute(store.SET_CARRIER, part.name, part.kind, settings)
    core.wakeups.wake(CARRIERS)
    return "updated" if row else "created"


async def _apply_route(core: Core, document: Document, index: int, part: RoutePart) -> Action:
    if await core.database.fetchrow(store.CARRIER, part.carrier) is None:
        raise document.error(("carrier_routes", index, "carrier"), f"there is no carrier {part.carrier!r}")
    carrier = await core.database.fetchval(store.ROUTE, part.prefix)
    if carrier == part.carrier:
        return "unchanged"
    await core.database.execute(store.SET_ROUTE, part.prefix, part.carrier)
    core.wakeups.wake(CARRIERS)
    return "updated" if carrier else "created"
