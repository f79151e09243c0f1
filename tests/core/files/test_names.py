import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.core.files.names import MAX_LENGTH, clean_name


@pytest.mark.parametrize(
    ("given_name", "clean"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\photo.jpg", "photo.jpg"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("\x00\x1b[31m.png", "[31m.png"),
        ("  two   words .txt ", "two words .txt"),
        ("cafe\u0301.txt", "caf\u00e9.txt"),
        ("\ud800bad.txt", "bad.txt"),
        ("", "file"),
        ("..", "file"),
        ("folder/", "file"),
        (". .", "file"),
        ("x" * 500 + ".jpeg", "x" * (MAX_LENGTH - 5) + ".jpeg"),
        ("x" * 500, "x" * MAX_LENGTH),
        ("x." + "y" * 500, "x." + "y" * (MAX_LENGTH - 2)),
    ],
)
def test_names_are_made_harmless(given_name: str, clean: str) -> None:
    assert clean_name(given_name) == clean


@given(st.text())
def test_any_name_comes_out_usable(name: str) -> None:
    clean = clean_name(name)
    assert 0 < len(clean) <= MAX_LENGTH
    assert not set(clean) & set("/\\")
    assert clean not in (".", "..")
    assert all(unicodedata.category(c)[0] != "C" for c in clean)
    clean.encode()
