"""Connections of whoever reaches the station's address, kept within bounds before any of them has said who it is.

Somebody who opens connections and sends nothing, or a byte now and then, must not keep others out. Where there is no
room for a new connection the oldest one goes that no request is under way on; heads and bodies have to come in time;
and what the server logs of it stays small.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from functools import cache

from uvicorn.protocols.http.h11_impl import H11Protocol

_BACKLOG = 128
"""Connections that the system holds ready, as the server is started; it takes so many at once before it counts them."""
MOST, MOST_OF_ONE = 600, 200
"""Connections; of them from one address."""
_OWN_FILES = 280
"""Open files that the station itself may need, those of the database and of the pictures it reads included."""
HEAD_S = 10.0
"""From a connection, or the first byte of a further request, to the end of the head."""
BODY_S, BODY_BYTES = 10.0, 5_000
"""In so many seconds at least so many bytes of a body come, as long as the station reads it."""
UNREAD_S = 60.0
"""How long nothing is read of an answer until it is given up."""
_LOOK_S = 2.5
SELDOM_S = 10.0
"""Between two lines of the log that say the same."""


def room() -> int:
    """Connections that the open files allow, once the process may have as many as the system lets it."""
    try:
        import resource
    except ImportError:  # Windows knows no such limit
        return MOST
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(hard, 8192)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return MOST if soft == resource.RLIM_INFINITY else max(16, min(MOST, soft - _OWN_FILES - _BACKLOG))


class Connection(H11Protocol):
    """A connection that has its bounds."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, and let another one go where there are too many."""
        super().connection_made(transport)
        self.opened = self.read_since = self.loop.time()
        self.since: float | None = self.opened  # when it began to wait for a head
        self.came = 0
        self.unread_since: float | None = None
        self.looking = self.loop.call_later(_LOOK_S, self._look)
        alike = [c for c in self.connections if isinstance(c, Connection)]
        mine = [c for c in alike if self.client is not None and c.client is not None and c.client[0] == self.client[0]]
        if len(mine) > MOST_OF_ONE:
            _make_room(mine)
        elif len(alike) > _prepared():
            _make_room(alike)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self.looking.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes."""
        if self.idle and self.since is None:
            self.since = self.loop.time()
        self.came += len(data)
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self.since = None
            self.came, self.read_since = 0, self.loop.time()

    @property
    def idle(self) -> bool:
        """No request is under way."""
        return self.cycle is None or bool(self.cycle.response_complete)

    def _look(self) -> None:
        """Give it up where it is late."""
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if self._late(now):
            self.transport.abort()
            return
        self.looking = self.loop.call_later(_LOOK_S, self._look)

    def _late(self, now: float) -> bool:
        if self.idle:
            return self.since is not None and now - self.since > HEAD_S
        self.unread_since = (self.unread_since or now) if self.flow.write_paused else None
        if self.unread_since is not None and now - self.unread_since > UNREAD_S:
            return True
        if not self.cycle.more_body or self.flow.read_paused:
            self.came, self.read_since = 0, now
        elif now - self.read_since > BODY_S:
            if self.came < BODY_BYTES:
                return True
            self.came, self.read_since = 0, now
        return False


def _make_room(among: list[Connection]) -> None:
    """Let the oldest one go that no request is under way on; the newest where there is none."""
    oldest_first = sorted((c for c in among if not c.transport.is_closing()), key=lambda c: c.opened)
    gone = next((c for c in oldest_first if c.idle), oldest_first[-1])
    gone.transport.abort()


class Seldom(logging.Filter):
    """Lets a line of the log pass that says the same as one before only every :data:`SELDOM_S` seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it passes."""
        what, now = str(record.msg)[:80], time.monotonic()
        if now - self._said.get(what, -SELDOM_S) < SELDOM_S:
            return False
        if len(self._said) > 1000:
            self._said.clear()
        self._said[what] = now
        return True


@cache
def _prepared() -> int:
    """Connections that there is room for, once open files and the log of this process have their bounds."""
    seldom = Seldom()
    for name in ("asyncio", "uvicorn.error"):
        logging.getLogger(name).addFilter(seldom)
    return room()
