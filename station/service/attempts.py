"""Bounds how often a password or a PIN may be tried. Kept in memory: whoever guesses cannot restart the station."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from station.errors import AccessError, TooManyError

FREE = 5
"""Wrong answers in a row that cost no waiting."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
"""The wait after one wrong answer more, doubled by each further one, up to the longest."""
FORGOTTEN = timedelta(hours=24)
SLOW_FREE = 10
"""Wrong answers under one name from anywhere, or from one address under any name, until each answer is delayed."""
DELAY_S = 2.0
SLOW_FORGOTTEN = timedelta(hours=1)
MOST_AT_ONCE, MOST_OF_ONE = 24, 6
"""Answers that are looked at or delayed at a moment; of them from one address."""
_MOST = 10_000
"""Names that are remembered; the longest unused is dropped."""


class Attempts:
    """Wrong answers by name. clock : the time now, in UTC.

    What locks is counted for one name from one address, so that nobody locks another person out by guessing; what is
    counted for a name, or for an address, alone only delays an answer.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._slow: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._at_once: Counter[str] = Counter()
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

    @contextmanager
    def turn(self, address: str, *names: str) -> Iterator[float]:
        """A place among those who are answered, and the seconds to wait before: 0 as long as few went wrong.

        The waiting is left to the caller, who can do it without holding a thread. Raises TooManyError where too many
        are answered already.
        """
        now = self._clock()
        with self._lock:
            if self._at_once.total() >= MOST_AT_ONCE or self._at_once[address] >= MOST_OF_ONE:
                raise TooManyError("too many sign in at this moment", "Try again in a few seconds.", 2)
            self._at_once[address] += 1
            known = [self._slow.get(name, (0, now)) for name in names]
            slow = any(count >= SLOW_FREE and now - last <= SLOW_FORGOTTEN for count, last in known)
        try:
            yield DELAY_S if slow else 0.0
        finally:
            with self._lock:
                self._at_once -= Counter({address: 1})

    def count(self, *names: str) -> None:
        """An answer under these names, from wherever, was wrong: such answers are delayed from some number on."""
        now = self._clock()
        with self._lock:
            for name in names:
                count, last = self._slow.get(name, (0, now))
                self._slow[name] = (1 if now - last > SLOW_FORGOTTEN else count + 1, now)
                self._slow.move_to_end(name)
            while len(self._slow) > _MOST:
                self._slow.popitem(last=False)

    def forgive(self, name: str, before: datetime) -> None:
        """Forget what went wrong before a moment under a name, wherever it was tried from: it has a new password."""
        with self._lock:
            for kept in (self._wrong, self._slow):
                for one in [k for k in kept if k == name or k.startswith(f"{name}\n")]:
                    if kept[one][1] < before:
                        del kept[one]

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
