"""DOCX through the LibreOffice of this machine, where there is one."""

import io
import shutil
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from ringmain.documents.fax import DOCX, from_fax, to_fax

PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
RELATIONS = OFFICE.removesuffix("/officeDocument")
PICTURE = f"""<w:p><w:r><w:drawing>
<wp:inline xmlns:wp="{DRAWING}/wordprocessingDrawing"><wp:extent cx="3000000" cy="3000000"/><wp:docPr id="1" name="x"/>
<a:graphic xmlns:a="{DRAWING}/main"><a:graphicData uri="{DRAWING}/picture"><pic:pic xmlns:pic="{DRAWING}/picture">
<pic:nvPicPr><pic:cNvPr id="1" name="x"/><pic:cNvPicPr/></pic:nvPicPr>
<pic:blipFill><a:blip xmlns:r="{RELATIONS}" r:HOW="rId9"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>
<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="3000000" cy="3000000"/></a:xfrm>
<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr>
</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"""


def letter(paragraphs: list[str]) -> bytes:
    """The smallest package that Word would open."""
    return package("".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs))


def package(body: str, **parts: bytes) -> bytes:
    """A package of this body, with other parts below word/; `rels` are what its ids stand for."""
    octets = io.BytesIO()
    names = {"rels": "_rels/document.xml.rels", "png": "picture.png"}
    with zipfile.ZipFile(octets, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="png" ContentType="image/png"/>'
            f'<Override PartName="/word/document.xml" ContentType="{MAIN}"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{OFFICE}" Target="word/document.xml"/></Relationships>',
        )
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>')
        for name, content in parts.items():
            archive.writestr(f"word/{names[name]}", content)
    return octets.getvalue()


def showing(target: str, how: str, png: bytes) -> bytes:
    """A letter with a picture: in it (`embed`), or somewhere else (`link`)."""
    mode = ' TargetMode="External"' if how == "link" else ""
    relation = f'<Relationship Id="rId9" Type="{RELATIONS}/image" Target="{target}"{mode}/>'
    rels = f'<Relationships xmlns="{PACKAGE}/relationships">{relation}</Relationships>'
    return package(PICTURE.replace("HOW", how), rels=rels.encode(), png=png)


async def ink(document: bytes) -> int:
    """Black dots of the first page."""
    fax = await to_fax(document, DOCX)
    with Image.open(io.BytesIO(fax.tiff)) as page:
        return page.convert("L").histogram()[0]


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
async def test_a_letter_becomes_pages() -> None:
    fax = await to_fax(letter(["Dear Sir, Größe"] * 120), DOCX)
    assert fax.pages > 1
    assert (await from_fax(fax.tiff)).pages == fax.pages


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
async def test_no_file_of_this_server_comes_onto_the_page(tmp_path: Path) -> None:
    """Whoever could link to one would see other companies' pictures."""
    octets = io.BytesIO()
    Image.new("RGB", (100, 100), "black").save(octets, "PNG")
    picture = tmp_path / "picture.png"
    picture.write_bytes(octets.getvalue())
    assert await ink(showing(picture.as_uri(), "link", b"")) == 0
    assert await ink(showing("picture.png", "embed", octets.getvalue())) > 100_000
