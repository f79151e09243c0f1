"""Fax pages: pages a second of our way beside Pillow's own `save_all`, same pages, same run.

`script/bench faxpages [pages]`. Both draw by PDFium and use the same threshold; both write white as zero, as fax
machines want it. Pillow then inverts pixel by pixel. Beside them: our other modes, in process, and the whole way with
the limited child process.
"""

import asyncio
import io
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from PIL import Image

from bench.papers import letter_with_photo
from ringmain.documents import faxpages, pdf
from ringmain.documents.bilevel import bilevel
from ringmain.documents.fax import to_fax
from ringmain.documents.faxtiff import ACROSS, ROWS_AN_INCH


def ours(content: bytes, mode: str, resolution: str = "fine") -> bytes:
    return faxpages.make(content, "application/pdf", mode, resolution)[1]


def pillow(content: bytes, _: str = "text") -> bytes:
    rows = ROWS_AN_INCH["fine"]
    pages = [bilevel(grey, "text") for grey in pdf.pages(content, rows)]
    output = io.BytesIO()
    pages[0].save(
        output,
        "TIFF",
        compression="group4",
        dpi=(ACROSS, rows),
        tiffinfo={262: 0},
        save_all=True,
        append_images=pages[1:],
    )
    return output.getvalue()


def same(one: bytes, other: bytes) -> bool:
    with Image.open(io.BytesIO(one)) as first, Image.open(io.BytesIO(other)) as second:
        for number in range(first.n_frames):  # type: ignore[attr-defined]
            first.seek(number)
            second.seek(number)
            if not np.array_equal(np.asarray(first), np.asarray(second)):
                return False
        return first.n_frames == second.n_frames  # type: ignore[attr-defined,no-any-return]


def timed(name: str, count: int, make: Callable[[], bytes]) -> tuple[float, bytes]:
    started, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    made = make()
    seconds, now = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    print(f"{name:34} {count / seconds:8.1f} {cpu / count * 1000:10.0f} {len(made) / count / 1024:12.1f}")
    return count / cpu if cpu else 0.0, made


def main(count: int) -> None:
    content = letter_with_photo(count)
    print(f"{count} pages, text and a photograph      pages/s  CPU ms/page      KB/page")
    reference, by_pillow = timed("Pillow save_all, threshold", count, lambda: pillow(content))
    rate, by_us = timed("ours, threshold", count, lambda: ours(content, "text"))
    timed("ours, Floyd-Steinberg", count, lambda: ours(content, "photo"))
    timed("ours, auto", count, lambda: ours(content, "auto"))
    timed("ours, auto, standard", count, lambda: ours(content, "auto", "standard"))
    started = time.perf_counter()
    asyncio.run(to_fax(content, "application/pdf"))
    print(f"{'ours, auto, in the limited process':34} {count / (time.perf_counter() - started):8.1f}")
    print(f"ours / Pillow by CPU: {rate / reference:.1f}; same pixels: {same(by_us, by_pillow)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
