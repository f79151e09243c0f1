"""The limited child process: `python -I -m ringmain.documents.child PARENT JOB [OPTION ...]`, one document a process.

The document comes by standard input. To standard output goes `ok <media type>` or `no <reason>`, a line feed, and
the result. Anything else it may do (end by a signal, write nothing) counts as a document that cannot be read.
"""

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from typing import Final

from ringmain.documents.confinement import confine
from ringmain.documents.refusal import Refused

JOBS: Final[Mapping[str, str]] = {
    "measure": "sound.measure",
    "mp3": "sound.mp3",
    "thumbnail": "thumbnail.make",
    "wav": "sound.wav",
}
"""Where each job is, below ringmain.documents: (content, *options) -> (media type, result). Only its own libraries
are loaded."""


def found(job: str) -> Callable[..., tuple[str, bytes]]:
    """The function of a job. Raises KeyError."""
    module, _, name = JOBS[job].rpartition(".")
    function: Callable[..., tuple[str, bytes]] = getattr(importlib.import_module(f"ringmain.documents.{module}"), name)
    return function


def main(parent: int, job: Callable[..., tuple[str, bytes]], options: list[str]) -> None:
    """Do one job and write its outcome."""
    confine(parent)
    try:
        mimetype, result = job(sys.stdin.buffer.read(), *options)
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
    main(int(sys.argv[1]), found(sys.argv[2]), sys.argv[3:])
