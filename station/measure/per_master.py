"""What is worked out of a golden once and serves every unit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from station.values.line import Master

T = TypeVar("T")

_KEPT = 4


class PerMaster(Generic[T]):
    """``build`` of a master, kept for the last four master objects; threads may share it.

    Two threads that ask for a new master at once may both build it.
    """

    def __init__(self, build: Callable[[Master], T]) -> None:
        self._build = build
        self._found: OrderedDict[int, tuple[Master, T]] = OrderedDict()  # the master is held, so its id stays its own
        self._lock = threading.Lock()

    def __call__(self, master: Master) -> T:
        with self._lock:
            if id(master) in self._found:
                self._found.move_to_end(id(master))
                return self._found[id(master)][1]
        built = self._build(master)
        with self._lock:
            self._found[id(master)] = master, built
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return built
