"""What docs/pbx.md says is so."""

import re
from pathlib import Path

from ringmain.core.extensions.template import KEYS
from ringmain.core.instances.service import ANSWER_SECONDS
from ringmain.core.seal import Seal
from ringmain.database.pool import Database
from ringmain.pbx.sandbox import MEANING
from ringmain.setup.apply import apply
from ringmain.setup.document import Document

TEXT = (Path(__file__).parent.parent.parent / "docs" / "pbx.md").read_text(encoding="utf-8")


def test_the_table_is_the_sandbox() -> None:
    rows = re.findall(r"^\| `(\d+)` \| (.+) \|$", TEXT, re.MULTILINE)
    assert rows == [(str(number.value), meaning) for number, meaning in MEANING.items()]


def test_the_numbers_are_the_code() -> None:
    assert f"the {len(KEYS)} keys" in TEXT
    assert f"{ANSWER_SECONDS:.0f} seconds" in TEXT


async def test_the_example_is_a_file_for_apply(database: Database) -> None:
    found = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert found
    report, _ = await apply(database, Document("pbx.md", found[1]), seal=Seal.passing())
    assert report.companies[0].extensions[0]["password"]
