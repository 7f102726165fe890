"""Bounds how often a password or a PIN may be tried. Kept in memory: whoever guesses cannot restart the station."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from station.errors import AccessError, TooManyError

FREE = 5
"""Wrong answers in a row that cost no waiting."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
"""The wait after one wrong answer more, doubled by each further one, up to the longest."""
FORGOTTEN = timedelta(hours=24)
_MOST = 10_000
"""Names that are remembered; the longest unused is dropped."""


class Attempts:
    """Wrong answers by name. clock : the time now, in UTC."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._hashing = threading.BoundedSemaphore(2)

    @contextmanager
    def one(self, *names: str) -> Iterator[None]:
        """Look at one answer given under these names. AccessError from the block counts as wrong, its end as right.

        At most two are looked at at once, for each takes tens of megabytes and of milliseconds. The answer is counted
        as wrong before it is looked at, so that many at once gain nothing. Raises TooManyError.
        """
        now = self._clock()
        with self._lock:
            wait = max(self._wait(name, now) for name in names)
            if wait > timedelta(0):
                seconds = int(wait.total_seconds()) + 1
                raise TooManyError("too many wrong attempts", f"Wait {seconds} seconds, then try again.", seconds)
            before = {name: self._wrong.get(name) for name in names}
            for name in names:
                count, last = before[name] or (0, now)
                self._wrong[name] = (1 if now - last > FORGOTTEN else count + 1, now)
                self._wrong.move_to_end(name)
            while len(self._wrong) > _MOST:
                self._wrong.popitem(last=False)
        try:
            with self._hashing:
                yield
        except AccessError:
            raise
        except BaseException:  # not an answer that was wrong: the store failed
            with self._lock:
                for name, known in before.items():
                    self._put_back(name, known)
            raise
        else:
            with self._lock:
                for name in names:
                    self._wrong.pop(name, None)

    def _wait(self, name: str, now: datetime) -> timedelta:
        count, last = self._wrong.get(name, (0, now))
        if count < FREE or now - last > FORGOTTEN:
            return timedelta(0)
        wait: timedelta = FIRST_WAIT * (1 << min(count - FREE, 10))
        return min(wait, LONGEST_WAIT) - (now - last)

    def _put_back(self, name: str, known: tuple[int, datetime] | None) -> None:
        if known is None:
            self._wrong.pop(name, None)
        else:
            self._wrong[name] = known
