"""The folder of a server for files that are handed in or made for a request; what a killed server left goes first."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_PREFIX, _LOCK = "station-served-", "in-use.lock"
_YOUNG_S = 60.0
"""A folder of this age may not have its lock yet."""


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder of this server's own, gone when it ends. Those of servers that were killed are removed: the system gave
    their locks back."""
    _sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder, (Path(folder) / _LOCK).open("w") as lock:
        _held(lock)
        yield Path(folder)


def _sweep(temporary: Path) -> None:
    for folder in temporary.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            found = folder.lstat()
            if folder.is_symlink() or found.st_uid != os.getuid() or time.time() - found.st_mtime < _YOUNG_S:
                continue
            with (folder / _LOCK).open("a") as lock:
                if _held(lock):
                    shutil.rmtree(folder)


def _held(lock: IO[str]) -> bool:
    """Take a lock, where nobody has it."""
    try:
        import fcntl
    except ImportError:  # Windows: nothing tells whose server still runs, and nothing is swept
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
