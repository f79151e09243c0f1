"""What a process gives up before it opens a document from outside (specs/telephony.md 4.6).

Called by the child itself, after its imports and before it reads anything.
"""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

FILE_SIZE: Final = 64 * 1024**2

PR_SET_PDEATHSIG: Final = 1
PR_SET_NO_NEW_PRIVS: Final = 38
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000


@dataclass(frozen=True)
class Limits:
    """Bytes of address space, seconds of CPU, and files open at once."""

    memory: int = 1024**3
    cpu_s: int = 20
    open_files: int = 64


def confine(parent: int, limits: Limits = Limits()) -> bool:
    """Limit this process: memory, CPU and open files as said, 64 MB a file, no core dump.

    On Linux it also loses the network where the kernel lets it, gains no privileges, and dies with `parent`.
    Returns whether the network is gone.
    """
    for limit, value in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, FILE_SIZE),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # Some systems (macOS) know a limit and refuse to set it.
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (ceiling, ceiling))
    alone = False
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # Root needs no user namespace; others need one, and a container may allow neither.
        alone = any(libc.unshare(flags) == 0 for flags in (CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNET))
    if os.getppid() != parent:
        sys.exit(1)
    return alone
