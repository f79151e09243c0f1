"""The keys that FreePBX keeps of an extension (specs/ringplan.md 4), and what they are unless set."""

import re
from collections.abc import Mapping
from typing import Any, Final

from ringmain.core.errors import Invalid
from ringmain.core.extensions.model import CallerId

MAX_TEXT: Final = 1000
MAX_INTEGER: Final = 2**31 - 1

OWN: Final = frozenset({"id", "extension", "name"})
"""Keys that the extension itself has the values of."""

SECRET_KEYS: Final = frozenset({"secret", "password", "voicemail_vmpwd"})
"""Keys that only the extension's user and the company's owner may see."""

FIXED: Final[dict[str, Any]] = {
    "accountcode": "",
    "allow": "",
    "answermode": "disabled",
    "avpf": "no",
    "bundle": "no",
    "busy_cid": "",
    "busy_dest": "",
    "callwaiting_enable": "ENABLED",
    "chanunavail_cid": "",
    "chanunavail_dest": "",
    "concurrency_limit": 3,
    "context": "from-internal",
    "device_state_busy_at": "0",
    "devicetype": "fixed",
    "disable_star_voicemail": "no",
    "disallow": "",
    "dtmfmode": "rfc4733",
    "emergency_cid": "",
    "findmefollow_annmsg_id": "0",
    "findmefollow_calendar_id": "",
    "findmefollow_calendar_match": "yes",
    "findmefollow_changecid": "default",
    "findmefollow_dring": "",
    "findmefollow_enabled": "",
    "findmefollow_fixedcid": "",
    "findmefollow_grppre": "",
    "findmefollow_grptime": 30,
    "findmefollow_needsconf": False,
    "findmefollow_pre_ring": 20,
    "findmefollow_remotealert_id": "0",
    "findmefollow_ringing": "",
    "findmefollow_strategy": "ringallv2",
    "findmefollow_toolate_id": "0",
    "findmefollow_voicemail": "default",
    "force_rport": "yes",
    "icesupport": "no",
    "intercom": "enabled",
    "max_contacts": "30",
    "maximum_expiration": "7200",
    "media_encryption": "no",
    "media_encryption_optimistic": "no",
    "media_use_received_transport": "no",
    "mohclass": "default",
    "mwi_subscription": "auto",
    "namedcallgroup": "",
    "namedpickupgroup": "",
    "noanswer": "",
    "noanswer_cid": "",
    "noanswer_dest": "",
    "password": "",
    "qualifyfreq": "60",
    "recording": "",
    "recording_in_external": "dontcare",
    "recording_in_internal": "dontcare",
    "recording_ondemand": "disabled",
    "recording_out_external": "dontcare",
    "recording_out_internal": "dontcare",
    "recording_priority": 10,
    "rewrite_contact": "yes",
    "ringtimer": "0",
    "rtcp_mux": "no",
    "rtp_symmetric": "yes",
    "secret": "",
    "sendrpid": "pai",
    "sipdriver": "chan_pjsip",
    "sipname": "",
    "tech": "pjsip",
    "timers": "yes",
    "transport": "",
    "trustrpid": "yes",
    "vmx_busy_enabled": "blocked",
    "vmx_option_0_number": "",
    "vmx_option_1_number": "",
    "vmx_option_2_number": "",
    "vmx_play_instructions": False,
    "vmx_temp_enabled": "blocked",
    "vmx_unavail_enabled": "blocked",
    "voicemail": "default",
    "voicemail_email": "",
    "voicemail_enable": "yes",
    "voicemail_options": "attach=yes|saycid=no|envelope=no|delete=no",
    "voicemail_pager": "",
    "voicemail_same_exten": "no",
}


def template(number: int, name: str, caller_id: CallerId | None) -> dict[str, Any]:
    """All keys, as they are for an extension of this number and name for which none was set."""
    digits = str(number)
    return {
        **FIXED,
        "id": number,
        "extension": number,
        "name": name,
        "callerid": f"{name} <{digits}>" if name else f"<{digits}>",
        "cid_masquerade": digits,
        "description": f"{name} {digits}".strip(),
        "dial": f"PJSIP/{digits}",
        "findmefollow_grplist": digits,
        "findmefollow_postdest": f"ext-local,vmu{digits},1",
        "mailbox": f"{digits}@device",
        "outboundcid": caller_id.text if caller_id else "",
        "user": digits,
        "voicemail_vmpwd": digits,
    }


_SAMPLE: Final = template(1, "", None)
KEYS: Final = frozenset(_SAMPLE)


def laid_over(number: int, name: str, caller_id: CallerId | None, data: Mapping[str, Any]) -> dict[str, Any]:
    """All keys of an extension, in the alphabet's order but `id` first, as the reference has them."""
    whole = {**template(number, name, caller_id), **data}
    return {"id": number, **{key: whole[key] for key in sorted(KEYS - {"id"})}}


def check_data(given: Mapping[str, Any]) -> dict[str, Any]:
    """What may be kept of keys that were given: known ones but `OWN`, each of its type; null is empty.

    Texts that are numbers and numbers that should be texts are taken as what they should be. Raises Invalid.
    """
    kept = {}
    for key, value in given.items():
        if key in KEYS and key not in OWN:
            kept[key] = _checked(key, value)
    return kept


def _checked(key: str, value: object) -> Any:
    usual = _SAMPLE[key]
    if value is None:
        return "" if isinstance(usual, str) else usual
    if isinstance(usual, bool):
        if isinstance(value, bool):
            return value
        raise Invalid(key, "must be true or false")
    if isinstance(usual, int):
        return integer(key, value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise Invalid(key, f"must be a text of at most {MAX_TEXT} characters")
    return value


def integer(key: str, value: object, *, lowest: int = 0, highest: int = MAX_INTEGER) -> int:
    """A whole number, which may come as text. Raises Invalid."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(MAX_INTEGER)):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise Invalid(key, f"must be a whole number from {lowest} to {highest}")
    return value


OUTBOUND: Final = re.compile(r'\s*(?:"([^"<>]*)"|([^"<>]*?))\s*<([^"<>]*)>\s*')


def caller_id_of(text: str) -> CallerId | None:
    """What `outboundcid` says: `"Name" <number>`, `Name <number>` or a number alone; None when empty."""
    found = OUTBOUND.fullmatch(text)
    if found:
        return CallerId(name=(found[1] or found[2] or "").strip(), number=found[3].strip())
    return CallerId(number=text.strip()) if text.strip() else None
