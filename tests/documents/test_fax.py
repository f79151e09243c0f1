import io
import zipfile
from pathlib import Path

import psutil
import pypdfium2  # type: ignore[import-untyped]
import pytest
from PIL import Image, ImageChops, ImageDraw, TiffImagePlugin
from reportlab.pdfgen.canvas import Canvas

from ringmain.core.errors import Invalid
from ringmain.documents import fax
from ringmain.documents.fax import DOCX, FaxDocument, concatenate, cover_page, fax_preview, from_fax, to_fax
from tests.conditions import eventually
from tests.documents.papers import frames, paper, saying, showing, tiff_of
from tests.documents.pictures import decoded, encoded

PDF, TIFF, PNG, JPEG, TEXT = "application/pdf", "image/tiff", "image/png", "image/jpeg", "text/plain"
ROWS = {"fine": 196, "standard": 98}


def black_part(page: Image.Image, box: tuple[int, int, int, int] | None = None) -> float:
    grey = (page.crop(box) if box else page).convert("L")
    return grey.histogram()[0] / (grey.width * grey.height)


def words(pdf: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))


@pytest.mark.parametrize(("resolution", "rows"), [("fine", 2149), ("standard", 1074)])
async def test_a_pdf_becomes_fax_pages(resolution: fax.Resolution, rows: int) -> None:
    made = await to_fax(paper(saying("one"), saying("two"), saying("three")), PDF, resolution=resolution)
    assert made.pages == 3
    with Image.open(io.BytesIO(made.tiff)) as file:
        assert isinstance(file, TiffImagePlugin.TiffImageFile)
        for number in range(3):
            file.seek(number)
            tags = {tag: file.tag_v2[tag] for tag in (256, 257, 258, 259, 262, 266, 277, 278, 282, 283, 296, 297)}
            assert tags == {
                256: 1728,
                257: rows,
                258: (1,),
                259: 4,
                262: 0,
                266: 1,
                277: 1,
                278: rows,
                282: 204,
                283: ROWS[resolution],
                296: 2,
                297: (number, 3),
            }
            assert len(file.tag_v2[273]) == len(file.tag_v2[279]) == 1
        with pytest.raises(EOFError):
            file.seek(3)
    for page in frames(made.tiff):
        assert page.size == (1728, rows)
        assert 0 < black_part(page) < 0.01
        # The words are where they were drawn, and black.
        assert black_part(page, (200, rows // 16, 500, rows // 8)) > 0.005


async def test_every_dot_is_as_pillow_reads_it() -> None:
    dots = Image.effect_noise((1728, 501), 150).convert("1")
    (page,) = frames((await to_fax(tiff_of([dots], compression="group4", dpi=(204, 196)), TIFF, mode="text")).tiff)
    assert ImageChops.difference(page.convert("L"), dots.convert("L")).getbbox() is None


@pytest.mark.parametrize(("size", "rows"), [((612, 1008), 2734), ((1008, 612), 1008), ((595.28, 841.89), 2348)])
async def test_the_aspect_of_a_page_is_kept(size: tuple[float, float], rows: int) -> None:
    (page,) = frames((await to_fax(paper(saying("x"), size=size), PDF)).tiff)
    assert page.width == 1728
    assert abs(page.height - rows) <= 1


async def test_a_page_without_end_is_made_smaller() -> None:
    strip = paper(lambda canvas: canvas.rect(0, 0, 200, 14000, fill=1), size=(200, 14000))
    (page,) = frames((await to_fax(strip, PDF)).tiff)
    assert page.size == (1728, 30 * 196)
    left, top, right, bottom = ImageChops.invert(page.convert("L")).getbbox() or (0, 0, 0, 0)
    assert (right - left) / 204 / ((bottom - top) / 196) == pytest.approx(200 / 14000, rel=0.05)


async def test_what_was_filled_in_and_annotated_is_seen() -> None:
    def form(canvas: Canvas) -> None:
        canvas.acroForm.textfield(value="FILLED IN", x=72, y=600, width=300, height=40, fontSize=30, borderWidth=0)

    (page,) = frames((await to_fax(paper(form), PDF, mode="text")).tiff)
    assert black_part(page, (203, 410, 1050, 522)) > 0.03


async def test_pictures_become_pages() -> None:
    picture = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(picture).rectangle((0, 0, 199, 299), "black")
    for kind, mimetype in (("PNG", PNG), ("JPEG", JPEG), ("TIFF", TIFF)):
        (page,) = frames((await to_fax(encoded(picture, kind), mimetype)).tiff)
        assert page.size == (1728, round(1728 * 3 / 4 * 196 / 204))
        assert black_part(page, (0, 0, 850, 1200)) > 0.99
        assert black_part(page, (880, 0, 1728, 1200)) < 0.01


async def test_a_large_photograph_stands_upright() -> None:
    photograph = Image.new("L", (6000, 3000), 255)
    photograph.paste(0, (0, 0, 3000, 3000))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees: left becomes up
    (page,) = frames((await to_fax(encoded(photograph, "JPEG", exif=exif), JPEG)).tiff)
    assert page.size == (1728, round(1728 * 2 * 196 / 204))
    assert black_part(page, (0, 0, 1728, 1600)) > 0.99
    assert black_part(page, (0, 1720, 1728, 3320)) < 0.01


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
async def test_what_is_transparent_is_white(mode: str) -> None:
    picture = Image.new("RGBA", (100, 100), (0, 0, 0, 0)).convert(mode)
    content = encoded(picture, "PNG", **({"transparency": 0} if mode == "P" else {}))
    (page,) = frames((await to_fax(content, PNG, resolution="standard")).tiff)
    assert black_part(page) == 0


async def test_sixteen_bit_grey_keeps_its_brightness() -> None:
    (page,) = frames((await to_fax(encoded(Image.new("I;16", (200, 200), 0x8000), "PNG"), PNG, mode="photo")).tiff)
    assert black_part(page) == pytest.approx(0.5, abs=0.02)


async def test_a_received_tiff_changes_resolution_and_keeps_its_form() -> None:
    circle = Image.new("1", (1728, 1074), 1)
    ImageDraw.Draw(circle).ellipse((464, 337, 1264, 721), 0)  # 800 dots wide, 384 rows high: round at 204x98
    (page,) = frames((await to_fax(tiff_of([circle], compression="group3", dpi=(204, 98)), TIFF)).tiff)
    assert page.size == (1728, 2148)
    left, top, right, bottom = ImageChops.invert(page.convert("L")).getbbox() or (0, 0, 0, 0)
    assert abs(right - left - 801) <= 2
    assert abs(bottom - top - 770) <= 3


async def test_the_modes_differ_as_they_should() -> None:
    def draw(canvas: Canvas) -> None:
        saying("Crisp words of eight points", 8)(canvas)
        canvas.setFillGray(0.75)
        canvas.rect(72, 400, 400, 100, fill=1, stroke=0)
        canvas.setFillColorRGB(1, 1, 0)
        canvas.drawString(72, 300, "yellow words")
        showing(Image.radial_gradient("L").resize((500, 500)), 72, 40, 200, 200)(canvas)

    content = paper(draw)
    made = {mode: await to_fax(content, PDF, mode=mode) for mode in ("text", "photo", "auto")}
    text, photo, auto = (frames(made[mode].tiff)[0] for mode in ("text", "photo", "auto"))
    bar, heading, yellow = (250, 850, 1300, 1050), (200, 200, 600, 270), (200, 1300, 450, 1345)
    assert (black_part(text, bar), black_part(text, yellow)) == (0, 0)
    assert black_part(photo, bar) == pytest.approx(0.25, abs=0.03)
    assert black_part(auto, bar) == pytest.approx(0.25, abs=0.05)
    assert black_part(auto, yellow) > 0.03
    # Words are as crisp as by a threshold, dots are dots, and half of the sending time is saved.
    assert ImageChops.difference(text.crop(heading).convert("L"), auto.crop(heading).convert("L")).getbbox() is None
    assert len(made["text"].tiff) < len(made["auto"].tiff) < 0.6 * len(made["photo"].tiff)


async def test_grey_paper_of_a_photographed_page_becomes_white() -> None:
    page = Image.effect_noise((1200, 1500), 6).point([max(0, min(255, value + 90)) for value in range(256)])
    ImageDraw.Draw(page).text((100, 100), "Words on greyish paper", 30, font_size=60)
    (made,) = frames((await to_fax(encoded(page, "JPEG"), JPEG)).tiff)
    assert black_part(made, (0, 400, 1728, 2000)) < 0.001
    assert black_part(made, (140, 130, 1000, 230)) > 0.05


async def test_a_text_wraps_and_turns_pages() -> None:
    text = (
        "\ufeffGrüße, № 7\r\n\tindented\n" + "word " * 60 + "\n" + "x" * 200 + "\fsecond page\n" + "line\n" * 60 + "\f"
    )
    made = await to_fax(text.encode(), "text/plain; charset=utf-8")
    assert made.pages == 3
    first, second, third = frames(made.tiff)
    assert {first.size, second.size, third.size} == {(1728, 2149)}
    for page in (first, second, third):
        # Nothing runs over the margins.
        left, top, right, bottom = ImageChops.invert(page.convert("L")).getbbox() or (0, 0, 0, 0)
        assert left >= 150 and right <= 1728 - 150 and top >= 140 and bottom <= 2149 - 140
    assert black_part(third) < black_part(second)


@pytest.mark.parametrize("content", ["Grüße".encode("cp1252"), "Grüße".encode("utf-16"), b"\f\fx"])
async def test_other_texts_are_read(content: bytes) -> None:
    made = await to_fax(content, TEXT, resolution="standard")
    assert black_part(frames(made.tiff)[-1]) > 0


async def test_a_fax_becomes_a_pdf_of_its_own_size_with_its_own_bytes() -> None:
    for resolution in ("fine", "standard"):
        made = await to_fax(paper(saying("one"), saying("two")), PDF, resolution=resolution)
        back = await from_fax(made.tiff)
        assert back.pages == made.pages == 2
        assert back.pdf.startswith(b"%PDF") and back.pdf.count(b"/CCITTFaxDecode") == 2
        document = pypdfium2.PdfDocument(back.pdf)
        assert [document.get_page_size(n) for n in range(2)] == [pytest.approx((610, 790), abs=1)] * 2
        again = await to_fax(back.pdf, PDF, mode="text", resolution=resolution)
        assert black_part(frames(again.tiff)[0]) == pytest.approx(black_part(frames(made.tiff)[0]), rel=0.1)


@pytest.mark.parametrize("options", [{"compression": "group3"}, {"compression": "group4"}, {}])
async def test_faxes_of_other_makers_become_a_pdf(options: dict[str, str]) -> None:
    page = Image.new("1", (1728, 1100), 1)
    ImageDraw.Draw(page).rectangle((100, 100, 800, 300), 0)
    back = await from_fax(tiff_of([page] * 3, dpi=(204, 98), **options))
    assert back.pages == 3
    shown = decoded((await fax_preview(back.pdf)).content)
    assert black_part(shown, (50, 80, 300, 210)) > 0.9
    assert black_part(shown, (400, 400, 600, 700)) < 0.01


@pytest.mark.parametrize("resolution", ["fine", "standard"])
async def test_a_preview_has_the_true_aspect(resolution: fax.Resolution) -> None:
    document = paper(saying("one", 40), saying("two"))
    made = await to_fax(document, PDF, resolution=resolution)
    for content in (document, made.tiff):
        small = await fax_preview(content)
        picture = decoded(small.content)
        assert (small.mimetype, picture.mode, picture.height) == ("image/png", "L", 800)
        assert abs(picture.width - 618) <= 2
        assert ImageChops.invert(picture).getbbox() is not None


async def test_a_cover_sheet_says_it_all() -> None:
    sheet = await cover_page(
        to="Dr. Müller, +49 30 1234567",
        from_="Jane Doe",
        company="ACME GmbH",
        subject="Invoice 4711",
        comment="First line\n\n" + "many words " * 200,
        pages=3,
        date="21 November 2026",
    )
    said = words(sheet)
    for part in ("Müller, +49 30 1234567", "Jane Doe", "ACME GmbH", "Invoice 4711", "First line", "21 November", "3"):
        assert part in said
    assert len(pypdfium2.PdfDocument(sheet)) == 1


async def test_a_cover_sheet_bears_anything() -> None:
    huge = "long \N{CJK UNIFIED IDEOGRAPH-4E2D}\0\x1b<b>&\n" * 2000
    sheet = await cover_page(to=huge, from_=huge, company=huge, subject=huge, comment=huge, pages=-1)
    assert len(pypdfium2.PdfDocument(sheet)) == 1
    empty = words(await cover_page())
    assert "FAX" in empty and "Subject" not in empty and "Pages" not in empty


async def test_a_cover_goes_before_the_pages() -> None:
    cover = await to_fax(await cover_page(to="Jane"), PDF, mode="text")
    pages = await to_fax(paper(saying("one"), saying("two")), PDF, mode="text")
    whole = concatenate(cover, pages)
    assert whole.pages == 3
    expected = [page.tobytes() for page in frames(cover.tiff) + frames(pages.tiff)]
    assert [page.tobytes() for page in frames(whole.tiff)] == expected
    assert (await from_fax(whole.tiff)).pages == 3
    assert await to_fax(whole.tiff, TIFF, mode="text") == whole
    with pytest.raises(Invalid, match="more than 200 pages"):
        concatenate(*[pages] * 101)
    with pytest.raises(Invalid):
        concatenate(cover, FaxDocument(tiff=pages.tiff + b"\0", pages=2))


def docx() -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        archive.writestr("word/document.xml", "<w:document/>")
    return output.getvalue()


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program in LibreOffice's place: the real one has 200 MB and is not part of the tests."""
    program = folder / "soffice"
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_without_libreoffice_a_docx_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Invalid, match="LibreOffice is not installed") as refusal:
        await to_fax(docx(), DOCX)
    assert refusal.value.field == "mimetype"


async def test_a_docx_is_converted_by_a_program_of_its_own_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = tmp_path / "ready.pdf"
    ready.write_bytes(paper(saying("converted")))
    log = tmp_path / "log"
    install(
        tmp_path,
        monkeypatch,
        f'echo "$@" >{log}; echo "home $HOME" >>{log}; tail -n +3 /proc/net/dev | cut -d: -f1 >>{log}\n'
        f'cp {ready} "$HOME/document.pdf"\n',
    )
    made = await to_fax(docx(), DOCX)
    assert made.pages == 1
    asked, home, *networks = log.read_text().splitlines()
    folder = home.removeprefix("home ")
    assert f"-env:UserInstallation=file://{folder}/profile" in asked
    assert "--headless --norestore" in asked
    assert asked.endswith(f"--outdir {folder} {folder}/document.docx")
    # Only a loopback that is down: nothing named in the document can be fetched.
    assert [name.strip() for name in networks] == ["lo"]
    assert not Path(folder).exists()


@pytest.mark.parametrize(("script", "reason"), [("exit 1\n", "is not a DOCX"), ("exit 0\n", "is not a DOCX")])
async def test_a_failed_conversion_is_refused(
    script: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, script)
    with pytest.raises(Invalid, match=reason):
        await to_fax(docx(), DOCX)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04garbage", encoded(Image.new("L", (9, 9)), "PNG")])
async def test_what_is_no_docx_is_never_converted(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, f"touch {tmp_path}/ran\n")
    with pytest.raises(Invalid, match="is not a DOCX"):
        await to_fax(content, DOCX)
    assert not (tmp_path / "ran").exists()


async def test_a_conversion_that_hangs_is_ended_with_all_its_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, f"sleep 600 & echo $! >{tmp_path}/pids; echo $$ >>{tmp_path}/pids; wait\n")
    monkeypatch.setattr(fax, "OFFICE_WALL_S", 1.0)
    with pytest.raises(Invalid, match="too long"):
        await to_fax(docx(), DOCX)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]

    async def all_gone() -> bool:
        return not any(running(pid) for pid in pids)

    assert len(pids) == 2
    await eventually(all_gone)
