"""Users (specs/ringotel.md 3, group User): made, read, changed, deleted, had back."""

import asyncio
from typing import Any

import pytest

from ringmain.core.extensions.model import ExtensionChange
from ringmain.core.extensions.service import data_of, password_of
from ringmain.core.voicemail.model import NewVoicemail, VoicemailFilter
from ringmain.dialects.ringotel import ids
from ringmain.pbx.sandbox import Magic
from tests.dialects.ringotel.conftest import Caller, World, counts
from tests.dialects.ringotel.user_flow import NEW, branch_of, create, extension_of, plain, shown, told
from tests.recordings import wav

USER_KEYS = {
    *("id", "branchid", "domain", "name", "extension", "username", "authname", "created", "stime", "state", "status"),
    *("trunkstate", "trunkid", "email", "note", "info", "devs", "ext"),
}


@pytest.fixture
async def branchid(acme: Caller) -> str:
    return await branch_of(acme)


async def test_create_user_answers_what_the_app_needs(acme: Caller, branchid: str) -> None:
    domain = (await acme("getOrganization", id=acme.orgid)).result()["domain"]
    made = await create(acme, branchid, domain=domain)
    assert made == {
        **{
            key: NEW[key]
            for key in ("extension", "username", "name", "email", "mobile", "phone", "company", "position")
        },
        "id": made["id"],
        "password": "sip-password",
        "domain": domain,
        "status": 1,
        "httpsproxy": {},
    }
    assert len(made["id"]) == 20


async def test_get_user_and_get_users(acme: Caller, branchid: str) -> None:
    first, other = await create(acme, branchid), await branch_of(acme, "Other", "other.example.com")
    second = await plain(acme, other, 600, note="Door")
    one = await shown(acme, first["id"])
    assert set(one) == USER_KEYS
    assert (one["branchid"], one["extension"], one["name"]) == (branchid, "511", "Sam Alter")
    assert (one["state"], one["status"], one["trunkstate"], one["devs"], one["ext"]) == (0, 1, 0, [], [])
    assert one["info"] == {
        **{key: NEW[key] for key in ("email", "mobile", "phone", "company", "position")},
        "custom": {},
    }
    assert str(one["created"]) == first["id"][:13]
    everybody = (await acme("getUsers", orgid=acme.orgid)).result()
    assert [user["id"] for user in everybody] == [first["id"], second]
    assert everybody[0] == one
    assert (everybody[1]["name"], everybody[1]["note"], everybody[1]["info"]["email"]) == ("600", "Door", "")
    assert [one["email"] for one in everybody] == [one["info"]["email"] for one in everybody]
    domain = one["domain"]
    assert (await acme("getUsers", domain=domain.upper())).result() == everybody
    (only,) = (await acme("getUsers", orgid=acme.orgid, branchid=other)).result()
    assert only["id"] == second
    (await acme("getUsers", orgid=acme.orgid, branchid="1")).error(404)


async def test_reading_17_get_user_is_an_object_and_wants_an_id(acme: Caller, branchid: str) -> None:
    user_id = await plain(acme, branchid, 600)
    assert (await acme("getUser", orgid=acme.orgid, id=int(user_id))).result()["id"] == user_id
    assert "id" in (await acme("getUser", orgid=acme.orgid, branchid=branchid)).error(400)


async def test_reading_20_extension_is_spelt_as_in_the_samples(acme: Caller, branchid: str) -> None:
    given = {"orgid": acme.orgid, "branchid": branchid, "extention": "511"}
    assert "extension" in (await acme("createUser", **given)).error(400)
    assert "extention" not in await create(acme, branchid)


async def test_create_user_without_status_is_not_activated(acme: Caller, branchid: str) -> None:
    for number, status in ((600, 0), (601, None)):
        made = await create(acme, branchid, extension=number, username=None, email=None, status=status)
        assert made["status"] == -1
        assert (await shown(acme, made["id"]))["status"] == -1


async def test_create_user_makes_a_secret_unless_one_is_given(world: World, acme: Caller, branchid: str) -> None:
    made = await create(acme, branchid, password=None)
    assert len(made["password"]) >= 20
    assert made["password"] == password_of(await extension_of(world, acme, made["id"]))


