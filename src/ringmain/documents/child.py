"""The limited child process: `python -I -m ringmain.documents.child PARENT JOB`, one document a process.

The document comes by standard input. To standard output goes `ok <media type>` or `no <reason>`, a line feed, and
the result. Anything else it may do (end by a signal, write nothing) counts as a document that cannot be read.
"""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Final

from ringmain.documents import thumbnail
from ringmain.documents.confinement import confine
from ringmain.documents.refusal import Refused

JOBS: Final[Mapping[str, Callable[[bytes], tuple[str, bytes]]]] = {"thumbnail": thumbnail.make}


def main(parent: int, job: Callable[[bytes], tuple[str, bytes]]) -> None:
    """Do one job and write its outcome."""
    confine(parent)
    try:
        mimetype, result = job(sys.stdin.buffer.read())
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
    main(int(sys.argv[1]), JOBS[sys.argv[2]])
