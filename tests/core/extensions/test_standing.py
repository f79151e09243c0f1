import pytest

from ringmain.core.calls.store import STANDING
from ringmain.core.extensions.model import Extension, ExtensionChange
from ringmain.core.extensions.standing import Elsewhere, Standing, elsewhere_of, standing_of
from ringmain.core.instances.pbx import Forwarding
from ringmain.core.system import Core
from tests.conftest import Office


@pytest.mark.parametrize(
    ("destination", "place"),
    [
        ("from-did-direct,1002,1", Elsewhere(number="1002")),
        ("ext-local,1002,1", Elsewhere(number="1002")),
        ("ext-group,800,1", Elsewhere(number="800")),
        ("from-internal,+13105550100,1", Elsewhere(number="+13105550100")),
        ("from-internal,1002", Elsewhere(number="1002")),
        ("ext-local,vmu1002,1", Elsewhere(mailbox=1002)),
        ("ext-local,vms1002,1", Elsewhere(mailbox=1002)),
        ("ext-local,vmb1002,1", Elsewhere(mailbox=1002, greeting="b")),
        ("app-blackhole,hangup,1", Elsewhere()),
        ("", None),
        ("1002", None),
        ("ivr-1,s,1", None),
        ("ext-queues,700,1", None),
        ("ext-local,vmu,1", None),
        ("from-did-direct,1002,1,1", None),
        ("from-did-direct,\u0661,1", None),
        ("from-did-direct,1002,1\n", None),
    ],
)
def test_freepbx_destinations(destination: str, place: Elsewhere | None) -> None:
    assert elsewhere_of(destination) == place


async def made(core: Core, office: Office) -> Extension:
    instance = await core.instances.create(office.company_id, name="pbx", domain="pbx.example.com")
    change = ExtensionChange(number=101, person_id=office.owner_id)
    return await core.extensions.create(office.company_id, instance.id, change)


async def standing(core: Core, extension: Extension, *unregistered: int) -> Standing:
    row = await core.database.fetchrow(STANDING, extension.company_id, extension.instance_id, extension.number)
    assert row is not None
    return standing_of(row, set(unregistered))


async def test_an_extension_as_it_was_made_takes_calls_and_messages(core: Core, office: Office) -> None:
    assert await standing(core, await made(core, office)) == Standing(number=101)


async def test_all_that_is_set_counts(core: Core, office: Office) -> None:
    extension = await made(core, office)
    data = {
        "callwaiting_enable": "DISABLED",
        "voicemail_enable": "no",
        "ringtimer": "25",
        "busy_dest": "ext-group,800,1",
        "chanunavail_dest": "app-blackhole,hangup,1",
        "noanswer_dest": "ivr-1,s,1",
    }
    await core.extensions.update(
        *(office.company_id, extension.instance_id, extension.id), ExtensionChange(activation="blocked", data=data)
    )
    await core.presence.set(office.company_id, office.owner_id, status="do_not_disturb")
    group = Elsewhere(number="800")
    assert await standing(core, extension, 101) == Standing(
        number=101,
        enabled=False,
        registered=False,
        undisturbed=True,
        call_waiting=False,
        voicemail=False,
        ring_s=25,
        elsewhere={"user-busy": group, "do-not-disturb": group, "unavailable": Elsewhere()},
    )


async def test_who_is_nobodys_wants_no_calls_by_its_profile(core: Core, office: Office) -> None:
    extension = await made(core, office)
    where = (office.company_id, extension.instance_id, extension.id)
    await core.extensions.update(*where, ExtensionChange(person_id=None, profile={"dnd": True}))
    assert (await standing(core, extension)).undisturbed
    await core.extensions.update(*where, ExtensionChange(profile={"dnd": None}))
    assert not (await standing(core, extension)).undisturbed


@pytest.mark.parametrize(
    ("ringtimer", "forwarding", "ring_s"),
    [
        ("0", Forwarding(), None),
        ("", Forwarding(), None),
        ("15", Forwarding(), 15),
        ("99999", Forwarding(), None),
        ("999", Forwarding(), 600),
        ("soon", Forwarding(), None),
        ("15", Forwarding(unanswered=True, unanswered_to="102", ring_s=30), 30),
        ("15", Forwarding(unanswered=False, unanswered_to="102", ring_s=30), 15),
    ],
)
async def test_how_long_it_rings(
    core: Core, office: Office, ringtimer: str, forwarding: Forwarding, ring_s: int | None
) -> None:
    extension = await made(core, office)
    change = ExtensionChange(data={"ringtimer": ringtimer}, forwarding=forwarding)
    await core.extensions.update(office.company_id, extension.instance_id, extension.id, change)
    assert (await standing(core, extension)).ring_s == ring_s