async def test_create_user_finds_or_makes_the_person_of_the_email(world: World, acme: Caller, branchid: str) -> None:
    core, company_id = world.core, acme.office.company_id
    await create(acme, branchid)
    sam = await core.people.find_by_email(company_id, "sam.alter@example.com")
    assert sam
    assert (sam.first_name, sam.last_name, sam.extension and sam.extension.number) == ("Sam", "Alter", 511)
    owner = await core.people.owner(company_id)
    made = await create(acme, branchid, extension="512", username="512", email=owner.email.upper(), name="Reception")
    extension = await extension_of(world, acme, made["id"])
    assert extension.person
    assert (extension.person.id, extension.person.first_name) == (owner.id, owner.first_name)
    assert (await told(world, "extension.created"), await told(world, "person.created")) == (2, 1)


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"extension": None}, "extension"),
        ({"extension": ""}, "extension"),
        ({"extension": "0511"}, "extension"),
        ({"extension": "agent"}, "extension"),
        ({"extension": 10**9}, "extension"),
        ({"name": "x" * 201}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"status": 2}, "status"),
        ({"custom": ["x"]}, "custom"),
        ({"custom": {"x": "y" * 70_000}}, "profile"),
        ({"mobile": "1" * 1001}, "mobile"),
        ({"password": "x" * 1001}, "secret"),
        ({"noemail": "perhaps"}, "noemail"),
        ({"branchid": None}, "branchid"),
    ],
)
async def test_create_user_with_what_cannot_be(
    world: World, acme: Caller, branchid: str, bad: dict[str, Any], field: str
) -> None:
    before = await counts(world.core.database)
    params = {"orgid": acme.orgid, "branchid": branchid, **NEW, **bad}
    assert field in (await acme("createUser", **params)).error(400)
    assert await counts(world.core.database) == before


async def test_reading_25_a_second_user_of_an_extension_is_409(world: World, acme: Caller, branchid: str) -> None:
    await create(acme, branchid)
    before = await counts(world.core.database)
    params = {"orgid": acme.orgid, "branchid": branchid, **NEW, "email": "somebody@example.com"}
    (await acme("createUser", **params)).error(409)
    (await acme("recoverDeletedUser", orgid=acme.orgid, extension="511")).error(409)
    assert await counts(world.core.database) == before
    other = await branch_of(acme, "Other", "other.example.com")
    assert (await acme("createUser", **{**params, "branchid": other})).result()["extension"] == "511"


async def test_create_user_that_the_pbx_refuses_leaves_nothing(world: World, acme: Caller, branchid: str) -> None:
    before = await counts(world.core.database)
    params = {"orgid": acme.orgid, "branchid": branchid, **NEW, "extension": int(Magic.CANNOT_BE_PUT)}
    (await acme("createUser", **params)).error(502)
    assert await counts(world.core.database) == before


async def test_create_users_makes_all_or_none(world: World, acme: Caller, branchid: str) -> None:
    users = [{"name": f"User {number}", "extension": number, "email": "both@example.com"} for number in (601, 602)]
    before = await counts(world.core.database)
    for third in ({"extension": 601}, {"extension": int(Magic.CANNOT_BE_PUT)}, {"extension": "x"}, {}):
        reply = await acme("createUsers", orgid=acme.orgid, branchid=branchid, users=[*users, third])
        assert "error" in reply.json()
    assert await counts(world.core.database) == before
    made = (await acme("createUsers", orgid=acme.orgid, branchid=branchid, users=users)).result()
    assert [(one["extension"], one["email"], one["status"]) for one in made] == [
        ("601", "both@example.com", -1),
        ("602", "both@example.com", -1),
    ]
    assert await told(world, "person.created") == 1
    assert (await acme("createUsers", orgid=acme.orgid, branchid=branchid, users=[])).result() == []


