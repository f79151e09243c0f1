"""What ringotel-lib does on the wire (specs/ringotel.md 1 and 3, [L]): two classes over one transport, all at /api.

The reader cannot write. An answer with `error` is a failure, whatever its status.
"""

from typing import Any

from tests.clients.ringotel_wire import Rpc


class Reader:
    """The 22 calls that read; lists are lists and objects objects."""

    def __init__(self, base: str, key: str) -> None:
        self._call = Rpc(f"{base}/api", key)

    def snapshot(self) -> dict[str, Any]:
        """Everything of every organization."""
        return {
            "account": self._object("getAccount"),
            "admins": self._list("getAccountUsers"),
            "statistics": self._object("getAccountStatistics", begin=0, end=4_000_000_000_000),
            "regions": self._list("getRegions"),
            "packages": self._list("getPackages"),
            "templates": self._list("getTemplates"),
            "organizations": [self._organization(one["id"]) for one in self._list("getOrganizations")],
        }

    def _organization(self, orgid: str) -> dict[str, Any]:
        of = {"orgid": orgid}
        branches = [self._object("getBranch", id=one["id"], **of) for one in self._list("getBranches", **of)]
        return {
            **self._object("getOrganization", id=orgid),
            "branches": branches,
            "branch_options": self._object("getBranchOptions", **of),
            "services": self._list("getServices", **of),
            "users": [self._user(orgid, one["id"]) for one in self._list("getUsers", **of)],
            "contacts": self._list("getContacts", **of),
            "blocked": self._list("getBlockedContacts", **of),
            "trunks": self._list("getSMSTrunks", **of),
            "agents": self._list("getAgents", **of),
        }

    def _user(self, orgid: str, user_id: str) -> dict[str, Any]:
        user, of = self._object("getUser", orgid=orgid, id=user_id), {"orgid": orgid, "userid": user_id}
        return {
            **user,
            "credentials": self._object("getSIPCredentials", **of, protocol="sip"),
            "phone_book": self._text("getPhoneBookURL", **of, format="Yealink"),
            "registrations": self._list("getUserRegistrationsHistory", **of, begin=0, end=4_000_000_000_000),
            "logs": self._list("getUserLogs", userid=user_id, domain=user["domain"]),
        }

    def _list(self, method: str, **params: Any) -> list[dict[str, Any]]:
        found = self._call(method, **params)
        if not isinstance(found, list):
            raise TypeError(method)
        return found

    def _object(self, method: str, **params: Any) -> dict[str, Any]:
        found = self._call(method, **params)
        if not isinstance(found, dict):
            raise TypeError(method)
        return found

    def _text(self, method: str, **params: Any) -> str:
        found = self._call(method, **params)
        if not isinstance(found, str):
            raise TypeError(method)
        return found


class Writer:
    """The calls that write; nothing but ids and what is new is looked at."""

    def __init__(self, base: str, key: str) -> None:
        self._call = Rpc(f"{base}/api", key)

    def life_of_an_organization(self, domain: str) -> None:
        """Make, change, block, unblock and delete."""
        orgid = self._call("createOrganization", name=domain, domain=domain, region="5", packageid="2")["id"]
        self._call("updateOrganization", id=orgid, name="Another", params={"lang": "de"})
        self._call("setOrganizationStatus", id=orgid, status=0)
        self._call("setOrganizationStatus", id=orgid, status=1)
        branch = self._call("createBranch", orgid=orgid, name="Main", address="pbx.example.com:5060")["id"]
        other = self._call("createBranch", orgid=orgid, name="Other", address="pbx2.example.com:5060")["id"]
        self._call("updateBranch", orgid=orgid, id=other, address="pbx3.example.com")
        self._call("setBranchStatus", orgid=orgid, id=other, status=0)
        self._lives_of_users(orgid, branch, other, domain)
        gone = self._call("deleteBranch", orgid=orgid, id=branch)
        if not all(isinstance(one, str) for one in gone):
            raise TypeError(gone)
        self._call("deleteOrganization", id=orgid)

    def _lives_of_users(self, orgid: str, branch: str, other: str, domain: str) -> None:
        of = {"orgid": orgid}
        first = self._call("createUser", **of, branchid=branch, name="Ann", extension="101", status=1)
        users = [{"name": f"User {number}", "extension": str(number)} for number in (102, 103, 104)]
        second, third, fourth = self._call("createUsers", **of, branchid=branch, users=users)
        user_id = first["id"]
        self._call("updateUser", **of, id=user_id, position="Boss")
        self._call("updateUser", **of, id=second["id"], branchid=other)
        self._call("attachUser", **of, id=third["id"], userid=user_id)
        self._call("detachUser", **of, id=third["id"], userid=user_id)
        self._call("setUserStatus", **of, id=user_id, status=0)
        self._call("setUserStatus", **of, id=user_id, status=1)
        self._call("setUserState", **of, id=user_id, dnd=True)
        self._call("setUserSettings", **of, id=user_id, fwdall=1, fwdallnumber="102")
        self._call("setUserPassword", **of, userid=user_id, password="another-password")
        if not self._call("resetUserPassword", **of, id=user_id, noemail=True)["password"]:
            raise ValueError("no password")
        self._call("deactivateUser", **of, id=user_id)
        if self._call("deleteUser", **of, id=fourth["id"]) != [fourth["id"]]:
            raise ValueError("deleted otherwise")
        again = self._call("recoverDeletedUser", name="User 104", domain=domain, extension="104", username="104")
        if again["id"] != fourth["id"]:
            raise ValueError("recovered otherwise")
        self._call("deleteUsers", **of, users=[again["id"], third["id"]])

    def drop_device(self, orgid: str, user_id: str, device_id: str) -> None:
        """Have a phone fetch its settings, then take it away."""
        self._call("resyncSIPDevice", orgid=orgid, userid=user_id, termid=device_id)
        self._call("deleteDevice", orgid=orgid, userid=user_id, termid=device_id)
