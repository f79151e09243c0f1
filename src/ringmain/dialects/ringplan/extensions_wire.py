"""RingPlan's instances, extensions and queues (specs/ringplan.md 4 and 5), made from the core's."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ringmain.core.companies.model import Company
from ringmain.core.credentials.model import Caller
from ringmain.core.extensions.model import ANONYMOUS, CallerId, Extension
from ringmain.core.extensions.service import data_of, password_of
from ringmain.core.extensions.template import SECRET_KEYS
from ringmain.core.instances.model import Instance
from ringmain.core.instances.pbx import QueueStatus
from ringmain.core.people.model import Person, PersonExtension
from ringmain.dialects.ringplan import ids, people_wire, wire

INSTANCE_PROFILE = ("accountcode", "channel_driver", "external_domain", "fqdn", "hostname", "internal_domain", "ip")


def instance(given: Instance, company: Company) -> dict[str, Any]:
    """Instance: what it says of itself, and otherwise what follows from its name and domain."""
    return {
        "_id": ids.encode(given.id),
        "uuid": str(given.uuid),
        "accountcode": ids.encode(given.id),
        "channel_driver": "chan_pjsip",
        "company_id": ids.encode(given.company_id),
        "company_name": company.name,
        "external_domain": given.domain.partition(".")[2] or given.domain,
        "fqdn": given.domain,
        "hostname": given.name,
        "internal_domain": f"{given.name}.local",
        "ip": None,
        "proxy_ip": given.outbound_proxy or None,
        **{key: given.profile[key] for key in (*INSTANCE_PROFILE, "proxy_ip") if key in given.profile},
    }


def may_see_secrets(caller: Caller, given: Extension) -> bool:
    """Whoever knows an extension's password can call in its user's name: only the user and the owner are told it."""
    return caller.owner or (given.person is not None and given.person.id == caller.person_id)


def extension(given: Extension, home: Instance, caller: Caller) -> dict[str, Any]:
    """Extension, with what web clients expect beyond the reference: `location` and `qr-config`."""
    extension_id, secret = ids.encode(given.id), may_see_secrets(caller, given)
    data = data_of(given)
    if not secret:
        data.update(dict.fromkeys(SECRET_KEYS, ""))
    return {
        "_id": extension_id,
        "data": data,
        "location": None if given.location is None else people_wire.location(given.location),
        "location_id": ids.encode(given.location.id) if given.location else None,
        "outbound_callerid": outbound_callerid(given.caller_id),
        "pbx": str(home.uuid),
        "phone": [] if given.purpose == "unassigned" else [_phone(given, home, secret)],
        "purpose": given.purpose,
        "qr-config": qr_config(given, home, secret=secret),
        "reserved": {"config_id": None, "to": None, **(given.reserved or {})},
        "subscriber": {
            "call_status": given.call_status,
            "extension_id": extension_id,
            "state": given.subscriber_state,
        },
        "user": _user(given.person, given, data) if given.person else None,
    }


def _user(given: Person, extension: Extension, data: Mapping[str, Any]) -> dict[str, Any]:
    own = PersonExtension(
        id=extension.id, number=extension.number, name=extension.name, description=data["description"]
    )
    return wire.contact(msgspec.structs.replace(given, extension=own))


def outbound_callerid(given: CallerId | None) -> dict[str, str]:
    """What called parties outside see; empty when that is not set."""
    shown = given or CallerId()
    return {"name": shown.name, "number": shown.number, "value": shown.text}


def qr_config(given: Extension, home: Instance, *, secret: bool) -> dict[str, str]:
    """What a softphone needs to register (section 6, row 30)."""
    return {
        "_id": ids.encode(given.id),
        "displayname": given.name,
        "outbound_server": home.outbound_proxy or home.domain,
        "password": password_of(given) if secret else "",
        "server": home.domain,
        "user": str(given.number),
    }


def _phone(given: Extension, home: Instance, secret: bool) -> dict[str, Any]:
    registration = {
        "displayname": given.name,
        "label": str(given.number),
        "password": password_of(given) if secret else "",
        "server": [{"address": home.outbound_proxy or home.domain}],
        "userid": given.number,
    }
    return {
        "_id": ids.encode(given.id),
        "company": ids.encode(given.company_id),
        "data": {"reg": [registration]},
        "extensions": [{"_id": ids.encode(given.id), "data": {"id": given.number, "name": given.name}}],
    }


def caller_id_choice(given: CallerId) -> dict[str, str]:
    """One of the caller ids that an extension may be given."""
    if given.number == ANONYMOUS:
        return {"callerid": ANONYMOUS, "name": given.name, "number": ANONYMOUS}
    number = wire.number_text(given.number, "national")
    return {"callerid": CallerId(name=given.name, number=number).text, "name": given.name, "number": number}


def queue(given: QueueStatus, home: Instance) -> dict[str, Any]:
    """A queue's status. The reference and the clients say nothing of its shape: this is ours."""
    return {
        "id": str(given.number),
        "pbx": str(home.uuid),
        "number": given.number,
        "name": given.name,
        "strategy": given.strategy,
        "waiting": given.waiting,
        "longest_wait": given.longest_wait,
        "completed": given.completed,
        "abandoned": given.abandoned,
        "members": given.members,
    }
