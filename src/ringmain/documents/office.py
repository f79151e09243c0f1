"""A DOCX as a PDF, by LibreOffice. Runs in the child, which has no network; LibreOffice inherits that."""

import io
import subprocess
import zipfile
from pathlib import Path
from typing import Final

from ringmain.documents.refusal import Refused

MEMBER: Final = "word/document.xml"
MAX_SIZE: Final = 512 * 1024**2
"""Bytes of all parts, unpacked."""
MAX_PARTS: Final = 10_000
SETTINGS: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop>
</item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update">
<prop oor:name="Link" oor:op="fuse"><value>0</value></prop>
</item>
</oor:items>
"""
"""What a document links to is not fetched: it could name files of this server, and show them on the page."""


def as_pdf(content: bytes, folder: str, program: str) -> tuple[str, bytes]:
    """The PDF of a DOCX. `folder` is empty, for this document alone, and removed by the parent. Raises Refused."""
    _check(content)
    place = Path(folder)
    document = place / "document.docx"
    document.write_bytes(content)
    settings = place / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    settings.write_text(SETTINGS)
    command = (
        program,
        f"-env:UserInstallation={(place / 'profile').as_uri()}",
        "--headless",
        "--norestore",
        "--nolockcheck",
        # Whatever else the file may be inside, it is read as what it says.
        "--infilter=MS Word 2007 XML",
        "--convert-to",
        "pdf",
        "--outdir",
        folder,
        str(document),
    )
    environment = {"HOME": folder, "TMPDIR": folder, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    done = subprocess.run(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=folder,
        check=False,
    )
    made = place / "document.pdf"
    if done.returncode != 0 or not made.is_file():
        raise Refused("is not a DOCX that can be converted")
    return "application/pdf", made.read_bytes()


def _check(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Refused("is not a DOCX") from error
    if MEMBER not in {part.filename for part in parts}:
        raise Refused("is not a DOCX")
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_SIZE:
        raise Refused("is too large, unpacked")
