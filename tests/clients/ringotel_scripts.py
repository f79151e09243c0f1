"""What smaller clients do on the wire (specs/ringotel.md, [FP], [O] and [NS])."""

from typing import Any
from urllib.parse import urlencode

from tests.clients.ringotel_wire import Rpc, RpcError


class ResellerPanel:
    """A panel that makes users in one go, switches the SMS service on and gives users numbers.

    It sends no content type that says JSON in so many words, reads no HTTP status, and shows `error.message`.
    """

    def __init__(self, base: str, key: str) -> None:
        self._call = Rpc(f"{base}/api", key, mimetype="application/json; charset=UTF-8")
        self._base = base

    def users(self, orgid: str, branchid: str, numbers: list[int]) -> list[str]:
        wanted = [
            {"name": str(number), "extension": str(number), "username": str(number), "password": "sip", "status": 1}
            for number in numbers
        ]
        made = self._call("createUsers", orgid=orgid, branchid=branchid, users=wanted)
        return [one["id"] for one in made]

    def query_of_switch(self, orgid: str, *, on: bool) -> str:
        """The address at which it switches the SMS service; it follows one redirect at most and wants 200."""
        settings = {"Username": "u", "Password": "p", "Account ID": "a", "Application ID": "x", "options": ""}
        control = {"serviceid": "Bandwidth", "state": int(on), "profileid": orgid, "redirect": "https://example.com/"}
        return f"{self._base}/integrations?{urlencode({**control, **settings})}"

    def service_is_on(self, orgid: str) -> bool:
        services = self._call("getServices", orgid=orgid)
        return any(one["id"] == "Bandwidth" and one["state"] == 1 for one in services)

    def trunk(self, orgid: str, number: str, users: list[str]) -> dict[str, Any]:
        """Give users a number; what getSMSTrunks says of it then."""
        made = self._call(
            "createSMSTrunk",
            orgid=orgid,
            name="Office",
            number=f"+1{number}",
            service="Bandwidth",
            users=users,
            sessionTimeout=0,
            country="US",
            groupmode=True,
            outboundFormat="e164",
            inboundFormat="national",
            optout={"keyword": "STOP", "autoreply": "We will not text you again."},
            autoreply=[{"key": "HELP", "value": "Call the office, we gladly help."}],
        )
        found: list[dict[str, Any]] = self._call("getSMSTrunks", orgid=orgid)
        return next(one for one in found if one["id"] == made["id"])

    def words_of_failure(self, orgid: str) -> str:
        """What it shows when something cannot be done."""
        try:
            self._call("deleteSMSTrunk", orgid=orgid, id="0")
        except RpcError as error:
            return str(error)
        return ""


def users_with_app(base: str, key: str, name: str) -> list[tuple[str, str]]:
    """The vendor's own script: whose phones have this app, by organization and extension."""
    call = Rpc(f"{base}/api", key)
    return [
        (org["name"], user["extension"])
        for org in call("getOrganizations")
        for user in call("getUsers", domain=org["domain"])
        if any(name in device["ua"] for device in user.get("devs", []))
    ]


def sign_on(base: str, key: str, domain: str, extension: str, name: str) -> tuple[str, str]:
    """A single sign-on: make or activate whoever logs in; username and password for the app."""
    call = Rpc(f"{base}/api", key)
    org = next(one for one in call("getOrganizations") if one["domain"] == domain)
    branch = call("getBranches", orgid=org["id"])[0]
    known = [one for one in call("getUsers", orgid=org["id"]) if one["extension"] == extension]
    if known and known[0]["status"] == -1:
        answer = call("updateUser", orgid=org["id"], id=known[0]["id"], status=1, noemail=True)
    else:
        of = {"orgid": org["id"], "branchid": branch["id"]}
        answer = call("createUser", **of, name=name, extension=extension, domain=domain, status=1, noemail=True)
    return answer["username"], answer["password"]
