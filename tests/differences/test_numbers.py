"""Every number of KNOWN_DIFFERENCES.md has one test, every test here its number, and none is left out."""

import re
from pathlib import Path

HERE = Path(__file__).parent


def test_each_difference_has_its_test_and_the_other_way_round() -> None:
    text = (HERE.parent.parent / "KNOWN_DIFFERENCES.md").read_text(encoding="utf-8")
    written = [int(number) for number in re.findall(r"^(\d+)\. \*\*", text, re.MULTILINE)]
    assert written == list(range(1, len(written) + 1))
    tested = [
        int(number)
        for file in HERE.glob("test_differences_*.py")
        for number in re.findall(r"^(?:async )?def test_(\d+)_", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert sorted(tested) == written
