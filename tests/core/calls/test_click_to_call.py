"""Calls that are asked for elsewhere than at a phone."""

from pathlib import Path

import pytest

from ringmain.core.calls.model import Call, CallFilter
from ringmain.core.errors import Invalid, NotFound, Unavailable
from ringmain.core.extensions.model import Extension, ExtensionChange
from ringmain.core.files.storage import open_storage
from ringmain.core.instances.model import Instance
from ringmain.core.instances.pbx import Origination
from ringmain.core.system import Core
from ringmain.database.pool import Database
from ringmain.database.wakeup import Wakeups
from ringmain.pbx.build import adapters
from ringmain.pbx.silent import SilentPbx
from tests.conftest import Office, furnish

OUTSIDE = "+13105550100"


class RealPbx(SilentPbx):
    """One that does not act: what it is asked for, it tells of itself."""

    def __init__(self) -> None:
        self.asked: list[Origination] = []
        self.works = True

    async def originate(self, instance: Instance, call: Origination) -> None:
        if not self.works:
            raise ConnectionRefusedError
        self.asked.append(call)


@pytest.fixture
def pbx() -> RealPbx:
    return RealPbx()


@pytest.fixture
def core(database: Database, wakeups: Wakeups, tmp_path: Path, pbx: RealPbx) -> Core:
    return Core(database, wakeups, open_storage(str(tmp_path / "files")), pbx={**adapters(database), "real": pbx})


async def extension_at(core: Core, office: Office, adapter: str, number: int = 501) -> Extension:
    instance = await core.instances.create(
        office.company_id, name=adapter, domain=f"{adapter}.example.com", adapter=adapter
    )
    return await core.extensions.create(office.company_id, instance.id, ExtensionChange(number=number))


async def calls(core: Core, office: Office) -> list[Call]:
    return (await core.calls.page(office.company_id, wanted=CallFilter(), page=1, per_page=10)).items


async def test_a_sandbox_acts_it_out(core: Core, office: Office) -> None:
    extension = await extension_at(core, office, "sandbox")
    await core.click_to_call.originate(office.company_id, extension.id, OUTSIDE, name="Jane")
    (call,) = await calls(core, office)
    assert (call.source, call.destination, call.destination_name) == ("501", OUTSIDE, "Jane")
    assert (call.direction, call.outcome, call.extension_number) == ("outbound", "completed", 501)


async def test_a_sandbox_needs_a_phone_that_rings_first(core: Core, office: Office) -> None:
    extension = await extension_at(core, office, "sandbox")
    await core.extensions.act(office.company_id, extension.id, state="UNREGISTERED", call_status="idle")
    with pytest.raises(Unavailable):
        await core.click_to_call.originate(office.company_id, extension.id, OUTSIDE)
    assert await calls(core, office) == []
    await core.extensions.act(office.company_id, extension.id, state="REGISTERED", call_status="idle")
    await core.click_to_call.originate(office.company_id, extension.id, OUTSIDE)
    assert len(await calls(core, office)) == 1


async def test_a_real_pbx_is_asked_and_tells_itself(core: Core, office: Office, pbx: RealPbx) -> None:
    extension = await extension_at(core, office, "real")
    await core.click_to_call.originate(office.company_id, extension.id, "*97", name="Voicemail")
    assert pbx.asked == [Origination(extension=501, destination="*97", name="Voicemail")]
    assert await calls(core, office) == []
    pbx.works = False
    with pytest.raises(Unavailable):
        await core.click_to_call.originate(office.company_id, extension.id, OUTSIDE)


async def test_refusals(core: Core, office: Office, pbx: RealPbx) -> None:
    extension = await extension_at(core, office, "real")
    stranger = await furnish(core, name="Globex", number="+12025550145")
    for company_id, extension_id in ((stranger.company_id, extension.id), (office.company_id, 1)):
        with pytest.raises(NotFound, match="extension"):
            await core.click_to_call.originate(company_id, extension_id, OUTSIDE)
    for destination, name in (("", ""), ("x", ""), ("501", ""), (OUTSIDE, "x" * 201), (OUTSIDE, "\0")):
        with pytest.raises(Invalid):
            await core.click_to_call.originate(office.company_id, extension.id, destination, name=name)
    assert pbx.asked == []
