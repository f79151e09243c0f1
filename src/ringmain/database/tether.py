"""Runs a program that ends when the process that started it ends, even by SIGKILL.

This file is run as a script of its own, `python -I -S tether.py PARENT UID GID PROGRAM [ARG...]`, and becomes
PROGRAM. A script and not a `preexec_fn`, because Python code between fork and exec can deadlock in a process
that has threads. It imports nothing outside the standard library: it runs without site-packages.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def tethered(program: Path, *arguments: str, uid: int | None = None, gid: int | None = None) -> list[str]:
    """Give the command line which runs `program` as a tethered child of this very process.

    With `uid` and `gid` the program runs as that user, without supplementary groups; only root may ask for it.
    Linux sends the signal (SIGINT) when the *thread* that forked ends, so start it from the main thread, or
    from one that lives as long as the process. On other systems the program is not tethered.
    """
    identity = ["-" if number is None else str(number) for number in (uid, gid)]
    script = [sys.executable, "-I", "-S", __file__]
    return [*script, str(os.getpid()), *identity, str(program), *arguments]


def _become(parent: int, uid: str, gid: str, command: list[str]) -> None:
    if gid != "-":
        os.setgroups([])
        os.setgid(int(gid))
    if uid != "-":
        os.setuid(int(uid))
    # Changing the user clears the parent death signal, so it is set only now. It survives exec.
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGINT), 0, 0, 0) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the parent ended before its child began")
    # Python ignores these two, and what is ignored stays ignored over exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.umask(0o077)
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
