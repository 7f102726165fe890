"""Work shared among as many threads as OpenCV is told to use; none is started where that is one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import cv2

T = TypeVar("T")

_MOST = 8


def thread_count() -> int:
    """How many threads may work at once."""
    return max(1, min(cv2.getNumThreads(), _MOST))


def together(*tasks: Callable[[], T]) -> list[T]:
    """The results of tasks that know nothing of one another."""
    threads = min(thread_count(), len(tasks))
    if threads == 1:
        return [task() for task in tasks]
    with ThreadPoolExecutor(threads) as pool:
        return [done.result() for done in [pool.submit(task) for task in tasks]]
