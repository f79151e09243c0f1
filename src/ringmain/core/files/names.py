"""Names of files as their senders gave them, made harmless."""

import re
import unicodedata
from typing import Final

MAX_LENGTH: Final = 200
MAX_EXTENSION: Final = 16
NAMELESS: Final = "file"


def clean_name(name: str) -> str:
    """The name without folders, control and invisible characters, at most `MAX_LENGTH` characters, never empty.

    The extension survives the cut.
    """
    last = re.split(r"[/\\]", name)[-1]
    # Categories C*: controls, direction overrides that disguise an extension, lone surrogates.
    visible = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C")
    tidy = " ".join(visible.split())
    if not tidy.strip(". "):
        return NAMELESS
    if len(tidy) <= MAX_LENGTH:
        return tidy
    stem, dot, extension = tidy.rpartition(".")
    if not dot or len(extension) > MAX_EXTENSION:
        return tidy[:MAX_LENGTH].rstrip()
    return f"{stem[: MAX_LENGTH - len(extension) - 1].rstrip()}.{extension}"
