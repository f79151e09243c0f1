import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.core.files.mimetype import settle_type

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 20
ZIP = b"PK\x03\x04" + b"\x00" * 20
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("declared", "content", "settled"),
    [
        ("image/png", PNG, "image/png"),
        ("IMAGE/PNG; charset=x", PNG, "image/png"),
        ("image/jpeg", PNG, "image/png"),
        ("text/html", PNG, "image/png"),
        (None, JPEG, "image/jpeg"),
        ("", JPEG, "image/jpeg"),
        ("image/webp", b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("audio/wave", b"RIFF\x10\x00\x00\x00WAVEfmt ", "audio/wave"),
        ("video/mp4", b"\x00\x00\x00\x18ftypisom", "video/mp4"),
        ("audio/mp4", b"\x00\x00\x00\x18ftypisom", "audio/mp4"),
        (WORD, ZIP, WORD),
        ("text/html", ZIP, "application/zip"),
        # A type with a signature is not believed without it.
        ("image/png", b"<script>alert(1)</script>", "application/octet-stream"),
        ("application/pdf", b"hello", "application/octet-stream"),
        ("text/plain", b"hello", "text/plain"),
        ("text/plain", b"a\x00b", "application/octet-stream"),
        ("text/html", b"<p>hello", "text/html"),
        ("text/vcard", b"BEGIN:VCARD", "text/vcard"),
        (None, "grüße".encode(), "text/plain"),
        (None, ("a" + "ü" * 8192).encode(), "text/plain"),
        (None, b"\xff\xfe\xfd", "application/octet-stream"),
        (None, b"", "application/octet-stream"),
        ("application/json", b"{}", "application/json"),
        ("nonsense", b"hello", "text/plain"),
        ("text/plain\r\nX-Evil: 1", b"hello", "text/plain"),
        ("a/b/c", b"\x00\x01", "application/octet-stream"),
    ],
)
def test_the_declared_type_is_kept_only_when_plausible(declared: str | None, content: bytes, settled: str) -> None:
    assert settle_type(declared, content) == settled


@given(st.none() | st.text(), st.binary())
def test_any_input_gives_a_safe_header_value(declared: str | None, content: bytes) -> None:
    settled = settle_type(declared, content)
    assert settled == settled.lower()
    assert settled.isascii()
    assert settled.isprintable()
    assert settled.count("/") == 1
