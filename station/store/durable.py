"""Files that are written whole or not at all, and are durable on return."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

TEMPORARY = ".writing-"
ORPHAN_AGE_S = 600.0
"""A temporary older than this belongs to a process that died: no write of one file takes ten minutes."""


def write_whole(
    target: Path,
    data: bytes,
    *,
    mode: int = 0o644,
    fresh: bool = False,
    prefix: str = TEMPORARY,
    lasting: bool = True,
    before: Callable[[], None] | None = None,
) -> None:
    """Write ``data`` under a temporary name in the target's folder, flush it, rename it into place, flush the folder.

    fresh : leave a file that is there already as it is. prefix : of the temporary's name. lasting : without it the
    folder is not flushed, and after a loss of power the file may be the one before. before : is done once the file is
    flushed and before it has its name; where it raises, there is no file. Raises OSError; then nothing is left behind.
    """
    temporary = target.parent / f"{prefix}{secrets.token_hex(8)}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if before is not None:
            before()
        if fresh:
            with contextlib.suppress(FileExistsError):
                os.link(temporary, target)
            os.unlink(temporary)  # noqa: PTH108 - the tests of crashes stop the process at exactly these calls
        else:
            os.replace(temporary, target)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    if lasting:
        flush_folder(target.parent)


def flush_folder(folder: Path) -> None:
    """Make names in a folder durable; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(folder: Path, pattern: str, age_s: float = ORPHAN_AGE_S) -> list[Path]:
    """Remove temporaries left by processes that died; answer what was removed."""
    removed: list[Path] = []
    for file in sorted(folder.glob(pattern)) if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError, PermissionError):
            if time.time() - file.stat().st_mtime >= age_s:
                file.unlink()
                removed.append(file)
    return removed
