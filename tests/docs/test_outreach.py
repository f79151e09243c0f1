"""What docs/outreach.md says is so."""

import json
import re
from pathlib import Path
from typing import get_args

import msgspec

from ringmain.core.outreach import templates
from ringmain.core.outreach.model import ProfileSettings, State
from ringmain.core.system import Core
from ringmain.dialects.ringrx.outreach import OutreachRoutes
from ringmain.outreach import sandbox
from ringmain.setup.document import Document
from ringmain.setup.outreach import settings_given

TEXT = (Path(__file__).parent.parent.parent / "docs" / "outreach.md").read_text(encoding="utf-8")


def table(head: str) -> dict[str, str]:
    """The first two columns of the table that begins so."""
    lines = TEXT.partition(f"\n| {head} |")[2].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.split("|")[1:3]] for line in lines]
    return {name.strip("`"): meaning for name, meaning in cells}


def test_the_settings_and_their_defaults() -> None:
    written = table("Setting | Default | Meaning")
    defaults = {
        field.encode_name: "see below"
        if field.name in ("sms_template", "voice_template", "email_subject", "email_template")
        else f"`{json.dumps(getattr(ProfileSettings(), field.name))}`"
        for field in msgspec.structs.fields(ProfileSettings)
    }
    assert written == defaults


def test_the_variables() -> None:
    assert table("Variable | Meaning") == dict(templates.VARIABLES)


def test_the_templates() -> None:
    found = re.search(r"<!-- templates -->\n```json\n(.*?)```", TEXT, re.DOTALL)
    assert found
    assert {name: getattr(ProfileSettings(), name) for name in json.loads(found[1])} == json.loads(found[1])


def test_the_states() -> None:
    assert list(table("`state` | Meaning")) == list(get_args(State))
    states = table("Channel state | Of | Meaning")
    assert {one.result for one in sandbox.OUTCOMES.values()} <= states.keys()


def test_the_magic_numbers() -> None:
    assert table("Number | What it does") == sandbox.MEANING


def test_the_routes(core: Core) -> None:
    routes = {f"{one.method} {one.path}" for one in OutreachRoutes(core).endpoints if one.method != "PATCH"}
    assert table("RingRx | What it does").keys() == routes


def test_the_example_is_a_file_for_apply() -> None:
    found = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert found
    (profile,) = Document("outreach.md", found[1]).content.companies[0].outreach_profiles
    assert msgspec.convert(settings_given(profile.settings), ProfileSettings).lead_minutes == [2880, 240]
