"""DOCX through the LibreOffice of this machine, where there is one."""

import io
import shutil
import zipfile

import pytest

from ringmain.documents.fax import DOCX, from_fax, to_fax

PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def letter(paragraphs: list[str]) -> bytes:
    """The smallest package that Word would open."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as package:
        package.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{MAIN}"/></Types>',
        )
        package.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{OFFICE}" Target="word/document.xml"/></Relationships>',
        )
        body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
        package.writestr("word/document.xml", f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>')
    return octets.getvalue()


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
async def test_a_letter_becomes_pages() -> None:
    fax = await to_fax(letter(["Dear Sir, Größe"] * 120), DOCX)
    assert fax.pages > 1
    assert (await from_fax(fax.tiff)).pages == fax.pages
