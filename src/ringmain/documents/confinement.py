"""What a process gives up before it opens a document from outside (specs/telephony.md 4.6).

Called by the child itself, after its imports and before it reads anything.
"""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import Final

MEMORY: Final = 1024**3
CPU_S: Final = 20
FILE_SIZE: Final = 64 * 1024**2
OPEN_FILES: Final = 64

PR_SET_PDEATHSIG: Final = 1
PR_SET_NO_NEW_PRIVS: Final = 38
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000


def confine(parent: int) -> None:
    """Limit this process: 1 GB of memory, 20 s of CPU, 64 MB a file, 64 open files, no core dump.

    On Linux it also loses the network where the kernel lets it, gains no privileges, and dies with `parent`.
    """
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, FILE_SIZE),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # Some systems (macOS) know a limit and refuse to set it.
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (ceiling, ceiling))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # Root needs no user namespace; others need one, and a container may allow neither.
        if libc.unshare(CLONE_NEWNET) != 0:
            libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)
    if os.getppid() != parent:
        sys.exit(1)