async def test_update_user_changes_what_is_given(world: World, acme: Caller, branchid: str) -> None:
    made = await create(acme, branchid)
    before = await shown(acme, made["id"])
    updated = await acme("updateUser", orgid=acme.orgid, id=made["id"], position="CTO", custom={"key": "a1"})
    assert updated.result() == {"id": made["id"], "domain": before["domain"], "username": "511"}
    after = await shown(acme, made["id"])
    assert after["stime"] > before["stime"]
    assert after == before | {
        "stime": after["stime"],
        "info": before["info"] | {"position": "CTO", "custom": {"key": "a1"}},
    }
    renamed = {"name": "Robert  Jason", "extension": 501, "username": "501r", "authname": "501a", "phone": ""}
    (await acme("updateUser", orgid=acme.orgid, id=made["id"], **renamed)).result()
    after = await shown(acme, made["id"])
    assert (after["name"], after["extension"], after["username"]) == ("Robert Jason", "501", "501r")
    assert (after["authname"], after["info"]["phone"], after["info"]["position"]) == ("501a", "", "CTO")
    person = await world.core.people.find_by_email(acme.office.company_id, "sam.alter@example.com")
    assert person
    assert (person.first_name, person.last_name) == ("Robert", "Jason")


async def test_update_user_email_follows_the_person(world: World, acme: Caller, branchid: str) -> None:
    core, company_id = world.core, acme.office.company_id
    user_id = (await create(acme, branchid))["id"]
    old = (await extension_of(world, acme, user_id)).person
    assert old
    (await acme("updateUser", orgid=acme.orgid, id=user_id, email="sam@example.com")).result()
    assert (await core.people.get(company_id, old.id)).email == "sam@example.com"
    assert (await shown(acme, user_id))["info"]["email"] == "sam@example.com"
    owner = await core.people.owner(company_id)
    (await acme("updateUser", orgid=acme.orgid, id=user_id, email=owner.email)).result()
    person = (await extension_of(world, acme, user_id)).person
    assert person
    assert (person.id, person.first_name) == (owner.id, owner.first_name)
    (await acme("updateUser", orgid=acme.orgid, id=user_id, email="")).result()
    assert (await extension_of(world, acme, user_id)).person is None
    (await acme("updateUser", orgid=acme.orgid, id=user_id, email="nobody")).error(400)
    (await acme("updateUser", orgid=acme.orgid, id=user_id, email="new@example.com")).result()
    made = await core.people.find_by_email(company_id, "new@example.com")
    assert made
    assert (made.first_name, made.last_name) == ("Sam", "Alter")


async def test_update_user_status_1_activates_and_tells_the_password(acme: Caller, branchid: str) -> None:
    made = await create(acme, branchid, status=0)
    result = (await acme("updateUser", orgid=acme.orgid, id=made["id"], status=1)).result()
    keys = ("extension", "username", "email", "mobile", "phone", "company", "position", "domain", "id", "password")
    assert result == {key: made[key] for key in keys} | {"branchid": branchid, "trunkid": made["id"], "status": 1}
    assert (await shown(acme, made["id"]))["status"] == 1
    again = (await acme("updateUser", orgid=acme.orgid, id=made["id"], status="1")).result()
    assert again == {key: value for key, value in result.items() if key != "password"}
    for status in (0, -1, 2):
        assert "status" in (await acme("updateUser", orgid=acme.orgid, id=made["id"], status=status)).error(400)


async def test_update_user_branchid_moves_the_user(world: World, acme: Caller, branchid: str) -> None:
    user_id = (await create(acme, branchid))["id"]
    before = await shown(acme, user_id)
    other = await branch_of(acme, "Other", "other.example.com")
    (await acme("updateUser", orgid=acme.orgid, id=user_id, branchid=other)).result()
    after = await shown(acme, user_id)
    assert after == before | {"branchid": other, "stime": after["stime"]}
    assert (await acme("getUsers", orgid=acme.orgid, branchid=branchid)).result() == []
    await plain(acme, branchid, 511)
    (await acme("updateUser", orgid=acme.orgid, id=user_id, branchid=branchid)).error(409)
    (await acme("updateUser", orgid=acme.orgid, id=user_id, branchid="1")).error(404)
    assert (await shown(acme, user_id))["branchid"] == other
    total = "SELECT sum(total) FROM extension_counts WHERE instance_id = $1"
    assert await world.core.database.fetchval(total, ids.decode(other, "branch")) == 1


async def test_update_user_two_moves_against_each_other(acme: Caller, branchid: str) -> None:
    other = await branch_of(acme, "Other", "other.example.com")
    here, there = await plain(acme, branchid, 601), await plain(acme, other, 602)
    moves = [(here, other), (there, branchid)] * 3
    replies = await asyncio.gather(
        *(acme("updateUser", orgid=acme.orgid, id=user_id, branchid=home) for user_id, home in moves)
    )
    assert all("result" in reply.json() for reply in replies if "error" not in reply.json())
    assert ((await shown(acme, here))["branchid"], (await shown(acme, there))["branchid"]) == (other, branchid)


