"""The limited child process: `python -I -m ringmain.documents.child PARENT JOB [OPTION ...]`, one document a process.

The document comes by standard input. To standard output goes `ok <media type>` or `no <reason>`, a line feed, and
the result. Anything else it may do (end by a signal, write nothing) counts as a document that cannot be read.
"""

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from typing import Final

from ringmain.documents.confinement import Limits, confine
from ringmain.documents.refusal import Refused

JOBS: Final[Mapping[str, str]] = {
    "cover": "cover.make",
    "fax": "faxpages.make",
    "fax preview": "received.preview",
    "measure": "sound.measure",
    "mp3": "sound.mp3",
    "office": "office.as_pdf",
    "received fax": "received.as_pdf",
    "thumbnail": "thumbnail.make",
    "wav": "sound.wav",
}
"""Where each job is, below ringmain.documents: (content, *options) -> (media type or the like, result). Only its own
libraries are loaded."""
LIMITS: Final[Mapping[str, Limits]] = {"office": Limits(memory=4 * 1024**3, cpu_s=60, open_files=512)}
"""Of the jobs that start a program as large as LibreOffice."""
OFFLINE: Final = frozenset({"office"})
"""Jobs that fetch what a document names, were there a network."""


def found(job: str) -> Callable[..., tuple[str, bytes]]:
    """The function of a job. Raises KeyError."""
    module, _, name = JOBS[job].rpartition(".")
    function: Callable[..., tuple[str, bytes]] = getattr(importlib.import_module(f"ringmain.documents.{module}"), name)
    return function


def main(parent: int, job: str, options: list[str]) -> None:
    """Do one job and write its outcome."""
    work = found(job)
    alone = confine(parent, LIMITS.get(job, Limits()))
    try:
        if job in OFFLINE and not alone:
            raise Refused("cannot be converted here: this system cannot keep the converter from the network")
        mimetype, result = work(sys.stdin.buffer.read(), *options)
        outcome = f"ok {mimetype}\n".encode() + result
    except Refused as refusal:
        outcome = f"no {refusal}\n".encode()
    except MemoryError:
        outcome = b"no needs too much memory\n"
    sys.stdout.buffer.write(outcome)
    sys.stdout.buffer.flush()
    # Tearing the interpreter down takes longer than leaving.
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
