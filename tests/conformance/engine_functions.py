"""What the conformance suite of the engines lets workers do."""

from __future__ import annotations

import os
import time
from pathlib import Path

from station.errors import PhotoError


def square(x: int) -> int:
    return x * x


def picky(x: int) -> int:
    if x == 3:
        raise PhotoError("three.jpg is empty", "Copy it again.")
    if x == 5:
        raise KeyError("five\nlines")
    return x


def unsendable(x: int) -> object:
    return (lambda: x) if x == 1 else x


def surroundings(_: int) -> tuple[int, str | None, int]:
    import cv2

    return cv2.getNumThreads(), os.environ.get("OMP_NUM_THREADS"), os.getpid()


def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def once_there(file: str) -> str:
    """Ends when the file is there; at once where none is named."""
    while file and not Path(file).exists():
        time.sleep(0.01)
    return file
