"""Law 3 below the organization: ids of another company's things, in every parameter that takes one."""

from collections.abc import Iterator
from typing import Any, Final

from ringmain.core.texting.carrier import InboundText
from ringmain.dialects.ringotel import ids
from tests.dialects.ringotel.conftest import Caller, World, counts
from tests.dialects.ringotel.test_ringotel_everywhere import given, table
from tests.dialects.ringotel.user_flow import branch_of, plain

NOTHING: Final = ids.encode(1 << 30)
NO_STAMP: Final = ids.encode_stamp(1 << 30)
STAMPS: Final = frozenset({"messageid", "sessionid", "termid"})
"""Parameters whose ids have the other form; `id` of updateActivity has it too."""
OF_WHAT: Final[dict[str, str]] = {
    **dict.fromkeys(("userid", "messageid", "sessionid", "trunkid", "branchid", "termid"), ""),
    **dict.fromkeys(("getBranch", "updateBranch", "deleteBranch", "setBranchStatus"), "branchid"),
    **dict.fromkeys(("updateSMSTrunk", "deleteSMSTrunk"), "trunkid"),
    **dict.fromkeys(("updateAgent", "deleteAgent"), "agentid"),
    "setContactBlocked": "contactid",
    "updateActivity": "messageid",
    **dict.fromkeys(("updateAccountAdmin", "deleteAccountAdmin"), "adminid"),
}
"""What the parameter `id` of a method names, a user where nothing stands here."""
LISTS: Final[dict[str, tuple[str, str]]] = {
    "deleteUsers": ("users", "userid"),
    "createSMSTrunk": ("users", "userid"),
    "updateSMSTrunk": ("users", "userid"),
    "deleteContacts": ("list", "contactid"),
    "updateContacts": ("list", "contactid"),
}
"""Lists of ids, or of objects with an id."""
BESIDE: Final[dict[str, dict[str, Any]]] = {
    "message": {"from": "1001", "to": "+12135550177", "content": "x"},
    "setContactBlocked": {"blocked": 1},
    "updateActivity": {"subject": "Mallory"},
    "createUsers": {"users": [{"extension": 901}]},
    "createUser": {"extension": 901},
    "createAgent": {"name": "Mallory", "extension": 902},
    "importContacts": {"list": [{"name": "Mallory", "phone": "+12135550178"}]},
    "updateContacts": {"list": []},
    "createSMSTrunk": {"number": "+12025550160"},
    "updateUser": {"name": "Mallory"},
    "setUserPassword": {"password": "mallory's own"},
    "addToOptout": {"phone": "+12135550100"},
    "removeFromOptout": {"phone": "+12135550100"},
    "updated": {"content": "Mallory"},
}
"""What a method needs besides, so that only the id is at fault."""
NONE_OF_OURS: Final = frozenset({"senderid", "packageid"})
"""Ids of the client's own, or of no row."""


async def belongings(world: World, caller: Caller) -> dict[str, str]:
    """Ids of what a company has, by what they name."""
    core, company_id = world.core, caller.office.company_id
    branchid = await branch_of(caller)
    inbound = InboundText(
        carrier="sandbox", sender=caller.office.contact.number, recipient=caller.office.number, text="Hi"
    )
    message = await core.texting.receive(inbound)
    contacts = [{"name": "Kim", "phone": "+12135550111"}]
    (await caller("importContacts", orgid=caller.orgid, list=contacts)).result()
    trunks = (await caller("getSMSTrunks", orgid=caller.orgid)).result()
    agent = {"orgid": caller.orgid, "branchid": branchid, "name": "Robot", "extension": 602}
    admin = {"name": "Kim", "login": f"kim-{company_id}", "passwd": "long enough for it"}
    return {
        "branchid": branchid,
        "userid": await plain(caller, branchid, 601),
        "agentid": (await caller("createAgent", **agent)).result()["id"],
        "contactid": (await caller("getContacts", orgid=caller.orgid)).result()[0]["id"],
        "trunkid": trunks[0]["id"],
        "adminid": (await caller("createAccountAdmin", **admin)).result()["id"],
        "messageid": ids.encode_stamp(message.id),
        "sessionid": ids.encode_stamp(message.conversation_id),
        "termid": ids.encode_stamp(message.id),
    }


def foreign(world: World, mine: dict[str, str], theirs: dict[str, str]) -> Iterator[tuple[str, str, Any, Any]]:
    """Of every parameter that takes ids: method, parameter, the foreign one, and one of nothing in its place."""
    for method in table(world):
        for field in method.params.__struct_fields__:
            name = {"sender": "from"}.get(field, field)
            if name in NONE_OF_OURS or name == method.org_key:
                continue
            if name == "id":
                kind = OF_WHAT.get(method.name, "userid")
            elif name in OF_WHAT:
                kind = name
            elif (method.name, name) in {(key, listed) for key, (listed, _) in LISTS.items()}:
                kind = LISTS[method.name][1]
            else:
                assert not name.endswith("id"), f"{method.name} has an id that nobody tries: {name}"
                continue
            unknown = NO_STAMP if kind in STAMPS else NOTHING
            if name in ("list", "users"):
                pairs: list[list[Any]] = [[mine[kind], other] for other in (theirs[kind], unknown)]
                if method.name == "updateContacts":
                    pairs = [[{"id": one, "name": "Mallory"} for one in pair] for pair in pairs]
                yield method.name, name, pairs[0], pairs[1]
            else:
                yield method.name, name, theirs[kind], unknown


async def test_another_companys_ids_are_as_unknown_as_any(world: World, acme: Caller, globex: Caller) -> None:
    """Byte for byte the answer that an id of nothing gets; nothing is written anywhere, also not of one's own."""
    mine, theirs = await belongings(world, acme), await belongings(world, globex)
    methods = {method.name: method for method in table(world)}
    before = await counts(world.core.database)
    tried = set()
    for name, parameter, other, nothing in foreign(world, mine, theirs):
        method, answers = methods[name], []
        for value in (other, nothing):
            params = {**given(method), **BESIDE.get(name, {})}
            params |= {key: mine[key] for key in params if key in mine}
            if "id" in params and parameter != "id":
                params["id"] = mine[OF_WHAT.get(name, "userid")]
            org = {} if method.account_level else {method.org_key: acme.orgid}
            reply = await acme(name, **{**params, **org, parameter: value})
            answers.append(reply.body.replace(str(value).encode(), b"?"))
            if name != "getAgents":  # a list of nothing
                reply.error(404)
        assert answers[0] == answers[1], (name, parameter)
        assert name != "getAgents" or reply.result() == []
        tried.add(name)
    assert len(tried) >= 40, sorted(tried)
    assert await counts(world.core.database) == before
