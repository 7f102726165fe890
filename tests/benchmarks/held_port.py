"""A port of the loopback address that nobody else is given while a server of one's own comes and goes on it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_port() -> Iterator[int]:
    """A port that the system gives to no other program that asks for any port, as long as it is held.

    It is bound without listening: connections to it are refused until a server listens there. That server must bind it
    with SO_REUSEADDR, as asyncio and ``socket.create_server`` do on POSIX systems.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
