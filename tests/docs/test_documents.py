"""What the documents say is so: snippets run, tables follow the code, links lead somewhere."""

import json
import re
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from ringmain.carriers.sandbox import MEANING
from ringmain.carriers.smpp.carrier import SmppSettings
from ringmain.core.calls.model import LEG_OUTCOMES, Call, Leg
from ringmain.core.events import TYPES
from ringmain.delivery.signing import new_secret, sign
from ringmain.dialects.ringplan import calls_wire
from ringmain.dialects.ringplan.events import WEBHOOK_TYPES
from ringmain.setup.document import Document

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BODY = '{"text": "Grüße"}'.encode()


def read(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def snippet(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", read("webhooks.md"), re.DOTALL)
    assert found
    return found[1]


def cases() -> list[tuple[str, dict[str, str], bytes, bool]]:
    """Secret, headers, body, and whether the signature is good."""
    secret, now = new_secret(), int(time.time())
    headers = sign([secret], "msg_1_2", now, BODY)
    rotated = sign([new_secret(), secret], "msg_1_2", now, BODY)
    return [
        (secret, headers, BODY, True),
        (secret, rotated, BODY, True),
        (secret, headers, BODY + b" ", False),
        (new_secret(), headers, BODY, False),
        (secret, {**headers, "webhook-id": "msg_1_3"}, BODY, False),
        (secret, {**headers, "webhook-timestamp": str(now + 1)}, BODY, False),
        (secret, {**headers, "webhook-signature": "v1,"}, BODY, False),
        (secret, sign([secret], "msg_1_2", now - 400, BODY), BODY, False),
    ]


def test_every_event_is_explained() -> None:
    written = "".join(document.read_text(encoding="utf-8") for document in (ROOT / "docs").glob("*.md"))
    assert {kind for kind in TYPES if f"`{kind}`" not in written} == set()


def test_the_python_snippet_verifies() -> None:
    names: dict[str, Any] = {}
    exec(snippet("python"), names)
    for secret, headers, body, good in cases():
        assert names["verify"](secret, headers, body) is good


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_javascript_snippet_verifies() -> None:
    given = [(secret, headers, body.decode()) for secret, headers, body, _ in cases()]
    expected = [good for *_, good in cases()]
    program = f"{snippet('javascript')}\nconst given = {json.dumps(given)};\n" + (
        "console.log(JSON.stringify(given.map(([secret, headers, body]) => "
        "verify(secret, headers, Buffer.from(body)))));"
    )
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == expected


def test_the_sandbox_table_is_the_sandbox() -> None:
    rows = re.findall(r"^\| `(\+1500555\d{4})` \| (.+) \|$", read("carriers.md"), re.MULTILINE)
    assert rows == [(number.value, meaning) for number, meaning in MEANING.items()]


def test_the_smpp_table_is_the_settings() -> None:
    lines = read("carriers.md").partition("<!-- smpp")[2].splitlines()
    rows = [tuple(cell.strip() for cell in line.split("|")[1:3]) for line in lines if line.startswith("| `")]
    assert rows == [(f"`{one.encode_name}`", _default(one)) for one in msgspec.structs.fields(SmppSettings)]


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default in (msgspec.NODEFAULT, None):
        return ""
    return f"`{msgspec.json.encode(field.default).decode().replace(',', ', ')}`"


def test_the_carrier_example_is_a_file_for_apply() -> None:
    found = re.search(r"```toml\n(.*?)```", read("carriers.md"), re.DOTALL)
    assert found
    (carrier,) = Document("carriers.md", found[1]).content.carriers
    assert msgspec.convert(carrier.settings, SmppSettings).tps == 30


def test_the_notifications_are_json() -> None:
    found = {one["type"]: one for one in notifications()}
    assert list(found) == [
        "texting.message.inbound",
        "dial.action.started",
        "dial.action.completed",
        "call.action.hangup",
        "message.updated",
    ]


def notifications() -> list[dict[str, Any]]:
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", read("webhooks.md"), re.DOTALL)]


def test_what_is_said_of_calls_is_rendered_so() -> None:
    start = datetime(2026, 3, 4, tzinfo=UTC)
    leg = Leg(reference="l", extension_number=101, ringing_at=start, ended_at=start, outcome="answered")
    call = Call(
        id=1, company_id=1, instance_id=1, instance_uuid=UUID(int=1), reference="c", direction="inbound",
        network="off_net", source="", source_name="", destination="101", destination_name="", extension_number=101,
        started_at=start, answered_at=start, ended_at=start, outcome="completed", release_code=16, pbx={},
        recording_file_id=None, transcription_id=None,
    )  # fmt: skip
    rendered = {
        "dial.action.started": calls_wire.call_started(call, leg),
        "dial.action.completed": calls_wire.dial_completed(call, leg),
        "call.action.hangup": calls_wire.call_hung_up(call),
    }
    assert rendered.keys() == WEBHOOK_TYPES.keys() - {"texting.message.inbound"}
    for one in notifications():
        if one["type"] in rendered:
            assert list(one["data"]) == list(rendered[one["type"]])
    assert all(f"`{outcome}`" in read("webhooks.md") for outcome in LEG_OUTCOMES)


def test_every_type_of_webhook_is_described() -> None:
    text = read("webhooks.md")
    assert all(f"`{name}`" in text for name in WEBHOOK_TYPES)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_in_backticks_exist(document: Path) -> None:
    """`core/ids.py` and the like, from the root or from src/ringmain."""
    for path in re.findall(r"`([\w./-]+\.(?:py|sql|toml|md|sh))`", document.read_text(encoding="utf-8")):
        places = (ROOT, ROOT / "src" / "ringmain", ROOT / "src" / "ringmain" / "dialects" / "ringplan")
        known = (
            path.startswith("specs/")
            or any((place / path).exists() for place in places)
            or any(ROOT.glob(f"src/**/{path}"))
        )
        assert known or any(ROOT.glob(f"tests/**/{path}")), path