async def test_update_user_buttons(acme: Caller, branchid: str) -> None:
    user_id = await plain(acme, branchid, 600)
    blfs = [{"title": "Agent 3", "number": "agent+agent3"}]
    dials = [{"title": "Queue", "number": "*22", "gsm": False}]
    (await acme("updateUser", orgid=acme.orgid, id=user_id, options={"blfs": blfs, "speeddial": dials})).result()
    assert (await shown(acme, user_id))["options"] == {"blfs": blfs, "speeddial": dials}
    (await acme("updateUser", orgid=acme.orgid, id=user_id, options={"blfs": []})).result()
    assert (await shown(acme, user_id))["options"] == {"blfs": [], "speeddial": dials}
    (await acme("updateUser", orgid=acme.orgid, id=user_id, options={"blfs": [{"title": "x"}]})).error(400)


async def test_delete_user_and_delete_users(world: World, acme: Caller, branchid: str) -> None:
    users = [await plain(acme, branchid, number) for number in (601, 602, 603)]
    assert (await acme("deleteUser", orgid=acme.orgid, id=users[0])).result() == [users[0]]
    (await acme("getUser", orgid=acme.orgid, id=users[0])).error(404)
    (await acme("deleteUser", orgid=acme.orgid, id=users[0])).error(404)
    (await acme("deleteUsers", orgid=acme.orgid, users=[users[1], users[0]])).error(404)
    assert len((await acme("getUsers", orgid=acme.orgid)).result()) == 2
    gone = (await acme("deleteUsers", orgid=acme.orgid, users=[users[2], int(users[1]), users[2]])).result()
    assert gone == [users[2], users[1]]
    assert (await acme("getUsers", orgid=acme.orgid)).result() == []
    assert await told(world, "extension.deleted") == 3


async def test_recover_deleted_user_brings_back_what_was_theirs(world: World, acme: Caller, branchid: str) -> None:
    core, company_id = world.core, acme.office.company_id
    made = await create(acme, branchid)
    extension = await extension_of(world, acme, made["id"])
    voicemail = await core.voicemails.receive(company_id, extension.id, NewVoicemail(audio=wav(0.1)))
    before = await shown(acme, made["id"])
    (await acme("deleteUser", orgid=acme.orgid, id=made["id"])).result()
    given = {"domain": before["domain"], "extension": "511", "name": "Sam is back", "password": "another-one"}
    back = (await acme("recoverDeletedUser", **given, email="")).result()
    assert (back["id"], back["name"], back["password"], back["status"]) == (
        *(made["id"], "Sam is back", "another-one"),
        1,
    )
    after = await shown(acme, made["id"])
    assert after["info"]["position"] == "CEO"
    found = await core.voicemails.page(company_id, wanted=VoicemailFilter(), page=1, per_page=5)
    assert [(one.id, one.extension_id) for one in found.items] == [(voicemail.id, extension.id)]
    (await acme("recoverDeletedUser", **given)).error(409)


async def test_recover_deleted_user_within_a_day_and_if_the_number_is_free(
    world: World, acme: Caller, globex: Caller, branchid: str
) -> None:
    made = await create(acme, branchid)
    (await acme("deleteUser", orgid=acme.orgid, id=made["id"])).result()
    (await globex("recoverDeletedUser", orgid=globex.orgid, extension="511")).error(404)
    new = await plain(acme, branchid, 511)
    (await acme("recoverDeletedUser", orgid=acme.orgid, extension="511")).error(409)
    (await acme("deleteUser", orgid=acme.orgid, id=new)).result()
    await world.core.database.execute(
        "UPDATE deleted_extensions SET deleted_at = now() - interval '23 hours' WHERE id = $1", ids.decode(new, "user")
    )
    assert (await acme("recoverDeletedUser", orgid=acme.orgid, extension="511")).result()["id"] == made["id"]
    (await acme("deleteUser", orgid=acme.orgid, id=made["id"])).result()
    await world.core.database.execute("UPDATE deleted_extensions SET deleted_at = now() - interval '25 hours'")
    (await acme("recoverDeletedUser", orgid=acme.orgid, extension="511")).error(404)
    (await acme("recoverDeletedUser", orgid=acme.orgid)).error(400)


