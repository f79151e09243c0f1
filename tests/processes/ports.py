"""Ports for processes that are killed and come back on the same one."""

import random
import socket


def free_port() -> int:
    """A free port below those that the system gives to clients.

    Above, a client that knocks at a dead server's port may be given that very port and be connected with itself.
    """
    while True:
        port = random.randrange(12000, 30000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
