"""What is written here: texts, cover sheets, the TIFF of fax pages. In this process: nothing hostile is opened."""

import time
from contextlib import suppress

import pypdfium2  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.documents import cover, faxtiff, fonts, textfile
from ringmain.documents.faxtiff import FaxPage

SOME_PAGES = st.lists(
    st.builds(FaxPage, st.integers(1, 6000), st.sampled_from([98, 196]), st.binary(min_size=1, max_size=200)),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module", autouse=True)
def _fonts() -> None:
    fonts.register()


@given(SOME_PAGES)
def test_pages_are_read_as_they_were_written(pages: list[FaxPage]) -> None:
    assert faxtiff.read(faxtiff.write(pages)) == pages


@given(SOME_PAGES, st.data())
def test_a_changed_file_is_not_ours_or_differs(pages: list[FaxPage], data: st.DataObject) -> None:
    content = bytearray(faxtiff.write(pages))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    with suppress(faxtiff.NotOurs):
        assert faxtiff.read(bytes(content)) != pages


@given(st.binary(max_size=600))
def test_garbage_is_not_ours(garbage: bytes) -> None:
    with pytest.raises(faxtiff.NotOurs):
        faxtiff.read(b"II*\0\x08\0\0\0" + garbage)


@given(st.text(st.sampled_from("aWi€ "), max_size=300), st.floats(20, 400))
def test_rows_hold_every_letter_and_fit(line: str, room: float) -> None:
    rows = fonts.wrapped(line, "Mono", 10, room)
    assert "".join(rows).replace(" ", "") == line.replace(" ", "")
    for row in rows:
        assert fonts.width(row, "Mono", 10) <= room + 0.01 or len(row) == 1 or not row.strip()


def test_a_long_line_is_wrapped_in_no_time() -> None:
    before = time.process_time()
    assert len(fonts.wrapped("x" * 100_000, "Mono", 10, 504)) == pytest.approx(1205, abs=5)
    assert time.process_time() - before < 3


def test_without_dejavu_the_bundled_font_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "DEJAVU", ())
    page = pypdfium2.PdfDocument(textfile.as_pdf("Grüße\n".encode() + b"long line " * 50, 5))[0]
    said = page.get_textpage().get_text_range()
    assert "Grüße" in said and said.count("long line") >= 40
    sheet = pypdfium2.PdfDocument(cover.make(b'{"to": "Jane"}')[1])[0]
    assert "Jane" in sheet.get_textpage().get_text_range()