async def test_reading_21_no_mail_unless_it_is_asked_for(world: World, acme: Caller, branchid: str) -> None:
    core, company_id = world.core, acme.office.company_id
    await create(acme, branchid)
    await create(acme, branchid, extension=512, username=512, noemail=True)
    await create(acme, branchid, extension=513, username=513, noemail=False, status=0)
    await create(acme, branchid, extension=514, username=514, noemail=False, email="")
    assert await core.mails.page(company_id) == []
    (await acme("updateOrganization", id=acme.orgid, params={"emailcc": ["boss@example.com", "no address", 1]})).void()
    await create(acme, branchid, extension=515, username=515, noemail=False)
    (mail,) = await core.mails.page(company_id)
    assert mail.recipients == ["sam.alter@example.com", "boss@example.com"]
    text = "SELECT text FROM mails ORDER BY id DESC LIMIT 1"
    written = await core.database.fetchval(text)
    assert "Username: 515" in written
    assert "Password: sip-password" in written
    (await acme("updateOrganization", id=acme.orgid, params={"hidePassInEmail": True})).void()
    late = await plain(acme, branchid, 516, status=0, email="late@example.com", password="hidden-one", noemail=False)
    (await acme("updateUser", orgid=acme.orgid, id=late, status=1, noemail=False)).result()
    assert len(await core.mails.page(company_id)) == 2
    assert "hidden-one" not in await core.database.fetchval(text)


async def test_methods_of_users_know_no_foreign_ones(acme: Caller, globex: Caller) -> None:
    foreign = await plain(globex, await branch_of(globex), 600)
    calls: dict[str, dict[str, Any]] = {
        "getUser": {"id": foreign},
        "updateUser": {"id": foreign, "name": "x"},
        "deleteUser": {"id": foreign},
        "deleteUsers": {"users": [foreign]},
        "deactivateUser": {"id": foreign},
        "setUserStatus": {"id": foreign, "status": 0},
        "setUserState": {"id": foreign, "dnd": True},
        "setUserSettings": {"id": foreign, "voicemail": True},
        "resetUserPassword": {"id": foreign},
        "setUserPassword": {"userid": foreign, "password": "x"},
        "getSIPCredentials": {"userid": foreign},
        "getPhoneBookURL": {"userid": foreign, "format": "Cisco"},
        "getUserRegistrationsHistory": {"userid": foreign},
        "getUserLogs": {"userid": foreign},
        "deleteRecordings": {"userid": foreign},
        "deleteTranscriptions": {"userid": foreign},
        "deleteDevice": {"userid": foreign, "termid": "1727093900440-000000000000000001"},
        "resyncSIPDevice": {"userid": foreign, "termid": "1727093900440-000000000000000001"},
    }
    for method, given in calls.items():
        unknown = {key: "1" if value == foreign else value for key, value in given.items()}
        unknown |= {"users": ["1"]} if "users" in given else {}
        expected = (await acme(method, orgid=acme.orgid, **unknown)).error(404)
        assert (await acme(method, orgid=acme.orgid, **given)).error(404) == expected, method
    own = await plain(acme, await branch_of(acme), 600)
    for pair in ({"id": own, "userid": foreign}, {"id": foreign, "userid": own}):
        (await acme("attachUser", orgid=acme.orgid, **pair)).error(404)
        (await acme("detachUser", orgid=acme.orgid, **pair)).error(404)
    assert (await shown(globex, foreign))["name"] == "600"


async def test_get_users_shows_extensions_made_otherwise(world: World, acme: Caller) -> None:
    core, company_id = world.core, acme.office.company_id
    instance = await core.instances.create(company_id, name="pbx", domain="pbx.example.com")
    change = ExtensionChange(number=501, person_id=acme.office.owner_id, data={"voicemail_email": "x@example.com"})
    made = await core.extensions.create(company_id, instance.id, change)
    (user,) = (await acme("getUsers", orgid=acme.orgid)).result()
    owner = await core.people.owner(company_id)
    assert (user["id"], user["name"], user["status"]) == (ids.encode(made.id), owner.first_name, 1)
    assert user["info"]["email"] == owner.email
    assert data_of(made)["voicemail_email"] == "x@example.com"
