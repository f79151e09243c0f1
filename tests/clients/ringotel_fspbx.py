"""What the FS PBX panel does on the wire (specs/ringotel.md 1 and 3, [F]).

It calls methods at the base address and a slash, messages at /api/. Of results it needs every key that it knows, of
those of deleteUser and initCall only that they are there. Of a notification it believes the key alone.
"""

import re
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import urlopen

import msgspec

from tests.clients.ringotel_wire import Rpc

PHONE: Final = re.compile(r"\+?[0-9]{10,15}")


class Organization(msgspec.Struct):
    """Without one of these it fails."""

    created: int
    domain: str
    id: str
    name: str
    options: dict[str, Any]
    packageid: int
    region: str
    status: int


class Connection(msgspec.Struct):
    """The same of a branch."""

    accountid: str
    address: str
    created: int
    domain: str
    id: str
    name: str
    status: int


class Device(msgspec.Struct):
    """A phone."""

    id: str
    ua: str
    ip: str
    ts: int
    st: int


class User(msgspec.Struct):
    """The same of a user; it may have no devices."""

    branchid: str
    extension: str
    trunkstate: int
    created: int
    stime: int
    domain: str
    id: str
    state: int
    status: int
    username: str
    devs: list[Device] = []


class FsPbx:
    """One panel."""

    def __init__(self, base: str, key: str) -> None:
        self._key = key
        self._admin = Rpc(f"{base}/", key)
        self._messaging = Rpc(f"{base}/api/", key)
        self.numbers: dict[str, str] = {}
        self.sent: list[tuple[str, str, str]] = []
        self.files: list[bytes] = []
        self.delivered: list[str] = []

    # Provisioning

    def connect(self, name: str, domain: str) -> tuple[Organization, Connection]:
        """Set an organization and its connection up, as it shows them afterwards."""
        made = self._admin(
            "createOrganization",
            name=name,
            region="1",
            domain=domain,
            packageid=2,
            params={"tags": [], "hidePassInEmail": False},
        )
        orgid = made["id"]
        provision = {"protocol": "sip-tcp", "codecs": [{"codec": "G.711 Ulaw", "frame": 20}], "norec": True}
        branch = self._admin(
            "createBranch", orgid=orgid, name=name, address=f"{domain}.pbx.example.com:5060", provision=provision
        )
        self._admin("updateBranch", orgid=orgid, id=branch["id"], name=f"{name} PBX")
        (connection,) = [one for one in self.connections(orgid) if one.id == branch["id"]]
        return self.organization(orgid), connection

    def organization(self, orgid: str) -> Organization:
        return msgspec.convert(self._admin("getOrganization", id=orgid), Organization)

    def organizations(self) -> list[Organization]:
        return msgspec.convert(self._admin("getOrganizations"), list[Organization])

    def connections(self, orgid: str) -> list[Connection]:
        return msgspec.convert(self._admin("getBranches", orgid=orgid), list[Connection])

    def users(self, orgid: str) -> list[User]:
        return msgspec.convert(self._admin("getUsers", orgid=orgid), list[User])

    def create_user(self, connection: Connection, extension: str, *, active: bool = True) -> dict[str, Any]:
        made: dict[str, Any] = self._admin(
            "createUser",
            orgid=connection.accountid,
            branchid=connection.id,
            name=f"User {extension}",
            extension=extension,
            username=extension,
            domain=connection.domain,
            authname=extension,
            password="a-sip-password",
            email="",
            status=int(active),
            noemail=True,
        )
        return made

    def reset_password(self, orgid: str, user_id: str) -> str:
        found = self._admin("resetUserPassword", orgid=orgid, id=user_id, noemail=True)
        return str(found["password"])

    def activate(self, orgid: str, user_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._admin("updateUser", orgid=orgid, id=user_id, status=1, noemail=True)
        return found

    def deactivate(self, orgid: str, user_id: str) -> None:
        self._admin("deactivateUser", orgid=orgid, id=user_id)

    def do_not_disturb(self, orgid: str, user_id: str, *, on: bool) -> None:
        self._admin("setUserState", orgid=orgid, id=user_id, dnd=on)

    def history(self, orgid: str, user_id: str, begin: int, end: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._admin(
            "getUserRegistrationsHistory", orgid=orgid, userid=user_id, begin=begin, end=end
        )
        return found

    def drop_device(self, orgid: str, user_id: str, device_id: str) -> None:
        self._admin("deleteDevice", orgid=orgid, userid=user_id, termid=device_id)

    def delete_user(self, orgid: str, user_id: str) -> bool:
        """Whether it worked: there is a result."""
        return self._admin("deleteUser", orgid=orgid, id=user_id) is not None

    def disconnect(self, connection: Connection) -> bool:
        """Delete the connection and the organization."""
        gone = self._admin("deleteBranch", orgid=connection.accountid, id=connection.id)
        self._admin("deleteOrganization", id=connection.accountid)
        return gone is not None

    def call(self, org: Organization, extension: str, number: str) -> bool:
        """Click to call."""
        params = {"from": extension, "tonumber": number, "toname": number, "domain": org.domain}
        return self._admin("initCall", **params) is not None

    # Texts

    def text_came(self, orgid: str, sender: str, extension: str, text: str) -> str:
        """Bring what somebody texted to one of the panel's numbers; the message's id is all that is looked at."""
        return str(
            self._messaging("message", orgid=orgid, **{"from": sender, "to": extension}, content=text)["messageid"]
        )

    def notified(self, body: dict[str, Any]) -> None:
        """What it does with a notification. Raises what it would answer as an error."""
        if body["api_key"] != self._key:
            raise PermissionError
        params = body["params"]
        if body["method"] == "delivered":
            self.delivered.append(params["messageid"])
        elif body["method"] == "message":
            self._send(params)

    def _send(self, params: dict[str, Any]) -> None:
        if not isinstance(params["orgid"], str) or not PHONE.fullmatch(params["to"]):
            raise ValueError(params)
        number = self.numbers[params["from"]]
        if params["type"] == 2:
            if not urlsplit(params["content"]).netloc:
                raise ValueError(params)
            with urlopen(params["content"], timeout=20) as answer:
                self.files.append(answer.read())
        self.sent.append((number, params["to"], params["content"]))
