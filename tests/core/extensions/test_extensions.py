import asyncio
from typing import Any

import msgspec
import pytest

from ringmain.core.errors import AlreadyExists, Invalid, NotFound, Unavailable
from ringmain.core.events import Event
from ringmain.core.extensions.model import CallerId, Extension, ExtensionChange, ExtensionEvent
from ringmain.core.extensions.service import data_of, password_of
from ringmain.core.instances.model import Instance
from ringmain.core.system import Core
from ringmain.pbx.sandbox import Magic
from tests.conftest import Office, furnish


@pytest.fixture
async def instance(core: Core, office: Office) -> Instance:
    return await core.instances.create(office.company_id, name="pbx", domain="pbx.acme.example")


async def make(core: Core, instance: Instance, number: int, **fields: Any) -> Extension:
    return await core.extensions.create(instance.company_id, instance.id, ExtensionChange(number=number, **fields))


async def numbers(core: Core, instance: Instance, **options: Any) -> list[int]:
    """The numbers on a page, checked against the total."""
    found = await core.extensions.page(instance.company_id, instance.id, **{"page": 1, "per_page": 100, **options})
    assert found.total == len(found.items)
    return [one.number for one in found.items]


async def types(core: Core) -> list[str]:
    rows = await core.database.fetch("SELECT type FROM events WHERE type LIKE 'extension.%' ORDER BY id")
    return [row["type"] for row in rows]


async def person(core: Core, company_id: int, name: str) -> int:
    made = await core.people.create(company_id, email=f"{name.lower()}@acme.example", first_name=name)
    return made.id


async def test_an_extension_has_every_key_and_a_secret_of_its_own(core: Core, instance: Instance) -> None:
    made = await make(core, instance, 1001, name="Jane Doe")
    again = await make(core, instance, 1002, name="Jane Doe")
    assert (made.purpose, made.person, made.location, made.caller_id) == ("unassigned", None, None, None)
    assert len(made.secret) >= 24
    assert made.secret != again.secret
    data = data_of(made)
    assert len(data) == 96
    assert (data["id"], data["extension"], data["dial"]) == (1001, 1001, "PJSIP/1001")
    assert (data["callerid"], data["mailbox"]) == ("Jane Doe <1001>", "1001@device")
    assert await core.extensions.get(instance.company_id, made.id) == made
    assert await core.extensions.find_by_number(instance.company_id, instance.id, 1001) == made
    assert await types(core) == ["extension.created"] * 2


async def test_events_carry_no_secret(core: Core, instance: Instance) -> None:
    made = await make(core, instance, 1001, data={"secret": "my-own-secret", "voicemail_vmpwd": "998877"})
    assert password_of(made) == "my-own-secret"
    await core.extensions.update(instance.company_id, instance.id, made.id, ExtensionChange(name="Jane"))
    await core.extensions.delete(instance.company_id, instance.id, made.id)
    assert await types(core) == ["extension.created", "extension.updated", "extension.deleted"]
    for row in await core.database.fetch("SELECT payload::text AS payload FROM events WHERE subject_id = $1", made.id):
        assert not [secret for secret in (made.secret, "my-own-secret", "998877") if secret in row["payload"]]
        shown = msgspec.json.decode(row["payload"], type=ExtensionEvent, strict=True).extension
        assert (shown.id, shown.number) == (made.id, 1001)
    assert Event.__struct_fields__


NO_VALUES: list[dict[str, Any]] = [
    {"name": "x" * 201},
    {"purpose": "doorbell"},
    {"person_id": 8192},
    {"location_id": 8192},
    {"caller_id": CallerId(number="12")},
    {"caller_id": CallerId(number="2025550123", name='a "b"')},
    {"data": {"findmefollow_grptime": "soon"}},
    {"data": {"findmefollow_needsconf": 1}},
    {"data": {"allow": ["ulaw"]}},
    {"data": {"allow": "x" * 1001}},
    {"data": {"concurrency_limit": -1}},
]


async def test_values_that_cannot_be(core: Core, instance: Instance) -> None:
    made = await make(core, instance, 1001)
    numbers_refused: list[Any] = [0, -1, 10**9, "x", True]
    for number in numbers_refused:
        with pytest.raises(Invalid):
            await make(core, instance, number)
    for change in NO_VALUES:
        with pytest.raises(Invalid):
            await make(core, instance, 1002, **change)
        with pytest.raises(Invalid):
            await core.extensions.update(instance.company_id, instance.id, made.id, ExtensionChange(**change))
    assert await numbers(core, instance) == [1001]
    assert await types(core) == ["extension.created"]


