"""What a file is: its declared media type where the content bears it out, else what the content says.

Browsers and fax pages trust this, so a type that has a signature is only believed with it.
"""

import re
from typing import Final

UNKNOWN: Final = "application/octet-stream"
TEXT: Final = "text/plain"
SNIFFED_BYTES: Final = 8192

TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}")

# (offset, signature, the type, other types that have the same signature)
SIGNATURES: Final[tuple[tuple[int, bytes, str, frozenset[str]], ...]] = (
    (0, b"\xff\xd8\xff", "image/jpeg", frozenset()),
    (0, b"\x89PNG\r\n\x1a\n", "image/png", frozenset({"image/apng"})),
    (0, b"GIF87a", "image/gif", frozenset()),
    (0, b"GIF89a", "image/gif", frozenset()),
    (8, b"WEBP", "image/webp", frozenset()),
    (0, b"II*\x00", "image/tiff", frozenset()),
    (0, b"MM\x00*", "image/tiff", frozenset()),
    (0, b"BM", "image/bmp", frozenset()),
    (0, b"%PDF-", "application/pdf", frozenset()),
    (8, b"WAVE", "audio/wav", frozenset({"audio/x-wav", "audio/wave", "audio/vnd.wave"})),
    (0, b"OggS", "audio/ogg", frozenset({"video/ogg", "application/ogg", "audio/opus"})),
    (0, b"fLaC", "audio/flac", frozenset({"audio/x-flac"})),
    (0, b"ID3", "audio/mpeg", frozenset({"audio/mp3"})),
    (0, b"\xff\xfb", "audio/mpeg", frozenset({"audio/mp3"})),
    (0, b"\xff\xf3", "audio/mpeg", frozenset({"audio/mp3"})),
    (0, b"#!AMR", "audio/amr", frozenset({"audio/amr-wb"})),
    (0, b"\x1aE\xdf\xa3", "video/webm", frozenset({"audio/webm", "video/x-matroska"})),
    (4, b"ftypM4A", "audio/mp4", frozenset({"audio/x-m4a", "audio/m4a", "video/mp4"})),
    (4, b"ftyphei", "image/heic", frozenset({"image/heif"})),
    (4, b"ftypmif1", "image/heif", frozenset({"image/heic", "image/avif"})),
    (4, b"ftypavif", "image/avif", frozenset()),
    (4, b"ftypqt", "video/quicktime", frozenset({"video/mp4"})),
    (4, b"ftyp3g", "video/3gpp", frozenset({"video/3gpp2", "audio/3gpp", "video/mp4"})),
    (4, b"ftyp", "video/mp4", frozenset({"audio/mp4", "video/3gpp", "video/quicktime"})),
    (0, b"\x1f\x8b", "application/gzip", frozenset({"application/x-gzip"})),
    (0, b"PK\x03\x04", "application/zip", frozenset({"application/epub+zip", "application/java-archive"})),
)
# Office documents are ZIP archives; their types are too many to list.
ZIPPED: Final = ("application/vnd.", "application/x-zip")
SIGNED: Final = frozenset(kind for _, _, main, others in SIGNATURES for kind in (main, *others))


def settle_type(declared: str | None, content: bytes) -> str:
    """The media type to store, lower case and without parameters.

    A declared type is kept when the content can be that; otherwise the content decides, down to text/plain or
    application/octet-stream.
    """
    wanted = (declared or "").partition(";")[0].strip().lower()
    if not TYPE.fullmatch(wanted):
        wanted = ""
    start = content[:SNIFFED_BYTES]
    for offset, signature, main, others in SIGNATURES:
        if start[offset : offset + len(signature)] == signature:
            kept = wanted in others or (main == "application/zip" and wanted.startswith(ZIPPED))
            return wanted if kept else main
    readable = _is_text(start)
    if not wanted or wanted in SIGNED or wanted == UNKNOWN:
        return TEXT if readable and not wanted else UNKNOWN
    if wanted.startswith("text/") and not readable:
        return UNKNOWN
    return wanted


def _is_text(start: bytes) -> bool:
    if not start or re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", start):
        return False
    # Where the sniffing stopped, a character may be cut in two.
    for cut in range(4 if len(start) == SNIFFED_BYTES else 1):
        try:
            start[: len(start) - cut].decode()
        except UnicodeDecodeError:
            continue
        return True
    return False
