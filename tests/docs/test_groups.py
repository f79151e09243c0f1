"""What docs/groups.md says is so, and docs/webhooks.md of RingRx's callbacks."""

import json
import re
from pathlib import Path

import msgspec

from ringmain.core.system import Core
from ringmain.dialects.ringrx.bindings import KINDS
from ringmain.dialects.ringrx.group_wire import GivenGroup
from ringmain.dialects.ringrx.groups import GroupRoutes
from ringmain.operator.calls import CallBody
from ringmain.setup.document import Document

DOCS = Path(__file__).parent.parent.parent / "docs"
TEXT = (DOCS / "groups.md").read_text(encoding="utf-8")


def table(text: str, head: str) -> dict[str, str]:
    """The first two columns of the table that begins so."""
    lines = text.partition(f"\n| {head} |")[2].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.split("|")[1:3]] for line in lines]
    return {name.strip("`"): meaning for name, meaning in cells}


def test_the_routes(core: Core) -> None:
    routes = {f"{one.method} {one.path}" for one in GroupRoutes(core).endpoints if one.method != "PATCH"}
    assert set(re.findall(r"^\| `([A-Z]+ /\S+)` \|", TEXT, re.MULTILINE)) == routes


def test_the_fields() -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(GivenGroup)}
    assert table(TEXT, "Field | Default | Meaning").keys() == fields


def test_the_call_is_one_that_operators_may_inject() -> None:
    found = re.search(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert found
    assert msgspec.convert(json.loads(found[1]), CallBody).answered_by == 1002


def test_the_example_is_a_file_for_apply() -> None:
    found = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert found
    (company,) = Document("groups.md", found[1]).content.companies
    assert [group.number for group in company.groups] == [800]


def test_the_types_of_callbacks_and_what_binds_them() -> None:
    written = table(
        (DOCS / "webhooks.md").read_text(encoding="utf-8"), "`callback_type` | Bound to, by | What is posted"
    )
    assert list(written) == list(KINDS)
    for name, kind in KINDS.items():
        assert written[name].endswith(f"`{kind.field}`" if kind.field else "the account")
