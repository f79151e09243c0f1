"""What specs/ringrx.md 5 reads into the document's inconsistencies: those of call alerts, and that none is left out."""

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ringmain.core.groups.model import CallOffered, OfferedUser
from ringmain.dialects.ringrx import ids, templates
from ringmain.dialects.ringrx.callback_wire import call_alert

READINGS = 19
OFFERED = CallOffered(
    call_id=1 << 30,
    group_id=7,
    began_at=datetime(2024, 2, 27, 23, 8, 10, 20813, tzinfo=UTC),
    originally_dialed="+18885439876",
    dialed="8000",
    caller_number="+18185551234",
    caller_name="Dr Smith",
    tags=["inbound", "reception_queue"],
    users=[
        OfferedUser(extension_number=101, name="ssmith", email="ssmith@gmail.us"),
        OfferedUser(extension_number=102, name="", email=""),
    ],
)
"""The document's example, and somebody without name and mail."""
body = call_alert(OFFERED, 99, "customer.ringrx.com")


def filled(token: str) -> str:
    return templates.address(f"http://h/?x={token}", body).removeprefix("http://h/?x=")


def test_the_documents_example() -> None:
    assert body == {
        "uuid": ids.encode(OFFERED.call_id),
        "created_at": "1709075290020813",
        "callback_id": 99,
        "domain_name": "customer.ringrx.com",
        "originally_dialed_number": "+18885439876",
        "dialed_number": "8000",
        "caller_number": "+18185551234",
        "caller_nname": "Dr Smith",
        "caller_name": "Dr Smith",
        "tags": "inbound,reception_queue",
        "dialed_user_emails": "ssmith@gmail.us,",
        "dialed_users": "ssmith,102",
    }


def test_reading_2_the_callers_name_is_under_both_spellings() -> None:
    assert body["caller_name"] == body["caller_nname"] == "Dr Smith"
    assert filled("{caller_name}") == filled("{caller_nname}") == "Dr%20Smith"


def test_reading_4_created_at_is_text_of_microseconds() -> None:
    assert body["created_at"] == "1709075290020813"
    assert datetime.fromtimestamp(int(body["created_at"]) // 10**6, UTC) == OFFERED.began_at.replace(microsecond=0)


def test_reading_6_fields_of_the_body_alone_are_tokens_too() -> None:
    """The uuid of a text is one as well (test_sms_callback)."""
    assert filled("{dialed_user_emails}") == "ssmith%40gmail.us%2C"
    assert filled("{uuid}") == body["uuid"]


def test_reading_7_users_and_their_mails_are_lists_of_commas_side_by_side() -> None:
    assert body["dialed_users"].split(",") == ["ssmith", "102"]
    assert body["dialed_user_emails"].split(",") == ["ssmith@gmail.us", ""]


def test_reading_7_a_comma_in_a_name_parts_no_list() -> None:
    users = [msgspec.structs.replace(OFFERED.users[0], name="Smith, John"), *OFFERED.users[1:]]
    listed = call_alert(msgspec.structs.replace(OFFERED, users=users), 99, "customer.ringrx.com")
    assert listed["dialed_users"] == "Smith John,102"


def test_reading_8_the_callbacks_id_is_a_number() -> None:
    assert body["callback_id"] == 99
    assert {type(value) for name, value in body.items() if name != "callback_id"} == {str}


def test_every_reading_is_named_by_a_test() -> None:
    names = [
        name
        for file in Path(__file__).parent.glob("test_*.py")
        for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))
    ]
    proved = {int(number) for name in names for number in re.findall(r"reading_(\d+)_", name)}
    assert sorted(set(range(1, READINGS + 1)) - proved) == []
