"""Rows 11 to 19 of specs/ringplan.md, the clients' own calls of section 5, and what section 6 says of them."""

import uuid
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringmain.core.extensions.template import FIXED, KEYS, template
from ringmain.core.instances.model import Instance
from ringmain.core.instances.pbx import QueueMember, QueueStatus
from ringmain.dialects.ringplan import ids
from ringmain.pbx.sandbox import Magic
from tests import statements
from tests.conftest import furnish
from tests.dialects.ringplan.conftest import Caller, Reply, World, counts

EXTENSION = {
    "_id", "data", "location", "location_id", "outbound_callerid", "pbx", "phone", "purpose", "qr-config", "reserved",
    "subscriber", "user",
}  # fmt: skip
UNKNOWN = ids.encode(8192)


@pytest.fixture
async def pbx(world: World) -> Instance:
    return await world.core.instances.create(
        world.acme.office.company_id, name="foobar", domain="foobar.testing.example.com", outbound_proxy="203.0.113.1"
    )


@pytest.fixture
def bulks(pbx: Instance) -> str:
    return f"/instances/{pbx.uuid}/bulks/extensions"


async def make(acme: Caller, bulks: str, number: int = 1001, **fields: Any) -> Any:
    data = {"id": number, **fields.pop("data", {})}
    reply = await acme("POST", bulks, json={"data": data, **fields})
    assert reply.status == 201, reply.body
    return reply.json()


async def user(world: World, name: str = "Jane") -> str:
    """A user of Acme; returns the id."""
    made = await world.core.people.create(
        world.acme.office.company_id, email=f"{name.lower()}@acme.example", first_name=name
    )
    return ids.encode(made.id)


def found(reply: Reply) -> list[int]:
    assert reply.status == 200, reply.body
    return [one["data"]["id"] for one in reply.json()]


async def test_row_11_instances(acme: Caller, world: World, pbx: Instance) -> None:
    reply = await acme("GET", "/instances")
    assert reply.status == 200
    (instance,) = reply.json()
    assert instance == {
        "_id": ids.encode(pbx.id),
        "uuid": str(pbx.uuid),
        "accountcode": ids.encode(pbx.id),
        "channel_driver": "chan_pjsip",
        "company_id": acme.company,
        "company_name": "Acme",
        "external_domain": "testing.example.com",
        "fqdn": "foobar.testing.example.com",
        "hostname": "foobar",
        "internal_domain": "foobar.local",
        "ip": None,
        "proxy_ip": "203.0.113.1",
    }
    assert (await acme("GET", "/system/instances")).json() == reply.json()
    await world.core.instances.update(pbx.company_id, pbx.id, profile={"accountcode": "SB-1", "ip": "198.51.100.1"})
    (instance,) = (await acme("GET", "/instances")).json()
    assert (instance["accountcode"], instance["ip"]) == ("SB-1", "198.51.100.1")
    assert (await world.globex("GET", "/instances")).json() == []


async def test_row_12_pages_of_extensions(acme: Caller, world: World, bulks: str) -> None:
    zoe, anna = await user(world, "Zoe"), await user(world, "Anna")
    await make(acme, bulks, 1001, purpose="softphone", user={"id": zoe})
    await make(acme, bulks, 1002)
    await make(acme, bulks, 1003, purpose="softphone", user={"id": anna})
    await make(acme, bulks, 1004, purpose="softphone", data={"name": "Lobby"})
    reply = await acme("GET", bulks, params={"page": 2, "page_size": 3})
    assert found(reply) == [1004]
    assert set(reply.json()[0]) == EXTENSION
    headers = [reply.headers[f"X-Pagination-{name}"] for name in ("Total-Count", "Page-Count", "Current-Page")]
    assert (headers, reply.headers["X-Pagination-Per-Page"]) == (["4", "2", "2"], "3")
    assert found(await acme("GET", bulks, params={"filter_by": "softphone"})) == [1001, 1003, 1004]
    assert found(await acme("GET", bulks, params={"filter_by": "unassigned"})) == [1002]
    assert found(await acme("GET", bulks, params={"by_user": "on", "filter_by": "softphone"})) == [1003, 1001, 1004]
    for search in ("lob", "LOBBY", "1004"):
        assert found(await acme("GET", bulks, params={"search": search})) == [1004], search
    assert found(await acme("GET", bulks, params={"search": "zoe@acme.example", "by_user": "on"})) == [1001]
    for odd in ({"filter_by": "x", "by_user": "off", "page": "x", "page_size": "-1"}, {"search": "' & | !"}):
        assert (await acme("GET", bulks, params=odd)).status == 200, odd
    assert found(await acme("GET", bulks, params={"filter_by": "x"})) == [1001, 1002, 1003, 1004]
    (await acme("GET", f"/instances/{uuid.uuid4()}/bulks/extensions")).problem(404)


