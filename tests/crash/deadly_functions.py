"""Functions that end the worker they run in."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def die_on_seven(x: int) -> int:
    if x == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def die_once(marker: str) -> str:
    if marker.endswith("victim"):
        path = Path(marker)
        if not path.exists():
            path.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def leave(x: int) -> int:
    if x == 1:
        os._exit(3)
    return x
