"""Law 3 inside bodies and queries: ids and numbers of another company's things."""

from typing import Any, Final

from ringmain.dialects.ringrx import ids
from tests.dialects.ringrx.conftest import FAX_NUMBER, Caller, World, counts
from tests.dialects.ringrx.test_ringrx_everywhere import group_of, profile_of

NOTHING: Final = ids.encode(8192)
NO_NUMBER: Final = "+12025550199"
URL: Final = "https://hooks.example.com/"
EVENT: Final[dict[str, Any]] = {
    "name": "Jane Doe",
    "phonenumber": "3105550177",
    "reminder_date": "2099-03-04T14:30:00Z",
}


async def theirs_of(world: World, caller: Caller) -> dict[str, str]:
    """What Globex has, by kind."""
    await caller.account.add_fax_number()
    return {
        "number": caller.office.number,
        "fax": FAX_NUMBER,
        "profile": await profile_of(world, caller),
        "group": await group_of(world, caller),
        "instance": ids.encode(caller.account.instance_id),
    }


async def test_another_companys_ids_are_unknown_in_bodies_too(world: World) -> None:
    """The answer is that to an id of nothing, and nothing is written."""
    theirs = await theirs_of(world, world.globex)
    nothing = dict.fromkeys(theirs, NOTHING) | {"number": NO_NUMBER, "fax": NO_NUMBER}
    profile, group = await profile_of(world, world.acme), await group_of(world, world.acme)
    made = await world.acme("POST", "/pbxcallbacks", json={"callback_type": "sms", "url": URL})
    callback = f"/pbxcallbacks/{made.json()['id']}"
    before = await counts(world.core.database)

    def cases(other: dict[str, str]) -> list[tuple[str, str, dict[str, Any]]]:
        bound: dict[str, dict[str, Any]] = {
            "sms": {"phone_numbers": other["number"]},
            "fax": {"fax_services": [other["fax"]]},
            "outreach": {"outreach_profile": other["profile"]},
            "call_alert": {"group": other["group"]},
        }
        return [
            *(("POST", "/pbxcallbacks", {"callback_type": kind, "url": URL} | bound[kind]) for kind in bound),
            ("PATCH", callback, {"phone_numbers": [other["number"]]}),
            ("POST", "/outreach/events", EVENT | {"profile_id": other["profile"]}),
            ("POST", "/outreach/profiles", {"name": "Visits", "sender": other["number"]}),
            ("PATCH", f"/outreach/profiles/{profile}", {"sender": other["number"]}),
            ("POST", "/groups", {"extension": "8001", "instance_id": other["instance"]}),
            ("PATCH", f"/groups/{group}", {"instance_id": other["instance"]}),
            ("POST", "/messaging/send_message", {"message": "x", "to": "3105550177", "from": other["number"]}),
        ]

    for one, unknown in zip(cases(theirs), cases(nothing), strict=True):
        method, path, body = one
        answer = await world.acme(method, path, json=body)
        expected = await world.acme(method, path, json=unknown[2])
        assert (answer.status, answer.body) == (expected.status, expected.body), (method, path, body)
        assert answer.status in (400, 404), (method, path, body)
    assert await counts(world.core.database) == before
