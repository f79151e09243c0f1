import asyncio
import random
import sys
import time
import zlib
from contextlib import suppress

import psutil
import pytest
from PIL import Image

from ringmain.core.errors import Invalid
from ringmain.documents.preview import preview
from ringmain.documents.workshop import WALL_S, work
from tests.documents.pictures import chunk, claimed_png, decoded, encoded, looping_tiff

RED = (200, 30, 30)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
async def test_pictures_become_small(kind: str) -> None:
    made = await preview(encoded(Image.new("RGB", (1000, 500), RED), kind), f"image/{kind.lower()}")
    small = decoded(made.content)
    assert (made.mimetype, small.format, small.size) == ("image/jpeg", "JPEG", (320, 160))
    middle = small.convert("RGB").getpixel((100, 100))
    assert isinstance(middle, tuple)
    assert all(abs(a - b) < 12 for a, b in zip(middle, RED, strict=True))


async def test_transparency_is_kept_as_png() -> None:
    made = await preview(encoded(Image.new("RGBA", (640, 640), (0, 0, 255, 128)), "PNG"), "image/png")
    small = decoded(made.content)
    assert (made.mimetype, small.mode, small.size) == ("image/png", "RGBA", (320, 320))
    assert small.getpixel((5, 5)) == (0, 0, 255, 128)


async def test_small_pictures_do_not_grow() -> None:
    made = await preview(encoded(Image.new("L", (10, 7), 99), "PNG"), "image/png")
    assert decoded(made.content).size == (10, 7)


@pytest.mark.parametrize("mode", ["1", "P", "LA", "I;16", "CMYK"])
async def test_every_colour_mode_is_read(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    made = await preview(encoded(Image.new(mode, (400, 400)), kind), f"image/{kind.lower()}")
    assert decoded(made.content).size == (320, 320)


async def test_sixteen_bit_grey_keeps_its_brightness() -> None:
    made = await preview(encoded(Image.new("I;16", (400, 400), 0x8000), "PNG"), "image/png")
    middle = decoded(made.content).convert("L").getpixel((100, 100))
    assert isinstance(middle, int | float)
    assert abs(middle - 0x80) < 4


async def test_it_stands_upright_and_tells_nothing_of_its_maker() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "Secret Camera"
    made = await preview(encoded(Image.new("RGB", (600, 300), RED), "JPEG", exif=exif), "image/jpeg")
    assert decoded(made.content).size == (160, 320)
    assert b"Secret" not in made.content
    assert not decoded(made.content).getexif()


async def test_an_animation_shows_its_first_frame() -> None:
    frames = [Image.new("RGB", (64, 64), RED), Image.new("RGB", (64, 64), (0, 255, 0))]
    made = await preview(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]), "image/gif")
    middle = decoded(made.content).convert("RGB").getpixel((32, 32))
    assert isinstance(middle, tuple)
    assert middle[0] > 150 > middle[1]


@pytest.mark.parametrize("mimetype", ["application/pdf", "image/svg+xml", "image/tiff", "text/html", ""])
async def test_other_types_have_no_preview(mimetype: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await preview(b"whatever", mimetype)
    assert refusal.value.field == "mimetype"


GOOD = encoded(Image.effect_noise((300, 300), 80).convert("RGB"), "PNG")
HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is not"),
    "garbage": (random.Random(1).randbytes(100_000), "is not"),
    "a signature and garbage": (b"\x89PNG\r\n\x1a\n" + random.Random(2).randbytes(1000), "is"),
    "half a PNG": (GOOD[: len(GOOD) // 2], "broken"),
    "half a JPEG": (encoded(Image.effect_noise((300, 300), 80), "JPEG")[:5000], "broken"),
    "a 60000 x 60000 PNG": (claimed_png(60_000, 60_000, 60_000), "pixels"),
    "just over the limit": (claimed_png(8000, 5001, 5001), "pixels"),
    "2^31 wide": (claimed_png(2**31 - 1, 1, 0), "pixels"),
    "no size": (claimed_png(0, 0, 0), "is"),
    "a compressed text of 200 MB": (
        GOOD[:33] + chunk(b"zTXt", b"k\x00\x00" + zlib.compress(bytes(200_000_000), 9)) + GOOD[33:],
        "broken",
    ),
    "a TIFF in a loop": (looping_tiff(), "is not"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "is not"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1/"/></svg>', "is not"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_pictures_are_refused_in_bounded_time(name: str) -> None:
    content, reason = HOSTILE[name]
    before = time.monotonic()
    with pytest.raises(Invalid, match=reason) as refusal:
        await preview(content, "image/png")
    assert refusal.value.field == "content"
    assert time.monotonic() - before < WALL_S
    # The server lives on and makes the next one.
    assert (await preview(GOOD, "image/png")).mimetype == "image/jpeg"


async def test_the_largest_allowed_picture_fits_the_limits() -> None:
    made = await preview(claimed_png(8000, 5000, 5000), "image/png")
    assert decoded(made.content).size == (320, 200)


async def test_flipped_bytes_never_harm() -> None:
    chance = random.Random(3)
    for _ in range(6):
        damaged = bytearray(GOOD)
        for _ in range(20):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with suppress(Invalid):
            assert (await preview(bytes(damaged), "image/png")).mimetype in ("image/jpeg", "image/png")


def children() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if "ringmain.documents.child" in " ".join(child.cmdline())
    ]


async def test_a_picture_that_takes_too_long_is_given_up() -> None:
    before = time.monotonic()
    with pytest.raises(Invalid, match="too long"):
        await work("thumbnail", GOOD, wall_s=0.01)
    assert time.monotonic() - before < WALL_S / 2
    assert children() == []


async def test_a_caller_that_leaves_leaves_no_process() -> None:
    task = asyncio.create_task(work("thumbnail", GOOD))
    while not children():
        await asyncio.sleep(0.002)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == []


async def test_a_child_that_cannot_do_its_job_is_reported() -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        await work("no such job", GOOD)


async def test_the_child_is_confined() -> None:
    script = (
        "import os, resource\n"
        "from ringmain.documents.confinement import confine\n"
        "confine(os.getppid())\n"
        "print([resource.getrlimit(n) for n in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NOFILE)])\n"
        "try:\n    bytearray(2 * 1024**3)\nexcept MemoryError:\n    print('no memory')\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-I", "-c", script, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    lines = output.decode().splitlines()
    assert lines[:2] == ["[(1073741824, 1073741824), (20, 20), (64, 64)]", "no memory"]