async def test_two_at_once_get_one_number(core: Core, instance: Instance) -> None:
    results = await asyncio.gather(*(make(core, instance, 1001) for _ in range(6)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["AlreadyExists"] * 5 + ["Extension"]
    second = await make(core, instance, 1002)
    with pytest.raises(AlreadyExists):
        await core.extensions.update(instance.company_id, instance.id, second.id, ExtensionChange(number=1001))
    elsewhere = await core.instances.create(instance.company_id, name="other", domain="other.acme.example")
    assert (await make(core, elsewhere, 1001)).instance_id == elsewhere.id


async def test_what_the_pbx_refuses_is_not_kept(core: Core, instance: Instance) -> None:
    """A failing adapter: nothing local, no event, and the same verb works once the PBX does."""
    for number in (Magic.CANNOT_BE_PUT, Magic.GIVES_NO_ANSWER):
        with pytest.raises(Unavailable):
            await make(core, instance, number)
    stubborn = await make(core, instance, Magic.CANNOT_BE_DELETED, name="before")
    changed = await core.extensions.update(instance.company_id, instance.id, stubborn.id, ExtensionChange(name="after"))
    assert changed.name == "after"
    with pytest.raises(Unavailable):
        await core.extensions.update(
            instance.company_id, instance.id, stubborn.id, ExtensionChange(number=1001, name="moved")
        )
    with pytest.raises(Unavailable):
        await core.extensions.delete(instance.company_id, instance.id, stubborn.id)
    assert await core.extensions.get(instance.company_id, stubborn.id) == changed
    assert await numbers(core, instance) == [Magic.CANNOT_BE_DELETED]
    assert await types(core) == ["extension.created", "extension.updated"]


async def test_an_unknown_kind_of_pbx_is_unavailable(core: Core, instance: Instance) -> None:
    await core.database.execute("UPDATE instances SET adapter = 'pots'")
    with pytest.raises(Unavailable):
        await make(core, instance, 1001)


async def test_the_user_is_whose_email_voicemail_goes_to(core: Core, instance: Instance) -> None:
    jane = await person(core, instance.company_id, "Jane")
    bob = await person(core, instance.company_id, "Bob")
    made = await make(core, instance, 1001, data={"voicemail_email": "JANE@acme.example"})
    assert made.person
    assert made.person.id == jane

    async def change(**fields: Any) -> Extension:
        return await core.extensions.update(instance.company_id, instance.id, made.id, ExtensionChange(**fields))

    assert (await change(person_id=bob)).person.id == bob  # type: ignore[union-attr]
    same = await change(data={"voicemail_email": "jane@acme.example"})
    assert same.person
    assert same.person.id == bob, "the e-mail did not change, so the user stays"
    assert (await change(data={"voicemail_email": "nobody@acme.example"})).person is None
    assert (await change(data={"voicemail_email": "bob@acme.example"})).person.id == bob  # type: ignore[union-attr]
    assert (await change(person_id=None)).person is None
    await change(person_id=jane)
    await core.people.delete(instance.company_id, jane)
    assert (await core.extensions.get(instance.company_id, made.id)).person is None


async def test_caller_id_and_outboundcid_are_one_fact(core: Core, instance: Instance) -> None:
    made = await make(core, instance, 1001, data={"outboundcid": '"Acme J" <2025550123>'})
    assert made.caller_id == CallerId(name="Acme J", number="2025550123")

    async def change(**fields: Any) -> Extension:
        return await core.extensions.update(instance.company_id, instance.id, made.id, ExtensionChange(**fields))

    changed = await change(caller_id=CallerId(number="anonymous"))
    assert (changed.caller_id, data_of(changed)["outboundcid"]) == (CallerId(number="anonymous"), "anonymous")
    changed = await change(data={"outboundcid": "Front desk <+12025550123>"})
    assert changed.caller_id == CallerId(name="Front desk", number="+12025550123")
    changed = await change(data={"outboundcid": "whatever"})
    assert (changed.caller_id, data_of(changed)["outboundcid"]) == (None, "whatever")
    assert data_of(await change(caller_id=None))["outboundcid"] == ""


async def test_pages(core: Core, instance: Instance) -> None:
    anna, zoe = [await person(core, instance.company_id, name) for name in ("Anna", "Zoe")]
    await make(core, instance, 1001, purpose="softphone", person_id=zoe)
    await make(core, instance, 1002)
    await make(core, instance, 1003, purpose="softphone", name="Front Desk", data={"description": "by the door"})
    await make(core, instance, 1004, purpose="ip-phone", person_id=anna)
    assert await numbers(core, instance) == [1001, 1002, 1003, 1004]
    assert await numbers(core, instance, purpose="softphone") == [1001, 1003]
    assert await numbers(core, instance, purpose="unassigned") == [1002]
    assert await numbers(core, instance, by_user=True) == [1004, 1001, 1002, 1003]
    assert await numbers(core, instance, by_user=True, with_user=True) == [1004, 1001]
    assert await numbers(core, instance, purpose="softphone", with_user=True) == [1001]
    for search, found in {
        "100": [1001, 1002, 1003, 1004],
        "1003": [1003],
        "desk": [1003],
        "fro des": [1003],
        "door": [1003],
        "ann": [1004],
        "ZOE@acme": [1001],
        "nobody": [],
        "-": [],
        "' | x & !": [],
        "\\": [],
    }.items():
        assert await numbers(core, instance, search=search) == found, search
    assert await numbers(core, instance, search="100", purpose="softphone", by_user=True) == [1001, 1003]
    await core.people.update(instance.company_id, zoe, first_name="Abe")
    assert await numbers(core, instance, by_user=True, with_user=True) == [1001, 1004]
    assert await numbers(core, instance, search="abe") == [1001]

    page = await core.extensions.page(instance.company_id, instance.id, page=2, per_page=3)
    assert ([one.number for one in page.items], page.total, page.in_instance) == ([1004], 4, 4)
    beyond = await core.extensions.page(instance.company_id, instance.id, page=9, per_page=3, purpose="softphone")
    assert (beyond.items, beyond.total, beyond.in_instance) == ([], 2, 4)
    assert [one.number for one in await core.extensions.of_person(instance.company_id, zoe)] == [1001]
    assert await core.extensions.of_person(instance.company_id, zoe, purpose="ip-phone") == []
    with pytest.raises(NotFound):
        await core.extensions.of_person(instance.company_id, 8192)


async def test_counts_follow_every_change(core: Core, instance: Instance) -> None:
    """The counters are what a count would say, whatever comes, goes, or changes hands."""
    jane = await person(core, instance.company_id, "Jane")
    for number in range(1001, 1009):
        await make(core, instance, number, purpose="softphone" if number % 2 else "ip-phone", person_id=jane)
    first = await core.extensions.find_by_number(instance.company_id, instance.id, 1001)
    assert first
    await core.extensions.update(instance.company_id, instance.id, first.id, ExtensionChange(purpose="mobile-app"))
    await core.extensions.delete(instance.company_id, instance.id, first.id)
    await core.people.delete(instance.company_id, jane)
    rows = await core.database.fetch("SELECT purpose, has_user, total FROM extension_counts WHERE total <> 0")
    assert {(row["purpose"], row["has_user"], row["total"]) for row in rows} == {
        ("softphone", False, 3),
        ("ip-phone", False, 4),
    }
    await core.database.execute("DELETE FROM companies")
    assert await core.database.fetchval("SELECT count(*) FROM extension_counts") == 0
    assert await core.database.fetchval("SELECT count(*) FROM extensions") == 0


async def test_check_finds_duplicates(core: Core, instance: Instance) -> None:
    jane = await person(core, instance.company_id, "Jane")
    await make(core, instance, 1001, person_id=jane)
    await make(core, instance, 1002, data={"voicemail_email": "shared@acme.example"})
    check = core.extensions.check
    await check(instance.company_id, instance.id, email="bob@acme.example", number=1003)
    for email, number in (("bob@acme.example", 1001), ("JANE@acme.example", 1003), ("Shared@acme.example", 1003)):
        with pytest.raises(AlreadyExists):
            await check(instance.company_id, instance.id, email=email, number=number)
    other = await core.instances.create(instance.company_id, name="other", domain="other.acme.example")
    await check(instance.company_id, other.id, email="jane@acme.example", number=1001)


async def test_how_a_phone_stands_comes_from_the_pbx(core: Core, instance: Instance) -> None:
    made = await make(core, instance, 1001)
    assert (made.subscriber_state, made.call_status) == ("UNREGISTERED", "idle")
    seen = await core.extensions.act(instance.company_id, made.id, state="REGISTERED", call_status="ringing")
    assert (seen.subscriber_state, seen.call_status) == ("REGISTERED", "ringing")
    await core.extensions.act(instance.company_id, made.id, state="REGISTERED", call_status="ringing")
    assert await types(core) == ["extension.created", "extension.updated"], "no change, no event"
    await core.extensions.delete(instance.company_id, instance.id, made.id)
    again = await make(core, instance, 1001)
    await core.extensions.refresh(instance)
    assert (await core.extensions.get(instance.company_id, again.id)).subscriber_state == "UNREGISTERED"


async def test_another_company_sees_nothing(core: Core, instance: Instance) -> None:
    made = await make(core, instance, 1001)
    globex = (await furnish(core, name="Globex", number="+12025550145")).company_id
    theirs = await core.instances.create(globex, name="pbx", domain="pbx.globex.example")
    change = ExtensionChange(name="Mallory")
    for refused in (
        core.extensions.get(globex, made.id),
        core.extensions.create(globex, instance.id, ExtensionChange(number=1)),
        core.extensions.update(globex, instance.id, made.id, change),
        core.extensions.update(globex, theirs.id, made.id, change),
        core.extensions.delete(globex, theirs.id, made.id),
        core.extensions.act(globex, made.id, state="REGISTERED", call_status="idle"),
        core.instances.get_by_uuid(globex, instance.uuid),
    ):
        with pytest.raises(NotFound):
            await refused
    assert await core.extensions.get(instance.company_id, made.id) == made


async def test_a_whole_object_sent_back_with_a_new_number_is_renumbered_wholly(core: Core, instance: Instance) -> None:
    made = await make(core, instance, 1001, name="Jane Doe", data={"dtmfmode": "inband"})
    change = ExtensionChange(number=1002, data={**data_of(made), "id": 1002})
    data = data_of(await core.extensions.update(instance.company_id, instance.id, made.id, change))
    assert (data["id"], data["extension"], data["dial"]) == (1002, 1002, "PJSIP/1002")
    assert (data["callerid"], data["mailbox"], data["dtmfmode"]) == ("Jane Doe <1002>", "1002@device", "inband")