async def test_row_12_takes_two_queries(
    acme: Caller, world: World, bulks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    jane = await user(world)
    location = await world.core.locations.create(acme.office.company_id, name="HQ")
    for number in range(1001, 1005):
        await make(acme, bulks, number, user={"id": jane}, location_id=ids.encode(location.id))
    queries = statements.of_requests(world.core.database, monkeypatch)
    for path in (bulks, bulks.replace("/bulks", ""), f"/account/{jane}/extensions", "/instances"):
        queries.clear()
        await acme("GET", path)
        assert len(queries) <= 2, path


async def test_row_13_add_an_extension(acme: Caller, world: World, pbx: Instance, bulks: str) -> None:
    """The reference's own sample: null is empty (section 6, row 18)."""
    location = await world.core.locations.create(acme.office.company_id, name="HQ", profile={"city": "Boston"})
    body = {
        "data": {
            "id": 1123,
            "name": "Test",
            "description": None,
            "voicemail_email": "voice@example.com",
            "outboundcid": None,
        },
        "location_id": ids.encode(location.id),
        "purpose": "mobile-app",
    }
    reply = await acme("POST", bulks, json=body)
    assert reply.status == 201
    made = reply.json()
    assert set(made) == EXTENSION
    assert set(made["data"]) == KEYS
    assert len(made["data"]) == 96
    usual = template(1123, "Test", None)
    expected = {**usual, "description": "", "voicemail_email": "voice@example.com", "outboundcid": ""}
    assert made["data"] == expected
    assert (made["pbx"], made["purpose"], made["user"]) == (str(pbx.uuid), "mobile-app", None)
    assert (made["location_id"], made["location"]["name"]) == (ids.encode(location.id), "HQ")
    assert made["location"]["city"] == "Boston"
    assert made["outbound_callerid"] == {"name": "", "number": "", "value": ""}
    assert made["subscriber"] == {"call_status": "idle", "extension_id": made["_id"], "state": "UNREGISTERED"}
    (phone,) = made["phone"]
    (registration,) = phone["data"]["reg"]
    assert (registration["userid"], registration["label"], phone["company"]) == (1123, "1123", acme.company)
    assert registration["server"] == [{"address": "203.0.113.1"}]
    assert len(registration["password"]) >= 24
    assert made["qr-config"]["password"] == registration["password"]
    assert found(await acme("GET", bulks)) == [1123]
    assert (await make(acme, bulks, 1124))["phone"] == []


async def test_row_13_the_user_is_found_by_email(acme: Caller, world: World, bulks: str) -> None:
    jane = await user(world)
    made = await make(acme, bulks, 1001, data={"voicemail_email": "Jane@ACME.example"})
    assert made["user"]["id"] == jane
    assert made["user"]["contacts"]["email"] == "jane@acme.example"
    assert made["user"]["extension"] == {"id": made["_id"], "name": "", "number": 1001, "description": "1001"}


REFUSED: list[Any] = [
    {},
    {"data": None},
    {"data": {"name": "no number"}},
    {"data": {"id": 0}},
    {"data": {"id": -5}},
    {"data": {"id": "12a"}},
    {"data": {"id": 10**10}},
    {"data": {"id": 1.5}},
    {"data": {"id": True}},
    {"data": {"id": 2000, "name": 5}},
    {"data": {"id": 2000, "name": "x" * 201}},
    {"data": {"id": 2000, "allow": {}}},
    {"data": {"id": 2000, "vmx_play_instructions": "perhaps"}},
    {"data": {"id": 2000, "recording_priority": "high"}},
    {"data": {"id": 2000}, "purpose": "doorbell"},
    {"data": {"id": 2000}, "location_id": UNKNOWN},
    {"data": {"id": 2000}, "location_id": "79951a6-4f51"},
    {"data": {"id": 2000}, "location_id": 7},
    {"data": {"id": 2000}, "user": {"id": UNKNOWN}},
    {"data": {"id": 2000}, "outbound_callerid": {"number": "x"}},
    {"data": {"id": 1001}},
]


async def test_row_13_400_and_nothing_written(acme: Caller, world: World, bulks: str) -> None:
    await make(acme, bulks, 1001)
    before = await counts(world.core.database)
    for body in REFUSED:
        (await acme("POST", bulks, json=body)).problem(400)
    assert await counts(world.core.database) == before
    assert found(await acme("GET", bulks)) == [1001]


async def test_row_13_another_companys_location_is_no_location(acme: Caller, world: World, bulks: str) -> None:
    theirs = await world.core.locations.create(world.globex.office.company_id, name="HQ")
    owner = ids.encode(world.globex.office.owner_id)
    for field in ({"location_id": ids.encode(theirs.id)}, {"user": {"id": owner}}):
        (await acme("POST", bulks, json={"data": {"id": 1001}, **field})).problem(400)


async def test_row_14_extensions_of_a_user(acme: Caller, world: World, bulks: str) -> None:
    jane = await user(world)
    other = await world.core.instances.create(acme.office.company_id, name="two", domain="two.example.com")
    await make(acme, bulks, 1002, user={"id": jane}, purpose="softphone")
    await make(acme, bulks, 1001, user={"id": jane})
    await make(acme, f"/instances/{other.uuid}/bulks/extensions", 900, user={"id": jane})
    await make(acme, bulks, 1003)
    path = f"/account/{jane}/extensions"
    assert found(await acme("GET", path)) == [1001, 1002, 900]
    assert [one["pbx"] for one in (await acme("GET", path)).json()][2] == str(other.uuid)
    assert found(await acme("GET", path, params={"purpose": "softphone"})) == [1002]
    assert found(await acme("GET", path, params={"purpose": "unassigned"})) == [1001, 900]
    assert (await acme("GET", "/account/primary/extensions")).json() == []
    (await acme("GET", f"/account/{UNKNOWN}/extensions")).problem(404)


async def test_row_15_find_extensions(acme: Caller, world: World, bulks: str) -> None:
    """The same as row 12, headers too, but for `by_user` (section 6, rows 9 and 10)."""
    zoe, anna = await user(world, "Zoe"), await user(world, "Anna")
    await make(acme, bulks, 1001, user={"id": zoe})
    await make(acme, bulks, 1002)
    await make(acme, bulks, 1003, user={"id": anna}, purpose="softphone")
    path = bulks.replace("/bulks", "")
    for params in ({}, {"filter_by": "softphone"}, {"search": "zoe"}, {"page": "2", "page_size": "2"}):
        replies = [await acme("GET", one, params=params) for one in (path, bulks)]
        assert replies[0].body == replies[1].body
        for name in ("Total-Count", "Page-Count", "Current-Page", "Per-Page"):
            assert replies[0].headers[f"X-Pagination-{name}"] == replies[1].headers[f"X-Pagination-{name}"]
    reply = await acme("GET", path, params={"by_user": "on"})
    assert (found(reply), reply.headers["X-Pagination-Total-Count"]) == ([1003, 1001], "2")


async def test_reading_6_404_only_without_any_extension(acme: Caller, bulks: str) -> None:
    for path in (bulks, bulks.replace("/bulks", "")):
        (await acme("GET", path)).problem(404)
        (await acme("GET", path, params={"filter_by": "softphone"})).problem(404)
    await make(acme, bulks)
    for path in (bulks, bulks.replace("/bulks", "")):
        for params in ({"filter_by": "softphone"}, {"search": "nobody"}, {"page": "9"}):
            assert (await acme("GET", path, params=params)).json() == []


async def test_reading_9_by_user_orders_in_one_list_and_filters_in_the_other(
    acme: Caller, world: World, bulks: str
) -> None:
    await make(acme, bulks, 1001)
    await make(acme, bulks, 1002, user={"id": await user(world)})
    assert found(await acme("GET", bulks, params={"by_user": "on"})) == [1002, 1001]
    assert found(await acme("GET", bulks.replace("/bulks", ""), params={"by_user": "on"})) == [1002]


async def test_reading_10_one_list_under_two_paths(acme: Caller, bulks: str) -> None:
    await make(acme, bulks)
    assert (await acme("GET", bulks)).body == (await acme("GET", bulks.replace("/bulks", ""))).body


async def test_row_16_check_for_duplicates(acme: Caller, world: World, bulks: str) -> None:
    """200 with an empty object, else 400 (section 6, row 11)."""
    await make(acme, bulks, 1001, data={"voicemail_email": "john@example.com"})
    await make(acme, bulks, 1002, user={"id": await user(world)})
    reply = await acme("POST", f"{bulks}/check", json={"email": "new@example.com", "id": 1003})
    assert (reply.status, reply.json()) == (200, {})
    for email, number in (
        ("new@example.com", 1001),
        ("John@Example.com", 1003),
        ("JANE@acme.example", 1003),
        ("john@example.com", "1003"),
    ):
        (await acme("POST", f"{bulks}/check", json={"email": email, "id": number})).problem(400)
    for body in ({}, {"email": "a@b.example"}, {"id": 1003}, {"email": None, "id": 1003}, {"email": "a", "id": "x"}):
        (await acme("POST", f"{bulks}/check", json=body)).problem(400)
    (await acme("POST", f"{bulks}/check")).problem(400)
    unknown = f"/instances/{uuid.uuid4()}/bulks/extensions/check"
    (await acme("POST", unknown, json={"email": "a@b.example", "id": 1003})).problem(404)
    (await acme("POST", unknown)).problem(404)


async def test_reading_11_what_is_a_duplicate(acme: Caller, bulks: str) -> None:
    await make(acme, bulks, 1001, data={"voicemail_email": "john@example.com"})
    check = f"{bulks}/check"
    assert "1001" in (await acme("POST", check, json={"email": "x@example.com", "id": 1001})).problem(400)
    assert "e-mail" in (await acme("POST", check, json={"email": "john@example.com", "id": 1002})).problem(400)


async def test_row_17_update_an_extension(acme: Caller, world: World, bulks: str) -> None:
    jane = await user(world)
    made = await make(acme, bulks, 1001, data={"name": "Before", "ringtimer": "15"}, purpose="ip-phone")
    path = f"{bulks}/{made['_id']}"
    reply = await acme("PUT", path, json={"data": {"name": "After"}, "user": {"id": jane}})
    assert reply.status == 200
    changed = reply.json()
    assert changed["data"] == {
        **made["data"],
        "name": "After",
        "callerid": "After <1001>",
        "description": "After 1001",
    }
    assert (changed["user"]["id"], changed["purpose"]) == (jane, "ip-phone")
    assert changed["qr-config"]["password"] == made["qr-config"]["password"]

    whole = await acme("PUT", path, json={**changed, "_id": UNKNOWN, "pbx": "x", "subscriber": {"state": "x"}})
    assert whole.json() == changed, "sending back what was given changes nothing"
    await make(acme, bulks, 1002)
    (await acme("PUT", path, json={"data": {"id": 1002}})).problem(400)
    (await acme("PUT", path, json={"data": {"extension": "x"}})).problem(400)
    moved = (await acme("PUT", path, json={**changed, "data": {**changed["data"], "extension": 1003}})).json()
    assert (moved["_id"], moved["data"]["id"], moved["data"]["extension"]) == (made["_id"], 1003, 1003)
    assert found(await acme("GET", bulks)) == [1002, 1003]
    (await acme("PUT", f"{bulks}/{UNKNOWN}", json={"data": {}})).problem(404)
    other = await world.core.instances.create(acme.office.company_id, name="two", domain="two.example.com")
    (await acme("PUT", f"/instances/{other.uuid}/bulks/extensions/{made['_id']}", json={})).problem(404)


def of_its_kind(key: str) -> st.SearchStrategy[object]:
    usual = FIXED.get(key, "")
    if isinstance(usual, bool):
        return st.booleans()
    if isinstance(usual, int):
        return st.integers(0, 2**31 - 1)
    return st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


SETTABLE = sorted(KEYS - {"id", "extension"})
DATA = st.fixed_dictionaries({}, optional={key: of_its_kind(key) for key in SETTABLE})
FOLLOWS = {"callerid", "description", "name"}
"""What says the name, as long as it is not set itself."""


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(kept=DATA, sent=DATA, method=st.sampled_from(["PUT", "PATCH"]))
async def test_reading_12_what_is_not_sent_stays_whatever_is(
    acme: Caller, pbx: Instance, world: World, kept: dict[str, Any], sent: dict[str, Any], method: str
) -> None:
    """Row 17, every key: supplied ones are laid over, absent ones stay, `_id` cannot be changed."""
    bulks = f"/instances/{pbx.uuid}/bulks/extensions"
    made = await make(acme, bulks, 1001, data=kept)
    try:
        assert made["data"] == {**made["data"], **kept}
        reply = await acme(method, f"{bulks}/{made['_id']}", json={"_id": UNKNOWN, "data": sent})
        changed = reply.json()
        assert changed["_id"] == made["_id"]
        stays = KEYS - set(sent) - ((FOLLOWS - set(kept)) if "name" in sent else set())
        assert {key: changed["data"][key] for key in stays} == {key: made["data"][key] for key in stays}
        assert {key: changed["data"][key] for key in sent} == sent
        for same in ("location_id", "purpose", "pbx", "reserved", "subscriber"):
            assert changed[same] == made[same]
        assert (await acme("GET", bulks)).json() == [changed]
    finally:
        assert (await acme("DELETE", f"{bulks}/{made['_id']}")).status == 204


async def test_reading_12_each_key_alone(acme: Caller, bulks: str) -> None:
    """PATCH …/bulks/extensions/{id} as PUT: one key changes, the other 95 stay, but for what says the name."""
    before = await make(acme, bulks, 1001)
    for key in SETTABLE:
        usual = FIXED.get(key, "")
        value: object = (not usual) if isinstance(usual, bool) else 77 if isinstance(usual, int) else f"new {key}"
        method = "PATCH" if len(key) % 2 else "PUT"
        changed = (await acme(method, f"{bulks}/{before['_id']}", json={"data": {key: value}})).json()
        assert changed["data"] == {**before["data"], key: value}, key
        before = changed


async def test_reading_12_the_rest_of_an_extension_stays_too(acme: Caller, world: World, bulks: str) -> None:
    location = await world.core.locations.create(acme.office.company_id, name="HQ")
    made = await make(
        *(acme, bulks, 1001),
        location_id=ids.encode(location.id),
        user={"id": await user(world)},
        purpose="ip-phone",
        reserved={"config_id": "61254e804b8fa062670a3df9", "to": "polycom"},
        outbound_callerid={"name": "Acme", "number": "9513360234"},
    )
    path = f"{bulks}/{made['_id']}"
    assert made["outbound_callerid"]["value"] == '"Acme" <9513360234>'
    assert made["reserved"] == {"config_id": "61254e804b8fa062670a3df9", "to": "polycom"}
    assert (await acme("PUT", path, json={})).json() == made
    changes: dict[str, tuple[Any, Any]] = {
        "location_id": (None, None),
        "user": (None, None),
        "purpose": ("softphone", "softphone"),
        "reserved": (None, {"config_id": None, "to": None}),
        "outbound_callerid": ({"number": "anonymous"}, {"name": "Acme", "number": "anonymous"}),
    }
    for key, (sent, shown) in changes.items():
        changed = (await acme("PUT", path, json={key: sent})).json()
        follows = {"location_id": {"location"}, "outbound_callerid": {"data"}}.get(key, set()) | {key}
        assert {name for name in EXTENSION if changed[name] != made[name]} <= follows
        if isinstance(shown, dict):
            assert shown.items() <= changed[key].items()
        else:
            assert changed[key] == shown
        assert (await acme("PUT", path, json=made)).json() == made


async def test_patch_of_a_web_client(acme: Caller, world: World, pbx: Instance, bulks: str) -> None:
    """PATCH …/bulks/extensions/{id} with {data{name}, location_id, outbound_callerid{number}}."""
    location = await world.core.locations.create(acme.office.company_id, name="HQ")
    made = await make(acme, bulks, 1001, purpose="mobile-app")
    choices = (await acme("GET", bulks.replace("bulks/extensions", "dids/callerids"))).json()
    body = {
        "data": {"name": "Jane D."},
        "location_id": ids.encode(location.id),
        "outbound_callerid": {"number": choices[1]["number"]},
    }
    changed = (await acme("PATCH", f"/instances/{pbx.uuid}/bulks/extensions/{made['_id']}", json=body)).json()
    assert (changed["data"]["name"], changed["location"]["name"]) == ("Jane D.", "HQ")
    assert changed["outbound_callerid"]["number"] == "2025550123"
    assert changed["data"]["outboundcid"] == "2025550123"


async def test_caller_ids_of_an_instance(acme: Caller, world: World, pbx: Instance) -> None:
    """GET /instances/{uuid}/dids/callerids."""
    await world.core.numbers.create(acme.office.company_id, "+12025550199", voice=False)
    await world.core.numbers.create(acme.office.company_id, "+442079460123")
    reply = await acme("GET", f"/instances/{pbx.uuid}/dids/callerids")
    assert reply.json() == [
        {"callerid": "anonymous", "name": "Anonymous", "number": "anonymous"},
        {"callerid": '"Acme" <2025550123>', "name": "Acme", "number": "2025550123"},
        {"callerid": '"Acme" <+442079460123>', "name": "Acme", "number": "+442079460123"},
    ]
    (await acme("GET", f"/instances/{uuid.uuid4()}/dids/callerids")).problem(404)


async def test_reading_17_unknown_keys_are_ignored(acme: Caller, bulks: str) -> None:
    """In bodies and, as section 6, row 51 says, in queries."""
    made = await make(acme, bulks, 1001, data={"colour": "red"}, colour="red", company_id="x")
    assert "colour" not in {*made, *made["data"]}
    changed = (await acme("PUT", f"{bulks}/{made['_id']}", json={"data": {"colour": 1}, "shape": []})).json()
    assert changed == made


async def test_reading_18_null_is_empty(acme: Caller, bulks: str) -> None:
    made = await make(acme, bulks, 1001, data={"name": None, "allow": None, "findmefollow_grptime": None})
    assert (made["data"]["name"], made["data"]["allow"], made["data"]["findmefollow_grptime"]) == ("", "", 30)
    made = await make(acme, bulks, 1002, purpose=None, location_id=None, user=None, outbound_callerid=None)
    assert (made["purpose"], made["location_id"], made["user"]) == ("unassigned", None, None)


async def test_reading_51_unknown_query_keys_are_ignored(acme: Caller, bulks: str) -> None:
    await make(acme, bulks)
    assert found(await acme("GET", bulks, params={"colour": "red", "sort": "x"})) == [1001]


async def test_row_18_delete_an_extension(acme: Caller, bulks: str) -> None:
    made = await make(acme, bulks)
    reply = await acme("DELETE", f"{bulks}/{made['_id']}")
    assert (reply.status, reply.body) == (204, b"")
    (await acme("DELETE", f"{bulks}/{made['_id']}")).problem(404)
    (await acme("DELETE", f"/instances/{uuid.uuid4()}/bulks/extensions/{made['_id']}")).problem(404)
    assert (await make(acme, bulks))["_id"] != made["_id"]


async def test_reading_47_502_and_nothing_kept_when_the_pbx_fails(acme: Caller, world: World, bulks: str) -> None:
    """Rows 13, 17, PATCH and 18 against the sandbox's magic numbers."""
    await make(acme, bulks, Magic.CANNOT_BE_DELETED, data={"name": "stays"})
    before = await counts(world.core.database)
    shown = (await acme("GET", bulks)).json()
    path = f"{bulks}/{shown[0]['_id']}"
    for number in (Magic.CANNOT_BE_PUT, Magic.GIVES_NO_ANSWER):
        (await acme("POST", bulks, json={"data": {"id": number}})).problem(502)
        for method in ("PUT", "PATCH"):
            (await acme(method, path, json={"data": {"id": number, "name": "gone"}})).problem(502)
    (await acme("PUT", path, json={"data": {"id": 1001}})).problem(502)
    (await acme("DELETE", path)).problem(502)
    assert (await acme("GET", bulks)).json() == shown
    assert await counts(world.core.database) == before


async def test_row_19_configuration_of_a_softphone(acme: Caller, world: World, pbx: Instance, bulks: str) -> None:
    """Section 6, row 30: the shape is the item's `qr-config`; 400 without a parameter, 404 for what is unknown."""
    made = await make(acme, bulks, 1001, data={"name": "Jane"}, purpose="softphone")
    ask = {"extension_id": made["_id"], "instance_uuid": str(pbx.uuid)}
    reply = await acme("GET", "/phones/qr-config/advanced", params=ask)
    assert reply.status == 200
    assert reply.json() == made["qr-config"]
    assert reply.json() == {
        "_id": made["_id"],
        "displayname": "Jane",
        "outbound_server": "203.0.113.1",
        "password": made["phone"][0]["data"]["reg"][0]["password"],
        "server": "foobar.testing.example.com",
        "user": "1001",
    }
    for name in ask:
        missing = {key: value for key, value in ask.items() if key != name}
        (await acme("GET", "/phones/qr-config/advanced", params=missing)).problem(400)
        (await acme("GET", "/phones/qr-config/advanced", params={**ask, name: ""})).problem(400)
    for wrong in ({"extension_id": UNKNOWN}, {"extension_id": "x"}, {"instance_uuid": "79951a6-4f51-5019-a897-0e76"}):
        (await acme("GET", "/phones/qr-config/advanced", params={**ask, **wrong})).problem(404)
    (await world.globex("GET", "/phones/qr-config/advanced", params=ask)).problem(404)


async def test_reading_30_the_secret_is_the_password(acme: Caller, pbx: Instance, bulks: str) -> None:
    made = await make(acme, bulks, data={"secret": "of-our-own-choice"})
    ask = {"extension_id": made["_id"], "instance_uuid": str(pbx.uuid)}
    assert (await acme("GET", "/phones/qr-config/advanced", params=ask)).json()["password"] == "of-our-own-choice"


async def test_passwords_are_for_the_user_and_the_owner(acme: Caller, world: World, pbx: Instance, bulks: str) -> None:
    jane, bob = await user(world, "Jane"), await user(world, "Bob")
    made = await make(acme, bulks, 1001, user={"id": jane}, purpose="softphone", data={"secret": "s3cret-s3cret"})
    path = f"{bulks}/{made['_id']}"
    ask = {"extension_id": made["_id"], "instance_uuid": str(pbx.uuid)}
    as_jane, as_bob = {"X-User-Id": jane}, {"X-User-Id": bob}
    assert (await acme("GET", bulks, headers=as_jane)).json() == [made]
    assert (await acme("GET", "/phones/qr-config/advanced", params=ask, headers=as_jane)).status == 200
    (await acme("GET", "/phones/qr-config/advanced", params=ask, headers=as_bob)).problem(403)
    for reply in (
        await acme("GET", bulks, headers=as_bob),
        await acme("GET", f"/account/{jane}/extensions", headers=as_bob),
        await acme("PATCH", path, json={"data": {"ringtimer": "9"}}, headers=as_bob),
    ):
        assert reply.status == 200
        assert b"s3cret" not in reply.body
    seen = (await acme("GET", bulks, headers=as_bob)).json()[0]
    assert seen["data"]["secret"] == seen["qr-config"]["password"] == seen["data"]["voicemail_vmpwd"] == ""
    assert (await acme("PUT", path, json=seen, headers=as_bob)).status == 200
    after = (await acme("GET", bulks)).json()[0]
    assert after["data"] == {**made["data"], "ringtimer": "9"}, "what Bob cannot see, he does not overwrite"


async def test_nobody_takes_anothers_extension(acme: Caller, world: World, pbx: Instance, bulks: str) -> None:
    """Else they would be told its password. The user may give it away, and what is nobody's may be taken."""
    jane, bob = await user(world, "Jane"), await user(world, "Bob")
    made = await make(acme, bulks, 1001, user={"id": jane}, data={"voicemail_email": "jane@acme.example"})
    path = f"{bulks}/{made['_id']}"
    as_jane, as_bob = {"X-User-Id": jane}, {"X-User-Id": bob}
    email = {"data": {"voicemail_email": "bob@acme.example"}}
    for body in ({"user": {"id": bob}}, {"user": None}, email, {"data": {"voicemail_email": ""}}):
        for method in ("PUT", "PATCH"):
            (await acme(method, path, json=body, headers=as_bob)).problem(403)
    assert (await acme("GET", bulks)).json() == [made]
    assert (await acme("PATCH", path, json={"user": None}, headers=as_jane)).status == 200
    assert (await acme("PATCH", path, json={"user": {"id": bob}}, headers=as_bob)).status == 200


async def test_subscriber_state_of_an_extension(acme: Caller, world: World, bulks: str) -> None:
    """Item keys of section 5: subscriber.state, for example SLEEPING."""
    made = await make(acme, bulks)
    await world.core.extensions.act(
        acme.office.company_id, ids.decode(made["_id"], "extension"), state="SLEEPING", call_status="on_hold"
    )
    (seen,) = (await acme("GET", bulks)).json()
    assert seen["subscriber"] == {"call_status": "on_hold", "extension_id": made["_id"], "state": "SLEEPING"}


async def test_queue_statuses(acme: Caller, world: World, pbx: Instance) -> None:
    """GET /pbx/queues/statuses and GET /pbx/queues/{id}/status: from the PBX."""
    assert (await acme("GET", "/pbx/queues/statuses")).json() == []
    status = QueueStatus(number=700, name="Sales", waiting=2, members=[QueueMember(extension=1001, name="Jane")])
    await world.core.instances.act_queue(pbx.company_id, pbx.id, status)
    reply = await acme("GET", "/pbx/queues/statuses")
    assert reply.status == 200
    (queue,) = reply.json()
    assert queue == {"id": "700", "pbx": str(pbx.uuid), **msgspec.to_builtins(status)}
    assert (await acme("GET", f"/pbx/queues/{queue['id']}/status")).json() == queue
    (await acme("GET", "/pbx/queues/701/status")).problem(404)
    (await world.globex("GET", "/pbx/queues/700/status")).problem(404)
    await world.core.database.execute("UPDATE instances SET adapter = 'elsewhere'")
    (await acme("GET", "/pbx/queues/statuses")).problem(502)


async def test_another_companys_instance_is_unknown(acme: Caller, world: World, pbx: Instance, bulks: str) -> None:
    made = await make(acme, bulks)
    stranger = await furnish(world.core, name="Initech", number="+12025550147")
    assert stranger.company_id != acme.office.company_id
    for method, path, body in (
        ("GET", bulks, None),
        ("GET", bulks.replace("/bulks", ""), None),
        ("POST", bulks, {"data": {"id": 1002}}),
        ("POST", f"{bulks}/check", {"email": "a@b.example", "id": 1002}),
        ("PUT", f"{bulks}/{made['_id']}", {"data": {"name": "Mallory"}}),
        ("PATCH", f"{bulks}/{made['_id']}", {"data": {"name": "Mallory"}}),
        ("DELETE", f"{bulks}/{made['_id']}", None),
        ("GET", f"/instances/{pbx.uuid}/dids/callerids", None),
    ):
        theirs = await world.globex(method, path, json=body)
        theirs.problem(404)
        nothing = await world.globex(method, path.replace(str(pbx.uuid), str(uuid.uuid4())), json=body)
        assert theirs.body == nothing.body
    assert (await acme("GET", bulks)).json() == [made]
