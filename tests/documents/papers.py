"""Documents made for tests, good and hostile."""

import io
import zlib
from collections.abc import Callable, Mapping, Sequence

from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

Draw = Callable[[Canvas], object]


def paper(*pages: Draw, size: tuple[float, float] = (612, 792)) -> bytes:
    """A PDF, each page drawn by a function."""
    output = io.BytesIO()
    canvas = Canvas(output, pagesize=size)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return output.getvalue()


def saying(text: str, size: float = 12) -> Draw:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", size)
        canvas.drawString(72, 700, text)

    return draw


def showing(picture: Image.Image, x: float, y: float, width: float, height: float) -> Draw:
    return lambda canvas: canvas.drawImage(ImageReader(picture), x, y, width, height)


def raw_pdf(objects: Mapping[int, bytes], root: int = 1) -> bytes:
    """A PDF of these numbered objects."""
    output = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(output)
        output += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = len(output)
    output += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        output += b"%d 1\n%010d 00000 n \n" % (number, place)
    size = max(objects) + 1
    output += b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, root, table)
    return bytes(output)


def stream(body: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d" % len(body) + entries + b">>\nstream\n" + body + b"\nendstream"


def one_page(content: bytes = b"", *, page: bytes = b"/MediaBox[0 0 612 792]", **more: bytes) -> bytes:
    """One page with a content stream object, its page entries, and further objects `o5`, `o6`, ..."""
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/Contents 4 0 R" + page + b">>",
        4: content or stream(b""),
    }
    return raw_pdf(objects | {int(name[1:]): body for name, body in more.items()})


def bomb(piece: bytes, times: int) -> bytes:
    """What inflates twice to a piece of 64 KB or more, repeated."""
    packer = zlib.compressobj(9)
    head = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush nothing refers back: the same block may follow itself.
    block = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    return zlib.compress(head + block * (times - 1) + packer.flush(), 9)


TWICE = b"/Filter[/FlateDecode/FlateDecode]"


def picture_pdf(width: int, height: int, body: bytes, entries: bytes) -> bytes:
    """A page that shows one picture object."""
    return one_page(
        stream(b"600 0 0 700 0 0 cm /P Do"),
        page=b"/MediaBox[0 0 612 792]/Resources<</XObject<</P 5 0 R>>>>",
        o5=stream(body, b"/Type/XObject/Subtype/Image/Width %d/Height %d" % (width, height) + entries),
    )


def nested_forms(branches: int, depth: int) -> bytes:
    """Forms that each show the next several times."""
    objects: dict[str, bytes] = {}
    for level in range(depth):
        following = b"/Resources<</XObject<</F %d 0 R>>>>" % (6 + level)
        inner = b"/F Do " * branches if level + 1 < depth else b"0 0 10 10 re f " * branches
        objects[f"o{5 + level}"] = stream(inner, b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]" + following)
    page = b"/MediaBox[0 0 612 792]/Resources<</XObject<</F 5 0 R>>>>"
    return one_page(stream(b"/F Do " * branches), page=page, **objects)


def many_pages(count: int, claimed: int | None = None) -> bytes:
    """A PDF that shows one page object again and again."""
    return raw_pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Count %d/Kids[" % (claimed or count) + b"3 0 R " * count + b"]>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>",
        }
    )


def tiff_of(pages: Sequence[Image.Image], **options: object) -> bytes:
    output = io.BytesIO()
    pages[0].save(output, "TIFF", save_all=True, append_images=list(pages[1:]), **options)
    return output.getvalue()


def frames(content: bytes) -> list[Image.Image]:
    """The pages of a TIFF."""
    found = []
    with Image.open(io.BytesIO(content)) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            found.append(picture.copy())
    return found
